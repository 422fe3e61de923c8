package users_test

import (
	"net/http"
	"testing"

	"identitypools/functions/users"
	"identitypools/infra/check/faulttest"
	"identitypools/infra/check/systemtest"
)

type fixture = faulttest.Fixture

func faultSuite() faulttest.Suite {
	return faulttest.Suite{Routes: users.Routes(), Cases: faultCases()}
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
	isFound := func(f *fixture, _ systemtest.Response) { f.FindUser() }
	suppressed := func(f *fixture) { f.CreateUser(); f.SuppressEmail() }
	uid := fields{"identifier": "ann", "type": "uid"}
	return []faulttest.Case{
		{
			Name: "admin.listUsers", Twin: "system.listUsers", Setup: (*fixture).CreateUser,
			Status: 200,
			Request: func(f *fixture) *http.Request {
				return f.AdminRequest("GET", f.Pool+"/users", nil)
			},
		},
		{
			Name: "admin.getUser", Twin: "system.getUser", Setup: (*fixture).CreateUser, Status: 200,
			Request: func(f *fixture) *http.Request { return f.AdminRequest("GET", f.UserPath(), nil) },
		},
		{
			Name: "system.getUserByKey", Setup: (*fixture).CreateUser, Status: 200,
			Request: func(f *fixture) *http.Request {
				return f.SystemRequest("POST", f.Pool+"/users/by_key", fields{"identifier": f.Email})
			},
		},
		{
			Name: "admin.createUser", Twin: "system.createUser", Status: 201, RetryStatus: 409,
			Request: func(f *fixture) *http.Request {
				return f.AdminRequest("POST", f.Pool+"/users", fields{
					"id": "ann", "status": "new", "identifiers": []fields{email(f), uid},
					"verifiable_addresses": []fields{
						{"address": "+49301234567", "type": "mobile", "verified": true},
					},
					"credentials": []fields{{"type": "password", "password": systemtest.Password}},
				})
			},
			Check: func(f *fixture, _ systemtest.Response) {
				f.Tenant.Admin.Must(f.T, 200, "GET", f.Pool+"/users/ann", nil)
			},
		},
		{
			Name: "admin.createUser, its id is ours", Status: 201, RetryStatus: 409, Check: isFound,
			Request: func(f *fixture) *http.Request {
				return f.AdminRequest("POST", f.Pool+"/users",
					fields{"status": "new", "identifiers": []fields{email(f)}})
			},
		},
		{
			Name: "admin.createUser, in place of who is unproved", Twin: "system.createUser",
			Setup: (*fixture).RegisterWithCode, Status: 201, RetryStatus: 409,
			Request: func(f *fixture) *http.Request {
				return f.AdminRequest("POST", f.Pool+"/users",
					fields{"status": "new", "identifiers": []fields{uid, email(f)}})
			},
			Check: func(f *fixture, _ systemtest.Response) {
				f.CheckStatus("") // the user who registered
				f.FindUser()
			},
		},
		{
			Name: "admin.updateUser", Twin: "system.updateUser",
			Setup: (*fixture).CreateUserWithCode, Status: 200,
			Request: func(f *fixture) *http.Request {
				return f.AdminRequest("PUT", f.UserPath(), fields{"status": "inactive"})
			},
			Check: func(f *fixture, _ systemtest.Response) {
				f.CheckStatus("inactive")
				if f.Activate(f.Code) {
					f.T.Error("a code makes an inactive user active")
				}
			},
		},
		{
			Name:   "admin.updateUser, of a version",
			Setup:  func(f *fixture) { f.CreateUser(); f.ReadVersion(f.UserPath()) },
			Status: 200, RetryStatus: 412,
			Request: func(f *fixture) *http.Request {
				return f.AdminRequest("PUT", f.UserPath(), fields{"status": "inactive"},
					"If-Match", f.Version)
			},
			Check: func(f *fixture, _ systemtest.Response) { f.CheckStatus("inactive") },
		},
		{
			Name: "admin.deleteUser", Twin: "system.deleteUser",
			Setup: (*fixture).CreateUserWithCode, Status: 204, RetryStatus: 404,
			Request: func(f *fixture) *http.Request {
				return f.AdminRequest("DELETE", f.UserPath(), nil)
			},
			Check: func(f *fixture, _ systemtest.Response) { f.CheckStatus("") },
		},
		{
			Name: "admin.listSuppressions", Setup: suppressed, Status: 200,
			Request: func(f *fixture) *http.Request {
				return f.AdminRequest("GET", f.UserPath()+"/suppressions", nil)
			},
		},
		{
			Name: "admin.clearSuppressions", Setup: suppressed, Status: 204,
			Request: func(f *fixture) *http.Request {
				return f.AdminRequest("DELETE", f.UserPath()+"/suppressions", nil)
			},
			Check: func(f *fixture, _ systemtest.Response) {
				if left := f.Stored(f.T, "SUPPRESSED#"); len(left) > 0 {
					f.T.Errorf("still suppressed: %v", left)
				}
			},
		},
	}
}

// email returns the identifier of the person whom a case is about.
func email(f *fixture) fields { return fields{"identifier": f.Email, "type": "email"} }
