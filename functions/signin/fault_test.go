package signin_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"identitypools/functions/signin"
	"identitypools/infra/check/faulttest"
	"identitypools/infra/check/systemtest"
	"identitypools/shared/identity"
	"identitypools/shared/oidc"
)

type fixture = faulttest.Fixture

func faultSuite() faulttest.Suite {
	return faulttest.Suite{Routes: signin.Routes(), Cases: faultCases()}
}

// "For every call to DynamoDB or SES in every use case: fail it, cut it off after it took effect, or
// repeat it. Afterwards the invariants hold", the answer is true, and a form that is submitted once more
// leads on, or to the page that says that the person must start again.
func TestAnyCallOfAnyUseCaseMayFail(t *testing.T) {
	t.Parallel()
	faultSuite().CheckFaults(t)
}

func TestEveryOperationMeetsFaults(t *testing.T) {
	t.Parallel()
	faultSuite().CheckRoutes(t)
}

// The subjects of the mails that a sign-in causes.
const (
	codeSubject  = "Your code to sign in to Partners"
	resetSubject = "Choose a new password for Partners"
	setSubject   = "Your password for Partners was set"
)

// newPassword is the password that people choose in place of another.
const newPassword = "quite another, new phrase"

func faultCases() []faulttest.Case {
	secondByMail := fields{"second_factor_authentication_mechanisms": []string{"email_otp"}}
	password := []string{"do", "password", "identifier", "", "password", systemtest.Password}
	cases := []faulttest.Case{
		{Name: "public.authorize", Setup: arrive(nil), Request: authorization("GET"), Status: 303},
		{
			Name: "public.authorize, with a session", Twin: "public.authorizeByForm", Setup: signedIn,
			Request: authorization("GET"), Status: 303, Check: checkAnswer,
		},
		{
			Name: "client.pushAuthorizationRequest", Setup: arrive(nil), Status: 201,
			Request: func(f *fixture) *http.Request {
				s := setupOf(f)
				r := formRequest(f, "POST", s.issuer()+"/par", s.request())
				r.SetBasicAuth(s.client.ID, f.Version)
				return r
			},
		},
		{Name: "public.signInPage", Setup: arrive(nil), Request: opening, Status: 200},
		{Name: "public.signInByPage", Setup: arrive(nil), Request: submitting(password...), Status: 303, Check: checkSignedIn},
		{
			Name: "public.signInByPage, for a code", Setup: arrive(nil), Status: 303, Check: checkMail(codeSubject),
			Request: submitting("do", "code", "identifier", ""),
		},
		{Name: "public.signInCodePage", Setup: asked(nil), Request: opening, Status: 200},
		{Name: "public.signInByCode", Setup: asked(nil), Request: submitting("code", "CODE"), Status: 303, Check: checkSignedIn},
		{
			Name: "public.signInByCode, a new code", Setup: asked(nil), Request: submitting("do", "resend"), Status: 303,
			Check: checkMail(codeSubject),
		},
		{Name: "public.signInFactorPage", Setup: halfway(secondByMail), Request: opening, Status: 200},
		{
			Name: "public.signInByFactor", Setup: halfway(secondByMail), Request: submitting("code", "CODE"), Status: 303,
			Check: checkSignedIn,
		},
		{
			Name: "public.signInByFactor, a new code", Setup: halfway(secondByMail), Request: submitting("do", "resend"),
			Status: 303, Check: checkMail(codeSubject),
		},
		{Name: "public.signInPasswordPage", Setup: mustChange, Request: opening, Status: 200},
		{
			Name: "public.signInByNewPassword", Setup: mustChange, Request: submitting("password", newPassword), Status: 303,
			RetryStatus: 400, Check: checkChanged,
		},
		{Name: "public.forgotPage", Setup: arrive(nil), Request: atPage("/forgot", "GET"), Status: 200},
		{
			Name: "public.forgotByPage", Setup: arrive(nil), Request: atPage("/forgot", "POST", "address", ""), Status: 200,
			Check: checkMail(resetSubject),
		},
		{Name: "public.logout", Setup: signedIn, Request: loggingOut("GET"), Status: 200},
		{Name: "public.logoutByForm", Setup: signedIn, Request: loggingOut("POST"), Status: 200, Check: checkSignedOut},
	}
	return cases
}

// setupOf returns the workspace of a fixture, which arrive has made.
func setupOf(f *fixture) *setup {
	return &setup{
		product: f.Product, tenant: f.Tenant, pool: f.PoolID(), email: f.Email, user: f.User,
		workspace: oidc.Workspace{Tenant: f.Tenant.ID, ID: "main"}, client: oidc.Application{ID: "shop"}, secret: f.Version,
	}
}

// arrive makes a workspace with a pool that has the settings, and an active user. An application has sent
// the user to the page for signing in, whose address is Link from then on. Version is the secret of the
// application.
func arrive(settings fields) func(f *fixture) {
	return func(f *fixture) {
		if settings != nil {
			f.Pool = "/pools/" + f.Tenant.NewPool(f.T, settings)
		}
		f.CreateOwner()
		f.Version = newWorkspace(f.T, f.Product, f.Tenant, f.PoolID()).secret
		follow(f, authorization("GET")(f))
	}
}

// follow sends a request, keeps the cookies of the answer in Cookie, and makes the page to which the answer
// leads that of Link.
func follow(f *fixture, r *http.Request) systemtest.Response {
	f.T.Helper()
	got := f.InvokeFunction(f.T.Context(), f.T, "signin", r)
	to, err := r.URL.Parse(got.Header.Get("Location"))
	if err != nil || got.Status != http.StatusSeeOther {
		f.T.Fatalf("%s answers %d: %s", r.URL, got.Status, main(got))
	}
	f.Link = to.String()
	var pairs []string
	for _, c := range (&http.Response{Header: got.Header}).Cookies() {
		pairs = append(pairs, c.Name+"="+c.Value)
	}
	if len(pairs) > 0 {
		f.Cookie = strings.Join(pairs, "; ")
	}
	return got
}

// asked is like arrive, for somebody who has asked for a code by mail, more than a minute ago. Code is
// another code, which counts as well.
func asked(settings fields) func(f *fixture) {
	return func(f *fixture) {
		arrive(settings)(f)
		follow(f, submitting("do", "code", "identifier", "")(f))
		awaitCode(f)
	}
}

// halfway is like arrive, for somebody who has proved the password and was mailed a code.
func halfway(settings fields) func(f *fixture) {
	return func(f *fixture) {
		arrive(settings)(f)
		follow(f, submitting("do", "password", "identifier", "", "password", systemtest.Password)(f))
		awaitCode(f)
	}
}

// awaitCode makes a code in place of that of the mail, and lets the pause before the next mail pass.
func awaitCode(f *fixture) {
	f.DropMessages()
	f.Clock.Advance(time.Minute + time.Second)
	page := f.Link
	f.GenerateCodeFor("authentication", "")
	f.Link = page
}

// mustChange is like arrive, for somebody who has proved a password that must be changed.
func mustChange(f *fixture) {
	arrive(nil)(f)
	f.Tenant.Admin.Must(f.T, 204, "PUT", f.UserPath()+"/password/state", fields{"state": "must_be_changed"})
	follow(f, submitting("do", "password", "identifier", "", "password", systemtest.Password)(f))
}

// signedIn is like arrive, for somebody who has signed in.
func signedIn(f *fixture) {
	arrive(nil)(f)
	follow(f, submitting("do", "password", "identifier", "", "password", systemtest.Password)(f))
}

// formRequest returns a request with a form, if it is a POST, and with the cookies of the browser.
func formRequest(f *fixture, method, address string, form url.Values) *http.Request {
	f.T.Helper()
	r, err := http.NewRequestWithContext(f.T.Context(), method, address, strings.NewReader(form.Encode()))
	if err != nil {
		f.T.Fatal(err)
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if f.Cookie != "" {
		r.Header.Set("Cookie", f.Cookie)
	}
	return r
}

// authorization returns the request of the application.
func authorization(method string) func(f *fixture) *http.Request {
	return func(f *fixture) *http.Request { return formRequest(f, method, setupOf(f).authorizeURL(), nil) }
}

// opening returns the request for the page of Link.
func opening(f *fixture) *http.Request { return formRequest(f, "GET", f.Link, nil) }

// submitting returns the request that submits a form to the page of Link. The pairs are names and values. An
// identifier or an address that is "" is that of the user; the value CODE stands for the code.
func submitting(pairs ...string) func(f *fixture) *http.Request { return atPage("", "POST", pairs...) }

// atPage is like submitting, for a page below that of Link.
func atPage(page, method string, pairs ...string) func(f *fixture) *http.Request {
	return func(f *fixture) *http.Request {
		form := url.Values{}
		for i := 0; i+1 < len(pairs); i += 2 {
			value := strings.ReplaceAll(pairs[i+1], "CODE", f.Code)
			if value == "" {
				value = f.Email
			}
			form.Set(pairs[i], value)
		}
		return formRequest(f, method, strings.Replace(f.Link, "?", page+"?", 1), form)
	}
}

// loggingOut returns the request to sign out: the question whether to, or its answer.
func loggingOut(method string) func(f *fixture) *http.Request {
	return func(f *fixture) *http.Request {
		return formRequest(f, method, setupOf(f).issuer()+"/oidc/logout", url.Values{"do": {"signout"}})
	}
}

// checkAnswer checks that the application gets a code, which it exchanges for tokens.
func checkAnswer(f *fixture, got systemtest.Response) {
	f.T.Helper()
	s := setupOf(f)
	to, err := url.Parse(got.Header.Get("Location"))
	if err != nil || !strings.HasPrefix(to.String(), callback) || to.Query().Get("code") == "" {
		f.T.Fatalf("the browser is led to %s", to)
	}
	r := formRequest(f, "POST", s.issuer()+"/oauth2/token", url.Values{
		"grant_type": {oidc.GrantCode}, "code": {to.Query().Get("code")}, "redirect_uri": {callback},
		"code_verifier": {verifier},
	})
	r.Header.Del("Cookie")
	r.SetBasicAuth(s.client.ID, s.secret)
	if tokens := systemtest.Send(f.T, r); tokens.Status != http.StatusOK {
		f.T.Errorf("the code is answered %d %s", tokens.Status, tokens.Body)
	}
}

// silent returns what the application is answered if it asks for a code without a page.
func silent(f *fixture) url.Values {
	f.T.Helper()
	r := formRequest(f, "GET", setupOf(f).authorizeURL("prompt", "none"), nil)
	to, err := url.Parse(f.InvokeFunction(f.T.Context(), f.T, "signin", r).Header.Get("Location"))
	if err != nil {
		f.T.Fatal(err)
	}
	return to.Query()
}

// checkSignedIn checks that the application gets a code, that the browser is signed in from then on, and
// that there is one session.
func checkSignedIn(f *fixture, got systemtest.Response) {
	f.T.Helper()
	checkAnswer(f, got)
	f.Cookie = ""
	for _, c := range (&http.Response{Header: got.Header}).Cookies() {
		f.Cookie += c.Name + "=" + c.Value + "; "
	}
	if answer := silent(f); answer.Get("code") == "" {
		f.T.Errorf("the browser is not signed in: %v", answer)
	}
}

// checkSignedOut checks that the session has ended, with the grants that were made in it.
func checkSignedOut(f *fixture, _ systemtest.Response) {
	f.T.Helper()
	if answer := silent(f); answer.Get("error") != oidc.LoginRequired {
		f.T.Errorf("the browser is still signed in: %v", answer)
	}
	for _, it := range f.Stored(f.T, "USER#"+f.Tenant.ID+"#") {
		if strings.HasPrefix(it["sk"], "SESSION#") || strings.HasPrefix(it["sk"], "GRANT#") {
			f.T.Errorf("%s is left", it["sk"])
		}
	}
}

// checkMail returns a check that a mail with a subject has come.
func checkMail(subject string) func(f *fixture, _ systemtest.Response) {
	return func(f *fixture, _ systemtest.Response) {
		f.T.Helper()
		f.DeliverMessages()
		f.CheckMails(subject)
	}
}

// checkChanged checks that the user has the new password, and that a mail says so. The first attempt may
// have set it without an answer. Then the person is told to start again, and signs in with it.
func checkChanged(f *fixture, got systemtest.Response) {
	f.T.Helper()
	if got.Status == http.StatusSeeOther {
		checkSignedIn(f, got)
	}
	f.Tenant.System.Must(f.T, 200, "POST", f.Pool+"/user/password/verify", fields{
		"identifier": f.Email, "password": newPassword,
	})
	f.DeliverMessages()
	f.CheckMails(setSubject)
	full, err := f.Table.Users.Get(f.T.Context(), identity.UserRef{Tenant: f.Tenant.ID, Pool: f.PoolID(), ID: f.User})
	if p, _ := full.Password(); err != nil || p.State != identity.StateValid {
		f.T.Errorf("the password is %q, %v", p.State, err)
	}
}
