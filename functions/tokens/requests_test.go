package tokens_test

import (
	"context"
	"net/http"
	"net/url"
	"os"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/go-json-experiment/json"

	"identitypools/functions/tokens"
	"identitypools/infra/check/parttest"
	"identitypools/infra/check/systemtest"
	"identitypools/shared/access"
	"identitypools/shared/retry"
)

func TestMain(m *testing.M) { os.Exit(parttest.Main(m)) }

const (
	path      = "/acme/system/oauth2/token"
	grant     = "grant_type=client_credentials"
	oddID     = "c.1~x"
	oddSecret = "50% a+b:c/d&e=f ü"
)

// withClient starts a product with a client of the tenant acme whose secret must be encoded
// wherever it is written.
func withClient(t *testing.T) *systemtest.Product {
	t.Helper()
	product := systemtest.New(t)
	client := access.Client{Tenant: "acme", ID: oddID, Caller: access.System, Scopes: []string{"identity"}}
	if err := product.EnsureClient(t.Context(), client, oddSecret); err != nil {
		t.Fatal(err)
	}
	return product
}

// post sends a token request with the given headers, as names and values.
func post(t *testing.T, product *systemtest.Product, form string, headers ...string) systemtest.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "POST", product.BaseURL+path, strings.NewReader(form))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return systemtest.Send(t, r)
}

// basic returns the value of an Authorization header.
func basic(id, secret string) string {
	r := http.Request{Header: http.Header{}}
	r.SetBasicAuth(id, secret)
	return r.Header.Get("Authorization")
}

// The edge cases of RFC 6749 §2.3.1 and §5.2.
func TestTokenRequests(t *testing.T) {
	t.Parallel()
	product := withClient(t)
	const form = "application/x-www-form-urlencoded"
	encoded := basic(url.QueryEscape(oddID), url.QueryEscape(oddSecret))
	for _, test := range []struct {
		name, contentType, authorization, body string
		status                                 int
		code                                   string
	}{
		{"an id and a secret that are encoded", form, encoded, grant, 200, ""},
		{"a secret that is encoded otherwise", form, basic(oddID, strings.ReplaceAll(url.QueryEscape(oddSecret), "+", "%20")), grant, 200, ""},
		{"a secret that is not encoded", form, basic(oddID, oddSecret), grant, 401, "invalid_client"},
		{"a character set", form + "; charset=utf-8", encoded, grant, 200, ""},
		{"the id in the body as well", form, encoded, grant + "&client_id=" + oddID, 200, ""},
		{"an empty secret in the body as well", form, encoded, grant + "&client_secret=", 200, ""},
		{"a parameter that nobody knows", form, encoded, grant + "&resource=x", 200, ""},
		{"an empty scope", form, encoded, grant + "&scope=", 200, ""},
		{"an empty secret", form, basic(oddID, ""), grant, 401, "invalid_client"},
		{"the hash for the secret", form, basic(oddID, access.HashSecret(oddSecret)), grant, 401, "invalid_client"},
		{"a token for credentials", form, "Bearer x", grant, 401, "invalid_client"},
		{"credentials that are no base64", form, "Basic ?", grant, 401, "invalid_client"},
		{"a scope of another's case", form, encoded, grant + "&scope=Identity", 400, "invalid_scope"},
		{"one scope more than it may have", form, encoded, grant + "&scope=identity+identity_admin", 400, "invalid_scope"},
		{"no content type", "", encoded, grant, 400, "invalid_request"},
		{"JSON", "application/json", encoded, `{"grant_type":"client_credentials"}`, 400, "invalid_request"},
		{"no body", form, encoded, "", 400, "invalid_request"},
		{"a grant type that is empty", form, encoded, "grant_type=", 400, "invalid_request"},
		{"a scope twice", form, encoded, grant + "&scope=identity&scope=identity", 400, "invalid_request"},
		{"a parameter twice that is no text", form, encoded, grant + "&%ff%22=1&%ff%22=2", 400, "invalid_request"},
		{"8 KB", form, encoded, grant + "&x=" + strings.Repeat("x", 8<<10-len(grant)-3), 200, ""},
		{"a byte more than 8 KB", form, encoded, grant + "&x=" + strings.Repeat("x", 8<<10-len(grant)-2), 400, "invalid_request"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := post(t, product, test.body, "Content-Type", test.contentType, "Authorization", test.authorization)
			if got.Status != test.status {
				t.Fatalf("answered %d %s", got.Status, got.Body)
			}
			if got.Header.Get("Cache-Control") != "no-store" || got.Header.Get("Pragma") != "no-cache" ||
				got.Header.Get("X-Request-Id") == "" {
				t.Errorf("headers are %v", got.Header)
			}
			if test.status == 200 {
				if fields := got.Fields(t); fields["token_type"] != "Bearer" || fields["expires_in"] != 3600.0 || fields["scope"] != "identity" {
					t.Errorf("answered %s", got.Body)
				}
				return
			}
			if got.Text(t, "error") != test.code || strings.ContainsAny(got.Text(t, "error_description"), "\"\\\ufffd") {
				t.Errorf("answered %s, want %s and a description of the characters that RFC 6749 allows", got.Body, test.code)
			}
		})
	}
}

// ASVS V6.3.8: an unknown client, a wrong secret, and a client of another tenant or tree get the same
// answer, byte for byte.
func TestNobodyLearnsWhichClientsExist(t *testing.T) {
	t.Parallel()
	product := withClient(t)
	elsewhere := access.Client{Tenant: "acme", ID: "admin-client", Caller: access.Admin, Scopes: []string{"identity_admin"}}
	if err := product.EnsureClient(t.Context(), elsewhere, "secret"); err != nil {
		t.Fatal(err)
	}
	wrong := ask(t, product, path, grant, oddID, "wrong")
	for name, got := range map[string]systemtest.Response{
		"unknown":                         ask(t, product, path, grant, "nobody", "wrong"),
		"of the other tree":               ask(t, product, path, grant, "admin-client", "secret"),
		"of the other tree, wrong secret": ask(t, product, path, grant, "admin-client", "wrong"),
		"with an id that none has":        ask(t, product, path, grant, "a#b", "wrong"),
	} {
		if got.Status != wrong.Status || string(got.Body) != string(wrong.Body) {
			t.Errorf("a client %s is answered %d %s, want %d %s", name, got.Status, got.Body, wrong.Status, wrong.Body)
		}
	}
}

// A token is valid for the tree in which it was issued, for an hour.
func TestTokensOpenTheirTree(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant, other := product.NewTenant(t), product.NewTenant(t)
	tenant.Admin.Must(t, 200, "GET", "/pools", nil)
	tenant.System.Must(t, 200, "GET", "/pools", nil)
	for name, token := range map[string]string{"of the other tree": tenant.System.Token, "of another tenant": other.Admin.Token} {
		if got := tenant.Admin.Call(t, "GET", "/pools", nil, "Authorization", "Bearer "+token); got.Status != 403 {
			t.Errorf("a token %s is answered %d", name, got.Status)
		}
	}
	product.Clock.Advance(tokens.Lifetime - time.Minute)
	tenant.Admin.Must(t, 200, "GET", "/pools", nil)
	product.Clock.Advance(time.Minute)
	tenant.Admin.Must(t, 401, "GET", "/pools", nil)
}

// RFC 8414 §2 and §3.1, OpenID Connect Discovery §4: the metadata of a token server has the members
// that are required, and is at both well-known places.
func TestDiscovery(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	for tree, scopes := range map[string][]any{
		"admin": {"identity_admin"}, "system": {"identity", "identity_self_registration"},
	} {
		issuer := product.BaseURL + "/acme/" + tree
		want := map[string]any{
			"issuer":                                issuer,
			"token_endpoint":                        issuer + "/oauth2/token",
			"jwks_uri":                              issuer + "/.well-known/jwks.json",
			"grant_types_supported":                 []any{"client_credentials"},
			"response_types_supported":              []any{},
			"token_endpoint_auth_methods_supported": []any{"client_secret_basic", "client_secret_post"},
			"scopes_supported":                      scopes,
		}
		for _, place := range []string{
			issuer + "/.well-known/openid-configuration",
			product.BaseURL + "/.well-known/oauth-authorization-server/acme/" + tree,
		} {
			got := get(t, place)
			if got.Status != 200 || got.Header.Get("Content-Type") != "application/json" ||
				!reflect.DeepEqual(got.Fields(t), want) {
				t.Errorf("%s answers %d %s, want %v", place, got.Status, got.Body, want)
			}
		}
	}
}

// The keys are public, even before any token was issued, and are the same for all tenants and trees.
func TestKeysBeforeAnyToken(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	one := get(t, product.BaseURL+"/acme/admin/.well-known/jwks.json")
	two := get(t, product.BaseURL+"/other/system/.well-known/jwks.json")
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(one.Body, &set); err != nil || len(set.Keys) != 1 || !set.Keys[0].IsPublic() {
		t.Errorf("answered %d %s", one.Status, one.Body)
	}
	if string(one.Body) != string(two.Body) || one.Header.Get("Content-Type") != "application/json" {
		t.Errorf("answered %s and %s", one.Body, two.Body)
	}
}

// simultaneousKeys is the table's keys for processes that all read them before any of them writes.
type simultaneousKeys struct {
	table tokens.Keys
	once  sync.Once
	all   *sync.WaitGroup
}

func (k *simultaneousKeys) Get(ctx context.Context) ([]byte, error) {
	keys, err := k.table.Get(ctx)
	k.once.Do(func() {
		k.all.Done()
		k.all.Wait()
	})
	return keys, err
}

func (k *simultaneousKeys) Replace(ctx context.Context, old, keys []byte) error {
	return k.table.Replace(ctx, old, keys)
}

// Processes with different keys, as while a secret is being changed, publish them simultaneously. No key
// is lost, and the tokens of each process are valid.
func TestKeysArePublishedByManyAtOnce(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	client := access.Client{Tenant: "acme", ID: "c", Caller: access.Admin, Scopes: []string{"identity_admin"}}
	if err := product.EnsureClient(t.Context(), client, "secret"); err != nil {
		t.Fatal(err)
	}
	issued := make([]string, 3)
	var group, all sync.WaitGroup
	all.Add(len(issued))
	for i := range issued {
		issuer, err := access.NewIssuer([]byte(strings.Repeat(string(rune('a'+i)), 32)), product.Clock.Now)
		if err != nil {
			t.Fatal(err)
		}
		keys := &simultaneousKeys{table: product.Table.Keys, all: &all}
		service := &tokens.Service{
			Clients: product.Table.Clients, Keys: keys, Issuer: issuer, PublicURL: "https://id.example.com/",
			Retry: retry.Random(), Now: product.Clock.Now,
		}
		group.Go(func() {
			token, err := service.Issue(t.Context(), tokens.Grant{Tenant: "acme", Caller: access.Admin, ClientID: "c", Secret: "secret"})
			if err != nil {
				t.Errorf("process %d: %v", i, err)
			}
			issued[i] = token.AccessToken
		})
	}
	group.Wait()
	verifier := access.NewVerifier(product.Table.Keys.Get, product.Clock.Now)
	for i, token := range issued {
		if _, err := verifier.Verify(t.Context(), token); err != nil {
			t.Errorf("the token of process %d: %v", i, err)
			continue
		}
		parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.EdDSA})
		if err != nil {
			t.Fatal(err)
		}
		var claims jwt.Claims
		if err := parsed.UnsafeClaimsWithoutVerification(&claims); err != nil || claims.Issuer != "https://id.example.com/acme/admin" {
			t.Errorf("issuer is %q, error is %v", claims.Issuer, err)
		}
	}
}
