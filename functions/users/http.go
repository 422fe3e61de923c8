package users

import (
	"context"
	"net/http"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

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
	const metadata = one + "/metadata/{metadataType}"
	return api.NewFunction("users",
		api.ForBoth("GET", all, "listUsers", "systemListUsers", api.List("users", h.list, entryOf)),
		api.ForBoth("POST", all, "createUser", "systemCreateUser", api.Change(201, h.create, answer)),
		api.ForBoth("GET", one, "getUser", "systemGetUser", api.Read(h.get, answer)),
		api.ForBoth("PUT", one, "updateUser", "systemUpdateUser", api.Change(200, h.update, answer)),
		api.ForBoth("PATCH", one, "patchUser", "systemPatchUser", api.Patch(h.patch, answer)),
		api.ForBoth("DELETE", one, "deleteUser", "systemDeleteUser", api.Change(204, h.delete, api.Empty)),
		api.ForBoth("POST", one+"/addresses/add", "addUserVerifiableAddress", "systemAddVerifiableAddress",
			api.Change(200, h.addAddress, addressAnswer)),
		api.ForBoth("POST", one+"/addresses/update", "updateUserVerifiableAddress", "systemUpdateVerifiableAddress",
			api.Change(200, h.changeAddress, addressAnswer)),
		api.ForBoth("POST", one+"/addresses/remove", "deleteUserVerifiableAddress", "systemDeleteVerifiableAddress",
			api.Change(204, h.removeAddress, api.Empty)),
		api.ForBoth("POST", one+"/identifiers/add", "addUserIdentifier", "systemAddIdentifier",
			api.Change(200, h.addIdentifier, identifierAnswer)),
		api.ForBoth("POST", one+"/identifiers/remove", "deleteUserIdentifier", "systemDeleteIdentifier",
			api.Change(204, h.removeIdentifier, api.Empty)),
		api.ForAdmin("GET", metadata, "getUserMetadata", api.Read(h.metadata, metadataAnswer)),
		api.ForAdmin("PUT", metadata, "setUserMetadata", api.Change(200, h.setMetadata, metadataAnswer)),
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

// patch changes what a merge patch names, also inside of the user's documents.
func (h handlers) patch(
	ctx context.Context, c api.PatchCall[identity.UserChange], reply once.Reply[identity.User],
) (identity.User, error) {
	change := func(p identity.Pool, old identity.User) (identity.UserChange, error) {
		whole, err := c.Body.Of(wire.UserOf(old))
		if err != nil {
			return whole, err
		}
		return whole.OnlyNamed(p, c.Body.Names)
	}
	return h.service.Change(ctx, c.User(), c.IfMatch(), change, reply)
}

func (h handlers) delete(
	ctx context.Context, c api.PlainCall, reply once.Reply[once.None],
) (once.None, error) {
	return once.None{}, h.service.Delete(ctx, c.User(), c.IfMatch(), reply)
}

// addressAnswer returns the answer to a request that results in an address.
func addressAnswer(a PartOf[identity.Address]) api.Answer[wire.Address] {
	return api.Answer[wire.Address]{Version: a.User.Version, Body: wire.AddressOf(a.User, a.Part)}
}

func (h handlers) addAddress(
	ctx context.Context, c api.BodyCall[identity.NewAddress], reply once.Reply[PartOf[identity.Address]],
) (PartOf[identity.Address], error) {
	return h.service.AddAddress(ctx, c.User(), c.IfMatch(), c.Body, reply)
}

func (h handlers) changeAddress(
	ctx context.Context, c api.BodyCall[identity.AddressChange], reply once.Reply[PartOf[identity.Address]],
) (PartOf[identity.Address], error) {
	return h.service.ChangeAddress(ctx, c.User(), c.IfMatch(), c.Body, reply)
}

// addressName is the published type DeleteUserVerifiableAddress.
type addressName struct {
	Address string `json:"address"`
}

func (h handlers) removeAddress(
	ctx context.Context, c api.BodyCall[addressName], reply once.Reply[once.None],
) (once.None, error) {
	return once.None{}, h.service.RemoveAddress(ctx, c.User(), c.IfMatch(), c.Body.Address, reply)
}

// identifierAnswer returns the answer to a request that results in an identifier.
func identifierAnswer(i PartOf[identity.Identifier]) api.Answer[wire.Identifier] {
	return api.Answer[wire.Identifier]{Version: i.User.Version, Body: wire.IdentifierOf(i.User, i.Part)}
}

func (h handlers) addIdentifier(
	ctx context.Context, c api.BodyCall[identity.NewIdentifier], reply once.Reply[PartOf[identity.Identifier]],
) (PartOf[identity.Identifier], error) {
	return h.service.AddIdentifier(ctx, c.User(), c.IfMatch(), c.Body, reply)
}

// identifierName is the published type DeleteUserIdentifier.
type identifierName struct {
	Identifier string `json:"identifier"`
}

func (h handlers) removeIdentifier(
	ctx context.Context, c api.BodyCall[identifierName], reply once.Reply[once.None],
) (once.None, error) {
	return once.None{}, h.service.RemoveIdentifier(ctx, c.User(), c.IfMatch(), c.Body.Identifier, reply)
}

// metadataBody is the published type UserMetadata.
type metadataBody struct {
	Metadata jsontext.Value `json:"metadata"`
}

// metadataOf is the published type UserMetadataWithSchema.
type metadataOf struct {
	Metadata jsontext.Value `json:"metadata"`
	Schema   string         `json:"schema_id,omitempty"`
}

// metadataAnswer returns the answer to a request that results in one kind of a user's metadata.
func metadataAnswer(m PartOf[identity.DataPart]) api.Answer[metadataOf] {
	document, schema := m.User.Document(m.Part)
	return api.Answer[metadataOf]{Version: m.User.Version, Body: metadataOf{document, schema}}
}

// metadataPart returns the document of users that a type of metadata in a path names. The error is
// NotFound.
func metadataPart(name string) (identity.DataPart, error) {
	switch name {
	case "admin":
		return identity.Metadata, nil
	case "business":
		return identity.BusinessMetadata, nil
	}
	return "", identity.NotFound{Thing: "type of metadata", ID: name}
}

func (h handlers) metadata(ctx context.Context, c api.PlainCall) (m PartOf[identity.DataPart], err error) {
	if m.Part, err = metadataPart(c.Path("metadataType")); err == nil {
		m.User, err = h.service.Read(ctx, c.User(), c.IfMatch())
	}
	return m, err
}

func (h handlers) setMetadata(
	ctx context.Context, c api.BodyCall[metadataBody], reply once.Reply[PartOf[identity.DataPart]],
) (m PartOf[identity.DataPart], err error) {
	if m.Part, err = metadataPart(c.Path("metadataType")); err != nil {
		return m, err
	}
	ofPart := once.Map(reply, func(u identity.User) (PartOf[identity.DataPart], error) {
		return PartOf[identity.DataPart]{u, m.Part}, nil
	})
	m.User, err = h.service.SetMetadata(ctx, c.User(), c.IfMatch(), m.Part, c.Body.Metadata, ofPart)
	return m, err
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
		return identity.NotOneOf("id")
	}
	return nil
}

// filter is the parameter for a Filter, as JSON.
type filter struct{ Filter }

// UnmarshalText reads a JSON object.
func (f *filter) UnmarshalText(text []byte) error {
	if err := json.Unmarshal(text, &f.Filter, json.RejectUnknownMembers(true)); err != nil {
		return identity.Rule{
			Code: identity.CodeWrongType, Params: identity.Params{"type": "object"},
			Reason: "must be a JSON object whose members are some of user_key, payload and metadata",
		}
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
