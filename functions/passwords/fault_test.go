package passwords_test

import (
	"net/http"
	"slices"
	"testing"

	"identitypools/functions/passwords"
	"identitypools/infra/check/faulttest"
	"identitypools/infra/check/systemtest"
)

type fixture = faulttest.Fixture

func faultSuite() faulttest.Suite {
	return faulttest.Suite{Routes: passwords.Routes(), Cases: faultCases()}
}

// "For every call to DynamoDB or SES in every use case: fail it, cut it off after it took effect, or
// repeat it. Afterwards the invariants hold", the answer is true, and a retry ends well.
func TestAnyCallOfAnyUseCaseMayFail(t *testing.T) {
	t.Parallel()
	faultSuite().CheckFaults(t)
}

func TestEveryOperationMeetsFaults(t *testing.T) {
	t.Parallel()
	faultSuite().CheckRoutes(t)
}

const wrongPassword = "not the password"

func faultCases() []faulttest.Case {
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
