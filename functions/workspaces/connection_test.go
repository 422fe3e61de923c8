package workspaces_test

import (
	"fmt"
	"strings"
	"testing"

	"identitypools/infra/check/systemtest"
)

func TestAPoolIsConnected(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	admin := tenant.Workspaces
	workspace, other := newWorkspace(t, tenant, fields{"id": "a"}), newWorkspace(t, tenant, fields{"id": "b"})
	pool, second := tenant.NewPool(t, nil), tenant.NewPool(t, nil)
	made := admin.Must(t, 201, "POST", workspace+"/idps/identity_pool", fields{
		"id": "staff", "identity_pool_id": pool, "name": "Staff", "hidden": true, "disabled": true, "display_order": 2,
		"static_amr": []string{"pwd", "otp"}, "logo_uri": "https://example.com/a.png", "method": "identity_pool",
		"version": 3, "jit": fields{"enabled": false}, "mappings": nil, "workspace_id": "a",
	})
	path := workspace + "/idps/identity_pool/staff"
	got := admin.Must(t, 200, "GET", path, nil)
	if string(got.Body) != string(made.Body) || got.Header.Get("ETag") != made.Header.Get("ETag") {
		t.Errorf("made %s, got %s", made.Body, got.Body)
	}
	all := got.Fields(t)
	for name, want := range map[string]any{
		"id": "staff", "identity_pool_id": pool, "name": "Staff", "hidden": true, "disabled": true, "display_order": 2.0,
		"workspace_id": "a", "tenant_id": tenant.ID, "method": "identity_pool", "logo_uri": "https://example.com/a.png",
	} {
		if all[name] != want {
			t.Errorf("%s is %v, want %v", name, all[name], want)
		}
	}
	if fmt.Sprint(all["static_amr"]) != "[pwd otp]" {
		t.Errorf("static_amr is %v", all["static_amr"])
	}
	if after := admin.Must(t, 200, "PUT", path, got.Body, "If-Match", got.Header.Get("ETag")); !same(t, got, after) {
		t.Errorf("what was sent back changed\n%s to\n%s", got.Body, after.Body)
	}
	admin.Must(t, 412, "PUT", path, got.Body, "If-Match", got.Header.Get("ETag"))
	changed := admin.Must(t, 200, "PUT", path, fields{}).Fields(t)
	if changed["name"] != pool || changed["hidden"] != false || changed["display_order"] != 0.0 || changed["identity_pool_id"] != pool {
		t.Errorf("changed to %v", changed)
	}

	admin.Must(t, 200, "PUT", path, fields{"display_order": 5})
	admin.Must(t, 201, "POST", workspace+"/idps/identity_pool", fields{"id": "zz", "identity_pool_id": second, "display_order": 1})
	connect(t, tenant, other, pool)
	if got := ids(t, admin.Must(t, 200, "GET", workspace+"/idps", nil), "idps", "id"); got != "zz staff" {
		t.Errorf("connected are %s", got)
	}
	ofPool := func(pool string) string {
		return ids(t, admin.Must(t, 200, "GET", "/pools/"+pool+"/idps", nil), "idps", "workspace_id")
	}
	if got := ofPool(pool); got != "a b" {
		t.Errorf("the pool is connected to %s", got)
	}
	if got := ofPool("none"); got != "" {
		t.Errorf("no pool is connected to %s", got)
	}
	// A pool that is deleted leaves connections behind, which administrators see and delete.
	tenant.Admin.Must(t, 204, "DELETE", "/pools/"+pool, nil)
	if got := ofPool(pool); got != "a b" {
		t.Errorf("the deleted pool is connected to %s", got)
	}
	admin.Must(t, 200, "PUT", path, fields{"name": "Gone"})
	admin.Must(t, 204, "DELETE", workspace+"/idps/staff", nil)
	admin.Must(t, 404, "DELETE", workspace+"/idps/staff", nil)
	admin.Must(t, 404, "GET", path, nil)
	if got := ofPool(pool); got != "b" {
		t.Errorf("then the pool is connected to %s", got)
	}
	systemtest.CheckRefusal(t, admin.Call(t, "POST", workspace+"/idps/identity_pool", fields{"identity_pool_id": pool}),
		422, "invalid", "/identity_pool_id")
	connect(t, tenant, other, second) // also a pool that has another connection
}

func TestAConnectionThatIsRefused(t *testing.T) {
	t.Parallel()
	tenant := systemtest.New(t).NewTenant(t)
	workspace, pool := newWorkspace(t, tenant, nil), tenant.NewPool(t, nil)
	create := workspace + "/idps/identity_pool"
	with := func(more string) string { return `{"identity_pool_id":"` + pool + `",` + more + `}` }
	for body, at := range map[string]string{
		`{}`:                                 "/identity_pool_id",
		`{"identity_pool_id":"none"}`:        "/identity_pool_id",
		`{"identity_pool_id":"a/b"}`:         "/identity_pool_id",
		with(`"id":"a b"`):                   "/id",
		with(`"tenant_id":"other"`):          "/tenant_id",
		with(`"workspace_id":"other"`):       "/workspace_id",
		with(`"method":"saml"`):              "/method",
		with(`"display_order":-1`):           "/display_order",
		with(`"display_order":10001`):        "/display_order",
		with(`"static_amr":["pwd","magic"]`): "/static_amr/1",
		with(`"static_amr":["pwd","pwd"]`):   "/static_amr/1",
		with(`"static_amr":["` + strings.Repeat(`pwd","`, 10) + `pwd"]`): "/static_amr",
		with(`"logo_uri":"javascript:alert(1)"`):                         "/logo_uri",
		with(`"name":"` + strings.Repeat("x", 129) + `"`):                "/name",
		with(`"jit":{"enabled":true}`):                                   "/jit",
		with(`"mappings":[{"source":"a"}]`):                              "/mappings",
		with(`"attributes":[{"name":"a"}]`):                              "/attributes",
		with(`"token_exchange_settings":{"enabled":true}`):               "/token_exchange_settings",
		with(`"post_authn_app_id":"app"`):                                "/post_authn_app_id",
		with(`"unknown":null`):                                           "/unknown",
	} {
		systemtest.CheckRefusal(t, tenant.Workspaces.Call(t, "POST", create, body), 422, "invalid", at)
	}
	path := connect(t, tenant, workspace, pool)
	other := tenant.NewPool(t, nil)
	systemtest.CheckRefusal(t, tenant.Workspaces.Call(t, "PUT", path, fields{"identity_pool_id": other}),
		422, "invalid", "/identity_pool_id")
	systemtest.CheckRefusal(t, tenant.Workspaces.Call(t, "POST", create, fields{"identity_pool_id": pool}),
		409, "conflict", "/identity_pool_id")
	systemtest.CheckRefusal(t, tenant.Workspaces.Call(t, "POST", create,
		fields{"identity_pool_id": other, "id": path[len(create)+1:]}), 409, "conflict", "/id")
	systemtest.CheckRefusal(t, tenant.Workspaces.Call(t, "POST", "/servers/none/idps/identity_pool",
		fields{"identity_pool_id": other}), 404, "not_found")
	tenant.Workspaces.Must(t, 404, "GET", "/servers/none/idps", nil)
}

func TestOneOfManyConnectsAPool(t *testing.T) {
	t.Parallel()
	tenant := systemtest.New(t).NewTenant(t)
	workspace, pool := newWorkspace(t, tenant, nil), tenant.NewPool(t, nil)
	create := workspace + "/idps/identity_pool"
	counts := inParallel(func(int) systemtest.Response {
		return tenant.Workspaces.Call(t, "POST", create, fields{"identity_pool_id": pool})
	})
	if counts[201] != 1 || counts[409] != 19 {
		t.Errorf("answered %v", counts)
	}
	pools := make([]string, 20)
	for i := range pools {
		pools[i] = tenant.NewPool(t, nil)
	}
	counts = inParallel(func(i int) systemtest.Response {
		return tenant.Workspaces.Call(t, "POST", create, fields{"identity_pool_id": pools[i]})
	})
	if counts[201] != 19 || counts[409] != 1 { // a workspace has at most 20 connections
		t.Errorf("answered %v", counts)
	}
}
