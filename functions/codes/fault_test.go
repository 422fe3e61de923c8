package codes_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"identitypools/functions/codes"
	"identitypools/infra/check/faulttest"
	"identitypools/infra/check/parttest"
	"identitypools/infra/check/systemtest"
)

type fixture = faulttest.Fixture

func faultSuite() faulttest.Suite {
	return faulttest.Suite{
		Routes: codes.Routes(),
		Cases:  slices.Concat(generationCases(), requestCases(), answerCases(), verificationCases()),
	}
}

// "For every call to DynamoDB or SES in every use case: fail it, cut it off after it took effect, or
// repeat it. Afterwards the invariants hold", the answer is true, and a retry ends well.
func TestAnyCallOfAnyUseCaseMayFail(t *testing.T) {
	t.Parallel()
	faultSuite().CheckFaults(t)
}

// "Without a key a retry never makes two of anything that has an identifier"; with one it is
// answered as the first try would have been, whatever has become of that.
func TestARetryUnderAKeyIsAnsweredAsTheFirstTry(t *testing.T) {
	t.Parallel()
	faultSuite().CheckRetriesUnderAKey(t)
}

func TestEveryOperationMeetsFaults(t *testing.T) {
	t.Parallel()
	faultSuite().CheckRoutes(t)
}

func generationCases() []faulttest.Case {
	codeWorks := func(f *fixture, answer systemtest.Response) {
		code := answer.Text(f.T, "code")
		if !f.Activate(code) {
			f.T.Error("the code in the answer does not work")
		}
		f.CheckSpent(code, answer.Text(f.T, "extended_code"), f.Code)
	}
	return []faulttest.Case{
		{
			Name: "system.generateCode", Setup: (*fixture).CreateUserWithCode, Status: 201,
			Check: codeWorks,
			Request: func(f *fixture) *http.Request {
				return f.SystemRequest("POST", f.UserPath()+"/code/generate",
					fields{"type": "activation"})
			},
		},
		{
			Name: "system.generateCodeForUser", Setup: (*fixture).RegisterForBackEnd, Status: 201,
			Check: codeWorks,
			Request: func(f *fixture) *http.Request {
				return f.SystemRequest("POST", f.Pool+"/user/code/generate",
					fields{"type": "activation", "identifier": f.Email})
			},
		},
	}
}

// mailedCode returns the code in a mail, in its short form or in that of links.
func mailedCode(f *fixture, m parttest.Mail) string {
	if strings.Contains(m.Text, "http") {
		return systemtest.LinkIn(f.T, m).Query().Get("code")
	}
	return systemtest.CodeIn(f.T, m)
}

// checkMailedCodes checks that only the newest code that was mailed to an address works, and that it works
// once. A retry may have asked for another mail.
func checkMailedCodes(f *fixture, address string, works func(f *fixture, code string) bool) {
	f.T.Helper()
	f.DeliverMessages()
	var codes []string
	for _, m := range f.Inbox.Mails(f.T, address) {
		codes = append(codes, mailedCode(f, m))
	}
	if len(codes) == 0 {
		f.T.Fatal("no mail has arrived")
	}
	for i, code := range codes {
		isNewest := code == codes[len(codes)-1]
		if got := works(f, code); got != isNewest {
			f.T.Errorf("code %d of %d works: %t, want the opposite", i+1, len(codes), got)
		}
	}
	if works(f, codes[len(codes)-1]) {
		f.T.Error("a code works twice")
	}
}

// answers presents a code for a challenge and reports whether it was accepted.
func answers(f *fixture, code string) bool {
	f.T.Helper()
	return f.Tenant.System.Call(f.T, "POST", f.Pool+"/user/otp/verify", fields{"code": code, "userID": f.User}).Status == 200
}

// proves presents a code that proves the second address and reports whether it was accepted.
func proves(f *fixture, code string) bool {
	f.T.Helper()
	return f.Tenant.System.Call(f.T, "POST", f.UserPath()+"/address/verification/complete",
		fields{"code": code, "address": f.Second}).Status == 204
}

// owns reports whether the second address is a verified one of the user, whom it then leads to.
func owns(f *fixture) bool {
	f.T.Helper()
	return f.Tenant.System.Call(f.T, "POST", f.Pool+"/users/by_key", fields{"address": f.Second}).Status == 200
}

// requestCases ask for mails. An administrator is told of the limits of mails, and so a retry is refused if
// the first try took effect.
func requestCases() []faulttest.Case {
	answerArrives := func(f *fixture, _ systemtest.Response) { checkMailedCodes(f, f.Email, answers) }
	proofArrives := func(f *fixture, _ systemtest.Response) { checkMailedCodes(f, f.Second, proves) }
	return []faulttest.Case{
		{
			Name: "admin.requestOTPChallenge", Setup: (*fixture).CreateOwner, Status: 204, RetryStatus: 429,
			Check: answerArrives,
			Request: func(f *fixture) *http.Request {
				return f.AdminRequest("POST", f.UserPath()+"/otp/request", fields{"address": f.Email})
			},
		},
		{
			Name: "system.requestOTPChallenge", Setup: (*fixture).CreateOwner, Status: 204, Check: answerArrives,
			Request: func(f *fixture) *http.Request {
				return f.SystemRequest("POST", f.Pool+"/user/otp/request", fields{"address": f.Email})
			},
		},
		{
			Name: "admin.requestAddressVerification", Setup: (*fixture).CreateOwner, Status: 204, RetryStatus: 429,
			Check: proofArrives,
			Request: func(f *fixture) *http.Request {
				return f.AdminRequest("POST", f.UserPath()+"/address/verification/request", fields{"address": f.Second})
			},
		},
		{
			Name: "system.requestAddressVerification", Setup: (*fixture).CreateOwner, Status: 204, Check: proofArrives,
			Request: func(f *fixture) *http.Request {
				return f.SystemRequest("POST", f.UserPath()+"/address/verification/request", fields{"address": f.Second})
			},
		},
	}
}

// answerCases redeem codes that answer challenges. A code that was redeemed is wrong for a retry without a key.
func answerCases() []faulttest.Case {
	isSpent := func(door string) func(f *fixture, _ systemtest.Response) {
		return func(f *fixture, _ systemtest.Response) {
			for _, code := range []string{f.Code, f.Link} {
				f.Tenant.System.Must(f.T, 422, "POST", f.Pool+"/user/"+door, fields{"code": code, "userID": f.User})
			}
		}
	}
	isUnspent := func(f *fixture, _ systemtest.Response) {
		if !answers(f, f.Code) {
			f.T.Error("the code does not work any more")
		}
	}
	return []faulttest.Case{
		{
			Name: "admin.verifyOTP", Setup: faulttest.CreateOwnerWithCode("challenge"), Status: 200, RetryStatus: 422,
			Check: isSpent("otp/verify"),
			Request: func(f *fixture) *http.Request {
				return f.AdminRequest("POST", f.UserPath()+"/otp/verify", fields{"code": f.Code})
			},
		},
		{
			Name: "admin.verifyOTP, with a wrong code", Setup: faulttest.CreateOwnerWithCode("challenge"), Status: 422,
			Check: isUnspent,
			Request: func(f *fixture) *http.Request {
				return f.AdminRequest("POST", f.UserPath()+"/otp/verify", fields{"code": systemtest.WrongCode(f.Code)})
			},
		},
		{
			Name: "system.verifyOTP", Setup: faulttest.CreateOwnerWithCode("challenge"), Status: 200, RetryStatus: 422,
			Check: isSpent("otp/verify"),
			Request: func(f *fixture) *http.Request {
				return f.SystemRequest("POST", f.Pool+"/user/otp/verify", fields{"code": f.Link})
			},
		},
		{
			Name: "system.verifyAuthenticationCode", Setup: faulttest.CreateOwnerWithCode("authentication"), Status: 200,
			RetryStatus: 422, Check: isSpent("authentication-code/verify"),
			Request: func(f *fixture) *http.Request {
				return f.SystemRequest("POST", f.Pool+"/user/authentication-code/verify",
					fields{"code": f.Code, "identifier": f.Email})
			},
		},
		{
			Name: "system.inspectOTP", Setup: faulttest.CreateOwnerWithCode("challenge"), Status: 200, Check: isUnspent,
			Request: func(f *fixture) *http.Request {
				return f.SystemRequest("POST", f.Pool+"/user/otp/inspect", fields{"code": f.Link})
			},
		},
	}
}

// verificationCases prove an address. The user is told at the address that they had before.
func verificationCases() []faulttest.Case {
	complete := func(code func(f *fixture) string) func(f *fixture) *http.Request {
		return func(f *fixture) *http.Request {
			return f.SystemRequest("POST", f.UserPath()+"/address/verification/complete",
				fields{"code": code(f), "address": f.Second})
		}
	}
	return []faulttest.Case{
		{
			Name: "system.completeAddressVerification", Setup: faulttest.CreateOwnerWithCode("verify_address"), Status: 204,
			RetryStatus: 422, Request: complete(func(f *fixture) string { return f.Code }),
			Check: func(f *fixture, _ systemtest.Response) {
				if !owns(f) || proves(f, f.Code) || proves(f, f.Link) {
					f.T.Error("the address is not proved, or a code works twice")
				}
				f.DeliverMessages()
				if mails := f.CheckMails("An address was added to your account with Partners"); len(mails) != 1 {
					f.T.Errorf("the user is told %d times", len(mails))
				}
			},
		},
		{
			Name: "system.completeAddressVerification, with a wrong code", Setup: faulttest.CreateOwnerWithCode("verify_address"),
			Status: 422, Request: complete(func(f *fixture) string { return systemtest.WrongCode(f.Code) }),
			Check: func(f *fixture, _ systemtest.Response) {
				if owns(f) || !proves(f, f.Code) {
					f.T.Error("the address is proved, or the code does not work any more")
				}
			},
		},
	}
}
