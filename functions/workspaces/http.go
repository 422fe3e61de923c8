package workspaces

import (
	"context"
	"net/http"

	"identitypools/shared/api"
	"identitypools/shared/identity"
	"identitypools/shared/oidc"
	"identitypools/shared/once"
)

// Handler returns the handler of the function's routes.
func Handler(s *Service, o api.Options) (http.Handler, error) {
	return api.New(routes(s, o.Origins), o)
}

// Routes returns the rows of the function's routes.
func Routes() []api.Route { return routes(&Service{}, nil).Routes() }

// routes returns the function's routes with their actions. One of them answers preflights for all
// functions, since pages of applications are what most of them are about.
func routes(s *Service, origins api.Origins) api.Function {
	h := handlers{s}
	const (
		server = "/servers/{wid}"
		idp    = server + "/idps/identity_pool/{iid}"
		client = "/clients/{cid}"
	)
	return api.NewFunction("workspaces",
		api.ForWorkspaces("GET", "/servers", "listAuthorizationServers", api.List("servers", h.list, h.workspaceOf)),
		api.ForWorkspaces("POST", "/servers", "createAuthorizationServer", api.Change(201, h.create, h.answer)),
		api.ForWorkspaces("GET", server, "getAuthorizationServer", api.Read(h.get, h.answer)),
		api.ForWorkspaces("PUT", server, "updateAuthorizationServer", api.Change(200, h.update, h.answer)),
		api.ForWorkspaces("DELETE", server, "deleteAuthorizationServer", api.Change(204, h.delete, api.Empty)),

		api.ForWorkspaces("GET", server+"/idps", "listIDPs", api.Read(h.connections, api.Encode(connectionsOf))),
		api.ForWorkspaces("POST", server+"/idps/identity_pool", "createIdentityPoolIDP",
			api.Change(201, h.connect, connectionAnswer)),
		api.ForWorkspaces("GET", idp, "getIdentityPoolIDP", api.Read(h.getConnection, connectionAnswer)),
		api.ForWorkspaces("PUT", idp, "updateIdentityPoolIDP", api.Change(200, h.reconnect, connectionAnswer)),
		api.ForWorkspaces("DELETE", server+"/idps/{iid}", "deleteIDP", api.Change(204, h.disconnect, api.Empty)),
		api.ForWorkspaces("GET", "/pools/{ipID}/idps", "listIDPsForIdentityPool",
			api.Read(h.connectionsOfPool, api.Encode(connectionsOf))),

		api.ForWorkspaces("GET", server+"/clients", "listClients",
			api.List("clients", h.listApplications, applicationOf)),
		api.ForWorkspaces("POST", "/clients", "createClient",
			api.Change(201, h.createApplication, applicationAnswer)),
		api.ForWorkspaces("GET", client, "getClient", api.Read(h.getApplication, applicationAnswer)),
		api.ForWorkspaces("PUT", client, "updateClient",
			api.Change(200, h.updateApplication, applicationAnswer)),
		api.ForWorkspaces("DELETE", client, "deleteClient", api.Change(204, h.deleteApplication, api.Empty)),
		api.ForWorkspaces("POST", client+"/rotateSecret", "rotateClientSecret",
			api.Change(200, h.rotate, api.Encode(secretOf))),
		api.ForWorkspaces("POST", client+"/revokeRotatedSecrets", "revokeRotatedClientSecrets",
			api.Change(204, h.revokeRotated, api.Empty)),

		api.ForPreflights(origins),
	)
}

// handlers calls the use cases with decoded requests.
type handlers struct{ service *Service }

// listQuery is the query of a list of workspaces.
type listQuery struct {
	Search string      `query:"search_phrase"`
	Sort   sort        `query:"sort"`
	Order  api.Order   `query:"order"`
	After  identity.ID `query:"after_server_id"`
	Before identity.ID `query:"before_server_id"`
	Limit  api.Limit   `query:"limit"`
	Types  onlyRegular `query:"server_types"`
}

// sort is the parameter for the order of a list of workspaces.
type sort string

// UnmarshalText reads "id" or "name".
func (s *sort) UnmarshalText(text []byte) error {
	if *s = sort(text); *s != "id" && *s != "name" {
		return identity.NotOneOf("name", "id")
	}
	return nil
}

// onlyRegular is the parameter for the types of workspaces, of which there is one.
type onlyRegular struct{}

// UnmarshalText reads "regular".
func (onlyRegular) UnmarshalText(text []byte) error { return mustBe(text, "regular") }

// mustBe returns an error unless a parameter has the only value that is served.
func mustBe(text []byte, value string) error {
	if string(text) != value {
		return identity.Rule{
			Code: identity.CodeNotOneOf, Params: identity.Params{"allowed": []string{value}},
			Reason: "must be " + value + ", or absent",
		}
	}
	return nil
}

func (h handlers) list(ctx context.Context, c api.QueryCall[listQuery]) (api.Page[oidc.Workspace], error) {
	q := c.Query
	all, err := h.service.List(ctx, c.Tenant(), Query{
		Search: q.Search, ByName: q.Sort == "name", Descending: q.Order.Descending,
		After: string(q.After), Before: string(q.Before), Limit: q.Limit.Items(),
	})
	return api.Page[oidc.Workspace]{Items: all}, err
}

// createQuery is the query of a request that creates a workspace.
type createQuery struct {
	DemoClient withoutDemo `query:"with_demo_client"`
}

// withoutDemo is the parameter for an application that the vendor's product makes with a workspace.
type withoutDemo struct{}

// UnmarshalText reads "false".
func (withoutDemo) UnmarshalText(text []byte) error { return mustBe(text, "false") }

func (h handlers) create(
	ctx context.Context, c api.Call[createQuery, oidc.WorkspaceChange], reply once.Reply[oidc.Workspace],
) (oidc.Workspace, error) {
	return h.service.Create(ctx, c.Tenant(), c.Body, reply)
}

func (h handlers) get(ctx context.Context, c api.PlainCall) (oidc.Workspace, error) {
	return h.service.Read(ctx, c.Tenant(), c.Path("wid"), c.IfMatch())
}

func (h handlers) update(
	ctx context.Context, c api.BodyCall[oidc.WorkspaceChange], reply once.Reply[oidc.Workspace],
) (oidc.Workspace, error) {
	return h.service.Update(ctx, c.Tenant(), c.Path("wid"), c.IfMatch(), c.Body, reply)
}

func (h handlers) delete(
	ctx context.Context, c api.PlainCall, reply once.Reply[once.None],
) (once.None, error) {
	return once.None{}, h.service.Delete(ctx, c.Tenant(), c.Path("wid"), c.IfMatch(), reply)
}

func (h handlers) connections(ctx context.Context, c api.PlainCall) ([]oidc.Connection, error) {
	return h.service.Connections(ctx, c.Tenant(), c.Path("wid"))
}

func (h handlers) connectionsOfPool(ctx context.Context, c api.PlainCall) ([]oidc.Connection, error) {
	return h.service.ConnectionsOf(ctx, c.Tenant(), c.Pool())
}

func (h handlers) connect(
	ctx context.Context, c api.BodyCall[oidc.ConnectionChange], reply once.Reply[oidc.Connection],
) (oidc.Connection, error) {
	return h.service.Connect(ctx, c.Tenant(), c.Path("wid"), c.Body, reply)
}

func (h handlers) getConnection(ctx context.Context, c api.PlainCall) (oidc.Connection, error) {
	return h.service.ReadConnection(ctx, c.Tenant(), c.Path("wid"), c.Path("iid"), c.IfMatch())
}

func (h handlers) reconnect(
	ctx context.Context, c api.BodyCall[oidc.ConnectionChange], reply once.Reply[oidc.Connection],
) (oidc.Connection, error) {
	return h.service.Reconnect(ctx, c.Tenant(), c.Path("wid"), c.Path("iid"), c.IfMatch(), c.Body, reply)
}

func (h handlers) disconnect(
	ctx context.Context, c api.PlainCall, reply once.Reply[once.None],
) (once.None, error) {
	return once.None{}, h.service.Disconnect(ctx, c.Tenant(), c.Path("wid"), c.Path("iid"), c.IfMatch(), reply)
}
