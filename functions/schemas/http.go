package schemas

import (
	"context"
	"net/http"

	"identitypools/shared/api"
	"identitypools/shared/identity"
	"identitypools/shared/once"
)

// Handler returns the handler of the function's routes.
func Handler(s *Service, o api.Options) (http.Handler, error) { return api.New(routes(s), o) }

// Routes returns the rows of the function's routes.
func Routes() []api.Route { return routes(nil).Routes() }

// routes returns the function's routes with their actions.
func routes(s *Service) api.Function {
	h := handlers{s}
	return api.NewFunction("schemas",
		api.ForBoth("GET", "/schemas", "listSchemas", "systemListSchemas", api.Read(h.list, api.Encode(listOf))),
		api.ForBoth("POST", "/schemas", "createSchema", "systemCreateSchema", api.Change(201, h.create, answer)),
		api.ForBoth("GET", "/schemas/{schID}", "getSchema", "systemGetSchema", api.Read(h.get, answer)),
		api.ForBoth("PUT", "/schemas/{schID}", "updateSchema", "systemUpdateSchema",
			api.Change(200, h.update, answer)),
		api.ForAdmin("PATCH", "/schemas/{schID}", "patchSchema", api.Patch(h.patch, answer)),
		api.ForBoth("DELETE", "/schemas/{schID}", "deleteSchema", "systemDeleteSchema",
			api.Change(204, h.delete, api.Empty)),
	)
}

// handlers calls the use cases with decoded requests.
type handlers struct{ service *Service }

// answer returns the answer to a request that results in a schema.
func answer(s identity.Schema) api.Answer[identity.Schema] {
	return api.Answer[identity.Schema]{Version: s.Version, Body: s}
}

// list is the answer to a list of schemas.
type list struct {
	Schemas []identity.Schema `json:"schemas"`
}

// listOf returns the answer to a list of schemas.
func listOf(all []identity.Schema) list { return list{all} }

func (h handlers) list(ctx context.Context, c api.PlainCall) ([]identity.Schema, error) {
	return h.service.List(ctx, c.Tenant())
}

func (h handlers) create(
	ctx context.Context, c api.BodyCall[identity.SchemaChange], reply once.Reply[identity.Schema],
) (identity.Schema, error) {
	return h.service.Create(ctx, c.Tenant(), c.Body, reply)
}

func (h handlers) get(ctx context.Context, c api.PlainCall) (identity.Schema, error) {
	return h.service.Read(ctx, c.Tenant(), c.Path("schID"), c.IfMatch())
}

func (h handlers) update(
	ctx context.Context, c api.BodyCall[identity.SchemaChange], reply once.Reply[identity.Schema],
) (identity.Schema, error) {
	return h.service.Update(ctx, c.Tenant(), c.Path("schID"), c.IfMatch(), c.Body, reply)
}

// patch changes what a merge patch names, also inside of the schema's document.
func (h handlers) patch(
	ctx context.Context, c api.PatchCall[identity.SchemaChange], reply once.Reply[identity.Schema],
) (identity.Schema, error) {
	change := func(old identity.Schema) (identity.SchemaChange, error) {
		return c.Body.Of(old, "system", "created_at", "updated_at")
	}
	return h.service.Change(ctx, c.Tenant(), c.Path("schID"), c.IfMatch(), change, reply)
}

func (h handlers) delete(
	ctx context.Context, c api.PlainCall, reply once.Reply[once.None],
) (once.None, error) {
	return once.None{}, h.service.Delete(ctx, c.Tenant(), c.Path("schID"), c.IfMatch(), reply)
}
