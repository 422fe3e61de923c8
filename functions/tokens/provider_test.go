package tokens_test

import (
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"identitypools/infra/check/systemtest"
	"identitypools/shared/api"
	"identitypools/shared/oidc"
)

// OpenID Connect Discovery §3 and §4, RFC 8414 §2 and §3.1: the metadata lists what is served, at both places.
func TestWorkspacesAreDiscovered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	issuer := w.Issuer()
	got := get(t, issuer+"/.well-known/openid-configuration")
	found := got.Fields(t)
	for name, want := range map[string]any{
		"issuer": issuer, "authorization_endpoint": issuer + "/oauth2/authorize", "token_endpoint": issuer + "/oauth2/token",
		"userinfo_endpoint": issuer + "/userinfo", "jwks_uri": issuer + "/.well-known/jwks.json",
		"pushed_authorization_request_endpoint": issuer + "/par", "end_session_endpoint": issuer + "/oidc/logout",
		"revocation_endpoint": issuer + "/oauth2/revoke", "introspection_endpoint": issuer + "/oauth2/introspect",
		"response_types_supported": []any{"code"}, "response_modes_supported": []any{"query", "form_post"},
		"grant_types_supported":   []any{"authorization_code", "refresh_token", "client_credentials"},
		"subject_types_supported": []any{"public"}, "id_token_signing_alg_values_supported": []any{"RS256", "ES256"},
		"code_challenge_methods_supported": []any{"S256"}, "authorization_response_iss_parameter_supported": true,
		"claims_parameter_supported": true, "request_parameter_supported": false, "request_uri_parameter_supported": false,
		"require_pushed_authorization_requests": false, "acr_values_supported": []any{"aal1", "aal2"},
		"prompt_values_supported":                       []any{"none", "login", "consent", "select_account"},
		"ui_locales_supported":                          []any{"en", "de", "es", "fr", "pl"},
		"token_endpoint_auth_methods_supported":         []any{"client_secret_basic", "client_secret_post", "none"},
		"introspection_endpoint_auth_methods_supported": []any{"client_secret_basic", "client_secret_post"},
	} {
		if !reflect.DeepEqual(found[name], want) {
			t.Errorf("%s is %v, want %v", name, found[name], want)
		}
	}
	if found["require_request_uri_registration"] != nil || got.Header.Get("Cache-Control") != "public, max-age=300" {
		t.Errorf("answered %v %s", got.Header, got.Body)
	}
	if other := get(t, w.BaseURL+"/.well-known/oauth-authorization-server"+w.Path("")); string(other.Body) != string(got.Body) {
		t.Errorf("the other place answers %d %s", other.Status, other.Body)
	}
	keys := get(t, found["jwks_uri"].(string))
	if keys.Header.Get("Cache-Control") != "public, max-age=300" || keys.Header.Get("Content-Type") != "application/json" {
		t.Errorf("the keys have the headers %v", keys.Header)
	}
	for _, private := range []string{`"d"`, `"p"`, "sealed", `"by"`} {
		if strings.Contains(string(keys.Body), private) {
			t.Errorf("the keys contain %s", private)
		}
	}
}

// Every endpoint of a workspace that does not exist is answered with 404, and so are those of another tenant.
func TestWorkspacesThatDoNotExist(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, path := range []string{"/" + w.tenant.ID + "/nowhere", "/other/" + w.ID, "/" + w.tenant.ID + "/admin"} {
		for _, c := range []struct{ method, path string }{
			{"POST", "/oauth2/token"},
			{"POST", "/oauth2/revoke"},
			{"POST", "/oauth2/introspect"},
			{"GET", "/userinfo"},
			{"POST", "/userinfo"},
			{"GET", "/.well-known/openid-configuration"},
			{"GET", "/.well-known/jwks.json"},
		} {
			r, err := http.NewRequestWithContext(t.Context(), c.method, w.BaseURL+path+c.path, strings.NewReader("a=b"))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Type", api.FormType)
			own := strings.HasSuffix(path, "/admin") && (strings.HasPrefix(c.path, "/.well-known") || c.path == "/oauth2/token")
			if got := systemtest.Send(t, r); (got.Status != 404) != own {
				t.Errorf("%s %s%s answers %d %s", c.method, path, c.path, got.Status, got.Body)
			}
		}
		if got := get(t, w.BaseURL+"/.well-known/oauth-authorization-server"+path); (got.Status != 404) != strings.HasSuffix(path, "/admin") {
			t.Errorf("the metadata of %s answers %d %s", path, got.Status, got.Body)
		}
	}
}

// FuzzTokenForm sends any form with the credentials of an application. Nothing is a fault of the product, and
// what is refused has a code of RFC 6749 §5.2.
func FuzzTokenForm(f *testing.F) {
	product := systemtest.New(f)
	tenant := product.NewTenant(f)
	pool := tenant.NewPool(f, nil)
	w := product.NewWorkspace(f, tenant.ID, pool)
	app := w.NewApplication(f, func(a *oidc.Application) { a.AuthMethod = oidc.AuthNone })
	session := w.SignIn(f, pool, tenant.NewUser(f, pool, "active", systemtest.Address("ann"), nil))
	code := w.Code(f, session, app, nil)
	for _, body := range []string{
		"grant_type=authorization_code&code=" + code, "grant_type=authorization_code&redirect_uri=x&code=" + code,
		"grant_type=refresh_token&refresh_token=" + code, "grant_type=refresh_token&refresh_token=x&scope=a+b", "grant_type=client_credentials",
		"grant_type=authorization_code&code=x&redirect_uri=x&code_verifier=%00", "grant_type=x", "", "%zz",
	} {
		f.Add(body)
	}
	known := []string{
		oidc.InvalidRequest, oidc.InvalidClient, oidc.InvalidGrant, oidc.InvalidScope, oidc.UnauthorizedClient, oidc.UnsupportedGrantType,
	}
	f.Fuzz(func(t *testing.T, body string) {
		r, err := http.NewRequestWithContext(t.Context(), "POST", "https://id.example.com"+w.Path("/oauth2/token"),
			strings.NewReader("client_id="+app.ID+"&"+body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", api.FormType)
		got := product.InvokeFunction(t.Context(), t, "tokens", r)
		if got.Header.Get("Cache-Control") != "no-store" || got.Status != 400 && got.Status != 401 || !slices.Contains(known, got.Text(t, "error")) {
			t.Errorf("answered %d %s %v", got.Status, got.Body, slices.Collect(maps.Keys(got.Header)))
		}
	})
}
