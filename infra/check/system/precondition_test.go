package system_test

import (
	"testing"

	"identitypools/infra/check/systemtest"
)

// RFC 9110 §13.1.1, §13.1.2 and §13.2.2: each resource that has an ETag is subject to the
// preconditions of requests. A GET whose precondition If-None-Match fails is answered 304 with the
// ETag and without a body, every other failure 412.
func TestPreconditions(t *testing.T) {
	t.Parallel()
	tenant := systemtest.New(t).NewTenant(t)
	pool := "/pools/" + tenant.NewPool(t, nil)
	user := tenant.Admin.Must(t, 201, "POST", pool+"/users", fields{
		"status":      "new",
		"identifiers": []fields{{"identifier": systemtest.Address("ann"), "type": "email"}},
	}).Text(t, "id")
	schema := tenant.Admin.Must(t, 201, "POST", "/schemas", fields{
		"name": "s", "schema": fields{"type": "object"},
	}).Text(t, "id")
	tenant.Workspaces.Must(t, 201, "POST", "/servers", fields{"id": "shop"})
	tenant.Workspaces.Must(t, 201, "POST", "/servers/shop/idps/identity_pool",
		fields{"id": "own", "identity_pool_id": pool[len("/pools/"):]})
	tenant.Workspaces.Must(t, 201, "POST", "/clients", fields{"client_id": "web", "authorization_server_id": "shop"})
	for _, resource := range []struct {
		path   string
		body   fields
		client *systemtest.Client
	}{
		{pool, fields{"name": "Partners"}, tenant.Admin},
		{pool, fields{"name": "Partners"}, tenant.System},
		{"/schemas/" + schema, fields{"name": "s", "schema": fields{"type": "object"}}, tenant.Admin},
		{"/schemas/" + schema, fields{"name": "s", "schema": fields{"type": "object"}}, tenant.System},
		{pool + "/users/" + user, fields{"payload": fields{"name": "Ann"}}, tenant.Admin},
		{pool + "/users/" + user, fields{"payload": fields{"name": "Ann"}}, tenant.System},
		{"/servers/shop", fields{"name": "Shop"}, tenant.Workspaces},
		{"/servers/shop/idps/identity_pool/own", fields{"name": "Own"}, tenant.Workspaces},
		{"/clients/web", fields{"client_name": "Web"}, tenant.Workspaces},
		{
			pool + "/mails/taken/en",
			fields{"subject": "You have an account", "body": "Sign in."},
			tenant.Admin,
		},
	} {
		get := func(want int, headers ...string) systemtest.Response {
			return resource.client.Must(t, want, "GET", resource.path, nil, headers...)
		}
		tag := get(200).Header.Get("ETag")
		for _, match := range []string{
			tag, "W/" + tag, "*", `"x", ` + tag, `"x",W/` + tag + `, "7,8"`,
		} {
			got := get(304, "If-None-Match", match)
			if len(got.Body) > 0 || got.Header.Get("ETag") != tag ||
				got.Header.Get("Cache-Control") != "no-store" || got.Header.Get("Content-Type") != "" {
				t.Errorf("GET %s with If-None-Match %s: %v %s", resource.path, match, got.Header, got.Body)
			}
			refused := resource.client.Call(t, "PUT", resource.path, resource.body, "If-None-Match", match)
			systemtest.CheckRefusal(t, refused, 412, "precondition_failed")
		}
		for _, match := range []string{`"1"`, `W/"1", "2"`, `"*"`, "1", ""} {
			get(200, "If-None-Match", match)
		}
		// If-Match comes first, and a GET that it refuses is no 304.
		get(412, "If-Match", `"1"`, "If-None-Match", tag)
		get(304, "If-Match", tag, "If-None-Match", tag)
		get(412, "If-Match", "W/"+tag)
		get(200, "If-Match", `"x", `+tag)
		get(200, "If-Match", "*")

		put := func(headers ...string) systemtest.Response {
			return resource.client.Must(t, 200, "PUT", resource.path, resource.body, headers...)
		}
		put("If-None-Match", `"1"`)
		put("If-Match", "*", "If-None-Match", `"1"`)
		changed := put("If-Match", get(200).Header.Get("ETag")).Header.Get("ETag")
		get(304, "If-None-Match", changed)
	}
}

// What is not there cannot be replaced, so If-None-Match does not matter. A collection and an
// operation have no ETag, so If-None-Match does not concern them.
func TestPreconditionsOfWhatHasNoETag(t *testing.T) {
	t.Parallel()
	tenant := systemtest.New(t).NewTenant(t)
	pool := "/pools/" + tenant.NewPool(t, nil)
	for path, body := range map[string]fields{
		"/pools/nobody": {"name": "x"}, "/schemas/nobody": {"name": "x", "schema": fields{}},
		pool + "/users/nobody": {"status": "inactive"}, pool + "/mails/nothing/en": {"subject": "x", "body": "y"},
	} {
		systemtest.CheckRefusal(t, tenant.Admin.Call(t, "PUT", path, body, "If-None-Match", "*"), 404, "not_found")
		systemtest.CheckRefusal(t, tenant.Admin.Call(t, "GET", path, nil, "If-None-Match", "*"), 404, "not_found")
	}
	tenant.Admin.Must(t, 200, "GET", "/pools", nil, "If-None-Match", "*")
	tenant.Admin.Must(t, 201, "POST", "/pools", fields{"name": "x"}, "If-None-Match", "*")
}

// A precondition is part of what a request under an idempotency key is.
func TestAKeyIsOfOneIfNoneMatch(t *testing.T) {
	t.Parallel()
	tenant := systemtest.New(t).NewTenant(t)
	pool := "/pools/" + tenant.NewPool(t, nil)
	key := systemtest.Unique() + systemtest.Unique() + systemtest.Unique()
	tenant.Admin.Must(t, 200, "PUT", pool, fields{"name": "x"}, "Idempotency-Key", key)
	other := tenant.Admin.Call(t, "PUT", pool, fields{"name": "x"}, "Idempotency-Key", key, "If-None-Match", `"1"`)
	systemtest.CheckRefusal(t, other, 422, "idempotency_key_reused")
}
