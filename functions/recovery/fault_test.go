package recovery_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"identitypools/functions/recovery"
	"identitypools/infra/check/faulttest"
	"identitypools/infra/check/systemtest"
	"identitypools/shared/identity"
)

type fixture = faulttest.Fixture

func faultSuite() faulttest.Suite {
	return faulttest.Suite{Routes: recovery.Routes(), Cases: faultCases()}
}

// "For every call to DynamoDB or SES in every use case: fail it, cut it off after it took effect, or
// repeat it. Afterwards the invariants hold", the answer is true, and a retry ends well.
func TestAnyCallOfAnyUseCaseMayFail(t *testing.T) {
	t.Parallel()
	faultSuite().CheckFaults(t)
}

// Under a key, a retry is answered as the first try would have been.
func TestARetryUnderAKeyIsAnsweredAsTheFirstTry(t *testing.T) {
	t.Parallel()
	faultSuite().CheckRetriesUnderAKey(t)
}

func TestEveryOperationMeetsFaults(t *testing.T) {
	t.Parallel()
	faultSuite().CheckRoutes(t)
}

// The subjects of the mails with a code for a new password. The courier sends a link where guesses may
// have used up the codes.
const resetSubject = "Choose a new password for Partners"

func faultCases() []faulttest.Case {
	confirm := func(f *fixture) fields {
		return fields{"code": f.Code, "identifier": f.Email, "new_password": newPassword}
	}
	second := systemtest.Address("second")
	unproved := func(f *fixture) { createUser(f, second, false, "verify_address") }
	verified := func(f *fixture) { createUser(f, f.Email, true, "reset_password") }
	return []faulttest.Case{
		{
			Name: "public.requestReset", Setup: verified, Status: 204, Check: checkNewCode,
			Request: func(f *fixture) *http.Request {
				return f.PublicRequest("POST", f.Pool+"/password/reset/request", fields{"address": f.Email})
			},
		},
		{
			Name: "public.confirmReset", Setup: verified, Status: 204, RetryStatus: 401, Check: checkReset,
			Request: func(f *fixture) *http.Request {
				return f.PublicRequest("POST", f.Pool+"/password/reset/confirm", confirm(f))
			},
		},
		{
			Name: "public.resetPasswordConfirm", Setup: verified, Status: 204, RetryStatus: 401, Check: checkReset,
			Request: func(f *fixture) *http.Request {
				r := f.PublicRequest("POST", "", confirm(f))
				r.URL.Path = "/" + f.Tenant.ID + "/default/identity/public" + f.Pool + "/reset-password/confirm"
				return r
			},
		},
		{
			Name: "public.confirmAddress", Setup: unproved, Status: 204, RetryStatus: 422, Check: checkProved,
			Request: func(f *fixture) *http.Request {
				return f.PublicRequest("POST", f.Pool+"/address-verification/confirm", fields{
					"code": f.Link, "address": second,
				})
			},
		},
		{
			Name: "public.resetPage", Setup: verified, Status: 200, Check: checkUnchanged,
			Request: func(f *fixture) *http.Request { return pageRequest(f, "GET", "reset?code="+f.Link, nil) },
		},
		{
			Name: "public.resetByPage", Setup: verified, Status: 303, Check: checkReset,
			Request: func(f *fixture) *http.Request {
				return pageRequest(f, "POST", "reset", url.Values{
					"code": {f.Link}, "password": {newPassword}, "form": {"an id"},
				})
			},
		},
		{
			Name: "public.resetByPage, a mail", Setup: verified, Status: 303, Check: checkNewCode,
			Request: func(f *fixture) *http.Request {
				return pageRequest(f, "POST", "reset", url.Values{"address": {f.Email}})
			},
		},
		{
			Name: "public.resetCodePage", Setup: askByPage, Status: 200, Check: checkUnchanged,
			Request: func(f *fixture) *http.Request { return pageRequest(f, "GET", "reset/code", nil) },
		},
		{
			Name: "public.resetByCode", Setup: askByPage, Status: 303, Check: checkReset,
			Request: func(f *fixture) *http.Request {
				return pageRequest(f, "POST", "reset/code", url.Values{"code": {f.Code}, "password": {newPassword}})
			},
		},
		{
			Name: "public.resetByCode, a new code", Setup: askByPage, Status: 303, Check: checkNewCode,
			Request: func(f *fixture) *http.Request {
				return pageRequest(f, "POST", "reset/code", url.Values{"do": {"resend"}})
			},
		},
		{
			Name: "public.verificationPage", Setup: unproved, Status: 200,
			Request: func(f *fixture) *http.Request {
				return pageRequest(f, "GET", "verify?code="+f.Link+"&for="+digestOf(second), nil)
			},
		},
		{
			Name: "public.verifyByPage", Setup: unproved, Status: 303, Check: checkProved,
			Request: func(f *fixture) *http.Request {
				return pageRequest(f, "POST", "verify", url.Values{
					"code": {f.Link}, "for": {digestOf(second)}, "form": {"an id"},
				})
			},
		},
	}
}

// digestOf returns the digest of an address, as the links of mails have it.
func digestOf(address string) string { return identity.MailboxDigest(identity.TypeEmail, address) }

// createUser creates the user, active and with the old password and an address, and a code for it of the
// given type.
func createUser(f *fixture, address string, isVerified bool, code string) {
	f.User = f.Tenant.NewUser(f.T, f.PoolID(), "active", f.Email, fields{
		"verifiable_addresses": []fields{{"type": "email", "address": address, "verified": isVerified}},
		"credentials":          []fields{{"type": "password", "password": oldPassword}},
	})
	f.Proved[f.User] = true
	got := f.Tenant.System.Must(f.T, 201, "POST", f.UserPath()+"/code/generate", fields{
		"type": code, "address": address,
	})
	f.Code, f.Link = got.Text(f.T, "code"), got.Text(f.T, "extended_code")
}

// askByPage creates the user, who has asked for a mail on the page, more than a minute ago, and has a code
// instead of the mail.
func askByPage(f *fixture) {
	createUser(f, f.Email, true, "reset_password")
	got := f.InvokeFunction(f.T.Context(), f.T, "recovery", pageRequest(f, "POST", "reset", url.Values{"address": {f.Email}}))
	f.Cookie, _, _ = strings.Cut(got.Header.Get("Set-Cookie"), ";")
	f.DropMessages()
	f.Clock.Advance(time.Minute + time.Second)
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

// setPassword tries to set a new password with a code.
func setPassword(f *fixture, code string, want int) {
	f.T.Helper()
	f.Tenant.Public.Must(f.T, want, "POST", f.Pool+"/password/reset/confirm", fields{
		"code": code, "identifier": f.Email, "new_password": "one more password, unlike the others",
	})
}

// checkNewCode checks that a mail has come, and that its code sets a password.
func checkNewCode(f *fixture, _ systemtest.Response) {
	f.DeliverMessages()
	mails := f.CheckMails(resetSubject)
	setPassword(f, systemtest.CodeIn(f.T, mails[len(mails)-1]), 204)
}

// checkReset checks that the user has the new password, that a mail says so, and that neither Code nor
// Link works any more.
func checkReset(f *fixture, _ systemtest.Response) {
	f.Tenant.System.Must(f.T, 200, "POST", f.Pool+"/user/password/verify", fields{
		"identifier": f.Email, "password": newPassword,
	})
	f.DeliverMessages()
	f.CheckMails("Your password for Partners was set")
	for _, code := range []string{f.Code, f.Link} {
		setPassword(f, code, 401)
	}
}

// checkUnchanged checks that the code still sets a password.
func checkUnchanged(f *fixture, _ systemtest.Response) { setPassword(f, f.Code, 204) }

// checkProved checks that all addresses of the user are verified.
func checkProved(f *fixture, _ systemtest.Response) {
	got := f.Tenant.Admin.Must(f.T, 200, "GET", f.UserPath(), nil).Fields(f.T)
	for _, a := range got["verifiable_addresses"].([]any) {
		if a.(fields)["verified"] != true {
			f.T.Errorf("%v", a)
		}
	}
}
