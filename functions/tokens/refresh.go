package tokens

import (
	"context"
	"errors"

	"identitypools/shared/identity"
	"identitypools/shared/oidc"
	"identitypools/shared/table"
)

// badRefresh is what is said of a refresh token that is not good.
const badRefresh = "the refresh token is unknown, was used or revoked, or has expired"

// Refresh returns new tokens for a refresh token, and takes the token out of use. Whoever has lost the answer
// gets the same successor again within oidc.RepeatWindow. A later use of the token revokes all tokens of its
// family, since somebody else may have one (RFC 9700 §4.14.2, ASVS 10.4.5). The new tokens may have fewer
// scopes; the next ones have all again. The error is an oidc.Refusal.
func (p *Provider) Refresh(
	ctx context.Context, w oidc.Workspace, a oidc.Application, token, asked string,
) (Tokens, error) {
	h, ok := oidc.ParseHandle(token)
	switch {
	case !a.MayUse(oidc.GrantRefresh):
		return Tokens{}, mayNotUse(oidc.GrantRefresh)
	case token == "":
		return Tokens{}, oidc.Refusal{Code: oidc.InvalidRequest, Description: "refresh_token must be given"}
	case !ok || h.Grant == "" || h.Generation == 0 || !h.IsSigned(p.RefreshKey, w):
		return Tokens{}, invalidGrant(badRefresh)
	}
	if allowed, err := p.prepare(ctx, w, a, h.Pool); err != nil {
		return Tokens{}, err
	} else if !allowed {
		return Tokens{}, invalidGrant(badRefresh)
	}
	if err := p.checkScope(ctx, w, a, h, asked); err != nil {
		return Tokens{}, err
	}
	user, err := p.Users.Get(ctx, h.Ref(w.Tenant))
	switch {
	case errors.As(err, new(identity.NotFound)), err == nil && user.Status != identity.StatusActive:
		return Tokens{}, invalidGrant(badRefresh)
	case err != nil:
		return Tokens{}, err
	}
	g, err := p.rotate(ctx, w, a, h)
	if err != nil {
		return Tokens{}, err
	}
	scope, err := oidc.Narrow(g.Scope, asked)
	if err != nil || !w.Honours(g, user, p.Now()) {
		return Tokens{}, invalidGrant(badRefresh)
	}
	return p.issue(ctx, w, a, g, user, scope)
}

// checkScope refuses scopes that were not granted, before the token is taken out of use. A request without
// scopes needs no read.
func (p *Provider) checkScope(
	ctx context.Context, w oidc.Workspace, a oidc.Application, h oidc.Handle, asked string,
) error {
	if asked == "" {
		return nil
	}
	g, _, err := p.Grants.Get(ctx, h.Ref(w.Tenant), h.Session, h.Grant, true)
	if err != nil {
		return err
	}
	if g.ID == "" || g.Client != a.ID { // such as after a sign-out
		return invalidGrant(badRefresh)
	}
	_, err = oidc.Narrow(g.Scope, asked)
	return err
}

// rotate returns the grant of a refresh token after a step of its generation, or as it is if the token is
// presented again. The error is an oidc.Refusal.
func (p *Provider) rotate(
	ctx context.Context, w oidc.Workspace, a oidc.Application, h oidc.Handle,
) (oidc.Grant, error) {
	now, from := p.Now(), int64(h.Generation)
	g, ok, err := p.Grants.Advance(ctx, table.Step{
		Ref: h.Ref(w.Tenant), Session: h.Session, Grant: h.Grant, Client: a.ID, From: from,
		Until: now.Add(w.Idle()), Mark: p.NewID(), Now: now,
	})
	switch {
	case err != nil || ok:
		return g, err
	case g.Client != a.ID || g.Revoked || g.Generation <= from:
		return g, invalidGrant(badRefresh)
	case g.Generation == from+1 && now.Before(g.RotatedAt.Add(oidc.RepeatWindow).Time):
		return g, nil
	}
	if err := p.Grants.Revoke(ctx, g); err != nil {
		return g, err
	}
	return g, invalidGrant(badRefresh)
}
