package signin_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"identitypools/infra/check/systemtest"
	"identitypools/shared/oidc"
)

// A form that an application makes a browser send comes without the cookies of a session (SameSite=Lax). It is
// answered so that the browser comes again with them, and no cookie is taken away.
func TestFormsOfApplicationsComeAgainWithCookies(t *testing.T) {
	t.Parallel()
	s := newSetup(t, systemtest.New(t), nil)
	b := s.product.NewBrowser(t)
	tokens := s.exchange(t, s.signIn(t, b).Get("code"))
	hint, _ := tokens["id_token"].(string)
	for _, c := range []struct {
		page string
		form url.Values
	}{
		{"/oauth2/authorize", s.request("prompt", "none")}, {"/oidc/logout", url.Values{"id_token_hint": {hint}}},
	} {
		page, form := c.page, c.form
		stranger := s.product.NewBrowser(t) // that is, the same browser without its cookies
		pairs := []string{"action", s.issuer() + page}
		for name := range form {
			pairs = append(pairs, name, form.Get(name))
		}
		got := stranger.SubmitOnce(t, pairs...)
		if got.Status != http.StatusSeeOther || got.Header.Get("Set-Cookie") != "" {
			t.Fatalf("%s is answered %d with the cookie %q", page, got.Status, got.Header.Get("Set-Cookie"))
		}
		answer := b.Open(t, s.issuer()+page[:strings.LastIndex(page, "/")+1]+got.Header.Get("Location"))
		switch {
		case page == "/oidc/logout":
			if answer.Status != 200 || s.isSignedIn(t, b) {
				t.Errorf("the person is not signed out: %d", answer.Status)
			}
		case answered(t, b, answer).Get("code") == "":
			t.Errorf("the application gets %v", b.Left)
		}
	}
	b.Cookies = map[string]string{}
	if got := b.Open(t, s.issuer()+"/oidc/logout"); got.Header.Get("Set-Cookie") != "" {
		t.Errorf("a browser that sent no cookie is told to forget one: %s", got.Header.Get("Set-Cookie"))
	}
}

// An ID token ends its session also if the browser has none any more.
func TestASignOutEndsWhatOutlivesTheSession(t *testing.T) {
	t.Parallel()
	s := newSetup(t, systemtest.New(t), nil)
	b := s.product.NewBrowser(t)
	tokens := s.exchange(t, s.signIn(t, b, "scope", "openid offline_access").Get("code"))
	s.product.Clock.Advance(13 * time.Hour)
	hint, _ := tokens["id_token"].(string)
	refresh, _ := tokens["refresh_token"].(string)
	b.Open(t, s.issuer()+"/oidc/logout?id_token_hint="+hint)
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}, "scope": {"openid"}}
	r, err := http.NewRequestWithContext(t.Context(), "POST", s.issuer()+"/oauth2/token", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(s.client.ID, s.secret)
	if got := systemtest.Send(t, r); got.Status != 400 || got.Text(t, "error") != oidc.InvalidGrant {
		t.Errorf("after the sign-out a refresh is answered %d %s", got.Status, got.Body)
	}
}

// Whoever has only the password changes it nowhere where the pool asks for a second factor (ASVS 6.4.3).
func TestTheSecondFactorComesBeforeANewPassword(t *testing.T) {
	t.Parallel()
	s := newSetup(t, systemtest.New(t), secondByMail())
	state := "/pools/" + s.pool + "/users/" + s.user + "/password/state"
	s.tenant.Admin.Must(t, 204, "PUT", state, fields{"state": "must_be_changed"})
	b := s.halfway(t)
	if !strings.HasSuffix(b.At.Path, "/factor") {
		t.Fatalf("the page is %s", b.At.Path)
	}
	factor := b.At.String()
	b.Open(t, strings.Replace(factor, "/factor?", "/password?", 1))
	if got := b.Submit(t, "password", newPassword); got.Status != 400 {
		t.Errorf("a new password without the second factor is answered %d", got.Status)
	}
	code := systemtest.CodeIn(t, s.product.Inbox.Await(t, s.email, 1)[0])
	b.Open(t, factor)
	b.Submit(t, "code", code)
	if !strings.HasSuffix(b.At.Path, "/password") {
		t.Fatalf("after the second factor the page is %s", b.At.Path)
	}
	claims := s.claims(t, answered(t, b, b.Submit(t, "password", newPassword)).Get("code"))
	if amr, _ := claims["amr"].([]any); len(amr) != 3 {
		t.Errorf("the token says %v", claims["amr"])
	}
}

// Browsers check every address to which a form leads, also that to which the application redirects.
func TestAPageNamesTheOriginsOfTheApplication(t *testing.T) {
	t.Parallel()
	s := newSetup(t, systemtest.New(t), nil)
	s.client, _ = s.register(t, oidc.Application{
		ID: "far", Name: "Far", AppURL: "https://www.example.com/start", AllowedOrigins: []string{"https://api.example.com"},
		RedirectURIs: []string{callback, "http://[::1]/cb", "com.example.app:/cb"},
	})
	got := s.product.NewBrowser(t).Open(t, s.authorizeURL())
	policy := got.Header.Get("Content-Security-Policy")
	_, policy, _ = strings.Cut(policy, "form-action ")
	policy, _, _ = strings.Cut(policy, ";")
	want := "'self' https://app.example.com https://www.example.com http: com.example.app: https://api.example.com"
	if policy != want {
		t.Errorf("forms may lead to %s, want %s", policy, want)
	}
	b := s.product.NewBrowser(t)
	b.Open(t, s.authorizeURL("redirect_uri", "com.example.app:/cb", "response_mode", "form_post"))
	if b.Left == nil || b.Left.Query().Get("error") != oidc.InvalidRequest {
		t.Errorf("a form for a program leads to %v", b.Left)
	}
}

// A stranger who takes a user name in a pool with open registration hides nobody in another pool.
func TestATakenNameHidesNobody(t *testing.T) {
	t.Parallel()
	s := newSetup(t, systemtest.New(t), nil)
	closed := s.tenant.NewPool(t, fields{"public_registration_allowed": false})
	s.connect(t, closed, 2)
	for pool, password := range map[string]string{s.pool: newPassword, closed: systemtest.Password} {
		s.tenant.Admin.Must(t, 201, "POST", "/pools/"+pool+"/users", fields{
			"status": "active", "identifiers": []fields{{"identifier": "alice", "type": "uid"}},
			"credentials": []fields{{"type": "password", "password": password}},
		})
	}
	s.email = "alice"
	if got := s.signIn(t, s.product.NewBrowser(t)); got.Get("code") == "" {
		t.Errorf("the application gets %v", got)
	}
}

// What a connection says of all its users is no second factor.
func TestAStaticFactorIsNoProof(t *testing.T) {
	t.Parallel()
	s := newSetup(t, systemtest.New(t), nil)
	s.tenant.Workspaces.Must(t, 200, "PUT", "/servers/main/idps/identity_pool/to-"+s.pool, fields{
		"identity_pool_id": s.pool, "name": "Partners", "static_amr": []string{"mfa"},
	})
	s.product.ExpireCaches()
	b := s.product.NewBrowser(t)
	s.signIn(t, b)
	settings := secondByMail()
	settings["name"], settings["authentication_mechanisms"] = "Partners", []string{"password", "otp"}
	s.tenant.Admin.Must(t, 200, "PUT", "/pools/"+s.pool, settings)
	s.product.ExpireCaches()
	s.mustBe(t, b, false, "after the pool asks for a second factor")
}
