package pools

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
	return api.NewFunction("pools",
		api.ForBoth("GET", "/pools", "listPools", "systemListPools", api.List("pools", h.list, responseOf)),
		api.ForBoth("POST", "/pools", "createPool", "systemCreatePool", api.Change(201, h.create, answer)),
		api.ForBoth("GET", "/pools/{ipID}", "getPool", "systemGetPool", api.Read(h.get, answer)),
		api.ForBoth("PUT", "/pools/{ipID}", "updatePool", "systemUpdatePool", api.Change(200, h.update, answer)),
		api.ForBoth("DELETE", "/pools/{ipID}", "deletePool", "systemDeletePool",
			api.Change(204, h.delete, api.Empty)),
		api.ForAdmin("GET", "/pools/{ipID}/permissions", "checkPoolPermissions",
			api.Read(h.permissions, api.Encode(permissionsOf))),
		api.ForAdmin("GET", "/pools/{ipID}/mails", "listMailTexts",
			api.Read(h.listMailTexts, api.Encode(mailTextsOf))),
		api.ForAdmin("GET", mailPath, "getMailText", api.Read(h.getMailText, mailTextAnswer)),
		api.ForAdmin("PUT", mailPath, "updateMailText", api.Change(200, h.updateMailText, mailTextAnswer)),
		api.ForAdmin("DELETE", mailPath, "deleteMailText", api.Change(204, h.deleteMailText, api.Empty)),
		api.ForAdmin("POST", mailPath+"/preview", "previewMail",
			api.Read(h.previewMail, api.Encode(previewOf)).WithOptionalBody().Ignoring(mailText{})),
	)
}

// mailPath is the path of the text of a mail.
const mailPath = "/pools/{ipID}/mails/{kind}/{lang}"

// handlers calls the use cases with decoded requests.
type handlers struct{ service *Service }

// response is a pool in the published form PoolResponse, with the numbers of its users. The
// published API also counts users who came through an identity provider ("jit"), which this product
// does not have.
type response struct {
	identity.Pool
	Users         int64 `json:"number_of_users"`
	StandardUsers int64 `json:"number_of_standard_users"`
	JITUsers      int64 `json:"number_of_jit_users"`
}

// responseOf returns the published form of a pool.
func responseOf(p identity.Pool) response {
	return response{Pool: p, Users: p.Users, StandardUsers: p.Users}
}

// answer returns the answer to a request that results in a pool.
func answer(p identity.Pool) api.Answer[response] {
	return api.Answer[response]{Version: p.Version, Body: responseOf(p)}
}

func (h handlers) create(
	ctx context.Context, c api.BodyCall[identity.PoolChange], reply once.Reply[identity.Pool],
) (identity.Pool, error) {
	return h.service.Create(ctx, c.Tenant(), c.Body, reply)
}

func (h handlers) get(ctx context.Context, c api.PlainCall) (identity.Pool, error) {
	return h.service.Read(ctx, c.Tenant(), c.Pool(), c.IfMatch())
}

func (h handlers) update(
	ctx context.Context, c api.BodyCall[identity.PoolChange], reply once.Reply[identity.Pool],
) (identity.Pool, error) {
	return h.service.Update(ctx, c.Tenant(), c.Pool(), c.IfMatch(), c.Body, reply)
}

// deleteQuery is the query of a request that deletes a pool. The published parameter asks to delete
// its identity providers too. A pool has none here, so it has no meaning.
type deleteQuery struct {
	WithProviders *bool `query:"with_idp"`
}

func (h handlers) delete(
	ctx context.Context, c api.QueryCall[deleteQuery], reply once.Reply[once.None],
) (once.None, error) {
	return once.None{}, h.service.Delete(ctx, c.Tenant(), c.Pool(), c.IfMatch(), reply)
}

// listQuery is the query of a list of pools.
type listQuery struct {
	Search string      `query:"search_phrase"`
	Sort   sort        `query:"sort"`
	Order  api.Order   `query:"order"`
	After  identity.ID `query:"after_pool_id"`
	Before identity.ID `query:"before_pool_id"`
	Limit  api.Limit   `query:"limit"`
}

// sort is the parameter for the order of a list of pools.
type sort string

// UnmarshalText reads "id" or "name".
func (s *sort) UnmarshalText(text []byte) error {
	if *s = sort(text); *s != "id" && *s != "name" {
		return identity.NotOneOf("name", "id")
	}
	return nil
}

func (h handlers) list(ctx context.Context, c api.QueryCall[listQuery]) (api.Page[identity.Pool], error) {
	q := c.Query
	pools, err := h.service.List(ctx, c.Tenant(), Query{
		Search: q.Search, Sort: string(q.Sort), Descending: q.Order.Descending,
		After: string(q.After), Before: string(q.Before), Limit: q.Limit.Items(),
	})
	return api.Page[identity.Pool]{Items: pools}, err
}

func (h handlers) permissions(ctx context.Context, c api.PlainCall) (identity.Pool, error) {
	return h.service.Read(ctx, c.Tenant(), c.Pool(), identity.Match{})
}

// permissionsOf returns what an admin client may do in a pool, which is everything that this
// deployment serves.
func permissionsOf(identity.Pool) map[string]bool {
	served := []string{
		"get_identity_pool", "update_identity_pool", "delete_identity_pool", "read_identity_pool_users",
		"manage_identity_pool_users", "send_user_activation",
	}
	notServed := []string{
		"b2b_manage_admin_metadata", "b2b_manage_business_metadata", "b2b_manage_users",
		"b2b_read_admin_metadata", "b2b_read_business_metadata", "b2b_read_users",
		"manage_identity_pool_groups", "manage_user_addresses", "manage_user_identifiers",
		"manage_user_manager_role", "manage_user_otps", "manage_user_passwords",
		"read_identity_pool_groups", "read_roles", "send_user_verification",
	}
	permissions := make(map[string]bool, len(served)+len(notServed))
	for _, name := range served {
		permissions[name] = true
	}
	for _, name := range notServed {
		permissions[name] = false
	}
	return permissions
}
