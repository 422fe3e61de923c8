package signin_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"identitypools/infra/check/systemtest"
	"identitypools/shared/oidc"
	"identitypools/shared/once"
)

// An application that is narrowed to some pools is reached by nobody else: neither by a sign-in nor by an
// existing session.
func TestWhoReachesAnApplication(t *testing.T) {
	t.Parallel()
	s := newSetup(t, systemtest.New(t), nil)
	staff, boss := s.tenant.NewPool(t, fields{"name": "Staff"}), systemtest.Address("boss")
	s.connect(t, staff, 2)
	s.newUser(t, staff, "active", boss)
	inside := s.as(s.register(t, oidc.Application{ID: "inside", Name: "Inside", Pools: []string{staff}}))
	b := s.product.NewBrowser(t)
	s.signIn(t, b)
	if got := inside.silent(t, b); got.Get("error") != oidc.LoginRequired {
		t.Errorf("with a session of another pool the application gets %v", got)
	}
	if got := b.Open(t, inside.authorizeURL()); !isPage(got) {
		t.Fatalf("no page is shown: %d %v", got.Status, b.Left)
	}
	if got := inside.try(t, b, s.email, systemtest.Password); got.Status != http.StatusUnprocessableEntity || b.Left != nil {
		t.Errorf("a user of another pool is answered %d, and led to %v", got.Status, b.Left)
	}
	inside.try(t, b, boss, systemtest.Password)
	if claims := inside.claims(t, b.Left.Query().Get("code")); claims["identity_pool_id"] != staff {
		t.Errorf("the ID token has %v", claims)
	}
	if !s.isSignedIn(t, b) {
		t.Error("the session of the narrowed pool is not good for an application that is open to all")
	}
	// The connection is disabled: its users are signed in nowhere in the workspace.
	w, err := s.product.Table.Workspaces.Get(t.Context(), s.tenant.ID, s.workspace.ID)
	if err != nil {
		t.Fatal(err)
	}
	c, _ := w.ConnectionOf(staff)
	c.Disabled = true
	if _, err := s.product.Table.Workspaces.Reconnect(t.Context(), c.Version, c, once.Reply[oidc.Connection]{}); err != nil {
		t.Fatal(err)
	}
	s.product.ExpireCaches()
	if s.isSignedIn(t, b) || inside.isSignedIn(t, b) {
		t.Error("the session of a disabled connection is good")
	}
}

// Several pools of a workspace may have users with one address. They are tried in order, and a user who is not
// active hides nobody.
func TestOneAddressInSeveralPools(t *testing.T) {
	t.Parallel()
	s := newSetup(t, systemtest.New(t), nil)
	second := s.tenant.NewPool(t, nil)
	s.connect(t, second, 2)
	password := func(text string) fields {
		return fields{"credentials": []fields{{"type": "password", "password": text}}}
	}
	signIn := func(email, password string) (pool any) {
		b := s.product.NewBrowser(t)
		b.Open(t, s.authorizeURL())
		if s.try(t, b, email, password); b.Left == nil {
			return nil
		}
		return s.claims(t, b.Left.Query().Get("code"))["identity_pool_id"]
	}
	shadowed, both := systemtest.Address("bob"), systemtest.Address("eve")
	s.tenant.NewUser(t, s.pool, "new", shadowed, password("a password of somebody else"))
	s.tenant.NewUser(t, second, "active", shadowed, password(systemtest.Password))
	s.tenant.NewUser(t, s.pool, "active", both, password("the password in the first pool"))
	s.tenant.NewUser(t, second, "active", both, password(systemtest.Password))
	for _, c := range []struct {
		email, password string
		pool            any
	}{
		{shadowed, systemtest.Password, second},
		{shadowed, "a password of somebody else", nil},
		{both, "the password in the first pool", s.pool},
		{both, systemtest.Password, nil},
	} {
		if got := signIn(c.email, c.password); got != c.pool {
			t.Errorf("%s with %q is in the pool %v, want %v", c.email, c.password, got, c.pool)
		}
	}
}

// One sign-in is good for all applications of a workspace, unless a request or the workspace asks for more.
func TestOneSignInForSeveralApplications(t *testing.T) {
	t.Parallel()
	s := newSetup(t, systemtest.New(t), nil)
	second := s.as(s.register(t, oidc.Application{ID: "second", Name: "Second"}))
	b := s.product.NewBrowser(t)
	first := s.claims(t, s.signIn(t, b).Get("code"))
	again := second.claims(t, answered(t, b, b.Open(t, second.authorizeURL("nonce", "another"))).Get("code"))
	for _, name := range []string{"sub", "sid", "auth_time", "acr"} {
		if first[name] != again[name] {
			t.Errorf("%s is %v for one application, and %v for the other", name, first[name], again[name])
		}
	}
	if again["aud"] != "second" || again["nonce"] != "another" {
		t.Errorf("the second ID token has %v", again)
	}
	for name, pairs := range map[string][]string{
		"prompt=login": {"prompt", "login"}, "prompt=select_account": {"prompt", "select_account"}, "max_age=0": {"max_age", "0"},
	} {
		if got := b.Open(t, second.authorizeURL(pairs...)); !isPage(got) {
			t.Errorf("with %s no page is shown: %v", name, b.Left)
		}
		if got := second.silent(t, b, "max_age", "0"); got.Get("error") != oidc.LoginRequired {
			t.Errorf("%v", got)
		}
	}
	// Somebody else signs in: the session before ends, and a hint names who was meant.
	other := systemtest.Address("bob")
	s.newUser(t, s.pool, "active", other)
	hint, _ := s.exchange(t, s.silent(t, b).Get("code"))["id_token"].(string)
	before := copied(b)
	b.Open(t, s.authorizeURL("prompt", "login", "id_token_hint", hint))
	if s.try(t, b, other, systemtest.Password); b.Left == nil || b.Left.Query().Get("error") != oidc.LoginRequired || b.Left.Query().Has("code") {
		t.Errorf("with a hint for somebody else the application gets %v", b.Left)
	}
	if s.isSignedIn(t, before) {
		t.Error("the session of the person before is good")
	}
	if got := s.silent(t, b, "id_token_hint", hint); got.Get("error") != oidc.LoginRequired {
		t.Errorf("with a hint for somebody else the application gets %v", got)
	}
}

// A workspace may ask for a sign-in to each application.
func TestAWorkspaceWithoutSingleSignOn(t *testing.T) {
	t.Parallel()
	s := newSetup(t, systemtest.New(t), nil)
	w, err := s.product.Table.Workspaces.Get(t.Context(), s.tenant.ID, s.workspace.ID)
	if err != nil {
		t.Fatal(err)
	}
	w.Sessions.Enabled = false
	if _, err := s.product.Table.Workspaces.Replace(t.Context(), w.Version, w, once.Reply[oidc.Workspace]{}); err != nil {
		t.Fatal(err)
	}
	s.product.ExpireCaches()
	b := s.product.NewBrowser(t)
	s.signIn(t, b)
	if s.isSignedIn(t, b) {
		t.Error("the second request needs no sign-in")
	}
}

// A browser that has signed its owner in has a budget of guesses of its own, so that strangers cannot keep the
// owner out, and the owner's name is of no use to them.
func TestStrangersKeepNobodyOut(t *testing.T) {
	t.Parallel()
	s := newSetup(t, systemtest.New(t), nil)
	owner, stranger := s.product.NewBrowser(t), s.product.NewBrowser(t)
	s.signIn(t, owner)
	s.product.Clock.Stop() // the pauses between guesses are short at first
	locked := false
	stranger.Open(t, s.authorizeURL())
	for i := range 30 {
		if got := s.try(t, stranger, s.email, "not the password "+strconv.Itoa(i)); got.Status == http.StatusTooManyRequests {
			locked = true
			break
		}
	}
	if !locked {
		t.Fatal("guesses are never slowed down")
	}
	if got := s.try(t, stranger, s.email, systemtest.Password); got.Status != http.StatusTooManyRequests || stranger.Left != nil {
		t.Errorf("the right password is answered %d to a stranger", got.Status)
	}
	// A made-up name of a browser is that of no known one.
	stranger.Cookies["__Host-browser"] = strings.Repeat("A", len(owner.Cookies["__Host-browser"]))
	if got := s.try(t, stranger, s.email, systemtest.Password); got.Status != http.StatusTooManyRequests {
		t.Errorf("with a name that was made up it is answered %d", got.Status)
	}
	if answer := s.signIn(t, owner, "prompt", "login"); answer.Get("code") == "" {
		t.Errorf("the owner gets %v", answer)
	}
}
