package signin_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"identitypools/infra/check/systemtest"
	"identitypools/shared/api"
	"identitypools/shared/oidc"
	"identitypools/shared/once"
)

// FuzzAuthorize sends any parameters to the authorization endpoint, in the address and as a form. The answer is
// never a fault of the product, and leads to the registered redirect URI, to the page for signing in, or
// nowhere.
func FuzzAuthorize(f *testing.F) {
	product := systemtest.New(f)
	w := oidc.Workspace{Tenant: "acme", ID: "main", Name: "Main", EnforcePKCE: true}.Filled()
	if err := product.Table.Workspaces.Create(f.Context(), w, once.Reply[oidc.Workspace]{}); err != nil {
		f.Fatal(err)
	}
	a := oidc.Application{
		Tenant: "acme", Workspace: "main", ID: "shop", Name: "Shop", AuthMethod: oidc.AuthNone, RedirectURIs: []string{callback},
		GrantTypes: []string{oidc.GrantCode},
	}
	if err := product.Table.Applications.Create(f.Context(), a, once.Reply[oidc.Application]{}); err != nil {
		f.Fatal(err)
	}
	const good = "client_id=shop&response_type=code&redirect_uri=https%3A%2F%2Fapp.example.com%2Fcallback&scope=openid" +
		"&code_challenge=" + challenge + "&code_challenge_method=S256"
	for _, more := range []string{
		"", "&state=%00%ff&nonce=x", "&prompt=none", "&prompt=none&response_mode=form_post", "&max_age=99999999999", "&claims=%7B%22userinfo%22%3A%7B%22a%22%3Anull%7D%7D",
		"&claims=%7B", "&request=e30.e30.", "&request_uri=urn:ietf:params:oauth:request_uri:x", "&id_token_hint=e30.e30.e30", "&redirect_uri=//evil.example",
		"&ui_locales=de%20%0d%0a&login_hint=%3Cb%3E", "&acr_values=aal2", "&%zz", "&client_id=other", "&state=" + strings.Repeat("x", 3000), "&response_mode=x",
	} {
		f.Add(good + more)
	}
	f.Add("client_id=shop&redirect_uri=https://evil.example/%0d%0aLocation:x")
	f.Add("client_id=shop&prompt=none&redirect_uri=javascript:alert(1)")
	f.Add("\x00&;=&&client_id")
	f.Fuzz(func(t *testing.T, parameters string) {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			at, body := "https://id.example.com/acme/main/oauth2/authorize", ""
			if method == http.MethodPost {
				body = parameters
			}
			r, err := http.NewRequestWithContext(t.Context(), method, at, strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			if r.Header.Set("Content-Type", "application/x-www-form-urlencoded"); method == http.MethodGet {
				r.Header.Del("Content-Type")
				r.URL.RawQuery = parameters
			}
			answer, err := product.Functions["signin"](t.Context(), api.Event(r, []byte(body), "fuzz"))
			if err != nil {
				t.Fatal(err)
			}
			to, err := url.Parse(answer.Headers["Location"])
			isKnown := err == nil && (to.String() == "" || strings.HasPrefix(to.String(), callback+"?") ||
				to.Host == "" && to.Scheme == "" && strings.HasPrefix(to.Path, "../signin") ||
				method == http.MethodPost && to.Host == "" && to.Path == "authorize") // by GET
			if answer.StatusCode >= 500 || !isKnown || (answer.StatusCode == http.StatusSeeOther) != (to.String() != "") {
				t.Errorf("answered %d %v %s", answer.StatusCode, answer.Headers, answer.Body)
			}
		}
	})
}
