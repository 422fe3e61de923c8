package codes_test

import (
	"net/http"
	"testing"

	"identitypools/functions/codes"
	"identitypools/infra/check/faulttest"
	"identitypools/infra/check/systemtest"
)

type fixture = faulttest.Fixture

func faultSuite() faulttest.Suite {
	return faulttest.Suite{Routes: codes.Routes(), Cases: faultCases()}
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

func faultCases() []faulttest.Case {
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
