package signin_test

import (
	"crypto/rand"
	"net/url"
	"strings"
	"testing"

	"identitypools/infra/check/systemtest"
	"identitypools/shared/access"
	"identitypools/shared/oidc"
	"identitypools/shared/once"
)

// The address to which the applications of these tests are answered.
const callback = "https://app.example.com/callback"

// A code verifier (RFC 7636 Appendix B), and its challenge.
const (
	verifier  = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
)

// setup is a workspace of a running product, with a pool, an active user and an application.
type setup struct {
	product   *systemtest.Product
	tenant    *systemtest.Tenant
	workspace oidc.Workspace
	client    oidc.Application
	secret    string
	pool      string
	email     string
	user      string
}

// newSetup returns a workspace in a tenant of its own, with a pool that has the settings.
func newSetup(t *testing.T, product *systemtest.Product, settings fields) *setup {
	t.Helper()
	tenant := product.NewTenant(t)
	s := newWorkspace(t, product, tenant, tenant.NewPool(t, settings))
	s.user = s.newUser(t, s.pool, "active", s.email)
	return s
}

// newWorkspace returns a workspace of a tenant to which a pool is connected, with an application.
func newWorkspace(t *testing.T, product *systemtest.Product, tenant *systemtest.Tenant, pool string) *setup {
	t.Helper()
	s := &setup{product: product, tenant: tenant, pool: pool, email: systemtest.Address("ann")}
	s.workspace = oidc.Workspace{
		Tenant: s.tenant.ID, ID: "main", Name: "Main", EnforcePKCE: true, Sessions: oidc.SessionPolicy{Enabled: true},
	}.Filled()
	if err := product.Table.Workspaces.Create(t.Context(), s.workspace, once.Reply[oidc.Workspace]{}); err != nil {
		t.Fatal(err)
	}
	s.connect(t, s.pool, 1)
	s.client, s.secret = s.register(t, oidc.Application{ID: "shop", Name: "The shop"})
	return s
}

// connect connects a pool at a place in the order.
func (s *setup) connect(t *testing.T, pool string, order int64) {
	t.Helper()
	err := s.product.Table.Workspaces.Connect(t.Context(), oidc.Connection{
		Tenant: s.tenant.ID, Workspace: s.workspace.ID, ID: "to-" + pool, Pool: pool, Name: pool, DisplayOrder: order,
	}, once.Reply[oidc.Connection]{})
	if err != nil {
		t.Fatal(err)
	}
	s.product.ExpireCaches()
}

// newUser creates a user with the usual password.
func (s *setup) newUser(t *testing.T, pool, status, email string) string {
	t.Helper()
	return s.tenant.NewUser(t, pool, status, email, fields{
		"credentials": []fields{{"type": "password", "password": systemtest.Password}},
	})
}

// register registers an application with usual values for what is empty.
func (s *setup) register(t *testing.T, a oidc.Application) (oidc.Application, string) {
	t.Helper()
	secret, hash, err := access.NewSecret(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	a.Tenant, a.Workspace = s.tenant.ID, s.workspace.ID
	if a.AuthMethod == "" {
		a.AuthMethod = oidc.AuthBasic
	}
	if a.AuthMethod != oidc.AuthNone {
		a.Secrets = []string{hash}
	}
	if a.RedirectURIs == nil {
		a.RedirectURIs = []string{callback}
	}
	if a.GrantTypes == nil {
		a.GrantTypes = []string{oidc.GrantCode, oidc.GrantRefresh}
	}
	a.IDTokenAlg, a.AccessTokenAlg = oidc.RS256, oidc.ES256
	if err := s.product.Table.Applications.Create(t.Context(), a, once.Reply[oidc.Application]{}); err != nil {
		t.Fatal(err)
	}
	return a, secret
}

// issuer returns the issuer of the workspace.
func (s *setup) issuer() string { return s.product.BaseURL + "/" + s.tenant.ID + "/" + s.workspace.ID }

// authorizeURL returns the address of a request of the application, with parameters that replace the usual
// ones. A parameter that is "" is left out.
func (s *setup) authorizeURL(pairs ...string) string {
	return s.issuer() + "/oauth2/authorize?" + s.request(pairs...).Encode()
}

// request returns the parameters of a request of the application.
func (s *setup) request(pairs ...string) url.Values {
	q := url.Values{
		"client_id": {s.client.ID}, "response_type": {"code"}, "redirect_uri": {callback}, "scope": {"openid"},
		"state": {"a state"}, "nonce": {"a nonce"}, "code_challenge": {challenge}, "code_challenge_method": {"S256"},
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		if q.Set(pairs[i], pairs[i+1]); pairs[i+1] == "" {
			q.Del(pairs[i])
		}
	}
	return q
}

// signIn signs a person in with the password, beginning with a request of the application, and returns the
// answer that the application gets.
func (s *setup) signIn(t *testing.T, b *systemtest.Browser, pairs ...string) url.Values {
	t.Helper()
	b.Open(t, s.authorizeURL(pairs...))
	got := b.Submit(t, "do", "password", "identifier", s.email, "password", systemtest.Password)
	return answered(t, b, got)
}

// answered returns the answer that an application gets.
func answered(t *testing.T, b *systemtest.Browser, got systemtest.Response) url.Values {
	t.Helper()
	if b.Left == nil || !strings.HasPrefix(b.Left.String(), callback) {
		t.Fatalf("the browser is not sent to the application: %d %s", got.Status, main(got))
	}
	return b.Left.Query()
}

// main returns the content of a page.
func main(got systemtest.Response) string {
	_, content, _ := strings.Cut(string(got.Body), "<main>")
	content, _, _ = strings.Cut(content, "</main>")
	return content
}
