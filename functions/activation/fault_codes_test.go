package activation_test

import (
	"net/http"

	"identitypools/infra/check/faulttest"
	"identitypools/infra/check/systemtest"
)

// codeCases returns the cases of the routes that answer with a code.
func codeCases() []faulttest.Case {
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
