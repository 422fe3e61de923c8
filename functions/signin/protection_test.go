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

// secondByMail are the settings of a pool that asks for a mailed code as the second factor.
func secondByMail() fields {
	return fields{"second_factor_authentication_mechanisms": []string{"email_otp"}}
}

// password returns the form that gives the usual password.
func (s *setup) password() []string {
	return []string{"do", "password", "identifier", s.email, "password", systemtest.Password}
}

// halfway returns a browser with which the person has proved the password, and must prove more.
func (s *setup) halfway(t *testing.T) *systemtest.Browser {
	t.Helper()
	b := s.product.NewBrowser(t)
	b.Open(t, s.authorizeURL())
	if got := b.Submit(t, s.password()...); got.Status != 200 || b.Left != nil {
		t.Fatalf("the password is answered %d: %s", got.Status, main(got))
	}
	return b
}

// mustBe checks whether a browser is signed in.
func (s *setup) mustBe(t *testing.T, b *systemtest.Browser, signedIn bool, when string) {
	t.Helper()
	got := s.silent(t, b)
	if (got.Get("code") != "") != signedIn || !signedIn && got.Get("error") != oidc.LoginRequired {
		t.Errorf("%s: the application is answered %v", when, got)
	}
}

func TestAStepWorksInItsBrowser(t *testing.T) {
	t.Parallel()
	s := newSetup(t, systemtest.New(t), secondByMail())
	b := s.halfway(t)
	if got := s.product.NewBrowser(t).Open(t, b.At.String()); got.Status != 400 {
		t.Errorf("in another browser the page is answered %d: %s", got.Status, main(got))
	}
	if got := b.Open(t, b.At.String()); got.Status != 200 {
		t.Errorf("in the same browser the page is answered %d: %s", got.Status, main(got))
	}
}

func TestAStepBelongsToItsErrand(t *testing.T) {
	t.Parallel()
	s := newSetup(t, systemtest.New(t), secondByMail())
	b := s.halfway(t)
	step := b.At.Query().Get("step")
	b.Open(t, s.authorizeURL())
	if got := b.Open(t, "signin/factor?request="+b.At.Query().Get("request")+"&step="+step); got.Status != 400 {
		t.Errorf("the step of another errand is answered %d: %s", got.Status, main(got))
	}
}

func TestStepsAndErrandsEnd(t *testing.T) {
	t.Parallel()
	s := newSetup(t, systemtest.New(t), secondByMail())
	b := s.halfway(t)
	s.product.Clock.Advance(16 * time.Minute)
	if got := b.Open(t, b.At.String()); got.Status != 400 {
		t.Errorf("after 16 minutes the step is answered %d: %s", got.Status, main(got))
	}
	one := newSetup(t, s.product, nil)
	b = one.product.NewBrowser(t)
	b.Open(t, one.authorizeURL())
	one.product.Clock.Advance(61 * time.Minute)
	b.Submit(t, one.password()...)
	if b.Left == nil || b.Left.String() != "https://app.example.com/" { // where the application begins anew
		t.Errorf("after 61 minutes the sign-in leads to %v", b.Left)
	}
}

// A pushed request is sealed like an errand, and must not be taken for one: nobody has checked whether it must
// be used by another application, or is over.
func TestWhatIsSealedHasOnePurpose(t *testing.T) {
	t.Parallel()
	s := newSetup(t, systemtest.New(t), nil)
	_, sealed, _ := strings.Cut(s.pushed(t), "request_uri:")
	b := s.product.NewBrowser(t)
	b.Open(t, s.issuer()+"/signin?request="+sealed)
	if got := b.Submit(t, s.password()...); b.Left != nil {
		t.Errorf("a pushed request is an errand: %d, %s", got.Status, b.Left)
	}
}

// pushed pushes the request of the application and returns the request_uri.
func (s *setup) pushed(t *testing.T) string {
	t.Helper()
	return s.push(t, s.secret, s.request()).Text(t, "request_uri")
}

func TestAPushedRequest(t *testing.T) {
	t.Parallel()
	s := newSetup(t, systemtest.New(t), nil)
	s.register(t, oidc.Application{ID: "other", Name: "Another one"})
	uri, b := s.pushed(t), s.product.NewBrowser(t)
	open := func(client string, want int) {
		t.Helper()
		q := url.Values{"client_id": {client}, "request_uri": {uri}}
		if got := b.Open(t, s.issuer()+"/oauth2/authorize?"+q.Encode()); got.Status != want {
			t.Errorf("the request is answered %d: %s", got.Status, main(got))
		}
	}
	open("other", 400)
	open("shop", 200)
	s.product.Clock.Advance(91 * time.Second)
	open("shop", 400)
}

func TestAStepEndsWithItsEpoch(t *testing.T) {
	t.Parallel()
	s := newSetup(t, systemtest.New(t), secondByMail())
	b := s.halfway(t)
	s.setStatus(t, "inactive")
	s.setStatus(t, "active")
	if got := b.Open(t, b.At.String()); got.Status != 400 {
		t.Errorf("after a change of the status the step is answered %d: %s", got.Status, main(got))
	}
}

// setStatus gives the user a status.
func (s *setup) setStatus(t *testing.T, status string) {
	t.Helper()
	s.tenant.Admin.Must(t, 200, "PUT", "/pools/"+s.pool+"/users/"+s.user, fields{"status": status})
}

func TestAPasswordIsChangedFirst(t *testing.T) {
	t.Parallel()
	s := newSetup(t, systemtest.New(t), nil)
	state := "/pools/" + s.pool + "/users/" + s.user + "/password/state"
	s.tenant.Admin.Must(t, 204, "PUT", state, fields{"state": "must_be_changed"})
	b := s.halfway(t)
	s.mustBe(t, b, false, "before the change")
	b.Open(t, s.authorizeURL())
	b.Submit(t, s.password()...)
	page := b.At.String()
	if got := b.Open(t, strings.Replace(page, "/password?", "/factor?", 1)); got.Status != 400 {
		t.Errorf("the page for a second factor is answered %d: %s", got.Status, main(got))
	}
	b.Open(t, page)
	if got := b.Submit(t, "password", "short"); got.Status != 422 {
		t.Errorf("a short password is answered %d: %s", got.Status, main(got))
	}
	answered(t, b, b.Submit(t, "password", newPassword))
	s.mustBe(t, b, true, "after the change")
	if got := b.Open(t, page); got.Status != 400 {
		t.Errorf("the page is answered %d afterwards", got.Status)
	}
}

func TestASecondFactorIsRequired(t *testing.T) {
	t.Parallel()
	s := newSetup(t, systemtest.New(t), nil)
	signed := s.product.NewBrowser(t)
	s.signIn(t, signed)
	settings := secondByMail()
	settings["name"], settings["authentication_mechanisms"] = "Partners", []string{"password", "otp"}
	s.tenant.Admin.Must(t, 200, "PUT", "/pools/"+s.pool, settings)
	s.product.ExpireCaches()
	s.mustBe(t, signed, false, "a session of before")
	b := s.halfway(t)
	s.mustBe(t, b, false, "with the password alone")

	b.Open(t, s.authorizeURL())
	b.Submit(t, "do", "code", "identifier", s.email)
	code := s.tenant.System.Must(t, 201, "POST", "/pools/"+s.pool+"/users/"+s.user+"/code/generate", fields{
		"type": "authentication",
	}).Text(t, "code")
	if got := b.Submit(t, "code", code); got.Status != 200 || b.Left != nil || strings.Contains(main(got), "<input") {
		t.Errorf("after a mailed code, another one is asked for: %d %s", got.Status, main(got))
	}
}

func TestAnApplicationOfOtherPools(t *testing.T) {
	t.Parallel()
	s := newSetup(t, systemtest.New(t), nil)
	other := s.tenant.NewPool(t, nil)
	s.connect(t, other, 2)
	b := s.product.NewBrowser(t)
	s.signIn(t, b)
	s.client, _ = s.register(t, oidc.Application{ID: "inner", Name: "For others", Pools: []string{other}})
	s.mustBe(t, b, false, "an application of another pool")
	b.Open(t, s.authorizeURL())
	if got := b.Submit(t, s.password()...); got.Status != 422 {
		t.Errorf("the password is answered %d: %s", got.Status, main(got))
	}
}

func TestASessionIsNotEnough(t *testing.T) {
	t.Parallel()
	s := newSetup(t, systemtest.New(t), nil)
	b := s.product.NewBrowser(t)
	s.mustBe(t, b, false, "without a session")
	s.signIn(t, b)
	s.product.Clock.Advance(2 * time.Minute)
	for name, c := range map[string]struct {
		pairs   []string
		isAsked bool
	}{
		"as it is": {nil, false}, "prompt=login": {[]string{"prompt", "login"}, true},
		"prompt=select_account": {[]string{"prompt", "select_account"}, true},
		"max_age=60":            {[]string{"max_age", "60"}, true}, "max_age=600": {[]string{"max_age", "600"}, false},
		"max_age=0": {[]string{"max_age", "0"}, true},
	} {
		got := b.Open(t, s.authorizeURL(c.pairs...))
		if isAsked := b.Left == nil; isAsked != c.isAsked {
			t.Errorf("%s: the person is asked: %t, %d", name, isAsked, got.Status)
		}
	}
	if got := s.silent(t, b, "max_age", "60"); got.Get("error") != oidc.LoginRequired {
		t.Errorf("prompt=none and max_age are answered %v", got)
	}
}

func TestSomebodyElseIsSignedIn(t *testing.T) {
	t.Parallel()
	s := newSetup(t, systemtest.New(t), nil)
	hint, _ := s.exchange(t, s.signIn(t, s.product.NewBrowser(t)).Get("code"))["id_token"].(string)
	s.email = systemtest.Address("bob")
	s.newUser(t, s.pool, "active", s.email)
	b := s.product.NewBrowser(t)
	if got := s.signIn(t, b, "id_token_hint", hint); got.Get("error") != oidc.LoginRequired || got.Get("code") != "" {
		t.Errorf("the application is answered %v", got)
	}
	s.mustBe(t, b, true, "without a hint")
	if got := s.silent(t, b, "id_token_hint", hint); got.Get("error") != oidc.LoginRequired {
		t.Errorf("with a session the application is answered %v", got)
	}
}

func TestASessionEnds(t *testing.T) {
	t.Parallel()
	s := newSetup(t, systemtest.New(t), nil)
	b := s.product.NewBrowser(t)
	s.signIn(t, b)
	for name, value := range b.Cookies {
		h, ok := oidc.ParseHandle(value)
		if !ok {
			continue
		}
		h.Secret = make([]byte, len(h.Secret))
		b.Cookies[name] = h.String()
		s.mustBe(t, b, false, "with a guessed secret")
		b.Cookies[name] = value
	}
	s.mustBe(t, b, true, "with the right secret")
	s.setStatus(t, "inactive")
	s.setStatus(t, "active")
	s.mustBe(t, b, false, "after a change of the status")
	s.signIn(t, b)
	s.product.Clock.Advance(13 * time.Hour)
	s.tenant.RenewTokens(t)
	s.mustBe(t, b, false, "after 13 hours")
	s.signIn(t, b)
	s.tenant.Workspaces.Must(t, 204, "DELETE", "/servers/main/idps/to-"+s.pool, nil)
	s.product.ExpireCaches()
	if got := b.Open(t, s.issuer()+"/signin"); strings.Contains(main(got), s.email) {
		t.Errorf("a person of a pool that is not connected is signed in: %s", main(got))
	}
}

func TestTheAnswerGoesToARegisteredAddress(t *testing.T) {
	t.Parallel()
	s := newSetup(t, systemtest.New(t), nil)
	b := s.product.NewBrowser(t)
	s.signIn(t, b)
	for _, uri := range []string{
		"https://elsewhere.example/callback", callback + "/", callback + "?x=1", strings.Replace(callback, "https", "http", 1),
		callback + "/../other", strings.ToUpper(callback),
	} {
		if got := b.Open(t, s.authorizeURL("redirect_uri", uri)); got.Status != 400 || b.Left != nil {
			t.Errorf("%s is answered %d and leads to %v", uri, got.Status, b.Left)
		}
	}
}

func TestOthersSignNobodyOut(t *testing.T) {
	t.Parallel()
	s := newSetup(t, systemtest.New(t), nil)
	b := s.product.NewBrowser(t)
	s.signIn(t, b)
	logout := s.issuer() + "/oidc/logout"
	if got := b.Open(t, logout); got.Status != 200 || !strings.Contains(main(got), s.email) {
		t.Errorf("the person is not asked: %d %s", got.Status, main(got))
	}
	if got := b.Open(t, logout+"?client_id=shop&post_logout_redirect_uri=https%3A%2F%2Felsewhere.example"); got.Status != 400 {
		t.Errorf("an address that is not registered is answered %d: %s", got.Status, main(got))
	}
	b.Headers = map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://elsewhere.example"}
	if got := b.Submit(t, "action", logout, "do", "signout"); got.Status != 403 {
		t.Errorf("the form of another site is answered %d: %s", got.Status, main(got))
	}
	b.Headers = nil
	s.mustBe(t, b, true, "after the form of another site")
	kept := map[string]string{}
	for name, value := range b.Cookies {
		kept[name] = value
	}
	b.Submit(t, "action", logout, "do", "signout")
	s.mustBe(t, b, false, "after a sign-out")
	b.Cookies = kept
	s.mustBe(t, b, false, "with the cookie of before")
}

func TestCookiesOfASignIn(t *testing.T) {
	t.Parallel()
	s := newSetup(t, systemtest.New(t), nil)
	b := s.product.NewBrowser(t)
	sign := func() (session *http.Cookie) {
		t.Helper()
		b.Open(t, s.authorizeURL("prompt", "login"))
		got := b.SubmitOnce(t, append(s.password(), "remember", "true")...)
		cookies := (&http.Response{Header: got.Header}).Cookies()
		for _, c := range cookies {
			isSafe := c.Secure && c.HttpOnly && c.SameSite == http.SameSiteLaxMode && c.Path == "/" && c.Domain == ""
			if !isSafe || !strings.HasPrefix(c.Name, "__Host-") {
				t.Errorf("the cookie is %s", c.Raw)
			}
			if strings.HasPrefix(c.Name, "__Host-session-") {
				session = c
			}
		}
		if len(cookies) != 3 || session == nil {
			t.Fatalf("the cookies are %v", cookies)
		}
		return session
	}
	first, second := sign(), sign()
	if first.Value == second.Value || first.Name != second.Name {
		t.Errorf("the session keeps its secret")
	}
	s.mustBe(t, b, true, "with the new secret")
	b.Cookies[first.Name] = first.Value
	s.mustBe(t, b, false, "with the secret of before")
}

func TestASourceIsLimited(t *testing.T) {
	t.Parallel()
	s := newSetup(t, systemtest.New(t), fields{"limits": fields{
		"source_guesses_per_hour": 10, "source_submissions_per_hour": 10,
	}})
	b := s.product.NewBrowser(t)
	b.Open(t, s.authorizeURL())
	form := []string{"do", "password", "identifier", systemtest.Address("nobody"), "password", "wrong"}
	for n := range 11 {
		if got, want := b.Submit(t, form...), 422+7*(n/10); got.Status != want {
			t.Errorf("password %d is answered %d, want %d", n, got.Status, want)
		}
	}
	b.Submit(t, "do", "code", "identifier", systemtest.Address("nobody"))
	for n := range 11 {
		if got, want := b.Submit(t, "code", "000000000000"), 422+7*(n/10); got.Status != want {
			t.Errorf("code %d is answered %d, want %d", n, got.Status, want)
		}
	}
}
