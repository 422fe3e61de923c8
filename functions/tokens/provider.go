package tokens

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"identitypools/shared/identity"
	"identitypools/shared/oauth"
	"identitypools/shared/oidc"
	"identitypools/shared/signing"
	"identitypools/shared/table"
)

// Provider serves workspaces to their applications. It uses the settings of workspaces, applications and pools
// that it has in memory, which are at most five seconds old.
type Provider struct {
	Workspaces   table.Workspaces
	Applications table.Applications
	Pools        table.Pools
	Users        table.Users
	Sessions     table.Sessions
	Grants       table.Grants
	Signer       *signing.Signer
	Verifier     *signing.Verifier
	RefreshKey   []byte // of the MACs of refresh tokens
	PublicURL    string // the base of the issuers' URLs
	Now          func() time.Time
	NewID        func() string
}

// Tokens is the answer to a request for tokens. IDToken and Refresh are "" if the application gets none.
type Tokens struct {
	Access, ID, Refresh string
	Lifetime            int64 // of the access token in seconds
	Scope               []string
}

// Issuer returns the issuer of a workspace.
func (p *Provider) Issuer(w oidc.Workspace) string {
	return strings.TrimSuffix(p.PublicURL, "/") + "/" + w.Tenant + "/" + w.ID
}

// Client returns the application of a workspace that has given credentials: see oauth.Authenticate.
func (p *Provider) Client(ctx context.Context, w oidc.Workspace, c oauth.Credentials) (oidc.Application, error) {
	return oauth.Authenticate(ctx, p.Applications.Cached, w, c)
}

// Own returns an access token that an application gets for itself, with all of its scopes or with those that
// it asks for. The error is an oidc.Refusal.
func (p *Provider) Own(ctx context.Context, w oidc.Workspace, a oidc.Application, asked string) (Tokens, error) {
	if a.IsPublic() || !a.MayUse(oidc.GrantCredentials) {
		return Tokens{}, mayNotUse(oidc.GrantCredentials)
	}
	scope, err := oidc.Narrow(a.OwnScopes(), asked)
	if err != nil {
		return Tokens{}, scopeRefusal()
	}
	now := p.Now()
	claims := w.OwnAccessToken(a, p.Issuer(w), p.NewID(), scope, now)
	signed, err := p.Signer.Sign(ctx, cmp.Or(a.AccessTokenAlg, oidc.ES256), signing.TypeAccess, claims)
	return Tokens{Access: signed, Lifetime: claims.ExpiresAt - now.Unix(), Scope: scope}, err
}

// mayNotUse is the refusal of a grant type that is not registered for an application.
func mayNotUse(grant string) oidc.Refusal {
	return oidc.Refusal{Code: oidc.UnauthorizedClient, Description: "the application may not use " + grant}
}

// invalidGrant is the refusal of a code or a refresh token.
func invalidGrant(why string) oidc.Refusal {
	return oidc.Refusal{Code: oidc.InvalidGrant, Description: why}
}

// allows reports whether users of a pool, which still exists, may sign in to an application.
func (p *Provider) allows(ctx context.Context, w oidc.Workspace, a oidc.Application, pool string) (bool, error) {
	if !w.Allows(a, pool) {
		return false, nil
	}
	_, err := p.Pools.Cached(ctx, w.Tenant, pool)
	if errors.As(err, new(identity.NotFound)) {
		return false, nil
	}
	return err == nil, err
}

// prepare reads what tokens for users of a pool need and is not in memory, so that nothing of it can fail
// after a code is spent. It reports whether the users may sign in to the application.
func (p *Provider) prepare(ctx context.Context, w oidc.Workspace, a oidc.Application, pool string) (bool, error) {
	allowed, err := p.allows(ctx, w, a, pool)
	if err == nil && allowed {
		_, err = p.Signer.PublicKeys(ctx)
	}
	return allowed, err
}

// issue returns the tokens of an application by a grant of a user, with some of the scopes of the grant.
// The grant has its present generation already.
func (p *Provider) issue(
	ctx context.Context, w oidc.Workspace, a oidc.Application, g oidc.Grant, u identity.User, scope []string,
) (t Tokens, err error) {
	now, issuer := p.Now(), p.Issuer(w)
	claims := w.AccessTokenFor(a, g, issuer, p.NewID(), scope, now)
	t.Scope, t.Lifetime = scope, claims.ExpiresAt-now.Unix()
	if t.Access, err = p.Signer.Sign(ctx, cmp.Or(a.AccessTokenAlg, oidc.ES256), signing.TypeAccess, claims); err != nil {
		return Tokens{}, err
	}
	if slices.Contains(scope, oidc.ScopeOpenID) {
		about := oidc.ClaimsOf(u, nil, g.Claims.IDToken)
		id := w.IDTokenFor(g, issuer, t.Access, g.Generation > 1, now)
		if t.ID, err = p.Signer.Sign(ctx, cmp.Or(a.IDTokenAlg, oidc.RS256), signing.TypeID, about, id); err != nil {
			return Tokens{}, err
		}
	}
	if a.MayUse(oidc.GrantRefresh) {
		h := oidc.Handle{
			Pool: g.Pool, User: g.UserRef.ID, Session: g.Session, Grant: g.ID, Generation: uint32(g.Generation), // #nosec G115 -- a month has fewer seconds
		}
		h.Sign(p.RefreshKey, w)
		t.Refresh = h.String()
	}
	return t, nil
}

// honoured returns a grant and its user, and whether the grant is good for an application of the workspace. A
// grant that a cheap read does not find good is read again consistently, since it may be new.
func (p *Provider) honoured(
	ctx context.Context, w oidc.Workspace, ref identity.UserRef, session, grant, client string,
) (g oidc.Grant, u identity.User, ok bool, err error) {
	for _, isConsistent := range []bool{false, true} {
		g, u, err = p.Grants.Get(ctx, ref, session, grant, isConsistent)
		if ok = err == nil && g.Client == client && w.Honours(g, u, p.Now()); err != nil || ok {
			break
		}
	}
	return g, u, ok, err
}
