package registration_test

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"identitypools/infra/check/faulttest"
	"identitypools/infra/check/systemtest"
)

func pageFaultCases() []faulttest.Case {
	register := func(f *fixture) *http.Request {
		return pageRequest(f, "POST", "register", url.Values{
			"identifier": {f.Email}, "password": {systemtest.Password}, "/given_name": {"Ann"},
		})
	}
	return []faulttest.Case{
		{
			Name: "public.registrationPage", Status: 200,
			Request: func(f *fixture) *http.Request { return pageRequest(f, "GET", "register", nil) },
		},
		{Name: "public.registerByPage", Request: register, Status: 303, Check: checkCookie},
		{
			Name: "public.registerByPage, a taken address", Setup: (*fixture).CreateActiveUser,
			Request: register, Status: 303, Check: (*fixture).CheckOwnerNotice,
		},
		{
			Name: "public.codePage", Setup: registerByPage, Status: 200,
			Check: (*fixture).CheckNotActivated,
			Request: func(f *fixture) *http.Request {
				return pageRequest(f, "GET", "register/code", nil)
			},
		},
		{
			Name: "public.activateByCode", Setup: registerByPage, Status: 303,
			Check: (*fixture).CheckActivated,
			Request: func(f *fixture) *http.Request {
				f.Proved[f.User] = true
				return pageRequest(f, "POST", "register/code", url.Values{"code": {f.Code}})
			},
		},
		{
			Name: "public.activateByCode, a new code", Setup: registerByPage, Status: 303,
			Check: (*fixture).CheckNotActivated,
			Request: func(f *fixture) *http.Request {
				return pageRequest(f, "POST", "register/code", url.Values{"do": {"resend"}})
			},
		},
		{
			Name: "public.activationPage", Setup: (*fixture).RegisterWithCode, Status: 200,
			Check: (*fixture).CheckNotActivated,
			Request: func(f *fixture) *http.Request {
				return pageRequest(f, "GET", "activate?code="+f.Link, nil)
			},
		},
		{
			Name: "public.activateByPage", Setup: registerAndProve, Status: 303,
			Check: (*fixture).CheckActivated,
			Request: func(f *fixture) *http.Request {
				return pageRequest(f, "POST", "activate",
					url.Values{"code": {f.Link}, "password": {systemtest.Password}, "form": {"an id"}})
			},
		},
		{
			Name: "public.activationCodePage", Status: 200,
			Request: func(f *fixture) *http.Request { return pageRequest(f, "GET", "activate/code", nil) },
		},
		{
			Name: "public.activateByTypedCode", Setup: registerAndProve, Status: 303,
			Check: (*fixture).CheckActivated,
			Request: func(f *fixture) *http.Request {
				return pageRequest(f, "POST", "activate/code", url.Values{
					"identifier": {f.Email}, "code": {f.Code}, "password": {systemtest.Password}, "form": {"an id"},
				})
			},
		},
		{
			Name: "public.activateByTypedCode, what the code does", Setup: (*fixture).RegisterWithCode, Status: 200,
			Check: (*fixture).CheckNotActivated,
			Request: func(f *fixture) *http.Request {
				return pageRequest(f, "POST", "activate/code", url.Values{"identifier": {f.Email}, "code": {f.Code}})
			},
		},
	}
}

// pageRequest returns a request of a page, with the cookie of the browser.
func pageRequest(f *fixture, method, page string, form url.Values) *http.Request {
	r, err := http.NewRequestWithContext(f.T.Context(), method,
		f.BaseURL+"/"+f.Tenant.ID+f.Pool+"/"+page, strings.NewReader(form.Encode()))
	if err != nil {
		f.T.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Cookie", f.Cookie)
	return r
}

// keepCookie keeps the cookie of an answer in the browser.
func keepCookie(f *fixture, answer systemtest.Response) {
	f.Cookie, _, _ = strings.Cut(answer.Header.Get("Set-Cookie"), ";")
}

// registerByPage registers the user on the page, more than a minute ago, with a code instead of the
// mail.
func registerByPage(f *fixture) {
	r := pageRequest(f, "POST", "register",
		url.Values{"identifier": {f.Email}, "password": {systemtest.Password}})
	keepCookie(f, f.InvokeFunction(f.T.Context(), f.T, "registration", r))
	f.FindUser()
	f.DropMessages()
	f.GenerateCode()
	f.Clock.Advance(time.Minute + time.Second)
}

// checkCookie checks that a mail has come, and that whoever has the cookie can activate the user
// with the code of a mail.
func checkCookie(f *fixture, answer systemtest.Response) {
	keepCookie(f, answer)
	f.FindUser()
	f.DeliverMessages()
	f.CheckMails("Confirm your address for Partners")
	f.Clock.Advance(time.Minute + time.Second)
	f.Tenant.RenewTokens(f.T)
	submitCodePage(f, url.Values{"do": {"resend"}})
	f.DeliverMessages()
	mails := f.Inbox.Mails(f.T, f.Email)
	f.Proved[f.User] = true
	submitCodePage(f, url.Values{"code": {systemtest.CodeIn(f.T, mails[len(mails)-1])}})
	f.CheckStatus("active")
}

// submitCodePage submits a form of the page that asks for a code, which must lead to another page.
func submitCodePage(f *fixture, form url.Values) {
	f.T.Helper()
	r := pageRequest(f, "POST", "register/code", form)
	got := f.InvokeFunction(f.T.Context(), f.T, "registration", r)
	if got.Status != http.StatusSeeOther {
		f.T.Errorf("%v: %d %s", form, got.Status, got.Body)
	}
}
