package users_test

import (
	"net/http"
	"slices"
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
	const other = "other@example.com"
	withAddress := func(f *fixture) {
		f.CreateActiveUser()
		f.Tenant.Admin.Must(f.T, 200, "POST", f.UserPath()+"/addresses/add",
			fields{"address": other, "type": "email", "verified": true})
		f.DropMessages()
	}
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
			Name: "admin.patchUser", Twin: "system.patchUser", Setup: (*fixture).CreateUserWithCode, Status: 200,
			Request: func(f *fixture) *http.Request {
				return f.AdminRequest("PATCH", f.UserPath(), fields{"status": "inactive"})
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
			// The claim of the identifier goes from who is unproved to the user.
			Name: "admin.addUserVerifiableAddress", Twin: "system.addUserVerifiableAddress",
			Setup:  func(f *fixture) { f.CreateActiveUser(); f.Register(other); f.DropMessages() },
			Status: 200, RetryStatus: 409,
			Request: rename("addresses/add", fields{"address": other, "type": "email", "verified": true}),
			Check:   told("address_added"),
		},
		{
			Name: "admin.updateUserVerifiableAddress", Twin: "system.updateUserVerifiableAddress",
			Setup: withAddress, Status: 200,
			Request: rename("addresses/update", fields{"address": other, "status": "active", "verified": false}),
			Check:   told("address_removed", other),
		},
		{
			Name: "admin.deleteUserVerifiableAddress", Twin: "system.deleteUserVerifiableAddress",
			Setup: withAddress, Status: 204, RetryStatus: 404,
			Request: rename("addresses/remove", fields{"address": other}),
			Check:   told("address_removed", other),
		},
		{
			Name: "admin.addUserIdentifier", Twin: "system.addUserIdentifier",
			Setup: (*fixture).CreateUser, Status: 200, RetryStatus: 409,
			Request: rename("identifiers/add", uid),
		},
		{
			Name: "admin.deleteUserIdentifier", Twin: "system.deleteUserIdentifier",
			Setup: (*fixture).CreateUserWithCode, Status: 204, RetryStatus: 404,
			Request: func(f *fixture) *http.Request {
				return f.AdminRequest("POST", f.UserPath()+"/identifiers/remove", fields{"identifier": f.Email})
			},
			Check: func(f *fixture, _ systemtest.Response) {
				if f.Activate(f.Code) {
					f.T.Error("a code for an address that was removed makes the user active")
				}
			},
		},
		{
			Name: "admin.getUserMetadata", Setup: (*fixture).CreateUser, Status: 200,
			Request: func(f *fixture) *http.Request {
				return f.AdminRequest("GET", f.UserPath()+"/metadata/admin", nil)
			},
		},
		{
			Name: "admin.setUserMetadata", Setup: (*fixture).CreateUser, Status: 200,
			Request: func(f *fixture) *http.Request {
				return f.AdminRequest("PUT", f.UserPath()+"/metadata/admin", fields{"metadata": fields{"a": 1}})
			},
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

// rename returns the request that changes an address or identifier of the user.
func rename(path string, body fields) func(f *fixture) *http.Request {
	return func(f *fixture) *http.Request { return f.AdminRequest("POST", f.UserPath()+"/"+path, body) }
}

// told checks that the outbox has the messages which tell the user of the change, at the address of the
// user and at others, and drops them.
func told(kind string, others ...string) func(f *fixture, _ systemtest.Response) {
	return func(f *fixture, _ systemtest.Response) {
		f.T.Helper()
		want := []string{kind + " to " + f.Email}
		for _, other := range others {
			want = append(want, kind+" to "+other)
		}
		if got := notices(f.T, f.Product, f.User); !slices.Equal(got, want) {
			f.T.Errorf("the messages are %q, want %q", got, want)
		}
	}
}

// email returns the identifier of the person whom a case is about.
func email(f *fixture) fields { return fields{"identifier": f.Email, "type": "email"} }
