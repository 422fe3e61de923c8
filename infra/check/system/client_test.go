package system_test

import (
	"strings"
	"testing"

	"identitypools/infra/check/systemtest"
)

// The test sends what the vendor's generated Go client sends, and checks what that client needs
// back: see "Conventions" in docs/api.md.
func TestTheGeneratedClientsRequests(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	const zero = `"0001-01-01T00:00:00.000Z"`

	// The client sends empty tenants, null lists and zero times, leaves out booleans that are false,
	// and ends JSON with a line feed.
	pool := tenant.Admin.Must(
		t, 201, "POST", "/pools",
		`{"name":"Partners","tenant_id":"","metadata":null,"authentication_mechanisms":null,"public_registration_allowed":true}`+"\n",
	)
	id := pool.Text(t, "id")
	got := tenant.Admin.Must(t, 200, "GET", "/pools/"+id, nil)
	tenant.Admin.Must(t, 200, "PUT", "/pools/"+id, got.Body, "If-Match", got.Header.Get("ETag"))
	off := tenant.Admin.Must(
		t, 200, "PUT", "/pools/"+id, `{"name":"Partners","tenant_id":""}`,
	).Fields(t)
	if off["public_registration_allowed"] != false || off["identifier_case_insensitive"] != true {
		t.Errorf("missing booleans: %v", off)
	}
	tenant.Admin.Must(t, 422, "PUT", "/pools/"+id, `{"name":"Partners","tenant_id":"another"}`)

	schema := `{"name":"s","tenant_id":"","created_at":` + zero + `,"updated_at":` + zero + `,"schema":{"type":"object","allOf":null,"anyOf":null,"oneOf":null,"enum":null,"required":null,
		"properties":{"phone":{"type":"string","allOf":null,"anyOf":null,"oneOf":null,"enum":null,"required":null}}}}`
	made := tenant.Admin.Must(t, 201, "POST", "/schemas", schema)
	if strings.Contains(string(made.Body), "null") {
		t.Errorf("a stored schema has nulls: %s", made.Body)
	}
	tenant.Admin.Must(t, 200, "PUT", "/schemas/"+made.Text(t, "id"), made.Body)

	email := systemtest.Address("client")
	user := tenant.Admin.Must(t, 201, "POST", "/pools/"+id+"/users", `{"status":"new","credentials":null,"verifiable_addresses":null,
		"identifiers":[{"identifier":"`+email+`","type":"email"}]}`).Text(t, "id")
	// This request has neither a body nor a Content-Type.
	tenant.Admin.Must(t, 204, "POST", "/pools/"+id+"/users/"+user+"/activation/send", nil)
	code := tenant.System.Must(
		t, 201, "POST", "/pools/"+id+"/users/"+user+"/code/generate", `{"type":"activation"}`,
	).Text(t, "code")
	tenant.System.Must(
		t, 201, "POST", "/pools/"+id+"/users/"+user+"/activate",
		`{"code":"`+code+`","password":"`+systemtest.Password+`","webauthn":null}`,
	)
	tenant.System.Must(
		t, 200, "POST", "/pools/"+id+"/user/password/verify",
		`{"identifier":"`+email+`","password":"`+systemtest.Password+`"}`, "X-Idempotency-Key",
		strings.Repeat("k", 40),
	)

	// Every error is answered with application/json, because the client decodes nothing else.
	for _, wrong := range []systemtest.Response{
		tenant.Admin.Must(t, 404, "GET", "/pools/a%2Fb", nil),
		tenant.Admin.Must(t, 404, "GET", "/nothing", nil),
		tenant.Admin.Must(t, 412, "GET", "/pools/"+id, nil, "If-Match", `"1"`),
		tenant.Public.Call(t, "POST", "/pools/"+id+"/register", `{}`),
	} {
		if kind := wrong.Header.Get("Content-Type"); kind != "application/json" {
			t.Errorf("an answer of %d is %q", wrong.Status, kind)
		}
	}
}
