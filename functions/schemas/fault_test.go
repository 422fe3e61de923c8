package schemas_test

import (
	"net/http"
	"testing"

	"identitypools/functions/schemas"
	"identitypools/infra/check/faulttest"
	"identitypools/infra/check/systemtest"
)

type fixture = faulttest.Fixture

func faultSuite() faulttest.Suite {
	return faulttest.Suite{Routes: schemas.Routes(), Cases: faultCases()}
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
	const own = "/schemas/own"
	object := fields{"type": "object"}
	exists := func(f *fixture, _ systemtest.Response) {
		f.Tenant.Admin.Must(f.T, 200, "GET", own, nil)
	}
	isNamedSecond := func(f *fixture, _ systemtest.Response) {
		got := f.Tenant.Admin.Must(f.T, 200, "GET", own, nil)
		if name := got.Text(f.T, "name"); name != "Second" {
			f.T.Errorf("the name is %q", name)
		}
	}
	return []faulttest.Case{
		{
			Name: "admin.listSchemas", Twin: "system.listSchemas", Status: 200,
			Request: func(f *fixture) *http.Request { return f.AdminRequest("GET", "/schemas", nil) },
		},
		{
			Name: "admin.getSchema", Twin: "system.getSchema", Setup: (*fixture).CreateSchema,
			Status:  200,
			Request: func(f *fixture) *http.Request { return f.AdminRequest("GET", own, nil) },
		},
		{
			Name: "admin.createSchema", Twin: "system.createSchema", Status: 201, RetryStatus: 409,
			Check: exists,
			Request: func(f *fixture) *http.Request {
				return f.AdminRequest("POST", "/schemas",
					fields{"id": "own", "name": "Own", "schema": object})
			},
		},
		{
			Name: "admin.createSchema, its id is ours", Status: 201,
			Request: func(f *fixture) *http.Request {
				return f.AdminRequest("POST", "/schemas", fields{"name": "Own", "schema": object})
			},
		},
		{
			Name: "admin.updateSchema", Twin: "system.updateSchema",
			Setup: (*fixture).CreateSchema, Status: 200, Check: isNamedSecond,
			Request: func(f *fixture) *http.Request {
				return f.AdminRequest("PUT", own, fields{"name": "Second", "schema": object})
			},
		},
		{
			Name:   "admin.updateSchema, of a version",
			Setup:  func(f *fixture) { f.CreateSchema(); f.ReadVersion(own) },
			Status: 200, RetryStatus: 412, Check: isNamedSecond,
			Request: func(f *fixture) *http.Request {
				return f.AdminRequest("PUT", own, fields{"name": "Second", "schema": object},
					"If-Match", f.Version)
			},
		},
		{
			Name: "admin.patchSchema", Setup: (*fixture).CreateSchema, Status: 200, Check: isNamedSecond,
			Request: func(f *fixture) *http.Request { return f.AdminRequest("PATCH", own, fields{"name": "Second"}) },
		},
		{
			Name: "admin.deleteSchema", Twin: "system.deleteSchema",
			Setup: (*fixture).CreateSchema, Status: 204, RetryStatus: 404,
			Request: func(f *fixture) *http.Request { return f.AdminRequest("DELETE", own, nil) },
			Check: func(f *fixture, _ systemtest.Response) {
				f.Tenant.Admin.Must(f.T, 404, "GET", own, nil)
			},
		},
	}
}
