package passwords_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"identitypools/functions/passwords"
	"identitypools/infra/check/faulttest"
	"identitypools/infra/check/systemtest"
)

type fixture = faulttest.Fixture

func faultSuite() faulttest.Suite {
	return faulttest.Suite{
		Routes: passwords.Routes(),
		Cases:  slices.Concat(verificationCases(), changeCases(), requestCases(), resetCases()),
	}
}

// "For every call to DynamoDB or SES in every use case: fail it, cut it off after it took effect, or
// repeat it. Afterwards the invariants hold", the answer is true, and a retry ends well.
func TestAnyCallOfAnyUseCaseMayFail(t *testing.T) {
	t.Parallel()
	faultSuite().CheckFaults(t)
}

// With a key a retry is answered as the first try would have been, whatever has become of that.
func TestARetryUnderAKeyIsAnsweredAsTheFirstTry(t *testing.T) {
	t.Parallel()
	faultSuite().CheckRetriesUnderAKey(t)
}

func TestEveryOperationMeetsFaults(t *testing.T) {
	t.Parallel()
	faultSuite().CheckRoutes(t)
}

const wrongPassword = "not the password"

func verificationCases() []faulttest.Case {
	verify := func(f *fixture, password string, headers ...string) *http.Request {
		r := f.SystemRequest("POST", f.Pool+"/user/password/verify",
			fields{"identifier": f.Email, "password": password})
		for i := 0; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		return r
	}
	right := func(f *fixture) *http.Request { return verify(f, systemtest.Password) }
	fromPhone := func(f *fixture) *http.Request {
		return verify(f, systemtest.Password, "X-Device-Id", "phone")
	}
	isRefused := func(f *fixture, password string) {
		f.Tenant.System.Must(f.T, 401, "POST", f.Pool+"/user/password/verify",
			fields{"identifier": f.Email, "password": password})
	}
	return []faulttest.Case{
		{
			Name: "system.verifyPassword", Setup: (*fixture).CreateActiveUser, Request: right,
			Status: 200,
		},
		{
			Name: "system.verifyPassword, a wrong one", Setup: (*fixture).CreateActiveUser,
			Request: func(f *fixture) *http.Request { return verify(f, wrongPassword) },
			Status:  401, Check: checkFailureCounts,
		},
		{
			Name:    "system.verifyPassword, after a wrong one",
			Setup:   func(f *fixture) { f.CreateActiveUser(); isRefused(f, wrongPassword) },
			Request: right, Status: 200, Check: checkNoFailures,
		},
		{
			Name:  "system.verifyPassword, from a new device",
			Setup: (*fixture).CreateActiveUser, Request: fromPhone, Status: 200,
			Check: checkDeviceIsKnown,
		},
		{
			Name:    "system.verifyPassword, from a known device, after a wrong one",
			Request: fromPhone, Status: 200, Check: checkDeviceIsKnown,
			Setup: func(f *fixture) {
				f.CreateActiveUser()
				for _, password := range []string{systemtest.Password, wrongPassword} {
					r := verify(f, password, "X-Device-Id", "phone")
					f.InvokeFunction(f.T.Context(), f.T, "passwords", r)
				}
			},
		},
		{
			Name:    "system.verifyPassword, one that must be changed",
			Request: right, Status: 200, RetryStatus: 401,
			Setup: func(f *fixture) {
				f.CreateActiveUserWith(fields{
					"type": "password", "password": systemtest.Password, "must_be_changed": true,
				})
			},
			Check: func(f *fixture, _ systemtest.Response) { isRefused(f, systemtest.Password) },
		},
		{
			Name: "system.verifyPasswordV2", Setup: (*fixture).CreateActiveUser, Status: 200,
			Request: func(f *fixture) *http.Request {
				return f.SystemRequest("POST", f.Pool+"/user/password/v2/verify",
					fields{"userID": f.User, "password": systemtest.Password})
			},
		},
	}
}

// checkFailureCounts checks that one failure is stored.
func checkFailureCounts(f *fixture, _ systemtest.Response) {
	stored := f.Stored(f.T, "LIMIT#")
	if len(stored) != 1 || stored[0]["failed"] != "1" {
		f.T.Errorf("the failure is stored as %v", stored)
	}
}

// checkNoFailures checks that no failure is stored. A retry may leave an attempt that succeeded.
func checkNoFailures(f *fixture, _ systemtest.Response) {
	for _, left := range f.Stored(f.T, "LIMIT#") {
		if left["failed"] != "0" {
			f.T.Errorf("failures are remembered after the right password: %v", left)
		}
	}
}

// checkDeviceIsKnown checks that one device is known for the user, and has no failures.
func checkDeviceIsKnown(f *fixture, _ systemtest.Response) {
	stored := slices.DeleteFunc(f.Stored(f.T, "LIMIT#"), func(it systemtest.Item) bool {
		return it["sk"] == "PASSWORD"
	})
	if len(stored) != 1 || stored[0]["failed"] != "0" || stored[0]["ttl"] == "" {
		f.T.Errorf("the device is stored as %v", stored)
	}
}

func changeCases() []faulttest.Case {
	change := func(old string) func(f *fixture) *http.Request {
		return func(f *fixture) *http.Request {
			return f.SystemRequest("POST", f.UserPath()+"/change-password",
				fields{"old_password": old, "new_password": second})
		}
	}
	return []faulttest.Case{
		{
			// A retry of a change that took effect gives a password that is no longer the user's.
			Name: "system.changePassword", Twin: "system.deprecatedChangePassword", Request: change(systemtest.Password),
			Setup: (*fixture).CreateActiveUser, Status: 204, RetryStatus: 401, Check: checkNewPassword,
		},
		{
			Name: "system.changePassword, with a wrong one", Request: change(wrongPassword),
			Setup: (*fixture).CreateActiveUser, Status: 401,
			Check: func(f *fixture, answer systemtest.Response) { checkFailureCounts(f, answer); checkOldPassword(f) },
		},
		{
			Name: "admin.setPasswordState", Twin: "system.setPasswordState", Setup: (*fixture).CreateActiveUser, Status: 204,
			Request: func(f *fixture) *http.Request {
				return f.AdminRequest("PUT", f.UserPath()+"/password/state", fields{"state": "must_be_changed"})
			},
			Check: func(f *fixture, _ systemtest.Response) {
				got := f.Tenant.System.Must(f.T, 200, "POST", f.Pool+"/user/password/verify",
					fields{"identifier": f.Email, "password": systemtest.Password})
				if state := got.Text(f.T, "state"); state != "must_be_changed" {
					f.T.Errorf("the state of the password is %s", state)
				}
			},
		},
	}
}

func requestCases() []faulttest.Case {
	// Only the code of the newest mail resets, and it does so once. A retry may have asked for another mail.
	codeArrives := func(f *fixture, _ systemtest.Response) {
		f.DeliverMessages()
		var codes []string
		for _, m := range f.CheckMails("Choose a new password for Partners") {
			codes = append(codes, systemtest.LinkIn(f.T, m).Query().Get("code"))
		}
		for i, code := range codes {
			if works := reset(f, "confirm", code, second); works != (code == codes[len(codes)-1]) {
				f.T.Errorf("code %d of %d works: %t, want the opposite", i+1, len(codes), works)
			}
		}
		f.Code, f.Link = codes[0], codes[len(codes)-1]
		checkNewPassword(f, systemtest.Response{})
	}
	return []faulttest.Case{
		{
			Name: "admin.requestResetPassword", Setup: (*fixture).CreateOwner, Status: 204, RetryStatus: 429, Check: codeArrives,
			Request: func(f *fixture) *http.Request {
				return f.AdminRequest("POST", f.UserPath()+"/password/reset/request", fields{"address": f.Email})
			},
		},
		{
			Name: "system.requestResetPassword", Setup: (*fixture).CreateOwner, Status: 204, Check: codeArrives,
			Request: func(f *fixture) *http.Request {
				return f.SystemRequest("POST", f.Pool+"/user/password/reset/request", fields{"address": f.Email})
			},
		},
	}
}

func resetCases() []faulttest.Case {
	complete := func(wrong bool, password string) func(f *fixture) *http.Request {
		return func(f *fixture) *http.Request {
			code := f.Code
			if wrong {
				code = systemtest.WrongCode(code)
			}
			return f.SystemRequest("POST", f.Pool+"/user/password/reset/complete",
				fields{"code": code, "address": f.Email, "new_password": password})
		}
	}
	withCode := faulttest.CreateOwnerWithCode("reset_password")
	// The password is still the old one, and the code still sets a new one.
	isUnspent := func(f *fixture, _ systemtest.Response) {
		checkOldPassword(f)
		if !reset(f, "confirm", f.Link, second) {
			f.T.Error("the code does not work any more")
		}
	}
	return []faulttest.Case{
		{
			Name: "system.completeResetPassword", Setup: withCode, Request: complete(false, second), Status: 204,
			Check: checkNewPassword,
		},
		{
			Name: "system.completeResetPassword, with a wrong code", Setup: withCode, Request: complete(true, second),
			Status: 401, Check: isUnspent,
		},
		{
			Name: "system.completeResetPassword, with a bad password", Setup: withCode, Request: complete(false, "short"),
			Status: 422, Check: isUnspent,
		},
		{
			Name: "system.confirmResetPassword", Setup: withCode, Status: 204, Check: checkNewPassword,
			Request: func(f *fixture) *http.Request {
				return f.SystemRequest("POST", f.Pool+"/user/password/reset/confirm",
					fields{"code": f.Link, "new_password": second})
			},
		},
	}
}

// reset presents a code with a new password and reports whether the code was accepted.
func reset(f *fixture, door, code, password string) bool {
	f.T.Helper()
	return f.Tenant.System.Call(f.T, "POST", f.Pool+"/user/password/reset/"+door,
		fields{"code": code, "userID": f.User, "new_password": password}).Status == 204
}

// result returns the result of verifying a password of the user.
func result(f *fixture, password string) string {
	f.T.Helper()
	return f.Tenant.System.Must(f.T, 200, "POST", f.Pool+"/user/password/v2/verify",
		fields{"userID": f.User, "password": password}).Text(f.T, "result")
}

// checkNewPassword checks that the second password is the user's and the usual one is not, that no code sets
// another one, and that the user is told once.
func checkNewPassword(f *fixture, _ systemtest.Response) {
	f.T.Helper()
	for _, code := range []string{f.Code, f.Link} {
		if code != "" && reset(f, "complete", code, third) {
			f.T.Error("a code works twice")
		}
	}
	if got := result(f, second); got != "password_correct" {
		f.T.Errorf("the new password is %s", got)
	}
	if got := result(f, systemtest.Password); got != "password_incorrect" {
		f.T.Errorf("the old password is %s", got)
	}
	notices := slices.DeleteFunc(f.Stored(f.T, "MESSAGE#"), func(it systemtest.Item) bool {
		return !strings.Contains(it["doc"], `"password_set"`)
	})
	if len(notices) != 1 {
		f.T.Errorf("the user is told %d times", len(notices))
	}
}

// checkOldPassword checks that the user's password is the usual one, and that nothing says that it has changed.
func checkOldPassword(f *fixture) {
	f.T.Helper()
	if left := f.Stored(f.T, "MESSAGE#"); len(left) > 0 {
		f.T.Errorf("the user is told of a change: %v", left)
	}
	f.Clock.Advance(time.Minute) // a wrong password makes the next one wait
	if got := result(f, systemtest.Password); got != "password_correct" {
		f.T.Errorf("the old password is %s", got)
	}
}
