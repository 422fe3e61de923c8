package workspaces_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"identitypools/infra/check/systemtest"
	"identitypools/shared/identity"
	"identitypools/shared/once"
)

// text returns an answer as text, without the time of the last change.
func text(tb testing.TB, r systemtest.Response) string {
	tb.Helper()
	all := r.Fields(tb)
	delete(all, "updated_at")
	encoded, err := json.Marshal(all)
	if err != nil {
		tb.Fatal(err)
	}
	return string(encoded)
}

// ids returns the ids in a list.
func ids(tb testing.TB, r systemtest.Response, list, id string) string {
	tb.Helper()
	all, ok := r.Fields(tb)[list].([]any)
	if !ok {
		tb.Fatalf("no list of %s: %s", list, r.Body)
	}
	found := make([]string, len(all))
	for i, item := range all {
		found[i], _ = item.(fields)[id].(string)
	}
	return strings.Join(found, " ")
}

func TestAWorkspaceHasDefaults(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	made := tenant.Workspaces.Must(t, 201, "POST", "/servers", fields{"id": "shop", "tenant_id": ""})
	all := made.Fields(t)
	for name, want := range map[string]any{
		"id": "shop", "name": "shop", "tenant_id": tenant.ID, "issuer_url": product.BaseURL + "/" + tenant.ID + "/shop",
		"enforce_pkce": true, "enforce_pkce_for_public_clients": true, "require_pushed_authorization_requests": false,
		"authorization_code_ttl": "1m0s", "access_token_ttl": "5m0s", "id_token_ttl": "1h0m0s",
		"refresh_token_ttl": "720h0m0s", "refresh_token_idle_ttl": "336h0m0s",
		"pushed_authorization_request_ttl": "1m30s",
	} {
		if all[name] != want {
			t.Errorf("%s is %v, want %v", name, all[name], want)
		}
	}
	if sso := fmt.Sprint(all["sso"]); sso != "map[browser_max_age:12h0m0s enabled:true max_age:720h0m0s max_idle:168h0m0s]" {
		t.Errorf("sso is %s", sso)
	}
	got := tenant.Workspaces.Must(t, 200, "GET", "/servers/shop", nil)
	if string(got.Body) != string(made.Body) || got.Header.Get("ETag") != made.Header.Get("ETag") {
		t.Errorf("made %s %s, got %s %s", made.Header.Get("ETag"), made.Body, got.Header.Get("ETag"), got.Body)
	}
}

// A change replaces the settings. What generated clients leave out, because it is false or because they
// do not know it, stays as it is.
func TestAChangeOfAWorkspace(t *testing.T) {
	t.Parallel()
	tenant := systemtest.New(t).NewTenant(t)
	path := newWorkspace(t, tenant, fields{
		"name": "Shop", "description": "a\r\nb", "color": "#007FFF", "enforce_pkce": false,
		"enforce_pkce_for_public_clients": false, "access_token_ttl": "10m0s", "refresh_token_idle_ttl": "2h0m0s",
		"require_pushed_authorization_requests": true, "logo_uri": "https://shop.example.com/logo.png",
		"sso": fields{"enabled": false, "max_age": "2h0m0s", "browser_max_age": "1h0m0s"},
	})
	admin := tenant.Workspaces
	before := admin.Must(t, 200, "GET", path, nil)
	if !strings.Contains(string(before.Body), `"a\nb"`) {
		t.Errorf("the description is %s", before.Body)
	}
	if after := admin.Must(t, 200, "PUT", path, before.Body, "If-Match", before.Header.Get("ETag")); !same(t, before, after) {
		t.Errorf("what was sent back changed\n%s to\n%s", before.Body, after.Body)
	}
	systemtest.CheckRefusal(t, admin.Call(t, "PUT", path, before.Body, "If-Match", before.Header.Get("ETag")),
		412, "precondition_failed")
	after := admin.Must(t, 200, "PUT", path, fields{"name": "Other"}).Fields(t)
	for name, want := range map[string]any{
		"name": "Other", "description": nil, "access_token_ttl": "5m0s", "require_pushed_authorization_requests": false,
		"enforce_pkce": false, "enforce_pkce_for_public_clients": false, "refresh_token_idle_ttl": "2h0m0s",
	} {
		if after[name] != want {
			t.Errorf("after the change %s is %v, want %v", name, after[name], want)
		}
	}
	if sso := fmt.Sprint(after["sso"]); sso != "map[browser_max_age:1h0m0s enabled:false max_age:720h0m0s max_idle:168h0m0s]" {
		t.Errorf("after the change sso is %s", sso)
	}
	on := admin.Must(t, 200, "PUT", path, `{"enforce_pkce":true,"sso":{"enabled":true}}`).Fields(t)
	if on["enforce_pkce"] != true || on["sso"].(fields)["enabled"] != true {
		t.Errorf("switched on: %v", on)
	}
}

func TestAWorkspaceThatIsRefused(t *testing.T) {
	t.Parallel()
	tenant := systemtest.New(t).NewTenant(t)
	for body, at := range map[string]string{
		`{"id":"admin"}`:        "/id",
		`{"id":"system"}`:       "/id",
		`{"id":"pools"}`:        "/id",
		`{"id":"a/b"}`:          "/id",
		`{"tenant_id":"other"}`: "/tenant_id",
		`{"name":"` + strings.Repeat("x", 129) + `"}`:            "/name",
		`{"description":"` + strings.Repeat("x", 1025) + `"}`:    "/description",
		`{"color":"` + strings.Repeat("x", 33) + `"}`:            "/color",
		`{"logo_uri":"http://example.com/logo.png"}`:             "/logo_uri",
		`{"authorization_code_ttl":"61s"}`:                       "/authorization_code_ttl",
		`{"authorization_code_ttl":"9s"}`:                        "/authorization_code_ttl",
		`{"access_token_ttl":"1h0m1s"}`:                          "/access_token_ttl",
		`{"access_token_ttl":"1m0.5s"}`:                          "/access_token_ttl",
		`{"access_token_ttl":"-1m"}`:                             "/access_token_ttl",
		`{"id_token_ttl":"25h"}`:                                 "/id_token_ttl",
		`{"refresh_token_ttl":"721h"}`:                           "/refresh_token_ttl",
		`{"refresh_token_idle_ttl":"59m"}`:                       "/refresh_token_idle_ttl",
		`{"pushed_authorization_request_ttl":"11m"}`:             "/pushed_authorization_request_ttl",
		`{"sso":{"max_age":"721h"}}`:                             "/sso/max_age",
		`{"sso":{"max_idle":"1m"}}`:                              "/sso/max_idle",
		`{"sso":{"browser_max_age":"25h"}}`:                      "/sso/browser_max_age",
		`{"sso":{"domain":"example.com"}}`:                       "/sso/domain",
		`{"sso":{"colour":"red"}}`:                               "/sso/colour",
		`{"no_such_setting":true}`:                               "/no_such_setting",
		`{"custom_issuer_url":"https://id.example.com"}`:         "/custom_issuer_url",
		`{"dynamic_client_registration":{"enabled":true}}`:       "/dynamic_client_registration",
		`{"grant_types":["authorization_code","implicit"]}`:      "/grant_types",
		`{"response_types":["token"]}`:                           "/response_types",
		`{"access_token_strategy":"opaque"}`:                     "/access_token_strategy",
		`{"key_type":"ecdsa"}`:                                   "/key_type",
		`{"subject_identifier_types":["pairwise"]}`:              "/subject_identifier_types",
		`{"token_endpoint_auth_methods":["private_key_jwt"]}`:    "/token_endpoint_auth_methods",
		`{"secret":"` + strings.Repeat("s", 40) + `"}`:           "/secret",
		`{"backchannel_user_code_parameter_supported":true}`:     "/backchannel_user_code_parameter_supported",
		`{"jwks":{"keys":[{"kid":"a"}]}}`:                        "/jwks",
		`{"cookie_max_age":"1h0m0s"}`:                            "/cookie_max_age",
		`{"access_token_ttl":"soon"}`:                            "/access_token_ttl",
		`{"enforce_pkce":"yes"}`:                                 "/enforce_pkce",
		`{"sso":{"enabled":1}}`:                                  "/sso/enabled",
		`{"authentication_mechanisms":["password"]}`:             "/authentication_mechanisms",
		`{"id_token_ttl":"10s","name":"a\u0007"}`:                "/id_token_ttl /name",
		`{"a~b/c":1,"zz":2}`:                                     "/a~0b~1c",
		`{"subject_format":"legacy"}`:                            "/subject_format",
		`{"type":"system"}`:                                      "/type",
		`{"profile":"fapi_advanced"}`:                            "/profile",
		`{"settings":{"default_client_id":"x"}}`:                 "/settings",
		`{"trust_anchor_configuration":{"enabled":[false,"x"]}}`: "/trust_anchor_configuration",
	} {
		systemtest.CheckRefusal(t, tenant.Workspaces.Call(t, "POST", "/servers", body), 422, "invalid",
			strings.Fields(at)...)
	}
	path := newWorkspace(t, tenant, nil)
	systemtest.CheckRefusal(t, tenant.Workspaces.Call(t, "PUT", path, `{"id":"other"}`), 422, "invalid", "/id")
	systemtest.CheckRefusal(t, tenant.Workspaces.Call(t, "POST", "/servers?with_demo_client=true", `{}`),
		422, "invalid", "with_demo_client")
	// What says nothing, what only describes, and what the product does anyway.
	tenant.Workspaces.Must(t, 201, "POST", "/servers", `{"jwks":null,"secret":"","rotated_secrets":[],"version":3,
		"cdr":{"industry":"","settings":{"a":null,"b":0,"c":false,"d":[],"at":"0001-01-01T00:00:00.000Z"}},
		"grant_types":["authorization_code","refresh_token"],"response_types":["code"],"access_token_strategy":"jwt",
		"key_type":"rsa","type":"regular","profile":"default","metadata":{"a":1},"subject_identifier_types":["public"],
		"token_endpoint_auth_methods":["client_secret_basic"],"created_at":"2020-01-01T00:00:00Z",
		"sso":{"domain":"","logout_redirect_domains":null}}`)
}

func TestWorkspacesAreListed(t *testing.T) {
	t.Parallel()
	tenant := systemtest.New(t).NewTenant(t)
	for id, name := range map[string]string{"a": "zebra", "b": "Yak", "c": "ape", "d": "Yak"} {
		newWorkspace(t, tenant, fields{"id": id, "name": name})
	}
	for query, want := range map[string]string{
		"": "a b c d", "?limit=2": "a b", "?after_server_id=b": "c d", "?before_server_id=d&limit=2": "b c",
		"?order=desc": "d c b a", "?order=desc&after_server_id=c": "b a", "?sort=name": "c b d a",
		"?sort=name&after_server_id=b": "d a", "?sort=name&order=desc&limit=2": "a d", "?search_phrase=YA": "b d",
		"?search_phrase=c": "c", "?after_server_id=bb": "c d", "?server_types=regular": "a b c d",
		"?after_server_id=a&before_server_id=d": "b c",
	} {
		if got := ids(t, tenant.Workspaces.Must(t, 200, "GET", "/servers"+query, nil), "servers", "id"); got != want {
			t.Errorf("%s lists %s, want %s", query, got, want)
		}
	}
	for query, at := range map[string]string{
		"sort=color": "sort", "order=up": "order", "limit=0": "limit", "after_server_id=%20": "after_server_id",
		"server_types=system": "server_types",
	} {
		systemtest.CheckRefusal(t, tenant.Workspaces.Call(t, "GET", "/servers?"+query, nil), 422, "invalid", at)
	}
}

func TestOneOfManyCreatesAWorkspace(t *testing.T) {
	t.Parallel()
	tenant := systemtest.New(t).NewTenant(t)
	counts := inParallel(func(i int) systemtest.Response {
		return tenant.Workspaces.Call(t, "POST", "/servers", fields{"id": "one", "name": fmt.Sprint(i)})
	})
	if counts[201] != 1 || counts[409] != 19 {
		t.Errorf("answered %v", counts)
	}
	systemtest.CheckRefusal(t, tenant.Workspaces.Call(t, "POST", "/servers", `{"id":"one"}`), 409, "conflict", "/id")
	// Of simultaneous changes none is lost.
	if counts := inParallel(func(int) systemtest.Response {
		return tenant.Workspaces.Call(t, "PUT", "/servers/one", `{}`)
	}); counts[200] != 20 {
		t.Errorf("changes are answered %v", counts)
	}
}

// A workspace is deleted with everything that belongs to it. Another tenant's workspace is none.
func TestAWorkspaceIsDeleted(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant, stranger := product.NewTenant(t), product.NewTenant(t)
	path := newWorkspace(t, tenant, fields{"id": "shop"})
	link := connect(t, tenant, path, tenant.NewPool(t, nil))
	var apps []string
	for range 3 {
		apps = append(apps, newApplication(t, tenant, path, nil))
	}
	kept := newApplication(t, tenant, newWorkspace(t, tenant, nil), nil)
	for _, call := range []func() systemtest.Response{
		func() systemtest.Response { return stranger.Workspaces.Call(t, "GET", path, nil) },
		func() systemtest.Response { return stranger.Workspaces.Call(t, "DELETE", path, nil) },
		func() systemtest.Response { return stranger.Workspaces.Call(t, "GET", apps[0], nil) },
		func() systemtest.Response { return stranger.Workspaces.Call(t, "GET", link, nil) },
		func() systemtest.Response { return stranger.Workspaces.Call(t, "GET", path+"/clients", nil) },
		func() systemtest.Response { return stranger.Workspaces.Call(t, "POST", apps[0]+"/rotateSecret", nil) },
	} {
		systemtest.CheckRefusal(t, call(), 404, "not_found")
	}
	systemtest.CheckRefusal(t, tenant.Workspaces.Call(t, "DELETE", path, nil, "If-Match", `"1"`), 412, "precondition_failed")
	tenant.Workspaces.Must(t, 200, "GET", apps[0], nil)
	tenant.Workspaces.Must(t, 204, "DELETE", path, nil)
	for _, gone := range append(apps, path, link, path+"/clients", path+"/idps") {
		tenant.Workspaces.Must(t, 404, "GET", gone, nil)
	}
	tenant.Workspaces.Must(t, 404, "DELETE", path, nil)
	tenant.Workspaces.Must(t, 200, "GET", kept, nil)
	for _, kind := range []string{"WORKSPACE#" + tenant.ID + "#shop", "CLIENT#" + tenant.ID} {
		for _, it := range product.Stored(t, kind) {
			if it["pk"] == "WORKSPACE#"+tenant.ID+"#shop" || it["sk"] == "APPLICATION" && !strings.HasSuffix(it["pk"], kept[len("/clients/"):]) {
				t.Errorf("left: %v", it)
			}
		}
	}
	newWorkspace(t, tenant, fields{"id": "shop"}) // the id is free again
}

// The table never deletes a workspace that has an application, whatever the caller has seen: an
// application may have been made since.
func TestAWorkspaceWithAnApplicationStays(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	path := newWorkspace(t, tenant, nil)
	w, err := product.Table.Workspaces.Get(t.Context(), tenant.ID, idOf(path))
	if err != nil {
		t.Fatal(err)
	}
	newApplication(t, tenant, path, nil)
	if err := product.Table.Workspaces.Delete(t.Context(), w, once.Reply[once.None]{}); !errors.As(err, new(identity.Conflict)) {
		t.Errorf("deleted with an application: %v", err)
	}
	connect(t, tenant, path, tenant.NewPool(t, nil)) // which the caller has not seen either
	if err := product.Table.Workspaces.Delete(t.Context(), w, once.Reply[once.None]{}); !errors.As(err, new(identity.Conflict)) {
		t.Errorf("deleted with a connection: %v", err)
	}
	// Applications that are made while a workspace is deleted are deleted too, or there is no workspace for them.
	counts := inParallel(func(i int) systemtest.Response {
		if i == 0 {
			return tenant.Workspaces.Call(t, "DELETE", path, nil)
		}
		return tenant.Workspaces.Call(t, "POST", "/clients", fields{"authorization_server_id": idOf(path)})
	})
	if counts[204] != 1 || counts[201]+counts[422] != 19 {
		t.Errorf("answered %v", counts)
	}
	for _, it := range product.Stored(t, "CLIENT#"+tenant.ID) {
		if it["sk"] == "APPLICATION" {
			t.Errorf("left: %v", it)
		}
	}
}
