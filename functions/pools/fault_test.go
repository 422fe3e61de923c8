package pools_test

import (
	"net/http"
	"slices"
	"testing"

	"identitypools/functions/pools"
	"identitypools/infra/check/faulttest"
	"identitypools/infra/check/systemtest"
)

type fixture = faulttest.Fixture

func faultSuite() faulttest.Suite {
	return faulttest.Suite{Routes: pools.Routes(), Cases: slices.Concat(poolCases(), mailTextCases())}
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

func poolCases() []faulttest.Case {
	isNamedSecond := func(f *fixture, _ systemtest.Response) {
		got := f.Tenant.Admin.Must(f.T, 200, "GET", f.Pool, nil)
		if name := got.Text(f.T, "name"); name != "Second" {
			f.T.Errorf("the name is %q", name)
		}
	}
	return []faulttest.Case{
		{
			Name: "admin.listPools", Twin: "system.listPools", Status: 200,
			Request: func(f *fixture) *http.Request { return f.AdminRequest("GET", "/pools", nil) },
		},
		{
			Name: "admin.getPool", Twin: "system.getPool", Status: 200,
			Request: func(f *fixture) *http.Request { return f.AdminRequest("GET", f.Pool, nil) },
		},
		{
			Name: "admin.checkPoolPermissions", Status: 200,
			Request: func(f *fixture) *http.Request {
				return f.AdminRequest("GET", f.Pool+"/permissions", nil)
			},
		},
		{
			Name: "admin.createPool", Twin: "system.createPool", Setup: (*fixture).CreateSchema,
			Status: 201, RetryStatus: 409,
			Request: func(f *fixture) *http.Request {
				return f.AdminRequest("POST", "/pools",
					fields{"id": "second", "name": "Second", "payload_schema_id": f.Schema})
			},
			Check: func(f *fixture, _ systemtest.Response) {
				f.Tenant.Admin.Must(f.T, 200, "GET", "/pools/second", nil)
			},
		},
		{
			Name: "admin.createPool, its id is ours", Status: 201,
			Request: func(f *fixture) *http.Request {
				return f.AdminRequest("POST", "/pools", fields{"name": "Second"})
			},
		},
		{
			Name: "admin.updatePool", Twin: "system.updatePool", Setup: (*fixture).CreateSchema,
			Status: 200, Check: isNamedSecond,
			Request: func(f *fixture) *http.Request {
				return f.AdminRequest("PUT", f.Pool, fields{
					"name": "Second", "payload_schema_id": f.Schema,
					"identifier_case_insensitive": false,
				})
			},
		},
		{
			Name: "admin.updatePool, of a version", Setup: func(f *fixture) { f.ReadVersion(f.Pool) },
			Status: 200, RetryStatus: 412, Check: isNamedSecond,
			Request: func(f *fixture) *http.Request {
				return f.AdminRequest("PUT", f.Pool, fields{"name": "Second"}, "If-Match", f.Version)
			},
		},
		{
			Name: "admin.patchPool", Status: 200, Check: isNamedSecond,
			Request: func(f *fixture) *http.Request { return f.AdminRequest("PATCH", f.Pool, fields{"name": "Second"}) },
		},
		{
			Name: "admin.deletePool", Twin: "system.deletePool",
			Setup:  func(f *fixture) { f.RegisterWithCode(); f.SetMailText() },
			Status: 204, RetryStatus: 404, Check: (*fixture).CheckPoolIsGone,
			Request: func(f *fixture) *http.Request { return f.AdminRequest("DELETE", f.Pool, nil) },
		},
	}
}

func mailTextCases() []faulttest.Case {
	const one = "/mails/registration_code/en"
	request := func(method, path string, body any) func(*fixture) *http.Request {
		return func(f *fixture) *http.Request { return f.AdminRequest(method, f.Pool+path, body) }
	}
	hasText := func(own bool, subject string) func(*fixture, systemtest.Response) {
		return func(f *fixture, _ systemtest.Response) {
			got := f.Tenant.Admin.Must(f.T, 200, "GET", f.Pool+one, nil)
			if got.Fields(f.T)["own"] != own || (got.Text(f.T, "subject") == subject) != own {
				f.T.Errorf("the text of the mail is %s", got.Body)
			}
		}
	}
	return []faulttest.Case{
		{
			Name: "admin.listMailTexts", Setup: (*fixture).SetMailText,
			Request: request("GET", "/mails", nil), Status: 200,
		},
		{
			Name: "admin.getMailText", Setup: (*fixture).SetMailText,
			Request: request("GET", one, nil), Status: 200,
		},
		{
			Name:    "admin.updateMailText",
			Request: request("PUT", one, faulttest.MailText("First")), Status: 200,
			Check: hasText(true, "First"),
		},
		{
			Name: "admin.updateMailText, once more", Setup: (*fixture).SetMailText,
			Request: request("PUT", one, faulttest.MailText("Second")), Status: 200,
			Check: hasText(true, "Second"),
		},
		{
			Name:   "admin.updateMailText, of a version",
			Setup:  func(f *fixture) { f.ReadVersion(f.Pool + one) },
			Status: 200, RetryStatus: 412, Check: hasText(true, "Second"),
			Request: func(f *fixture) *http.Request {
				text := faulttest.MailText("Second")
				return f.AdminRequest("PUT", f.Pool+one, text, "If-Match", f.Version)
			},
		},
		{
			Name: "admin.deleteMailText", Setup: (*fixture).SetMailText,
			Request: request("DELETE", one, nil), Status: 204, Check: hasText(false, "First"),
		},
		{
			Name:    "admin.deleteMailText, where there is none",
			Request: request("DELETE", one, nil), Status: 204, Check: hasText(false, "First"),
		},
		{
			Name: "admin.previewMail", Setup: (*fixture).SetMailText,
			Request: request("POST", one+"/preview", nil), Status: 200,
		},
	}
}
