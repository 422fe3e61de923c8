package tokens_test

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"identitypools/infra/check/systemtest"
	"identitypools/shared/oidc"
	"identitypools/shared/once"
)

// RFC 6749 §2.3 and §5.2: an application authenticates in the way that is registered for it, and all that fail
// get one answer.
func TestHowApplicationsAuthenticate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	byPost := w.NewApplication(t, func(a *oidc.Application) { a.AuthMethod = oidc.AuthPost })
	public := w.NewApplication(t, func(a *oidc.Application) { a.AuthMethod = oidc.AuthNone })
	inactive := w.NewApplication(t, func(a *oidc.Application) { a.Inactive = true })
	there := w.NewWorkspace(t, w.tenant.ID).NewApplication(t, nil)
	const unknown = "the client is unknown here or its secret is wrong"
	for _, c := range []struct {
		name, id, secret string // in the header
		form             url.Values
		status           int
		code, says       string
	}{
		{"as registered, in the header", w.app.ID, w.app.Secret, nil, 200, "", ""},
		{"with its id in the body, too", w.app.ID, w.app.Secret, url.Values{"client_id": {w.app.ID}}, 200, "", ""},
		{"as registered, in the body", "", "", url.Values{"client_id": {byPost.ID}, "client_secret": {byPost.Secret}}, 200, "", ""},
		{"in the header instead of the body", byPost.ID, byPost.Secret, nil, 401, "invalid_client", "the client must authenticate with client_secret_post, as it is registered"},
		{"in the body instead of the header", "", "", url.Values{"client_id": {w.app.ID}, "client_secret": {w.app.Secret}}, 401, "invalid_client", "the client must authenticate with client_secret_basic, as it is registered"},
		{"in both places", w.app.ID, w.app.Secret, url.Values{"client_secret": {w.app.Secret}}, 400, "invalid_request", ""},
		{"with another id in the body", w.app.ID, w.app.Secret, url.Values{"client_id": {byPost.ID}}, 400, "invalid_request", ""},
		{"with a wrong secret", w.app.ID, "wrong", nil, 401, "invalid_client", unknown},
		{"with a wrong secret in a wrong place", byPost.ID, "wrong", nil, 401, "invalid_client", unknown},
		{"without a secret", "", "", url.Values{"client_id": {w.app.ID}}, 401, "invalid_client", unknown},
		{"without anything", "", "", nil, 401, "invalid_client", unknown},
		{"that nobody knows", "nobody", "secret", nil, 401, "invalid_client", unknown},
		{"with an id that none has", "a#b", "secret", nil, 401, "invalid_client", unknown},
		{"that is inactive", inactive.ID, inactive.Secret, nil, 401, "invalid_client", unknown},
		{"of another workspace", there.ID, there.Secret, nil, 401, "invalid_client", unknown},
		{"that is public, with a secret", public.ID, "secret", nil, 401, "invalid_client", unknown},
		{"that is an API client", w.tenant.Admin.ID, w.tenant.Admin.Secret, nil, 401, "invalid_client", unknown},
		{"that is public", "", "", url.Values{"client_id": {public.ID}}, 400, "unauthorized_client", ""},
	} {
		form := url.Values{"grant_type": {"client_credentials"}}
		maps.Copy(form, c.form)
		got := ask(t, w.Product, w.Path("/oauth2/token"), form.Encode(), c.id, c.secret)
		if got.Status != c.status || c.status != 200 && got.Text(t, "error") != c.code ||
			c.says != "" && got.Text(t, "error_description") != c.says {
			t.Errorf("a client %s is answered %d %s", c.name, got.Status, got.Body)
		}
		if c.status == 401 && got.Header.Get("WWW-Authenticate") != `Basic realm="token"` {
			t.Errorf("a client %s gets the challenge %q", c.name, got.Header.Get("WWW-Authenticate"))
		}
	}
}

// RFC 6749 §4.4: an application gets a token for itself, which leads to no user.
func TestApplicationsGetTokensForThemselves(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	api := w.NewApplication(t, func(a *oidc.Application) {
		a.Scopes, a.Audience, a.AccessTokenAlg = []string{"orders", "bills", "openid"}, []string{"https://api.example.com"}, oidc.RS256
	})
	codeOnly := w.NewApplication(t, func(a *oidc.Application) { a.GrantTypes = []string{oidc.GrantCode} })
	request := func(a systemtest.Application, scope string) *http.Request {
		return w.Request(t, a, "/oauth2/token", "grant_type", "client_credentials", "scope", scope)
	}
	for _, c := range []struct {
		name   string
		r      *http.Request
		status int
		want   string
	}{
		{"all scopes", request(api, ""), 200, "orders bills"},
		{"a scope", request(api, "bills"), 200, "bills"},
		{"a scope that it has not", request(api, "bills other"), 400, "invalid_scope"},
		{"a scope of people", request(api, "openid"), 400, "invalid_scope"},
		{"without the grant type", request(codeOnly, ""), 400, "unauthorized_client"},
		{"without any grant type", w.Request(t, api, "/oauth2/token"), 400, "invalid_request"},
		{"with another grant type", w.Request(t, api, "/oauth2/token", "grant_type", "password"), 400, "unsupported_grant_type"},
	} {
		got := systemtest.Send(t, c.r)
		if field := map[bool]string{true: "scope", false: "error"}[c.status == 200]; got.Status != c.status || got.Text(t, field) != c.want {
			t.Errorf("%s is answered %d %s", c.name, got.Status, got.Body)
		}
	}
	fields := systemtest.Send(t, request(api, "")).Fields(t)
	claims := claimsOf(t, w, fields["access_token"].(string), "at+jwt", jose.RS256)
	if fields["refresh_token"] != nil || fields["id_token"] != nil || claims["sub"] != api.ID || claims["user_id"] != nil ||
		!slices.Equal(claims["aud"].([]any), []any{"https://api.example.com"}) {
		t.Errorf("answered %v with %v", fields, claims)
	}
	info := systemtest.Send(t, w.UserInfo(t, fields["access_token"].(string)))
	if info.Status != 403 || !strings.Contains(info.Header.Get("WWW-Authenticate"), `error="insufficient_scope"`) {
		t.Errorf("userinfo answers %d %s", info.Status, info.Body)
	}
	about := systemtest.Send(t, w.Request(t, w.app, "/oauth2/introspect", "token", fields["access_token"].(string)))
	if f := about.Fields(t); f["active"] != true || f["client_id"] != api.ID || f["sub"] != api.ID {
		t.Errorf("introspection answers %d %s", about.Status, about.Body)
	}
	if got := systemtest.Send(t, w.Request(t, api, "/oauth2/revoke", "token", fields["access_token"].(string))); got.Status != 400 ||
		got.Text(t, "error") != "unsupported_token_type" {
		t.Errorf("revoke answers %d %s", got.Status, got.Body)
	}
	api.Inactive = true
	if _, err := w.Table.Applications.Replace(t.Context(), api.Version, api.Application, once.Reply[oidc.Application]{}); err != nil {
		t.Fatal(err)
	}
	w.Clock.Advance(6 * time.Second)
	about = systemtest.Send(t, w.Request(t, w.app, "/oauth2/introspect", "token", fields["access_token"].(string)))
	if string(about.Body) != `{"active":false}` {
		t.Errorf("a token of an inactive application is answered %s", about.Body)
	}
}

// RFC 6750 §2 and §3, OpenID Connect Core §5.3 and §5.4.
func TestUserInfo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	session := w.SignIn(t, w.pool, w.user)
	tokenFor := func(change func(*oidc.Request)) string {
		got := systemtest.Send(t, w.Redeem(t, w.app, w.Code(t, session, w.app, change)))
		return got.Text(t, "access_token")
	}
	all := tokenFor(nil)
	id := systemtest.Send(t, w.Redeem(t, w.app, w.code(t))).Text(t, "id_token")
	plain := tokenFor(func(r *oidc.Request) { r.Scope = []string{"openid"} })
	asked := tokenFor(func(r *oidc.Request) {
		r.Scope, r.Claims = []string{"openid"}, oidc.Claims{UserInfo: []string{"email", "unknown"}}
	})
	noOpenID := tokenFor(func(r *oidc.Request) { r.Scope = []string{"email"} })
	const form = "application/x-www-form-urlencoded"
	for _, c := range []struct {
		name, method, header, contentType, body string
		status                                  int
		want                                    string // claims besides sub, or the error
	}{
		{"a token in the header", "GET", "Bearer " + all, "", "", 200, "email email_verified given_name name updated_at"},
		{"a token in the header of a POST", "POST", "bearer " + all, "", "", 200, "email email_verified given_name name updated_at"},
		{"a token in the body", "POST", "", form, "access_token=" + all, 200, "email email_verified given_name name updated_at"},
		{"the scope openid alone", "GET", "Bearer " + plain, "", "", 200, ""},
		{"claims that were asked for", "GET", "Bearer " + asked, "", "", 200, "email"},
		{"a token in both places", "POST", "Bearer " + all, form, "access_token=" + all, 400, "invalid_request"},
		{"a token in the body twice", "POST", "", form, "access_token=a&access_token=a", 400, "invalid_request"},
		{"no token", "GET", "", "", "", 401, "invalid_token"},
		{"no token in the body", "POST", "", form, "", 401, "invalid_token"},
		{"a token of another kind", "GET", "Bearer " + id, "", "", 401, "invalid_token"},
		{"a token of the API", "GET", "Bearer " + w.tenant.Admin.Token, "", "", 401, "invalid_token"},
		{"a token that is none", "GET", "Bearer abc", "", "", 401, "invalid_token"},
		{"a token that was changed", "GET", "Bearer " + all[:len(all)-6] + "AAAAAA", "", "", 401, "invalid_token"},
		{"a token without openid", "GET", "Bearer " + noOpenID, "", "", 403, "insufficient_scope"},
	} {
		r, err := http.NewRequestWithContext(t.Context(), c.method, w.BaseURL+w.Path("/userinfo"), strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header = http.Header{"Authorization": {c.header}, "Content-Type": {c.contentType}}
		got := systemtest.Send(t, r)
		if got.Status != c.status {
			t.Errorf("%s is answered %d %s", c.name, got.Status, got.Body)
			continue
		}
		fields := got.Fields(t)
		if c.status != 200 {
			challenge := got.Header.Get("WWW-Authenticate")
			if fields["error"] != c.want || !strings.HasPrefix(challenge, "Bearer ") || strings.Contains(challenge, "error=") == strings.HasPrefix(c.name, "no token") {
				t.Errorf("%s is answered %s and %q", c.name, got.Body, challenge)
			}
			continue
		}
		sub := fields["sub"]
		delete(fields, "sub")
		if names := strings.Join(slices.Sorted(maps.Keys(fields)), " "); names != c.want || sub == "" || sub == nil {
			t.Errorf("%s is answered with %s, want %s", c.name, names, c.want)
		}
	}
	other := w.NewWorkspace(t, w.tenant.ID, w.pool)
	if got := systemtest.Send(t, other.UserInfo(t, all)); got.Status != 401 {
		t.Errorf("another workspace answers %d %s", got.Status, got.Body)
	}
	w.Clock.Advance(5*time.Minute + time.Second)
	if w.hasUserInfo(t, all) {
		t.Error("an expired token is good")
	}
}

// OpenID Connect Core §5.5: claims that are asked for come in the ID token.
func TestClaimsInTheIDToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	app := w.NewApplication(t, func(a *oidc.Application) { a.IDTokenAlg = oidc.ES256 })
	code := w.Code(t, w.SignIn(t, w.pool, w.user), app, func(r *oidc.Request) {
		r.Claims.IDToken = []string{"name", "email", "iss", "aud"}
	})
	claims := claimsOf(t, w, systemtest.Send(t, w.Redeem(t, app, code)).Text(t, "id_token"), "JWT", jose.ES256)
	if claims["name"] != "Ann Example" || claims["email"] != w.email || claims["given_name"] != nil ||
		claims["iss"] != w.Issuer() || claims["aud"] != app.ID {
		t.Errorf("the claims are %v", claims)
	}
}

// RFC 7662 §2.1: an application may ask about tokens with a token of its own, as the published client does.
func TestIntrospectionWithABearerToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	all := w.tokens(t)
	own := func(w *systemtest.Workspace, scope string) string {
		app := w.NewApplication(t, func(a *oidc.Application) {
			a.GrantTypes, a.Scopes = []string{oidc.GrantCredentials}, []string{"introspect_tokens", "orders"}
		})
		got := systemtest.Send(t, w.Request(t, app, "/oauth2/token", "grant_type", oidc.GrantCredentials, "scope", scope))
		return got.Text(t, "access_token")
	}
	for name, test := range map[string]struct {
		token, code string
		status      int
	}{
		"of an application":       {own(w.Workspace, "introspect_tokens"), "", 200},
		"without the scope":       {own(w.Workspace, "orders"), "insufficient_scope", 403},
		"of a person":             {all["access_token"].(string), "invalid_token", 401},
		"of another workspace":    {own(w.NewWorkspace(t, w.tenant.ID, w.pool), "introspect_tokens"), "invalid_token", 401},
		"that is no token":        {"abc", "invalid_token", 401},
		"that is a refresh token": {all["refresh_token"].(string), "invalid_token", 401},
	} {
		r := w.Request(t, w.app, "/oauth2/introspect", "token", all["access_token"].(string))
		r.Header.Set("Authorization", "Bearer "+test.token)
		got := systemtest.Send(t, r)
		f := got.Fields(t)
		if code, _ := f["error"].(string); got.Status != test.status || code != test.code || (test.code == "") != (f["active"] == true) {
			t.Errorf("a token %s is answered %d %s", name, got.Status, got.Body)
		}
		if challenge := got.Header.Get("WWW-Authenticate"); (test.code == "") != (challenge == "") ||
			test.status == 403 && !strings.Contains(challenge, `scope="introspect_tokens"`) {
			t.Errorf("a token %s is challenged %s", name, challenge)
		}
	}
}

// RFC 7662, RFC 7009.
func TestIntrospectionAndRevocation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	all := w.tokens(t)
	other, public := w.NewApplication(t, nil), w.NewApplication(t, func(a *oidc.Application) { a.AuthMethod = oidc.AuthNone })
	there := w.NewWorkspace(t, w.tenant.ID, w.pool)
	stranger := there.NewApplication(t, nil)
	about := func(by systemtest.Application, token any) systemtest.Response {
		return systemtest.Send(t, w.Request(t, by, "/oauth2/introspect", "token", token.(string), "token_type_hint", "x"))
	}
	access := about(other, all["access_token"]).Fields(t)
	refresh := about(w.app, all["refresh_token"]).Fields(t)
	for _, f := range []map[string]any{access, refresh} {
		if f["active"] != true || f["client_id"] != w.app.ID || f["scope"] != all["scope"] || f["iss"] != w.Issuer() ||
			f["user_id"] != w.user || f["sub"] == nil || f["sid"] == nil || f["exp"].(float64) <= f["iat"].(float64) {
			t.Errorf("answered %v", f)
		}
	}
	if access["token_type"] != "Bearer" || refresh["token_type"] != nil || access["sub"] != refresh["sub"] {
		t.Errorf("answered %v and %v", access, refresh)
	}
	for name, got := range map[string]systemtest.Response{
		"the refresh token of another": about(other, all["refresh_token"]),
		"an ID token":                  about(w.app, all["id_token"]),
		"what is no token":             about(w.app, "abc"),
		"a token in another workspace": systemtest.Send(t, there.Request(t, stranger, "/oauth2/introspect", "token", all["access_token"].(string))),
		"a refresh token elsewhere":    systemtest.Send(t, there.Request(t, stranger, "/oauth2/introspect", "token", all["refresh_token"].(string))),
	} {
		if got.Status != 200 || string(got.Body) != `{"active":false}` {
			t.Errorf("%s is answered %d %s", name, got.Status, got.Body)
		}
	}
	if got := about(public, all["access_token"]); got.Status != 401 || got.Text(t, "error") != "invalid_client" {
		t.Errorf("a public application is answered %d %s", got.Status, got.Body)
	}
	if got := systemtest.Send(t, w.Request(t, w.app, "/oauth2/introspect")); got.Status != 400 || got.Text(t, "error") != "invalid_request" {
		t.Errorf("nothing is answered %d %s", got.Status, got.Body)
	}
	revoke := func(by systemtest.Application, token string) {
		if got := systemtest.Send(t, w.Request(t, by, "/oauth2/revoke", "token", token)); got.Status != 200 {
			t.Errorf("answered %d %s", got.Status, got.Body)
		}
	}
	for _, token := range []string{all["access_token"].(string), all["refresh_token"].(string)} {
		revoke(other, token)
		revoke(public, token)
	}
	revoke(w.app, "abc")
	if !w.hasUserInfo(t, all["access_token"]) {
		t.Error("another application has revoked the token")
	}
	if got := systemtest.Send(t, w.Request(t, w.app, "/oauth2/revoke")); got.Status != 400 || got.Text(t, "error") != "invalid_request" {
		t.Errorf("nothing is answered %d %s", got.Status, got.Body)
	}
	next := w.refreshed(t, 200, all["refresh_token"]).Fields(t)
	revoke(w.app, all["refresh_token"].(string)) // an older one ends the family, too
	if w.hasUserInfo(t, next["access_token"]) {
		t.Error("the family outlives its oldest token")
	}
}
