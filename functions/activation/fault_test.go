package activation_test

import (
	"net/http"
	"slices"
	"testing"

	"identitypools/functions/activation"
	"identitypools/infra/check/faulttest"
	"identitypools/infra/check/systemtest"
)

type fixture = faulttest.Fixture

func faultSuite() faulttest.Suite {
	return faulttest.Suite{
		Routes: activation.Routes(),
		Cases:  slices.Concat(messageCases(), activationCases()),
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

func messageCases() []faulttest.Case {
	const path = "/activation/send?code_type_in_message=code"
	asSystem := func(f *fixture) *http.Request {
		return f.SystemRequest("POST", f.UserPath()+path, nil)
	}
	codeArrives := func(subject string) func(*fixture, systemtest.Response) {
		return func(f *fixture, _ systemtest.Response) {
			f.DeliverMessages()
			f.CheckNewestCode(subject)
		}
	}
	return []faulttest.Case{
		{
			Name: "admin.sendActivationMessage", Setup: (*fixture).CreateUser,
			Status: 204, RetryStatus: 429, Check: codeArrives("You are invited to Partners"),
			Request: func(f *fixture) *http.Request {
				return f.AdminRequest("POST", f.UserPath()+path, nil)
			},
		},
		{
			Name: "system.selfSendActivationMessage", Setup: (*fixture).CreateUser,
			Request: asSystem, Status: 204, RetryStatus: 429, Check: codeArrives("Confirm your address for Partners"),
		},
		{
			Name:  "system.selfSendActivationMessage, to an active user",
			Setup: (*fixture).CreateActiveUser, Request: asSystem, Status: 204,
			Check: (*fixture).CheckOwnerNotice,
		},
		{
			Name: "system.generateActivationCode", Setup: (*fixture).CreateUserWithCode, Status: 201,
			Request: func(f *fixture) *http.Request {
				return f.SystemRequest("POST", f.UserPath()+"/activation/generate", nil)
			},
			Check: func(f *fixture, _ systemtest.Response) {
				if f.Activate(f.Code) {
					f.T.Error("the code from before still works")
				}
			},
		},
	}
}

func activationCases() []faulttest.Case {
	activate := func(f *fixture, code, password string) *http.Request {
		return f.SystemRequest("POST", f.UserPath()+"/activate",
			fields{"code": code, "password": password})
	}
	return []faulttest.Case{
		{
			Name:   "system.activateSelfRegisteredUser",
			Setup:  func(f *fixture) { f.CreateUserWithCode(); f.Proved[f.User] = true },
			Status: 201, Check: (*fixture).CheckActivated,
			Request: func(f *fixture) *http.Request {
				return activate(f, f.Code, systemtest.Password)
			},
		},
		{
			Name:  "system.activateSelfRegisteredUser, with a wrong code",
			Setup: (*fixture).CreateUserWithCode, Status: 422, Check: (*fixture).CheckNotActivated,
			Request: func(f *fixture) *http.Request {
				return activate(f, systemtest.WrongCode(f.Code), systemtest.Password)
			},
		},
		{
			Name:  "system.activateSelfRegisteredUser, with a bad password",
			Setup: (*fixture).CreateUserWithCode, Status: 422, Check: (*fixture).CheckNotActivated,
			Request: func(f *fixture) *http.Request { return activate(f, f.Code, "short") },
		},
		{
			Name:   "system.activateSelfRegisteredUserUsingExtendedCode",
			Setup:  func(f *fixture) { f.RegisterWithCode(); f.Proved[f.User] = true },
			Status: 201, Check: (*fixture).CheckActivated,
			Request: func(f *fixture) *http.Request {
				return f.SystemRequest("POST", f.Pool+"/user/activate", fields{"code": f.Link})
			},
		},
	}
}
