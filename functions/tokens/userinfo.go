package tokens

import (
	"context"
	"errors"
	"slices"

	"identitypools/shared/identity"
	"identitypools/shared/oidc"
	"identitypools/shared/signing"
)

// badToken is the refusal of an access token.
func badToken() oidc.Refusal {
	return oidc.Refusal{Code: oidc.InvalidToken, Description: "the token is malformed, expired, revoked, or of another workspace"}
}

// UserInfo returns the claims about the user of an access token (OpenID Connect Core §5.3). It reads the grant
// and the user, so that it refuses a token at once when the grant is revoked, or when the user is not active
// any more or has a new password. The error is an oidc.Refusal.
func (p *Provider) UserInfo(ctx context.Context, w oidc.Workspace, token string) (map[string]any, error) {
	t, err := p.Verifier.AccessToken(ctx, token, p.Issuer(w))
	switch {
	case errors.Is(err, signing.ErrToken):
		return nil, badToken()
	case err != nil:
		return nil, err
	case !slices.Contains(t.Scopes(), oidc.ScopeOpenID):
		return nil, oidc.Refusal{Code: oidc.InsufficientScope, Description: "the token must have the scope openid"}
	}
	g, u, ok, err := p.holder(ctx, w, t)
	switch {
	case err != nil:
		return nil, err
	case !ok:
		return nil, badToken()
	}
	claims := oidc.ClaimsOf(u, t.Scopes(), g.Claims.UserInfo)
	claims["sub"] = t.Subject
	return claims, nil
}

// holder returns the grant and the user of an access token, and whether the token may still be used: its
// application must be active and open to the pool of the user, and the grant must be good.
func (p *Provider) holder(
	ctx context.Context, w oidc.Workspace, t oidc.AccessToken,
) (g oidc.Grant, u identity.User, ok bool, err error) {
	a, err := p.Applications.Cached(ctx, w.Tenant, t.ClientID)
	if errors.As(err, new(identity.NotFound)) || err == nil && (a.Inactive || a.Workspace != w.ID) {
		return g, u, false, nil
	}
	if err != nil || t.Grant == "" {
		return g, u, err == nil && t.Grant == "", err
	}
	if ok, err = p.allows(ctx, w, a, t.Pool); err != nil || !ok {
		return g, u, false, err
	}
	return p.honoured(ctx, w, t.Ref(w.Tenant), t.Session, t.Grant, t.ClientID)
}
