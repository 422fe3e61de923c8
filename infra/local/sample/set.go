// Package sample reads the sample events, of which each route has one, and expands them to the form
// in which API Gateway's HTTP API sends a request to a function.
//
// The events of a function are in its file events.json, by the names of their routes. An event says
// what differs from route to route: parameters, body, the events that must be sent before it, and
// the answer that is expected. A route may have further events, which prepare others; their names
// have a comma after that of the route, and what is special about them. Events contain placeholders,
// such as CODE, for values that only a running product knows; [Values] replaces them.
package sample

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"identitypools/functions"
	"identitypools/shared/access"
	"identitypools/shared/api"
)

// Set has the events of the routes. The first event of a route has the name of the route.
type Set map[string]Event

// Read reads the events of all functions. The root is the project's folder. Its errors are that a
// file cannot be read, and that an event does not fit its route.
func Read(root string) (Set, error) {
	set := Set{}
	for _, f := range functions.All() {
		if err := set.add(f, filepath.Join(root, "functions", f.Name(), "events.json")); err != nil {
			return nil, err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(set)) {
		if err := set.check(name); err != nil {
			return nil, err
		}
	}
	return set, nil
}

// add reads the events of a function from a file.
func (s Set) add(f functions.Function, file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("read the events of %s: %w", f.Name(), err)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	own := map[string]Event{}
	if err := decoder.Decode(&own); err != nil {
		return fmt.Errorf("decode %s: %w", file, err)
	}
	for name, event := range own {
		route, _, _ := strings.Cut(name, ",")
		at := slices.IndexFunc(f.Routes, func(r api.Route) bool { return r.Name == route })
		if at < 0 {
			return fmt.Errorf("%s: the function %s has no route %s", file, f.Name(), route)
		}
		event.Route = f.Routes[at]
		s[name] = event
	}
	return nil
}

// check returns an error if an event does not fit its route or the other events.
func (s Set) check(name string) error {
	event := s[name]
	given := slices.Sorted(maps.Keys(event.pathParameters()))
	var wanted []string
	for _, found := range parameter.FindAllStringSubmatch(event.Route.Path, -1) {
		wanted = append(wanted, found[1])
	}
	slices.Sort(wanted)
	if !slices.Equal(given, wanted) {
		return fmt.Errorf("the event of %s has the parameters %v, its path %v", name, given, wanted)
	}
	if event.Body != nil && event.Form != nil {
		return errors.New("the event of " + name + " has a body and a form")
	}
	for _, earlier := range event.After {
		if _, ok := s[earlier]; !ok {
			return fmt.Errorf("the event of %s comes after that of %s, which does not exist", name,
				earlier)
		}
	}
	return nil
}

// parameter matches a parameter of the path of a route.
var parameter = regexp.MustCompile(`{(\w+)\+?}`)

// Before returns the names of the routes whose events must be sent before the event of a route, in
// order. They begin with the tokens that the callers need.
func (s Set) Before(name string) []string {
	var before []string
	callers := map[access.Caller]bool{}
	for _, each := range append(slices.Clone(s[name].After), name) {
		callers[s[each].Route.Caller] = true
	}
	for _, caller := range []access.Caller{access.Admin, access.System} {
		if callers[caller] {
			before = append(before, tokenRoute(caller))
		}
	}
	return append(before, s[name].After...)
}

// tokenRoute returns the name of the route that issues the tokens of a caller.
func tokenRoute(caller access.Caller) string { return "client." + string(caller) + "Token" }
