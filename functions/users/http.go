package users

import (
	"context"
	"errors"
	"net/http"

	"github.com/go-json-experiment/json"

	"identitypools/shared/api"
	"identitypools/shared/identity"
	"identitypools/shared/once"
	"identitypools/shared/wire"
)

// Handler returns the handler of the function's routes.
func Handler(s *Service, o api.Options) (http.Handler, error) { return api.New(routes(s), o) }

// Routes returns the rows of the function's routes.
func Routes() []api.Route { return routes(nil).Routes() }

// routes returns the function's routes with their actions.
func routes(s *Service) api.Function {
	h := handlers{s}
	const all, one = "/pools/{ipID}/users", "/pools/{ipID}/users/{userID}"
	return api.NewFunction("users",
		api.ForBoth("GET", all, "listUsers", "systemListUsers", api.List("users", h.list, entryOf)),
		api.ForBoth("POST", all, "createUser", "systemCreateUser", api.Change(201, h.create, answer)),
		api.ForBoth("GET", one, "getUser", "systemGetUser", api.Read(h.get, answer)),
		api.ForBoth("PUT", one, "updateUser", "systemUpdateUser", api.Change(200, h.update, answer)),
		api.ForBoth("DELETE", one, "deleteUser", "systemDeleteUser", api.Change(204, h.delete, api.Empty)),
		api.ForSystem("POST", all+"/by_key", "systemGetUserByKey", api.Read(h.getByKey, answer)),
		api.ForAdmin("GET", one+"/suppressions", "listSuppressions",
			api.Read(h.suppressions, api.Encode(suppressionsOf))),
		api.ForAdmin("DELETE", one+"/suppressions", "clearSuppressions", api.Change(204, h.clear, api.Empty)),
	)
}

// handlers calls the use cases with decoded requests.
type handlers struct{ service *Service }

// answer returns the answer to a request that results in a user.
func answer(u identity.User) api.Answer[wire.User] {
	return api.Answer[wire.User]{Version: u.Version, Body: wire.UserOf(u)}
}

func (h handlers) create(
	ctx context.Context, c api.BodyCall[identity.NewUser], reply once.Reply[identity.User],
) (identity.User, error) {
	return h.service.Create(ctx, c.Tenant(), c.Pool(), c.Body, reply)
}

func (h handlers) get(ctx context.Context, c api.PlainCall) (identity.User, error) {
	return h.service.Read(ctx, c.User(), c.IfMatch())
}

func (h handlers) getByKey(ctx context.Context, c api.BodyCall[Key]) (identity.User, error) {
	return h.service.ReadByKey(ctx, c.Tenant(), c.Pool(), c.Body, c.IfMatch())
}

func (h handlers) update(
	ctx context.Context, c api.BodyCall[identity.UserChange], reply once.Reply[identity.User],
) (identity.User, error) {
	return h.service.Update(ctx, c.User(), c.IfMatch(), c.Body, reply)
}

func (h handlers) delete(
	ctx context.Context, c api.PlainCall, reply once.Reply[once.None],
) (once.None, error) {
	return once.None{}, h.service.Delete(ctx, c.User(), c.IfMatch(), reply)
}

// suppressions is the answer to a list of a user's suppressions.
type suppressions struct {
	Suppressions []identity.Suppression `json:"suppressions"`
}

// suppressionsOf returns the answer to a list of a user's suppressions.
func suppressionsOf(all []identity.Suppression) suppressions { return suppressions{all} }

func (h handlers) suppressions(ctx context.Context, c api.PlainCall) ([]identity.Suppression, error) {
	return h.service.Suppressed(ctx, c.User())
}

func (h handlers) clear(
	ctx context.Context, c api.PlainCall, _ once.Reply[once.None],
) (once.None, error) {
	return once.None{}, h.service.ClearSuppressions(ctx, c.User())
}

// listQuery is the query of a list of users.
type listQuery struct {
	After  identity.ID `query:"after_user_id"`
	Before identity.ID `query:"before_user_id"`
	Sort   sort        `query:"sort"`
	Filter filter      `query:"query"`
	Order  api.Order   `query:"order"`
	Limit  api.Limit   `query:"limit"`
}

// sort is the parameter for the order of a list of users, which can only be "id".
type sort string

// UnmarshalText reads "id".
func (s *sort) UnmarshalText(text []byte) error {
	if *s = sort(text); *s != "id" {
		return errors.New("must be id")
	}
	return nil
}

// filter is the parameter for a Filter, as JSON.
type filter struct{ Filter }

// UnmarshalText reads a JSON object.
func (f *filter) UnmarshalText(text []byte) error {
	if err := json.Unmarshal(text, &f.Filter, json.RejectUnknownMembers(true)); err != nil {
		return errors.New("must be a JSON object with user_key, payload and metadata")
	}
	return nil
}

func (h handlers) list(ctx context.Context, c api.QueryCall[listQuery]) (api.Page[identity.User], error) {
	q := c.Query
	page, err := h.service.List(ctx, c.Tenant(), c.Pool(), Query{
		Filter: q.Filter.Filter, Descending: q.Order.Descending,
		After: string(q.After), Before: string(q.Before), Limit: q.Limit.Items(),
	})
	return api.Page[identity.User]{Items: page.Users, StoppedAfter: page.StoppedAt}, err
}
