package pools_test

import (
	"testing"

	"identitypools/infra/check/systemtest"
)

// "Deleting a pool makes it invisible at once and its users unreachable."
func TestTheUsersOfADeletedPool(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t, withoutCourier)
	tenant := product.NewTenant(t)
	pool := tenant.NewPool(t, nil)
	path, email := "/pools/"+pool, systemtest.Address("ann")
	for range 60 { // more than are deleted at once
		tenant.NewUser(t, pool, "active", systemtest.Address("user"), nil)
	}
	user := tenant.NewUser(t, pool, "active", email, fields{"id": "zzz", "credentials": []fields{{"type": "password", "password": systemtest.Password}}})
	fresh := tenant.NewUser(t, pool, "new", systemtest.Address("ben"), fields{"id": "zzzz"})
	code := tenant.System.Must(t, 201, "POST", path+"/users/"+fresh+"/code/generate", fields{"type": "activation"}).Text(t, "code")
	register := tenant.Public.Must(t, 201, "POST", path+"/register", fields{"identifier": systemtest.Address("cy")})
	tenant.System.Must(t, 204, "DELETE", path, nil)
	product.ExpireCaches()
	for _, c := range []struct {
		client     *systemtest.Client
		method, to string
		body       any
	}{
		{tenant.Admin, "GET", path + "/users", nil},
		{tenant.Admin, "POST", path + "/users", fields{"status": "new"}},
		{tenant.Admin, "GET", path + "/users/" + user, nil},
		{tenant.Admin, "PUT", path + "/users/" + user, fields{"status": "inactive"}},
		{tenant.Admin, "DELETE", path + "/users/" + user, nil},
		{tenant.System, "GET", path + "/users/" + user, nil},
		{tenant.System, "POST", path + "/users/by_key", fields{"identifier": email}},
		{tenant.System, "POST", path + "/user/password/verify", fields{"identifier": email, "password": systemtest.Password}},
		{tenant.Admin, "POST", path + "/users/" + fresh + "/activation/send", nil},
		{tenant.System, "POST", path + "/users/" + fresh + "/activate", fields{"code": code}},
		{tenant.System, "POST", path + "/users/" + fresh + "/code/generate", fields{"type": "activation"}},
		{tenant.Public, "POST", path + "/register", fields{"identifier": email}},
		{tenant.Public, "POST", path + "/activation/send", fields{"address": email}},
		{tenant.Public, "POST", path + "/activate", fields{"ticket": register.Text(t, "ticket"), "code": "123456"}},
		{tenant.Public, "GET", path, nil},
		{tenant.Admin, "GET", path + "/permissions", nil},
	} {
		if got := c.client.Call(t, c.method, c.to, c.body); got.Status != 404 {
			t.Errorf("%s %s answers %d %s", c.method, c.to, got.Status, got.Body)
		}
	}
}

// Identifiers are claimed in one form, so that form can change only while there are none.
func TestCaseOfIdentifiersChangesOnlyWhileThePoolIsEmpty(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	pool := tenant.NewPool(t, nil)
	path := "/pools/" + pool
	sensitive := fields{"name": "x", "identifier_case_insensitive": false}
	insensitive := fields{"name": "x", "identifier_case_insensitive": true}
	tenant.Admin.Must(t, 200, "PUT", path, sensitive)
	tenant.Admin.Must(t, 200, "PUT", path, insensitive)
	user := tenant.NewUser(t, pool, "active", systemtest.Address("ann"), nil)
	for tree, client := range tenant.Trees() {
		systemtest.CheckRefusal(t, client.Call(t, "PUT", path, sensitive), 409, "conflict", "/identifier_case_insensitive")
		if got := client.Must(t, 200, "PUT", path, insensitive).Fields(t)["identifier_case_insensitive"]; got != true {
			t.Errorf("%s: ignoring case is %v", tree, got)
		}
		client.Must(t, 200, "PUT", path, fields{"name": "y"})
	}
	tenant.Admin.Must(t, 204, "DELETE", path+"/users/"+user, nil)
	tenant.Admin.Must(t, 200, "PUT", path, sensitive)
	product.ExpireCaches()
	email := systemtest.Address("ben")
	tenant.NewUser(t, pool, "active", email, nil)
	tenant.NewUser(t, pool, "active", "B"+email[1:], nil)
	systemtest.CheckRefusal(t, tenant.Admin.Call(t, "PUT", path, insensitive), 409, "conflict", "/identifier_case_insensitive")
}

// A schema cannot be deleted while a pool uses it.
func TestSchemasThatPoolsUse(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	one, two := newSchema(t, tenant), newSchema(t, tenant)
	stays := func(when string, ids ...string) {
		t.Helper()
		for _, id := range ids {
			if got := tenant.Admin.Call(t, "DELETE", "/schemas/"+id, nil); got.Status != 409 || got.Text(t, "error_code") != "conflict" {
				t.Fatalf("%s: delete of the schema answers %d %s", when, got.Status, got.Body)
			}
		}
	}
	pool := tenant.NewPool(t, fields{"payload_schema_id": one, "metadata_schema_id": one, "business_metadata_schema_id": two})
	other := tenant.NewPool(t, fields{"payload_schema_id": one})
	stays("two pools use it", one, two)
	change := func(more fields) systemtest.Response {
		more["name"] = "x"
		return tenant.Admin.Call(t, "PUT", "/pools/"+pool, more)
	}
	systemtest.CheckRefusal(t, change(fields{"payload_schema_id": two, "metadata_schema_id": "none"}), 422, "invalid", "/metadata_schema_id")
	stays("a change was refused", one, two)
	if got := change(fields{"payload_schema_id": "user_v0"}); got.Status != 200 {
		t.Fatalf("change: %s", got.Body)
	}
	stays("one field of a pool uses it", one)
	if got := change(fields{"metadata_schema_id": two}); got.Status != 200 {
		t.Fatalf("change: %s", got.Body)
	}
	stays("the other pool uses it", one)
	tenant.Admin.Must(t, 204, "DELETE", "/pools/"+other, nil)
	tenant.Admin.Must(t, 204, "DELETE", "/schemas/"+one, nil)
	stays("two fields use it", two)
	tenant.Admin.Must(t, 204, "DELETE", "/pools/"+pool, nil)
	tenant.Admin.Must(t, 204, "DELETE", "/schemas/"+two, nil)
	systemtest.CheckRefusal(t, tenant.Admin.Call(t, "POST", "/pools", fields{"name": "x", "payload_schema_id": one}), 422, "invalid", "/payload_schema_id")

	stranger := product.NewTenant(t)
	theirs := newSchema(t, stranger)
	systemtest.CheckRefusal(t, tenant.Admin.Call(t, "POST", "/pools", fields{"name": "x", "payload_schema_id": theirs}), 422, "invalid", "/payload_schema_id")
}
