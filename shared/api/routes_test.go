package api_test

import (
	"context"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"identitypools/shared/access"
	"identitypools/shared/api"
	"identitypools/shared/metric"
	"identitypools/shared/once"
)

func TestNewRefusesRoutesThatAreThereTwice(t *testing.T) {
	t.Parallel()
	action := api.Raw[api.None, api.None, api.None](200, ok)
	for name, second := range map[string][]api.Endpoint{
		"a name":               api.ForAdmin("GET", "/others", "listPools", action),
		"a method and a path":  api.ForAdmin("GET", "/pools", "listAll", action),
		"a shape of the path":  api.ForAdmin("GET", "/pools/{other}", "getOther", action),
		"a caller's published": api.ForSystem("GET", "/others", "systemListPools", action),
	} {
		f := api.NewFunction("pools",
			api.ForBoth("GET", "/pools", "listPools", "systemListPools", action),
			api.ForAdmin("GET", "/pools/{ipID}", "getPool", action), second)
		if _, err := api.New(f, api.Options{}); err == nil || !strings.Contains(err.Error(), "twice") {
			t.Errorf("%s is there twice, and the error is %v", name, err)
		}
	}
}

// The row of a route has the types of its action, and the options change it.
func TestRowsOfRoutes(t *testing.T) {
	t.Parallel()
	type body struct{}
	change := func(context.Context, api.Call[listQuery, body], once.Reply[int]) (int, error) { return 0, nil }
	list := func(context.Context, api.PlainCall) (api.Page[int], error) { return api.Page[int]{}, nil }
	f := api.NewFunction("pools",
		api.ForBoth("POST", "/pools", "createPool", "systemCreatePool",
			api.Change(201, change, api.Empty).WithOptionalBody(), api.BodyLimit(7), api.Counts(metric.Limited)),
		api.ForBrowsers("GET", "/pools", "publicListPools", api.List("pools", list, func(int) string { return "" })),
		api.ForSystem("PATCH", "/pools", "patchPools", api.Read(func(context.Context, api.PlainCall) (int, error) { return 0, nil }, api.Empty),
			api.Scope(api.ScopeRegistration)),
	)
	const base = "/api/identity/{tid}/"
	query, text := reflect.TypeFor[listQuery](), reflect.TypeFor[string]()
	create := api.Route{
		Name: "admin.createPool", Operation: "createPool", Method: "POST", Path: base + "admin/pools", Function: "pools",
		Caller: access.Admin, Scope: api.ScopeAdmin, MaxBody: 7, Counts: metric.Limited,
		Query: query, Body: reflect.TypeFor[body](), BodyIsOptional: true, Status: 201,
	}
	system := create
	system.Name, system.Operation, system.Path = "system.createPool", "systemCreatePool", base+"system/pools"
	system.Caller, system.Scope = access.System, api.ScopeSystem
	want := []api.Route{create, system, {
		Name: "public.listPools", Operation: "publicListPools", Method: "GET", Path: base + "public/pools", Function: "pools",
		Caller: access.Public, CrossOrigin: true, MaxBody: api.MaxBody, Answer: text, List: "pools", Status: http.StatusOK,
	}, {
		Name: "system.patchPools", Operation: "patchPools", Method: "PATCH", Path: base + "system/pools", Function: "pools",
		Caller: access.System, Scope: api.ScopeRegistration, MaxBody: api.MaxBody, Status: http.StatusOK,
	}}
	for i, row := range f.Routes() {
		if row != want[i] {
			t.Errorf("the row is %+v, want %+v", row, want[i])
		}
	}
}

// A route accepts bodies up to its own limit.
func TestBodyLimit(t *testing.T) {
	t.Parallel()
	type body struct {
		Name string `json:"name"`
	}
	take := func(context.Context, api.BodyCall[body], once.Reply[int]) (int, error) { return 0, nil }
	f := api.NewFunction("test", api.ForPeople("PATCH", "/", "test", api.Change(204, take, api.Empty), api.BodyLimit(api.MaxConfigurationBody)))
	h, err := api.New(f, api.Options{Log: silent()})
	if err != nil {
		t.Fatal(err)
	}
	for size, status := range map[int]int{api.MaxConfigurationBody: 204, api.MaxConfigurationBody + 1: 413} {
		if got := send(t, api.Adapt(h), event("PATCH", "/", "", filled(size))); got.StatusCode != status {
			t.Errorf("%d bytes are answered %d %s", size, got.StatusCode, got.Body)
		}
	}
}
