package api

import (
	"reflect"
	"slices"
	"strings"

	"identitypools/shared/access"
	"identitypools/shared/metric"
)

// The scopes of the published API.
const (
	ScopeAdmin        = "identity_admin"
	ScopeSystem       = "identity"
	ScopeRegistration = "identity_self_registration"
)

// The usual maximum sizes of bodies, in bytes.
const (
	MaxBody              = 128 << 10 // for a route without a limit of its own
	MaxConfigurationBody = 5 << 20   // for a route that takes a whole configuration
)

// Route is the row of a route. Functions, gateways, events, limits and the description of the API
// are made from these rows, or are tested against them.
type Route struct {
	Name         string // the unique name, such as "admin.createPool": the caller and the operation
	Operation    string // the published operation id; an admin and a system route may share it
	Method, Path string // the path is a pattern of Mux
	Function     string // the function that serves the route
	Caller       access.Caller
	Scope        string      // the scope that the token must have; "" if the route needs no token
	CrossOrigin  bool        // whether pages of other origins may call the route
	MaxBody      int         // the maximum size of a body in bytes
	Counts       metric.Name // the metric that counts successes; "" if there is none

	Query, Body, Answer reflect.Type // the types of what the route takes and answers; nil if it has none
	BodyIsOptional      bool
	List                string // if the answer is a list, the member that has the items
	Status              int    // the status of a success
}

// Shape returns the method and the path of the route without the names of its parameters. Two
// routes cannot have the same shape.
func (r Route) Shape() string {
	parts := strings.Split(r.Path, "/")
	for i, part := range parts {
		if strings.HasPrefix(part, "{") {
			parts[i] = "{}"
		}
	}
	return r.Method + " " + strings.Join(parts, "/")
}

// Key returns the route in the form in which API Gateway and Mux name it, such as "GET /{tid}/pools".
func (r Route) Key() string { return r.Method + " " + r.Path }

// The base paths of the published API.
const (
	basePath       = "/api/identity/{tid}"
	publicPath     = basePath + "/public"
	workspacesPath = "/api/admin/{tid}"
)

// Endpoint is a route with the action that serves it.
type Endpoint struct {
	Route
	action Action
}

// Option changes the row of a route.
type Option func(*Route)

// Counts returns an option that sets the metric which counts successes of the route.
func Counts(name metric.Name) Option { return func(r *Route) { r.Counts = name } }

// Scope returns an option that sets a scope other than the usual one of the caller.
func Scope(scope string) Option { return func(r *Route) { r.Scope = scope } }

// BodyLimit returns an option that sets the maximum size of the body in bytes.
func BodyLimit(size int) Option { return func(r *Route) { r.MaxBody = size } }

// nameOf returns the name of a route: its caller and its operation. If the published operation id
// begins with the caller, that is left out of the operation. For example, the name of
// "systemListPools" for a system client is "system.listPools".
func nameOf(caller access.Caller, operation string) string {
	if rest, found := strings.CutPrefix(operation, string(caller)); found && rest != "" {
		operation = strings.ToLower(rest[:1]) + rest[1:]
	}
	return string(caller) + "." + operation
}

// newEndpoint returns the endpoint of a route with the types of its action.
func newEndpoint(
	caller access.Caller, method, path, operation string, action Action, options []Option,
) Endpoint {
	r := Route{
		Name: nameOf(caller, operation), Operation: operation, Method: method, Path: path, Caller: caller,
		MaxBody: MaxBody,
		Query:   action.query, Body: action.body, Answer: action.answer,
		BodyIsOptional: action.bodyIsOptional, List: action.list, Status: action.status,
	}
	for _, option := range options {
		option(&r)
	}
	return Endpoint{r, action}
}

// ForAdmin returns the endpoint of a route for admin clients. The path is relative to the admin
// tree.
func ForAdmin(method, path, operation string, action Action, options ...Option) []Endpoint {
	e := newEndpoint(access.Admin, method, basePath+"/admin"+path, operation, action, options)
	if e.Scope == "" {
		e.Scope = ScopeAdmin
	}
	return []Endpoint{e}
}

// ForWorkspaces returns the endpoint of a route for admin clients that is about workspaces and their
// applications, which have a tree of their own. The path is relative to that tree.
func ForWorkspaces(method, path, operation string, action Action, options ...Option) []Endpoint {
	e := newEndpoint(access.Admin, method, workspacesPath+path, operation, action, options)
	if e.Scope == "" {
		e.Scope = ScopeAdmin
	}
	return []Endpoint{e}
}

// ForSystem returns the endpoint of a route for system clients. The path is relative to the system
// tree.
func ForSystem(method, path, operation string, action Action, options ...Option) []Endpoint {
	e := newEndpoint(access.System, method, basePath+"/system"+path, operation, action, options)
	if e.Scope == "" {
		e.Scope = ScopeSystem
	}
	return []Endpoint{e}
}

// ForBoth returns the two endpoints of an operation that admin and system clients share. Both have
// the same action, and the same path in their trees. The published operation id of the system route
// may be another one than that of the admin route; the names of both routes have the latter.
func ForBoth(
	method, path, operation, systemOperation string, action Action, options ...Option,
) []Endpoint {
	both := slices.Concat(
		ForAdmin(method, path, operation, action, options...),
		ForSystem(method, path, systemOperation, action, options...),
	)
	both[1].Name = nameOf(access.System, operation)
	return both
}

// ForBrowsers returns the endpoint of a public operation, which pages of other origins may call.
// The path is relative to the public tree.
func ForBrowsers(method, path, operation string, action Action, options ...Option) []Endpoint {
	e := newEndpoint(access.Public, method, publicPath+path, operation, action, options)
	e.CrossOrigin = true
	return []Endpoint{e}
}

// ForClients returns the endpoint of a public operation at its published path, for clients that were
// generated from the published description. The path is complete. Pages of other origins may not call
// it; the tree for browsers has the same operation for them.
func ForClients(method, path, operation string, action Action, options ...Option) []Endpoint {
	return []Endpoint{newEndpoint(access.Public, method, path, operation, action, options)}
}

// ForPeople returns the endpoint of a page of the product. The path is complete.
func ForPeople(method, path, operation string, action Action, options ...Option) []Endpoint {
	return []Endpoint{newEndpoint(access.Public, method, path, operation, action, options)}
}

// ForOAuthClients returns the endpoint of an OAuth 2.0 server. The path is complete.
func ForOAuthClients(method, path, operation string, action Action, options ...Option) []Endpoint {
	return []Endpoint{newEndpoint(access.OAuthClient, method, path, operation, action, options)}
}

// Function is a function of the product with its endpoints.
type Function struct {
	Name      string
	Endpoints []Endpoint
}

// NewFunction returns a function with the endpoints that ForAdmin and the other constructors
// returned.
func NewFunction(name string, endpoints ...[]Endpoint) Function {
	f := Function{name, slices.Concat(endpoints...)}
	for i := range f.Endpoints {
		f.Endpoints[i].Function = name
	}
	return f
}

// Routes returns the rows of the function's routes.
func (f Function) Routes() []Route {
	routes := make([]Route, len(f.Endpoints))
	for i, e := range f.Endpoints {
		routes[i] = e.Route
	}
	return routes
}
