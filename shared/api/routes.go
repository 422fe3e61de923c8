package api

import (
	"reflect"
	"slices"
	"strings"

	"identitypools/shared/access"
	"identitypools/shared/metric"
)

// Scopes of the published API.
const (
	ScopeAdmin        = "identity_admin"
	ScopeSystem       = "identity"
	ScopeRegistration = "identity_self_registration"
)

// Sizes of bodies, in bytes.
const (
	MaxBody              = 128 << 10 // of a route that has no limit of its own
	MaxConfigurationBody = 5 << 20   // of a route that takes a whole configuration
)

// Route is one route of the API as data. Whatever depends on the routes is made from their rows or
// tested against them: functions, gateways, events, limits and the description of the API.
type Route struct {
	Name         string // unique: the caller and the operation, like "admin.createPool"
	Operation    string // the published operation id, which an admin and a system route may share
	Method, Path string // Path as http.ServeMux has it
	Function     string // the function that serves the route
	Caller       access.Caller
	Scope        string      // that the caller's token must have; "" for callers without a token
	CrossOrigin  bool        // browsers may call the route from pages of other origins
	MaxBody      int         // in bytes
	Counts       metric.Name // what a success counts as; "" if it is not counted

	Query, Body, Answer reflect.Type // what the route takes and answers; nil for nothing
	BodyIsOptional      bool
	List                string // the member of the answer that has the items; "" if the answer is no list
	Status              int    // of a success
}

// Shape is the method and the path of the route without the names of its parameters: two routes of
// one shape can't both exist.
func (r Route) Shape() string {
	parts := strings.Split(r.Path, "/")
	for i, part := range parts {
		if strings.HasPrefix(part, "{") {
			parts[i] = "{}"
		}
	}
	return r.Method + " " + strings.Join(parts, "/")
}

// Key is the route as API Gateway and http.ServeMux name it, like "GET /{tid}/pools".
func (r Route) Key() string { return r.Method + " " + r.Path }

// Base paths of the published API.
const (
	basePath   = "/api/identity/{tid}"
	publicPath = basePath + "/public"
)

// Endpoint is a route with the action that serves it.
type Endpoint struct {
	Route
	action Action
}

// Option changes the row of a route.
type Option func(*Route)

// Counts makes a success of the route count as name.
func Counts(name metric.Name) Option { return func(r *Route) { r.Counts = name } }

// Scope makes the route need another scope than the usual one of its caller.
func Scope(scope string) Option { return func(r *Route) { r.Scope = scope } }

// BodyLimit bounds the body of the route, in bytes.
func BodyLimit(size int) Option { return func(r *Route) { r.MaxBody = size } }

// nameOf returns the name of a route: its caller and its operation, without the caller's name where
// the published id begins with that. So "systemListPools" of a system client is "system.listPools".
func nameOf(caller access.Caller, operation string) string {
	if rest, found := strings.CutPrefix(operation, string(caller)); found && rest != "" {
		operation = strings.ToLower(rest[:1]) + rest[1:]
	}
	return string(caller) + "." + operation
}

func endpoint(caller access.Caller, method, path, operation string, action Action, options []Option) Endpoint {
	r := Route{
		Name: nameOf(caller, operation), Operation: operation, Method: method, Path: path, Caller: caller, MaxBody: MaxBody,
		Query: action.query, Body: action.body, Answer: action.answer,
		BodyIsOptional: action.bodyIsOptional, List: action.list, Status: action.status,
	}
	for _, option := range options {
		option(&r)
	}
	return Endpoint{r, action}
}

// ForAdmin returns the endpoint of a route for admin clients. The path counts from the admin tree.
func ForAdmin(method, path, operation string, action Action, options ...Option) []Endpoint {
	e := endpoint(access.Admin, method, basePath+"/admin"+path, operation, action, options)
	if e.Scope == "" {
		e.Scope = ScopeAdmin
	}
	return []Endpoint{e}
}

// ForSystem returns the endpoint of a route for system clients. The path counts from the system
// tree.
func ForSystem(method, path, operation string, action Action, options ...Option) []Endpoint {
	e := endpoint(access.System, method, basePath+"/system"+path, operation, action, options)
	if e.Scope == "" {
		e.Scope = ScopeSystem
	}
	return []Endpoint{e}
}

// ForBoth returns the endpoints of an operation that admin and system clients share: one action at
// the same path of both trees. The published id of the system operation may differ from that of the
// admin operation; both routes are named for the latter.
func ForBoth(method, path, operation, systemOperation string, action Action, options ...Option) []Endpoint {
	both := slices.Concat(ForAdmin(method, path, operation, action, options...), ForSystem(method, path, systemOperation, action, options...))
	both[1].Name = nameOf(access.System, operation)
	return both
}

// ForBrowsers returns the endpoint of a public operation, which pages of other origins may call. The
// path counts from the public tree.
func ForBrowsers(method, path, operation string, action Action, options ...Option) []Endpoint {
	e := endpoint(access.Public, method, publicPath+path, operation, action, options)
	e.CrossOrigin = true
	return []Endpoint{e}
}

// ForPeople returns the endpoint of a built-in page. The path is the whole path.
func ForPeople(method, path, operation string, action Action, options ...Option) []Endpoint {
	return []Endpoint{endpoint(access.Public, method, path, operation, action, options)}
}

// ForOAuthClients returns the endpoint of an OAuth 2.0 server. The path is the whole path.
func ForOAuthClients(method, path, operation string, action Action, options ...Option) []Endpoint {
	return []Endpoint{endpoint(access.OAuthClient, method, path, operation, action, options)}
}

// Function is the endpoints of one function.
type Function struct {
	Name      string
	Endpoints []Endpoint
}

// NewFunction returns the function with the endpoints that the constructors of endpoints made.
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
