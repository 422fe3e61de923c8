package signin_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"identitypools/infra/check/systemtest"
	"identitypools/shared/oidc"
	"identitypools/shared/once"
)

// Cookies are for this host alone, over TLS alone, out of the reach of scripts, and are not sent with forms of
// other sites (ASVS 3.3.1 to 3.3.4). The secret of a session has 256 random bits (ASVS 7.2.3), and each
// proof makes a new one (ASVS 7.2.4), in the same session.
func TestTheCookiesOfASession(t *testing.T) {
	t.Parallel()
	s := newSetup(t, systemtest.New(t), nil)
	b := s.product.NewBrowser(t)
	b.Open(t, s.authorizeURL())
	got := b.Submit(t, "do", "password", "identifier", s.email, "password", systemtest.Password, "remember", "true")
	first := s.claims(t, answered(t, b, got).Get("code"))
	set := (&http.Response{Header: got.Header}).Cookies()
	if len(set) != 3 {
		t.Errorf("%d cookies are set", len(set))
	}
	for _, c := range set {
		if !strings.HasPrefix(c.Name, "__Host-") || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode ||
			c.Path != "/" || c.Domain != "" || c.MaxAge <= 0 || strings.Contains(c.Value, s.email) {
			t.Errorf("the cookie is %s", c)
		}
	}
	before := copied(b)
	name, value := cookieOf(t, b, "__Host-session-")
	h, ok := oidc.ParseHandle(value)
	if !ok || len(h.Secret) != 32 || h.Session != first["sid"] {
		t.Errorf("the session is %+v, and the ID token has %v", h, first)
	}
	second := s.claims(t, s.signIn(t, b, "prompt", "login").Get("code"))
	after, _ := oidc.ParseHandle(b.Cookies[name])
	if second["sid"] != first["sid"] || string(after.Secret) == string(h.Secret) {
		t.Errorf("after a second proof the session is %v with the secret %x, and was %v with %x", second["sid"], after.Secret, first["sid"], h.Secret)
	}
	if s.isSignedIn(t, before) || !s.isSignedIn(t, b) {
		t.Error("the old secret is good, or the new one is not")
	}
	// Without the box, the cookie ends with the browser.
	other := s.product.NewBrowser(t)
	other.Open(t, s.authorizeURL())
	for _, c := range (&http.Response{Header: s.try(t, other, s.email, systemtest.Password).Header}).Cookies() {
		if strings.HasPrefix(c.Name, "__Host-session-") && (c.MaxAge != 0 || !c.Expires.IsZero()) {
			t.Errorf("the cookie is %s", c)
		}
	}
}

// Sessions end when they are idle for too long, and in any case some day (ASVS 7.3.1, 7.3.2).
func TestHowLongASessionLasts(t *testing.T) {
	t.Parallel()
	s := newSetup(t, systemtest.New(t), nil)
	const hour, day = time.Hour, 24 * time.Hour
	signIn := func(remember string) *systemtest.Browser {
		b := s.product.NewBrowser(t)
		b.Open(t, s.authorizeURL())
		answered(t, b, b.Submit(t, "do", "password", "identifier", s.email, "password", systemtest.Password, "remember", remember))
		return b
	}
	short, idle, long := signIn(""), signIn("true"), signIn("true")
	for i, step := range []struct {
		after             time.Duration
		short, idle, long bool
	}{
		{6 * hour, true, true, true},
		{5*hour + 50*time.Minute, true, true, true}, // the use at six hours does not make it longer
		{20 * time.Minute, false, true, true},
		{6 * day, false, true, true},
		{6 * day, false, true, true},
		{6 * day, false, true, true},
		{6 * day, false, true, true},
		{5 * day, false, true, true},
		{13 * hour, false, false, false}, // 30 days
	} {
		s.product.Clock.Advance(step.after)
		for _, each := range []struct {
			name string
			b    *systemtest.Browser
			want bool
		}{{"one that is not remembered", short, step.short}, {"a remembered one", long, step.long}} {
			if s.isSignedIn(t, each.b) != each.want {
				t.Errorf("at step %d, %s is good: %t", i, each.name, !each.want)
			}
		}
	}
	_ = idle
	idle = signIn("true")
	s.product.Clock.Advance(7*day - 2*hour)
	if !s.isSignedIn(t, idle) {
		t.Error("a session ends before it is idle for seven days")
	}
	s.product.Clock.Advance(7*day + time.Minute)
	if s.isSignedIn(t, idle) {
		t.Error("a session is good that was idle for seven days")
	}
}

// Whatever makes a user somebody who may not sign in, or gives the user a new password, ends sessions and grants
// at once (ASVS 7.4.1, 7.4.2, 7.4.3).
func TestWhatEndsASessionAtOnce(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	for name, end := range map[string]func(t *testing.T, s *setup, b *systemtest.Browser){
		"the user is inactive": func(t *testing.T, s *setup, _ *systemtest.Browser) {
			s.tenant.Admin.Must(t, 200, "PUT", "/pools/"+s.pool+"/users/"+s.user, fields{"status": "inactive"})
		},
		"the user was inactive": func(t *testing.T, s *setup, _ *systemtest.Browser) {
			for _, status := range []string{"inactive", "active"} {
				s.tenant.Admin.Must(t, 200, "PUT", "/pools/"+s.pool+"/users/"+s.user, fields{"status": status})
			}
		},
		"the user is deleted": func(t *testing.T, s *setup, _ *systemtest.Browser) {
			s.tenant.Admin.Must(t, 204, "DELETE", "/pools/"+s.pool+"/users/"+s.user, nil)
		},
		"the pool is deleted": func(t *testing.T, s *setup, _ *systemtest.Browser) {
			s.tenant.Admin.Must(t, 204, "DELETE", "/pools/"+s.pool, nil)
			s.product.ExpireCaches()
		},
		"the user has a new password": func(t *testing.T, s *setup, _ *systemtest.Browser) {
			s.tenant.System.Must(t, 204, "POST", "/pools/"+s.pool+"/users/"+s.user+"/change-password",
				fields{"old_password": systemtest.Password, "new_password": "quite another long password"})
		},
		"the person signs out": func(t *testing.T, s *setup, b *systemtest.Browser) {
			asked := b.Open(t, s.issuer()+"/oidc/logout")
			if got := b.Submit(t, "do", "signout"); asked.Status != 200 || got.Status != 200 || !strings.Contains(string(got.Body), "You are signed out") {
				t.Errorf("signing out is answered %d %s", got.Status, main(got))
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSetup(t, product, nil)
			b := product.NewBrowser(t)
			tokens := s.exchange(t, s.signIn(t, b, "scope", "openid offline_access").Get("code"))
			waiting := s.silent(t, b).Get("code") // not redeemed yet
			stolen := copied(b)
			end(t, s, b)
			if s.isSignedIn(t, b) || s.isSignedIn(t, stolen) {
				t.Error("the session is still good")
			}
			if got := s.userinfo(t, tokens["access_token"].(string)); got.Status != http.StatusUnauthorized {
				t.Errorf("userinfo answers %d %s", got.Status, got.Body)
			}
			for _, form := range []map[string]string{
				{"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"].(string)},
				{"grant_type": "authorization_code", "code": waiting, "redirect_uri": callback, "code_verifier": verifier},
			} {
				if got := s.ask(t, form); got.Status != http.StatusBadRequest || got.Text(t, "error") != oidc.InvalidGrant {
					t.Errorf("%s is answered %d %s", form["grant_type"], got.Status, got.Body)
				}
			}
		})
	}
}

// ask sends a form to the token endpoint.
func (s *setup) ask(t *testing.T, form map[string]string) systemtest.Response {
	t.Helper()
	values := s.request()
	clear(values)
	for name, value := range form {
		values.Set(name, value)
	}
	r, err := http.NewRequestWithContext(t.Context(), "POST", s.issuer()+"/oauth2/token", strings.NewReader(values.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(s.client.ID, s.secret)
	return systemtest.Send(t, r)
}

// What is sealed or stored for one workspace, one purpose, one errand or one browser is nothing in another.
func TestNothingOfASignInWorksElsewhere(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	s, stranger := newSetup(t, product, nil), newSetup(t, product, nil)
	second := *s
	second.workspace.ID = "second"
	if err := product.Table.Workspaces.Create(t.Context(), second.workspace, once.Reply[oidc.Workspace]{}); err != nil {
		t.Fatal(err)
	}
	second.connect(t, s.pool, 1)
	b := product.NewBrowser(t)
	s.signIn(t, b)
	_, session := cookieOf(t, b, "__Host-session-")
	for name, other := range map[string]*setup{"another workspace": second.as(second.register(t, oidc.Application{ID: "second"})), "another tenant": stranger} {
		their := product.NewBrowser(t)
		other.signIn(t, their)
		cookie, _ := cookieOf(t, their, "__Host-session-")
		their.Cookies = map[string]string{cookie: session}
		if other.isSignedIn(t, their) {
			t.Errorf("the session is good in %s", name)
		}
	}

	// A request that is sealed for one workspace is no request of another one.
	page := product.NewBrowser(t)
	page.Open(t, s.authorizeURL())
	sealed := page.At.Query().Get("request")
	their := product.NewBrowser(t)
	if got := their.Open(t, stranger.issuer()+"/signin?request="+sealed); !isPage(got) || strings.Contains(main(got), "The shop") {
		t.Errorf("the sealed request is answered %d %s", got.Status, main(got))
	}
	if got := stranger.try(t, their, stranger.email, systemtest.Password); their.Left != nil {
		t.Errorf("with a sealed request of others the browser is sent to %s: %d", their.Left, got.Status)
	}
	// Neither is it a pushed request, and a pushed request is not one of a page.
	isStuck(t, their, their.Open(t, s.issuer()+"/oauth2/authorize?client_id=shop&request_uri=urn:ietf:params:oauth:request_uri:"+sealed), "request_uri is unknown")
	uri := s.push(t, s.secret, s.request()).Text(t, "request_uri")
	pushed := uri[strings.LastIndex(uri, ":")+1:]
	if got := their.Open(t, s.issuer()+"/signin?request="+pushed); strings.Contains(main(got), "The shop") {
		t.Errorf("a pushed request is one of the page: %s", main(got))
	}
	for _, step := range []string{"code", "factor", "password"} {
		isStuck(t, their, their.Open(t, s.issuer()+"/signin/"+step+"?request="+sealed+"&step="+sealed), "Start again")
	}
}

// Somebody who takes too long is told so, goes on to the application, and is never answered with a code.
func TestAnErrandEnds(t *testing.T) {
	t.Parallel()
	s := newSetup(t, systemtest.New(t), nil)
	s = s.as(s.register(t, oidc.Application{ID: "late", Name: "The late shop", AppURL: "https://app.example.com/start"}))
	b := s.product.NewBrowser(t)
	b.Open(t, s.authorizeURL())
	s.product.Clock.Advance(61 * time.Minute)
	got := s.try(t, b, s.email, systemtest.Password)
	if b.Left == nil || b.Left.String() != "https://app.example.com/start" {
		t.Errorf("the browser is led to %v: %d %s", b.Left, got.Status, main(got))
	}
}

// A URI that is no longer registered gets no answer, also if the person has been on the page for a while.
func TestARedirectURIThatIsWithdrawn(t *testing.T) {
	t.Parallel()
	s := newSetup(t, systemtest.New(t), nil)
	b := s.product.NewBrowser(t)
	b.Open(t, s.authorizeURL())
	stored, err := s.product.Table.Applications.Cached(t.Context(), s.tenant.ID, s.client.ID)
	if err != nil {
		t.Fatal(err)
	}
	stored.RedirectURIs = []string{"https://app.example.com/new"}
	if _, err := s.product.Table.Applications.Replace(t.Context(), stored.Version, stored, once.Reply[oidc.Application]{}); err != nil {
		t.Fatal(err)
	}
	s.product.ExpireCaches()
	if s.try(t, b, s.email, systemtest.Password); b.Left == nil || b.Left.String() != "https://app.example.com/" {
		t.Errorf("the browser is led to %s", b.Left)
	}
}
