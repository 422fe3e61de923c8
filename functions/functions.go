// Package functions lists the functions that serve routes. The deployment, the gateway of the local
// run and the checks use this list. No function imports it.
package functions

import (
	"net/http"

	"identitypools/functions/activation"
	"identitypools/functions/codes"
	"identitypools/functions/factors"
	"identitypools/functions/passwords"
	"identitypools/functions/pools"
	"identitypools/functions/recovery"
	"identitypools/functions/registration"
	"identitypools/functions/schemas"
	"identitypools/functions/signin"
	"identitypools/functions/tokens"
	"identitypools/functions/users"
	"identitypools/functions/workspaces"
	"identitypools/shared/api"
	"identitypools/shared/start"
)

// Function is a function that serves routes.
type Function struct {
	Routes []api.Route
	New    func(start.Parts) (http.Handler, error)
}

// Name returns the function's name, which is also the name of its folder.
func (f Function) Name() string { return f.Routes[0].Function }

// All returns the functions. Each of them has at least one route.
func All() []Function {
	return []Function{
		{pools.Routes(), pools.New},
		{schemas.Routes(), schemas.New},
		{users.Routes(), users.New},
		{activation.Routes(), activation.New},
		{codes.Routes(), codes.New},
		{factors.Routes(), factors.New},
		{registration.Routes(), registration.New},
		{recovery.Routes(), recovery.New},
		{passwords.Routes(), passwords.New},
		{signin.Routes(), signin.New},
		{tokens.Routes(), tokens.New},
		{workspaces.Routes(), workspaces.New},
	}
}

// Routes returns the route table, which has the routes of all functions.
func Routes() []api.Route {
	var routes []api.Route
	for _, f := range All() {
		routes = append(routes, f.Routes...)
	}
	return routes
}

// Route returns the route with the given name. It reports false if there is none.
func Route(name string) (r api.Route, ok bool) {
	for _, r := range Routes() {
		if r.Name == name {
			return r, true
		}
	}
	return r, false
}
