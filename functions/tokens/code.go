package tokens

import (
	"context"

	"identitypools/shared/oidc"
	"identitypools/shared/table"
)

// Redemption is a request of an application for tokens with a code.
type Redemption struct{ Code, RedirectURI, Verifier string }

// badCode is what is said of a code that nobody needs to know more about.
const badCode = "the code is unknown, was used, or has expired"

// Redeem returns the tokens for a code, which is good for one redemption: of several at once one succeeds. A
// later use of the code revokes the tokens, since somebody else may have them (RFC 6749 §4.1.2, ASVS 10.4.2).
// The redirect URI must be that of the request, and the verifier must be that of its challenge; a request
// without a challenge must have no verifier (RFC 9700 §4.8.2). The error is an oidc.Refusal.
func (p *Provider) Redeem(
	ctx context.Context, w oidc.Workspace, a oidc.Application, r Redemption,
) (Tokens, error) {
	h, isHandle := oidc.ParseHandle(r.Code)
	challenge, isVerifier := oidc.ChallengeOf(r.Verifier)
	switch {
	case !a.MayUse(oidc.GrantCode):
		return Tokens{}, mayNotUse(oidc.GrantCode)
	case r.Code == "" || r.RedirectURI == "":
		return Tokens{}, oidc.Refusal{Code: oidc.InvalidRequest, Description: "code and redirect_uri must be given"}
	case !isVerifier:
		return Tokens{}, invalidGrant("code_verifier must have 43 to 128 characters of A-Z, a-z, 0-9, '-', '.', '_' and '~'")
	case !isHandle || h.Grant == "" || h.Generation != 0:
		return Tokens{}, invalidGrant(badCode)
	}
	if allowed, err := p.prepare(ctx, w, a, h.Pool); err != nil {
		return Tokens{}, err
	} else if !allowed {
		return Tokens{}, invalidGrant(badCode)
	}
	ref, now := h.Ref(w.Tenant), p.Now()
	session, user, err := p.Sessions.Get(ctx, ref, h.Session)
	if err != nil {
		return Tokens{}, err
	}
	if !w.IsLive(session, user, now) {
		g, _, err := p.Grants.Get(ctx, ref, h.Session, h.Grant, true)
		if err != nil {
			return Tokens{}, err
		}
		return Tokens{}, p.refuseCode(ctx, g, h)
	}
	g, ok, err := p.Grants.Advance(ctx, table.Step{
		Ref: ref, Session: h.Session, Grant: h.Grant, Client: a.ID,
		Code: h.Hash(), Redirect: r.RedirectURI, Challenge: challenge,
		Until: now.Add(w.Idle()), Mark: p.NewID(), Now: now,
	})
	switch {
	case err != nil:
		return Tokens{}, err
	case !ok && g.Generation == 0 && h.Has(g.Code) && g.Client == a.ID && now.Before(g.CodeUntil.Time):
		return Tokens{}, invalidGrant("redirect_uri or code_verifier is not that of the request")
	case !ok:
		return Tokens{}, p.refuseCode(ctx, g, h)
	case !w.Honours(g, user, now):
		return Tokens{}, invalidGrant(badCode)
	}
	return p.issue(ctx, w, a, g, user, g.Scope)
}

// refuseCode returns the refusal of a code, after revoking its grant if the code was redeemed before.
func (p *Provider) refuseCode(ctx context.Context, g oidc.Grant, h oidc.Handle) error {
	if g.Generation > 0 && h.Has(g.Code) {
		if err := p.Grants.Revoke(ctx, g); err != nil {
			return err
		}
	}
	return invalidGrant(badCode)
}
