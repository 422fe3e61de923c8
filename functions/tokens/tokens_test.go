package tokens_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/go-json-experiment/json"

	"identitypools/infra/check/systemtest"
	"identitypools/shared/access"
)

// ask sends a token request: a form, and an id and a secret for the Authorization header if they
// are given.
func ask(t *testing.T, product *systemtest.Product, to, form, id, secret string) systemtest.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "POST", product.BaseURL+to, strings.NewReader(form))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if id != "" {
		r.SetBasicAuth(url.QueryEscape(id), url.QueryEscape(secret))
	}
	return systemtest.Send(t, r)
}

func get(t *testing.T, target string) systemtest.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", target, nil)
	if err != nil {
		t.Fatal(err)
	}
	return systemtest.Send(t, r)
}

// RFC 6749 §4.4 and §5.2.
func TestClientCredentials(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	const secret = "a secret/with+odd:characters%"
	client := access.Client{Tenant: "acme", ID: "c-1", Caller: access.System, Scopes: []string{"identity", "identity_self_registration"}}
	if err := product.EnsureClient(t.Context(), client, secret); err != nil {
		t.Fatal(err)
	}
	const to, grant = "/acme/system/oauth2/token", "grant_type=client_credentials"
	inBody := "&client_id=c-1&client_secret=" + url.QueryEscape(secret)
	for _, c := range []struct {
		name, to, form, id, secret string
		status                     int
		want                       string // the scope, or the error
	}{
		{"in the header", to, grant, "c-1", secret, 200, "identity identity_self_registration"},
		{"in the body", to, grant + inBody, "", "", 200, "identity identity_self_registration"},
		{"with a scope", to, grant + "&scope=identity", "c-1", secret, 200, "identity"},
		{"with a scope that it may not have", to, grant + "&scope=identity_admin", "c-1", secret, 400, "invalid_scope"},
		{"in both places", to, grant + inBody, "c-1", secret, 400, "invalid_request"},
		{"with a wrong secret", to, grant, "c-1", "wrong", 401, "invalid_client"},
		{"of nobody", to, grant, "c-2", secret, 401, "invalid_client"},
		{"with an odd id", to, grant, "c#1", secret, 401, "invalid_client"},
		{"without credentials", to, grant, "", "", 401, "invalid_client"},
		{"at the other tree", "/acme/admin/oauth2/token", grant, "c-1", secret, 401, "invalid_client"},
		{"at another tenant", "/other/system/oauth2/token", grant, "c-1", secret, 401, "invalid_client"},
		{"without a grant type", to, "a=b", "c-1", secret, 400, "invalid_request"},
		{"with another grant type", to, "grant_type=password", "c-1", secret, 400, "unsupported_grant_type"},
		{"with a parameter twice", to, grant + "&" + grant, "c-1", secret, 400, "invalid_request"},
		{"with a broken form", to, "%zz", "c-1", secret, 400, "invalid_request"},
		{"with too much", to, grant + "&x=" + strings.Repeat("x", 9<<10), "c-1", secret, 400, "invalid_request"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := ask(t, product, c.to, c.form, c.id, c.secret)
			field := map[bool]string{true: "scope", false: "error"}[c.status == 200]
			if got.Status != c.status || got.Text(t, field) != c.want {
				t.Errorf("answers %d %s", got.Status, got.Body)
			}
			if got.Header.Get("Cache-Control") != "no-store" || got.Header.Get("Pragma") != "no-cache" {
				t.Errorf("headers are %v", got.Header)
			}
			if c.status == 401 && !strings.HasPrefix(got.Header.Get("WWW-Authenticate"), "Basic") {
				t.Errorf("WWW-Authenticate %q", got.Header.Get("WWW-Authenticate"))
			}
		})
	}
}

// Anybody can verify a token: the discovery document leads to the keys, and the keys verify the token.
func TestDiscoveryLeadsToTheKeys(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	issuer := product.BaseURL + "/" + tenant.ID + "/admin"
	found := get(t, issuer+"/.well-known/openid-configuration").Fields(t)
	if found["issuer"] != issuer || found["token_endpoint"] != issuer+"/oauth2/token" {
		t.Errorf("discovery: %v", found)
	}
	served := get(t, found["jwks_uri"].(string))
	if served.Header.Get("Cache-Control") != "public, max-age=300" || strings.Contains(string(served.Body), `"d"`) {
		t.Errorf("keys: %v %s", served.Header, served.Body)
	}
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(served.Body, &set); err != nil {
		t.Fatal(err)
	}
	token, err := jwt.ParseSigned(tenant.Admin.Token, []jose.SignatureAlgorithm{jose.EdDSA})
	if err != nil {
		t.Fatal(err)
	}
	var claims jwt.Claims
	if err := token.Claims(set.Key(token.Headers[0].KeyID)[0].Key, &claims); err != nil {
		t.Fatal(err)
	}
	if claims.Issuer != issuer || claims.Subject != tenant.Admin.ID || !claims.Audience.Contains("identity:"+tenant.ID+":admin") {
		t.Errorf("claims: %+v", claims)
	}
}
