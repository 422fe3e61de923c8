package systemtest

import (
	"bytes"
	"crypto/rand"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"identitypools/shared/access"
	"identitypools/shared/identity"
	"identitypools/shared/oidc"
	"identitypools/shared/once"
	"identitypools/shared/secret"
	"identitypools/shared/signing"
)

// madeKeys makes the signing keys of all products of a test binary, since that takes a tenth of a second.
var madeKeys = sync.OnceValues(signing.MakeKeys)

// RedirectURI is the redirect URI of the applications of tests.
const RedirectURI = "https://app.example.com/callback"

// Workspace is a workspace in the table, to which pools of its tenant are connected.
type Workspace struct {
	oidc.Workspace
	product *Product
}

// Application is an application of a workspace in the table, with its secret, which is "" if it is public.
type Application struct {
	oidc.Application
	Secret string
}

// NewWorkspace puts a workspace into the table, to which pools are connected. Its tokens are signed with keys
// that are made once for all tests.
func (p *Product) NewWorkspace(tb testing.TB, tenant string, pools ...string) *Workspace {
	tb.Helper()
	p.useMadeKeys(tb)
	now := identity.At(p.Clock.Now())
	w := oidc.Workspace{
		Tenant: tenant, ID: "w-" + Unique(), Name: "Test", CreatedAt: now, UpdatedAt: now, Version: 1,
		EnforcePKCEForPublicClients: true,
	}
	if err := p.Table.Workspaces.Create(tb.Context(), w, once.Reply[oidc.Workspace]{}); err != nil {
		tb.Fatalf("make workspace: %v", err)
	}
	for _, pool := range pools {
		c := oidc.Connection{Tenant: tenant, Workspace: w.ID, ID: "c-" + pool, Pool: pool, Name: pool, Version: 1}
		if err := p.Table.Workspaces.Connect(tb.Context(), c, once.Reply[oidc.Connection]{}); err != nil {
			tb.Fatalf("connect pool: %v", err)
		}
	}
	stored, err := p.Table.Workspaces.Get(tb.Context(), tenant, w.ID)
	if err != nil {
		tb.Fatalf("read workspace: %v", err)
	}
	return &Workspace{stored, p}
}

// useMadeKeys stores the keys of all tests, unless the product has keys.
func (p *Product) useMadeKeys(tb testing.TB) {
	tb.Helper()
	master, err := secret.Parse(p.Environment["TOKEN_SECRET"])
	if err != nil {
		tb.Fatal(err)
	}
	sealingKey, err := master.Key("signing keys", 32)
	if err != nil {
		tb.Fatal(err)
	}
	signer, err := signing.NewSigner(p.Table.SigningKeys, sealingKey, p.Table.Retry, p.Clock.Now)
	if err != nil {
		tb.Fatal(err)
	}
	signer.Make = madeKeys
	if _, err := signer.PublicKeys(tb.Context()); err != nil {
		tb.Fatalf("store signing keys: %v", err)
	}
}

// Path returns the path of an endpoint of the workspace.
func (w *Workspace) Path(path string) string { return "/" + w.Tenant + "/" + w.ID + path }

// Issuer returns the issuer of the workspace.
func (w *Workspace) Issuer() string {
	return strings.TrimSuffix(w.product.Environment["PUBLIC_URL"], "/") + w.Path("")
}

// NewApplication puts an application into the table: a confidential one that may do everything and has the
// scope orders of its own, after the change.
func (w *Workspace) NewApplication(tb testing.TB, change func(*oidc.Application)) Application {
	tb.Helper()
	now := identity.At(w.product.Clock.Now())
	a := oidc.Application{
		Tenant: w.Tenant, Workspace: w.ID, ID: "a-" + Unique(), Name: "Test", Type: "web",
		RedirectURIs: []string{RedirectURI},
		GrantTypes:   []string{oidc.GrantCode, oidc.GrantRefresh, oidc.GrantCredentials},
		AuthMethod:   oidc.AuthBasic, Scopes: []string{"orders"}, CreatedAt: now, UpdatedAt: now, Version: 1,
	}
	plain, hashed, err := access.NewSecret(rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	a.Secrets = []string{hashed}
	if change != nil {
		change(&a)
	}
	if a.IsPublic() {
		a.Secrets, plain = nil, ""
	}
	if err := w.product.Table.Applications.Create(tb.Context(), a, once.Reply[oidc.Application]{}); err != nil {
		tb.Fatalf("make application: %v", err)
	}
	return Application{a, plain}
}

// SignIn puts a session of a user into the table, who has given a password.
func (w *Workspace) SignIn(tb testing.TB, pool, user string) oidc.Session {
	tb.Helper()
	u, err := w.product.Table.Users.Get(tb.Context(), identity.UserRef{Tenant: w.Tenant, Pool: pool, ID: user})
	if err != nil {
		tb.Fatalf("read user: %v", err)
	}
	now := w.product.Clock.Now()
	proofs := oidc.Proofs{AMR: []string{oidc.AMRPassword}, ACR: oidc.ACROne, At: identity.At(now)}
	s := w.NewSession(u, "s-"+Unique(), "hash", proofs, true, now)
	if err := w.product.Table.Sessions.Put(tb.Context(), s); err != nil {
		tb.Fatalf("store session: %v", err)
	}
	return s
}

// Verifier is the code verifier of the codes of tests.
const Verifier = "a-verifier-of-43-characters-at-least-0123456789"

// Code puts a grant for an application into the table and returns its code. The request has the scopes openid,
// profile, email and offline_access, and a challenge, before the change.
func (w *Workspace) Code(tb testing.TB, s oidc.Session, a Application, change func(*oidc.Request)) string {
	tb.Helper()
	challenge, _ := oidc.ChallengeOf(Verifier)
	r := oidc.Request{
		ClientID: a.ID, RedirectURI: RedirectURI, Nonce: "a nonce", Challenge: challenge,
		Scope: []string{oidc.ScopeOpenID, oidc.ScopeProfile, oidc.ScopeEmail, oidc.ScopeOffline},
	}
	if change != nil {
		change(&r)
	}
	h := oidc.Handle{Pool: s.Pool, User: s.UserRef.ID, Session: s.ID, Grant: "g-" + Unique(), Secret: make([]byte, 32)}
	_, _ = rand.Read(h.Secret) // never fails
	g := w.NewGrant(s, r, h.Grant, h.Hash(), w.product.Clock.Now())
	if err := w.product.Table.Grants.Put(tb.Context(), g); err != nil {
		tb.Fatalf("store grant: %v", err)
	}
	return h.String()
}

// Request returns a request with a form to an endpoint of the workspace, with which an application
// authenticates as it is registered. The form has pairs of names and values.
func (w *Workspace) Request(tb testing.TB, a Application, path string, form ...string) *http.Request {
	tb.Helper()
	values := url.Values{}
	for i := 0; i+1 < len(form); i += 2 {
		values.Set(form[i], form[i+1])
	}
	if a.AuthMethod != oidc.AuthBasic {
		values.Set("client_id", a.ID)
	}
	if a.AuthMethod == oidc.AuthPost {
		values.Set("client_secret", a.Secret)
	}
	r, err := http.NewRequestWithContext(tb.Context(), http.MethodPost, w.product.BaseURL+w.Path(path),
		bytes.NewReader([]byte(values.Encode())))
	if err != nil {
		tb.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if a.AuthMethod == oidc.AuthBasic {
		r.SetBasicAuth(url.QueryEscape(a.ID), url.QueryEscape(a.Secret))
	}
	return r
}

// Redeem returns the request for tokens with a code.
func (w *Workspace) Redeem(tb testing.TB, a Application, code string) *http.Request {
	tb.Helper()
	return w.Request(tb, a, "/oauth2/token", "grant_type", oidc.GrantCode, "code", code,
		"redirect_uri", RedirectURI, "code_verifier", Verifier)
}

// Refresh returns the request for tokens with a refresh token.
func (w *Workspace) Refresh(tb testing.TB, a Application, token string) *http.Request {
	tb.Helper()
	return w.Request(tb, a, "/oauth2/token", "grant_type", oidc.GrantRefresh, "refresh_token", token)
}

// UserInfo returns the request for the claims about the user of an access token.
func (w *Workspace) UserInfo(tb testing.TB, token string) *http.Request {
	tb.Helper()
	r, err := http.NewRequestWithContext(tb.Context(), http.MethodGet, w.product.BaseURL+w.Path("/userinfo"), nil)
	if err != nil {
		tb.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	return r
}
