package workspaces

import (
	"context"

	"identitypools/shared/api"
	"identitypools/shared/identity"
	"identitypools/shared/oidc"
	"identitypools/shared/once"
)

// applicationsQuery is the query of a list of applications.
type applicationsQuery struct {
	Search string          `query:"search_phrase"`
	Sort   onlyByID        `query:"sort"`
	Order  api.Order       `query:"order"`
	After  identity.ID     `query:"after_client_id"`
	Before identity.ID     `query:"before_client_id"`
	Limit  api.Limit       `query:"limit"`
	Kinds  onlyOAuth       `query:"client_types"`
	Type   onlyInternal    `query:"type"`
	Types  withoutDistinct `query:"application_types"`
}

// onlyByID is the parameter for the order of a list of applications, of which there is one.
type onlyByID struct{}

// UnmarshalText reads "client_id".
func (onlyByID) UnmarshalText(text []byte) error { return mustBe(text, "client_id") }

// onlyOAuth is the parameter for the protocol of applications, of which there is one.
type onlyOAuth struct{}

// UnmarshalText reads "oauth2".
func (onlyOAuth) UnmarshalText(text []byte) error { return mustBe(text, "oauth2") }

// onlyInternal is the parameter for who has registered the applications: always an administrator.
type onlyInternal struct{}

// UnmarshalText reads "internal".
func (onlyInternal) UnmarshalText(text []byte) error { return mustBe(text, "internal") }

// withoutDistinct is the parameter for types of applications that this product does not distinguish.
type withoutDistinct struct{}

// UnmarshalText refuses every value.
func (withoutDistinct) UnmarshalText([]byte) error { return errNotServed }

// rotateQuery is the query of a request that rotates a secret.
type rotateQuery struct {
	AutoRevoke never `query:"auto_revoke_after"`
}

// never is the parameter for the time after which rotated secrets are revoked, which administrators do.
type never struct{}

// UnmarshalText reads "0", which stands for never.
func (never) UnmarshalText(text []byte) error { return mustBe(text, "0") }

func (h handlers) listApplications(
	ctx context.Context, c api.QueryCall[applicationsQuery],
) (api.Page[Registered], error) {
	q := c.Query
	p, err := h.service.ListApplications(ctx, c.Tenant(), c.Path("wid"), Query{
		Search: q.Search, Descending: q.Order.Descending,
		After: string(q.After), Before: string(q.Before), Limit: q.Limit.Items(),
	})
	all := make([]Registered, len(p.applications))
	for i, a := range p.applications {
		all[i].Application = a
	}
	return api.Page[Registered]{Items: all, StoppedAfter: p.stoppedAfter}, err
}

func (h handlers) createApplication(
	ctx context.Context, c api.BodyCall[oidc.ApplicationChange], reply once.Reply[Registered],
) (Registered, error) {
	return h.service.CreateApplication(ctx, c.Tenant(), c.Body, reply)
}

func (h handlers) getApplication(ctx context.Context, c api.PlainCall) (Registered, error) {
	return h.service.ReadApplication(ctx, c.Tenant(), c.Path("cid"), c.IfMatch())
}

func (h handlers) updateApplication(
	ctx context.Context, c api.BodyCall[oidc.ApplicationChange], reply once.Reply[Registered],
) (Registered, error) {
	return h.service.UpdateApplication(ctx, c.Tenant(), c.Path("cid"), c.IfMatch(), c.Body, reply)
}

func (h handlers) deleteApplication(
	ctx context.Context, c api.PlainCall, reply once.Reply[once.None],
) (once.None, error) {
	return once.None{}, h.service.DeleteApplication(ctx, c.Tenant(), c.Path("cid"), c.IfMatch(), reply)
}

func (h handlers) rotate(
	ctx context.Context, c api.QueryCall[rotateQuery], reply once.Reply[string],
) (string, error) {
	return h.service.Rotate(ctx, c.Tenant(), c.Path("cid"), c.IfMatch(), reply)
}

func (h handlers) revokeRotated(
	ctx context.Context, c api.PlainCall, reply once.Reply[once.None],
) (once.None, error) {
	return once.None{}, h.service.RevokeRotated(ctx, c.Tenant(), c.Path("cid"), c.IfMatch(), reply)
}
