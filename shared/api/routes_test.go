package api_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"identitypools/shared/api"
)

// The table is data that the stack, the local server and the functions are made from: what it promises must hold row by row.
func TestRoutesAreConsistent(t *testing.T) {
	t.Parallel()
	functions := map[string]bool{
		"pools": true, "schemas": true, "users": true, "activation": true, "registration": true, "credentials": true, "tokens": true,
	}
	operations, paths, served := map[string]bool{}, map[string]bool{}, map[string]bool{}
	variable := regexp.MustCompile(`\{[^}]*\}`)
	for _, route := range api.Routes() {
		name := route.Method + " " + route.Path
		if route.Operation == "" || operations[route.Operation] {
			t.Errorf("%s: the operation id %q is empty or has two routes", name, route.Operation)
		}
		operations[route.Operation] = true
		// Two paths that differ only in the names of their variables are one path.
		if shape := variable.ReplaceAllString(name, "{}"); paths[shape] {
			t.Errorf("%s is in the table twice", name)
		} else {
			paths[shape] = true
		}
		if !functions[route.Function] {
			t.Errorf("%s: there is no function %q", name, route.Function)
		}
		served[route.Function] = true
		switch route.Method {
		case http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete:
		default:
			t.Errorf("%s: a method that the edge doesn't name in Allow", name)
		}
		if !strings.Contains(route.Path, "/{tid}/") {
			t.Errorf("%s: no tenant in the path", name)
		}
	}
	for name := range functions {
		if !served[name] {
			t.Errorf("function %s has no route", name)
		}
	}
}

// Deny by default: who may call a route follows from its tree, and only the named trees do without a token.
func TestRoutesSayWhoMayCall(t *testing.T) {
	t.Parallel()
	for _, route := range api.Routes() {
		tree, rest, _ := strings.Cut(strings.TrimPrefix(route.Path, "/api/identity/{tid}/"), "/")
		isAPI := strings.HasPrefix(route.Path, "/api/identity/{tid}/") && rest != ""
		switch route.Caller {
		case api.Admin, api.System:
			if !isAPI || tree != string(route.Caller) || route.Scope == "" {
				t.Errorf("%s %s: caller %s with scope %q", route.Method, route.Path, route.Caller, route.Scope)
			}
			if (route.Caller == api.Admin) != (route.Scope == api.ScopeAdmin) {
				t.Errorf("%s %s: scope %q is not one of the tree %s", route.Method, route.Path, route.Scope, route.Caller)
			}
		case api.Public, api.Anyone:
			if isAPI && tree != "public" || route.Scope != "" {
				t.Errorf("%s %s: caller %s with scope %q", route.Method, route.Path, route.Caller, route.Scope)
			}
			if (route.Caller == api.Anyone) != (route.Function == "tokens") {
				t.Errorf("%s %s: caller %s at function %s", route.Method, route.Path, route.Caller, route.Function)
			}
		default:
			t.Errorf("%s %s: unknown caller %q", route.Method, route.Path, route.Caller)
		}
	}
}

func TestNewBindsExactlyTheRoutesOfTheFunction(t *testing.T) {
	t.Parallel()
	t.Run("an operation without a handler is refused by name", func(t *testing.T) {
		t.Parallel()
		handlers := handlersOf(function, ok)
		delete(handlers, "getPool")
		if _, err := api.New(function, handlers, api.Options{}); err == nil || !strings.Contains(err.Error(), "getPool") {
			t.Errorf("error is %v", err)
		}
	})
	t.Run("a handler without an operation is refused", func(t *testing.T) {
		t.Parallel()
		handlers := handlersOf(function, ok)
		handlers["getPoool"] = ok
		if _, err := api.New(function, handlers, api.Options{}); err == nil || !strings.Contains(err.Error(), function) {
			t.Errorf("error is %v", err)
		}
	})
	t.Run("an operation of another function is refused", func(t *testing.T) {
		t.Parallel()
		handlers := handlersOf(function, ok)
		handlers["createUser"] = ok
		if _, err := api.New(function, handlers, api.Options{}); err == nil {
			t.Error("no error")
		}
	})
	t.Run("an unknown function has no operations", func(t *testing.T) {
		t.Parallel()
		if _, err := api.New("pool", handlersOf(function, ok), api.Options{}); err == nil {
			t.Error("no error")
		}
	})
	t.Run("every function takes its own operations", func(t *testing.T) {
		t.Parallel()
		for _, route := range api.Routes() {
			if _, err := api.New(route.Function, handlersOf(route.Function, ok), api.Options{}); err != nil {
				t.Error(err)
			}
		}
	})
}
