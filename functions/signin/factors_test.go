package signin_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"identitypools/infra/check/systemtest"
	"identitypools/shared/oidc"
)

// begin signs a person in as far as the page for the second factor.
func (s *setup) begin(t *testing.T, b *systemtest.Browser, email string, pairs ...string) systemtest.Response {
	t.Helper()
	b.Open(t, s.authorizeURL(pairs...))
	got := s.try(t, b, email, systemtest.Password)
	if !strings.HasSuffix(b.At.Path, "/signin/factor") {
		t.Fatalf("the browser is at %s: %d %s", b.At, got.Status, main(got))
	}
	return got
}

// check checks how an ID token says that a person has signed in.
func check(t *testing.T, claims map[string]any, acr, amr string) {
	t.Helper()
	if claims["acr"] != acr || fmt.Sprint(claims["amr"]) != amr {
		t.Errorf("the ID token has the acr %v and the amr %v", claims["acr"], claims["amr"])
	}
}

// A pool may ask for the code of an authenticator app, each of which is good once, whoever comes at the same
// time (ASVS 6.5.1). Without it nobody is signed in.
func TestASecondFactorByAnApp(t *testing.T) {
	t.Parallel()
	s := newSetup(t, systemtest.New(t), fields{"second_factor_authentication_mechanisms": []string{"totp"}})
	email := systemtest.Address("bob")
	s.tenant.NewUser(t, s.pool, "active", email, withApp())
	b := s.product.NewBrowser(t)
	s.begin(t, b, email)
	if s.isSignedIn(t, copied(b)) {
		t.Error("half a sign-in is a session")
	}
	if got := b.Submit(t, "do", "confirm", "code", systemtest.WrongCode(s.shown(t))); got.Status != http.StatusUnprocessableEntity && got.Status != http.StatusBadRequest {
		t.Errorf("a wrong code is answered %d", got.Status)
	}
	code := s.shown(t)
	if b.Submit(t, "do", "confirm", "code", code); b.Left == nil {
		t.Fatalf("the code leads to %s", b.At)
	}
	// The same code is good for no other sign-in.
	other := s.product.NewBrowser(t)
	s.begin(t, other, email)
	if other.Submit(t, "do", "confirm", "code", code); other.Left != nil {
		t.Errorf("a code that was used leads to %s", other.Left)
	}
	s.product.Clock.Advance(time.Minute)
	other.Submit(t, "do", "confirm", "code", s.shown(t))
	check(t, s.claims(t, other.Left.Query().Get("code")), oidc.ACRTwo, "[pwd otp mfa]")
	if !s.isSignedIn(t, other) {
		t.Error("the session is not good")
	}
	// A user without an app gets no further.
	b = s.product.NewBrowser(t)
	if got := s.begin(t, b, s.email); !strings.Contains(string(got.Body), "has none yet") {
		t.Errorf("a user without a second factor sees %s", main(got))
	}
	if b.Submit(t, "do", "confirm", "code", "123456"); b.Left != nil {
		t.Errorf("the browser is led to %s", b.Left)
	}
	for name, user := range map[string]string{"many": systemtest.Address("many"), "guesser": systemtest.Address("guesser")} {
		s.tenant.NewUser(t, s.pool, "active", user, withApp())
		b := s.product.NewBrowser(t)
		s.begin(t, b, user)
		if name == "many" {
			if n := atOnce(t, b, "do", "confirm", "code", s.shown(t)); n != 1 {
				t.Errorf("one code was good for %d of 20", n)
			}
			continue
		}
		atOnce(t, b, "do", "confirm", "code", systemtest.WrongCode(s.shown(t)))
		if b.Submit(t, "do", "confirm", "code", s.shown(t)); b.Left != nil {
			t.Error("guesses at an app are not limited: after 20 the right one is accepted")
		}
	}
}

// A session with one factor is not enough once the pool asks for two.
func TestASessionFromBeforeASecondFactor(t *testing.T) {
	t.Parallel()
	s := newSetup(t, systemtest.New(t), nil)
	b := s.product.NewBrowser(t)
	s.signIn(t, b)
	pool := s.tenant.Admin.Must(t, 200, "GET", "/pools/"+s.pool, nil).Fields(t)
	s.tenant.Admin.Must(t, 200, "PUT", "/pools/"+s.pool, fields{
		"name": pool["name"], "authentication_mechanisms": pool["authentication_mechanisms"],
		"second_factor_authentication_mechanisms": []string{"totp"},
	})
	s.product.ExpireCaches()
	if s.isSignedIn(t, b) {
		t.Error("a session with one factor is good")
	}
}

// An application may ask for two factors, which those prove who have them. Others are told the class that
// they have (OpenID Connect Core §3.1.2.1: acr_values is voluntary).
func TestAnApplicationAsksForASecondFactor(t *testing.T) {
	t.Parallel()
	s := newSetup(t, systemtest.New(t), nil)
	email := systemtest.Address("bob")
	s.tenant.NewUser(t, s.pool, "active", email, withApp())
	b := s.product.NewBrowser(t)
	b.Open(t, s.authorizeURL())
	s.try(t, b, email, systemtest.Password)
	check(t, s.claims(t, b.Left.Query().Get("code")), oidc.ACROne, "[pwd]")
	if got := s.silent(t, b, "acr_values", "aal2 aal1"); got.Get("error") != oidc.LoginRequired {
		t.Errorf("with one factor the application gets %v", got)
	}
	s.begin(t, b, email, "acr_values", "aal2 aal1")
	b.Submit(t, "do", "confirm", "code", s.shown(t))
	check(t, s.claims(t, b.Left.Query().Get("code")), oidc.ACRTwo, "[pwd otp mfa]")
	if got := s.silent(t, b, "acr_values", "aal2"); got.Get("code") == "" {
		t.Errorf("with two factors the application gets %v", got)
	}
	without := s.product.NewBrowser(t)
	check(t, s.claims(t, s.signIn(t, without, "acr_values", "aal2").Get("code")), oidc.ACROne, "[pwd]")
}

// A mailed code is a first or a second factor, and never both. It makes no second class, since it is no
// authenticator (63B §3.1.3.1).
func TestMailedCodes(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	t.Run("as the only factor", func(t *testing.T) {
		t.Parallel()
		s := newSetup(t, product, nil)
		b := product.NewBrowser(t)
		b.Open(t, s.authorizeURL())
		b.Submit(t, "do", "code", "identifier", s.email)
		code := systemtest.CodeIn(t, product.Inbox.Await(t, s.email, 1)[0])
		wrong := b.Submit(t, "do", "confirm", "code", systemtest.WrongCode(code))
		if b.Left != nil || wrong.Status < 400 || wrong.Status >= 500 {
			t.Errorf("a wrong code is answered %d, and leads to %v", wrong.Status, b.Left)
		}
		b.Submit(t, "do", "confirm", "code", code)
		if b.Left == nil {
			t.Fatalf("the code leads to %s", b.At)
		}
		check(t, s.claims(t, b.Left.Query().Get("code")), oidc.ACROne, "[otp]")
		other := product.NewBrowser(t)
		other.Open(t, s.authorizeURL())
		other.Submit(t, "do", "code", "identifier", s.email)
		if other.Submit(t, "do", "confirm", "code", code); other.Left != nil {
			t.Errorf("a code that was used leads to %s", other.Left)
		}
	})
	t.Run("as the second factor", func(t *testing.T) {
		t.Parallel()
		s := newSetup(t, product, fields{"second_factor_authentication_mechanisms": []string{"email_otp"}})
		b := product.NewBrowser(t)
		s.begin(t, b, s.email)
		code := systemtest.CodeIn(t, product.Inbox.Await(t, s.email, 1)[0])
		stolen := copied(b)
		delete(stolen.Cookies, "__Host-browser")
		isStuck(t, stolen, stolen.Submit(t, "do", "confirm", "code", code), "Start again")
		b.Submit(t, "do", "confirm", "code", code)
		if b.Left == nil {
			t.Fatalf("the code leads to %s", b.At)
		}
		check(t, s.claims(t, b.Left.Query().Get("code")), oidc.ACROne, "[pwd otp mfa]")
	})
	t.Run("not as both", func(t *testing.T) {
		t.Parallel()
		s := newSetup(t, product, fields{"second_factor_authentication_mechanisms": []string{"email_otp"}})
		b := product.NewBrowser(t)
		b.Open(t, s.authorizeURL())
		b.Submit(t, "do", "code", "identifier", s.email)
		code := systemtest.CodeIn(t, product.Inbox.Await(t, s.email, 1)[0])
		got := b.Submit(t, "do", "confirm", "code", code)
		if b.Left != nil || !strings.Contains(string(got.Body), "has none yet") {
			t.Errorf("after a mailed code the browser is at %s: %s", b.At, main(got))
		}
		if b.Submit(t, "do", "confirm", "code", code); b.Left != nil {
			t.Errorf("the same code leads to %s", b.Left)
		}
	})
}

// A password that must be changed, or has expired, leads to a new one and then on to the application. Nobody
// else can choose it.
func TestAPasswordThatMustBeChanged(t *testing.T) {
	t.Parallel()
	const chosen = "quite another long password"
	product := systemtest.New(t)
	for name, mustChange := range map[string]bool{"must be changed": true, "has expired": false} {
		t.Run(name, func(t *testing.T) { //nolint:paralleltest // it moves the clock
			s := newSetup(t, product, fields{"password_settings": fields{"expires_after": "24h"}})
			email := systemtest.Address("bob")
			id := s.tenant.NewUser(t, s.pool, "active", email, fields{"credentials": []fields{
				{"type": "password", "password": systemtest.Password, "must_be_changed": mustChange},
			}})
			if !mustChange {
				product.Clock.Advance(25 * time.Hour)
			}
			b := product.NewBrowser(t)
			b.Open(t, s.authorizeURL())
			got := s.try(t, b, email, systemtest.Password)
			if !strings.HasSuffix(b.At.Path, "/signin/password") || got.Status != http.StatusOK {
				t.Fatalf("the browser is at %s: %d %s", b.At, got.Status, main(got))
			}
			other := product.NewBrowser(t)
			other.At = b.At
			isStuck(t, other, other.Open(t, b.At.String()), "Start again")
			isStuck(t, other, other.Submit(t, "password", chosen), "Start again")
			if s.isSignedIn(t, copied(b)) {
				t.Error("there is a session before the new password")
			}
			if short := b.Submit(t, "password", "short"); short.Status != http.StatusUnprocessableEntity || b.Left != nil {
				t.Errorf("a short password is answered %d", short.Status)
			}
			repeat := copied(b)
			b.Submit(t, "password", chosen)
			if b.Left == nil {
				t.Fatalf("after the new password the browser is at %s", b.At)
			}
			if claims := s.claims(t, b.Left.Query().Get("code")); claims["user_id"] != id {
				t.Errorf("the ID token has %v", claims)
			}
			isStuck(t, repeat, repeat.Submit(t, "password", "a third password that is long"), "Start again")
			mails := product.Inbox.Await(t, email, 1)
			if !strings.Contains(mails[len(mails)-1].Subject, "password") {
				t.Errorf("the owner is told %q", mails[len(mails)-1].Subject)
			}
		})
	}
}

// A step with a password that must be changed ends with that password.
func TestAStepEndsWithThePassword(t *testing.T) {
	t.Parallel()
	s := newSetup(t, systemtest.New(t), nil)
	email := systemtest.Address("bob")
	id := s.tenant.NewUser(t, s.pool, "active", email, fields{"credentials": []fields{
		{"type": "password", "password": systemtest.Password, "must_be_changed": true},
	}})
	b := s.product.NewBrowser(t)
	b.Open(t, s.authorizeURL())
	s.try(t, b, email, systemtest.Password)
	path := "/pools/" + s.pool + "/users/" + id
	s.tenant.System.Must(t, 204, "POST", path+"/change-password", fields{
		"old_password": systemtest.Password, "new_password": "what the owner has chosen",
	})
	s.tenant.Admin.Must(t, 204, "PUT", path+"/password/state", fields{"state": "must_be_changed"})
	isStuck(t, b, b.Submit(t, "password", "quite another long password"), "Start again")
}
