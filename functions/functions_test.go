package functions_test

import (
	"errors"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"identitypools/functions"
	"identitypools/shared/access"
	"identitypools/shared/api"
	"identitypools/shared/identity"
	"identitypools/shared/metric"
)

// The table is data that the stack, the local gateway and the functions are made from: what it
// promises must hold row by row.
func TestRoutesAreConsistent(t *testing.T) {
	t.Parallel()
	names, operations, shapes, served := map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{
		"courier": true, "keeper": true, "relay": true, // which serve no routes
	}
	for _, route := range functions.Routes() {
		if route.Operation == "" || names[route.Name] {
			t.Errorf("%s: the name %q has two routes or no operation", route.Key(), route.Name)
		}
		if document := string(route.Caller) + " " + route.Operation; operations[document] {
			t.Errorf("%s: the operation %s is there twice", route.Key(), document)
		} else {
			operations[document] = true
		}
		if shapes[route.Shape()] {
			t.Errorf("%s is in the table twice", route.Key())
		}
		names[route.Name], shapes[route.Shape()], served[route.Function] = true, true, true
		if !slices.Contains([]string{"GET", "POST", "PUT", "PATCH", "DELETE"}, route.Method) && !isPreflight(route) {
			t.Errorf("%s: a method that browsers and gateways don't all know", route.Key())
		}
		if !strings.Contains(route.Path, "/{tid}/") && !isPreflight(route) {
			t.Errorf("%s: no tenant in the path", route.Key())
		}
		if route.Status < 200 || route.Status > 399 || (route.Status == 204) != (route.Answer == nil) {
			t.Errorf("%s answers %d with %v", route.Key(), route.Status, route.Answer)
		}
		if route.Method == "GET" && route.Body != nil || route.Method == "PUT" && route.Body == nil {
			t.Errorf("%s takes the body %v", route.Key(), route.Body)
		}
	}
	mains, err := filepath.Glob("*/lambda/main.go")
	if err != nil || len(mains) != len(served) {
		t.Errorf("%d functions are served, of %v (%v)", len(served), mains, err)
	}
	for _, main := range mains {
		if name := filepath.Dir(filepath.Dir(main)); !served[name] {
			t.Errorf("function %s has no route", name)
		}
	}
}

// isPreflight reports whether a route is the one for the preflights of all others.
func isPreflight(route api.Route) bool { return route.Key() == "OPTIONS /{proxy+}" }

// Each field of a query can be filled, and a value that is not valid is refused by its name.
func TestQueriesCanBeDecoded(t *testing.T) {
	t.Parallel()
	for _, route := range functions.Routes() {
		if route.Query == nil {
			continue
		}
		query := url.Values{}
		for _, field := range reflect.VisibleFields(route.Query) {
			if name, has := field.Tag.Lookup("query"); has {
				query.Set(name, "?")
			}
		}
		if len(query) == 0 {
			t.Errorf("%s: no parameter is in the query %s", route.Name, route.Query)
		}
		r := httptest.NewRequest(route.Method, "/?"+query.Encode(), nil)
		var invalid identity.Invalid
		if err := api.DecodeQuery(r, reflect.New(route.Query).Interface()); err != nil && !errors.As(err, &invalid) {
			t.Errorf("%s: %v", route.Name, err)
		}
		for _, violation := range invalid.Violations {
			if !query.Has(violation.Pointer) {
				t.Errorf("%s: a violation of %q", route.Name, violation.Pointer)
			}
		}
	}
}

// Deny by default: who may call a route follows from its tree, and only the named trees do without a token.
func TestRoutesSayWhoMayCall(t *testing.T) {
	t.Parallel()
	for _, route := range functions.Routes() {
		tree, rest, _ := strings.Cut(strings.TrimPrefix(route.Path, "/api/identity/{tid}/"), "/")
		isAPI := strings.HasPrefix(route.Path, "/api/identity/{tid}/") && rest != ""
		if strings.HasPrefix(route.Path, "/api/admin/{tid}/") { // the tree of workspaces
			tree, isAPI = string(access.Admin), true
		}
		switch route.Caller {
		case access.Admin, access.System:
			if !isAPI || tree != string(route.Caller) || route.Scope == "" {
				t.Errorf("%s: caller %s with scope %q", route.Key(), route.Caller, route.Scope)
			}
			if (route.Caller == access.Admin) != (route.Scope == api.ScopeAdmin) {
				t.Errorf("%s: scope %q is not one of the tree %s", route.Key(), route.Scope, route.Caller)
			}
		case access.Public, access.OAuthClient:
			if isAPI && tree != "public" || route.Scope != "" {
				t.Errorf("%s: caller %s with scope %q", route.Key(), route.Caller, route.Scope)
			}
			isForClients := route.Function == "tokens" || strings.HasSuffix(route.Path, "/par")
			if (route.Caller == access.OAuthClient) != isForClients {
				t.Errorf("%s: caller %s at function %s", route.Key(), route.Caller, route.Function)
			}
		default:
			t.Errorf("%s: unknown caller %q", route.Key(), route.Caller)
		}
		// Pages sign people in with the endpoints of workspaces, except for that for back ends.
		ofWorkspace := route.Function == "tokens" && strings.Contains(route.Path, "/{wid}") && route.Name != "client.introspect"
		if route.CrossOrigin != (ofWorkspace || strings.HasPrefix(route.Path, "/api/identity/{tid}/public/")) {
			t.Errorf("%s: pages of other origins may call it: %t", route.Key(), route.CrossOrigin)
		}
	}
}

// Every success of a route that lets people in counts, and no other.
func TestRoutesThatCount(t *testing.T) {
	t.Parallel()
	want := map[string]metric.Name{
		"system.selfRegisterUser": metric.Registrations, "public.register": metric.Registrations,
		"system.activateSelfRegisteredUser":                  metric.Activations,
		"system.activateSelfRegisteredUserUsingExtendedCode": metric.Activations,
		"public.activate": metric.Activations, "public.activateByPage": metric.Activations,
		"public.registerByPage": metric.Registrations, "public.activateByCode": metric.Activations,
		"public.activateByTypedCode": metric.Activations,
	}
	for _, route := range functions.Routes() {
		if route.Counts != want[route.Name] {
			t.Errorf("%s counts %q, want %q", route.Name, route.Counts, want[route.Name])
		}
	}
}
