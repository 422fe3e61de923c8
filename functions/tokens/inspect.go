package tokens

import (
	"context"
	"errors"
	"slices"

	"identitypools/shared/identity"
	"identitypools/shared/oidc"
	"identitypools/shared/signing"
)

// Revoke ends the family of a refresh token or of an access token, if an application of the workspace got it:
// all tokens that followed from the same sign-in. A token that is unknown, or of another application, is no
// error, and nothing happens to it (RFC 7009 §2.2). The error is an oidc.Refusal for a token that an
// application got for itself, which cannot be revoked (§2.2.1).
func (p *Provider) Revoke(ctx context.Context, w oidc.Workspace, a oidc.Application, token string) error {
	if h, ok := p.refreshToken(w, token); ok {
		return p.Grants.Revoke(ctx, oidc.Grant{UserRef: h.Ref(w.Tenant), Session: h.Session, ID: h.Grant, Client: a.ID})
	}
	t, err := p.Verifier.AccessToken(ctx, token, p.Issuer(w))
	switch {
	case errors.Is(err, signing.ErrToken), err == nil && t.ClientID != a.ID:
		return nil
	case err != nil:
		return err
	case t.Grant == "":
		return oidc.Refusal{
			Code: oidc.UnsupportedTokenType, Description: "a token without a user cannot be revoked, and ends by itself",
		}
	}
	return p.Grants.Revoke(ctx, oidc.Grant{UserRef: t.Ref(w.Tenant), Session: t.Session, ID: t.Grant, Client: a.ID})
}

// refreshToken returns the handle of a refresh token of the workspace, of any generation.
func (p *Provider) refreshToken(w oidc.Workspace, token string) (h oidc.Handle, ok bool) {
	h, ok = oidc.ParseHandle(token)
	return h, ok && h.Grant != "" && h.Generation > 0 && h.IsSigned(p.RefreshKey, w)
}

// ScopeIntrospect is the scope of the token with which an application may ask about tokens instead of giving
// its secret. It must be one of the application's own scopes.
const ScopeIntrospect = "introspect_tokens"

// Inspector returns the application that asks about tokens with a bearer token which it got for itself (RFC
// 7662 §2.1). The published client asks in this way. The error is an oidc.Refusal.
func (p *Provider) Inspector(ctx context.Context, w oidc.Workspace, token string) (oidc.Application, error) {
	t, err := p.Verifier.AccessToken(ctx, token, p.Issuer(w))
	switch {
	case errors.Is(err, signing.ErrToken), err == nil && t.Grant != "":
		return oidc.Application{}, badToken()
	case err != nil:
		return oidc.Application{}, err
	case !slices.Contains(t.Scopes(), ScopeIntrospect):
		return oidc.Application{}, oidc.Refusal{
			Code: oidc.InsufficientScope, Description: "the token must have the scope " + ScopeIntrospect,
		}
	}
	a, err := p.Applications.Cached(ctx, w.Tenant, t.ClientID)
	if errors.As(err, new(identity.NotFound)) || err == nil && (a.Inactive || a.Workspace != w.ID) {
		return oidc.Application{}, badToken()
	}
	return a, err
}

// Inspected is what the product tells about a token (RFC 7662 §2.2). All but Active is empty if the token is
// not active.
type Inspected struct {
	Active    bool
	Claims    oidc.AccessToken
	TokenType string // Bearer, or "" for a refresh token
}

// Introspect returns what a token is, for an application with a secret. It tells about access tokens of the
// whole workspace, since the application may be what they are for, and about the application's own refresh
// tokens. The error is an oidc.Refusal for an application without a secret.
func (p *Provider) Introspect(
	ctx context.Context, w oidc.Workspace, a oidc.Application, token string,
) (Inspected, error) {
	if a.IsPublic() {
		return Inspected{}, oidc.Refusal{
			Code: oidc.InvalidClient, Description: "an application without a secret may not ask about tokens",
		}
	}
	if h, ok := p.refreshToken(w, token); ok {
		return p.inspectRefresh(ctx, w, a, h)
	}
	t, err := p.Verifier.AccessToken(ctx, token, p.Issuer(w))
	if errors.Is(err, signing.ErrToken) {
		return Inspected{}, nil
	}
	if err != nil {
		return Inspected{}, err
	}
	_, _, ok, err := p.holder(ctx, w, t)
	if err != nil || !ok {
		return Inspected{}, err
	}
	return Inspected{Active: true, Claims: t, TokenType: "Bearer"}, nil
}

// inspectRefresh returns what a refresh token of an application is. It is active if it is of the present
// generation.
func (p *Provider) inspectRefresh(
	ctx context.Context, w oidc.Workspace, a oidc.Application, h oidc.Handle,
) (Inspected, error) {
	allowed, err := p.allows(ctx, w, a, h.Pool)
	if err != nil || !allowed {
		return Inspected{}, err
	}
	ref := h.Ref(w.Tenant)
	g, u, err := p.Grants.Get(ctx, ref, h.Session, h.Grant, true) // the generation may be new
	if err != nil {
		return Inspected{}, err
	}
	now := p.Now()
	if g.Client != a.ID || g.Generation != int64(h.Generation) || !now.Before(g.Until.Time) || !w.Honours(g, u, now) {
		return Inspected{}, nil
	}
	t := w.AccessTokenFor(a, g, p.Issuer(w), "", g.Scope, now)
	t.IssuedAt, t.ExpiresAt, t.Audience = g.RotatedAt.Unix(), g.Until.Unix(), []string{t.Issuer}
	return Inspected{Active: true, Claims: t}, nil
}
