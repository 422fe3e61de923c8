package oidc

import (
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strings"
	"time"

	"identitypools/shared/identity"
)

// The members of tokens have the option omitempty, which go-jose knows; it knows no omitzero.

// AccessToken has the claims of an access token (RFC 9068 §2.2). Times are seconds since 1970. Subject is
// that of the user, or the id of the application if no user is involved. The claims from Grant on are of
// tokens of users only, and those from Pool on are not in any specification: back ends need them to call the
// API of the product.
type AccessToken struct {
	Issuer    string   `json:"iss"`
	Subject   string   `json:"sub"`
	Audience  []string `json:"aud"`
	ExpiresAt int64    `json:"exp"`
	IssuedAt  int64    `json:"iat"`
	ID        string   `json:"jti"`
	ClientID  string   `json:"client_id"`
	Scope     string   `json:"scope,omitempty"`
	Grant     string   `json:"gid,omitempty"`
	Session   string   `json:"sid,omitempty"`
	AuthTime  int64    `json:"auth_time,omitempty"`
	ACR       string   `json:"acr,omitempty"`
	AMR       []string `json:"amr,omitempty"`
	Pool      string   `json:"identity_pool_id,omitempty"`
	User      string   `json:"user_id,omitempty"`
}

// IDToken has the claims of an ID token (OpenID Connect Core §2) besides those about the user. Times are
// seconds since 1970. Pool and User are in no specification.
type IDToken struct {
	Issuer          string   `json:"iss"`
	Subject         string   `json:"sub"`
	Audience        string   `json:"aud"`
	ExpiresAt       int64    `json:"exp"`
	IssuedAt        int64    `json:"iat"`
	AuthTime        int64    `json:"auth_time"`
	Nonce           string   `json:"nonce,omitempty"`
	ACR             string   `json:"acr,omitempty"`
	AMR             []string `json:"amr,omitempty"`
	Session         string   `json:"sid,omitempty"`
	AccessTokenHash string   `json:"at_hash,omitempty"`
	Pool            string   `json:"identity_pool_id,omitempty"`
	User            string   `json:"user_id,omitempty"`
}

// Ref returns the reference to the user whom an access token of a tenant names.
func (t AccessToken) Ref(tenant string) identity.UserRef {
	return identity.UserRef{Tenant: tenant, Pool: t.Pool, ID: t.User}
}

// Scopes returns the scopes of the token.
func (t AccessToken) Scopes() []string { return strings.Fields(t.Scope) }

// AccessTokenFor returns the claims of an access token of an application by a grant, with some of the
// scopes of the grant. It does not live longer than the grant. The caller gives it an id.
func (w Workspace) AccessTokenFor(a Application, g Grant, issuer, id string, scope []string, now time.Time) AccessToken {
	ends := identity.At(now.Add(time.Duration(w.AccessTokenTTL)))
	if g.Ends.Before(ends.Time) {
		ends = g.Ends
	}
	return AccessToken{
		Issuer: issuer, Subject: Subject(g.UserRef), Audience: a.audience(issuer, scope), ExpiresAt: ends.Unix(),
		IssuedAt: now.Unix(), ID: id, ClientID: a.ID, Scope: strings.Join(scope, " "), Grant: g.ID, Session: g.Session,
		AuthTime: g.Proofs.At.Unix(), ACR: g.Proofs.ACR, AMR: g.Proofs.AMR, Pool: g.Pool, User: g.UserRef.ID,
	}
}

// OwnAccessToken returns the claims of an access token that an application gets for itself, without a user
// (RFC 6749 §4.4). The caller gives it an id.
func (w Workspace) OwnAccessToken(a Application, issuer, id string, scope []string, now time.Time) AccessToken {
	return AccessToken{
		Issuer: issuer, Subject: a.ID, Audience: a.audience(issuer, nil), IssuedAt: now.Unix(),
		ExpiresAt: now.Add(time.Duration(w.AccessTokenTTL)).Unix(), ID: id, ClientID: a.ID, Scope: strings.Join(scope, " "),
	}
}

// audience returns the audience of access tokens: what the application names, and the workspace if the token
// is for its own endpoint userinfo, or if nothing is named.
func (a Application) audience(issuer string, scope []string) []string {
	audience := slices.Clone(a.Audience)
	if (len(audience) == 0 || slices.Contains(scope, ScopeOpenID)) && !slices.Contains(audience, issuer) {
		audience = append(audience, issuer)
	}
	return audience
}

// IDTokenFor returns the claims of an ID token of an application by a grant, which comes together with a
// signed access token. One that comes with a refresh has no nonce (OpenID Connect Core §12.2).
func (w Workspace) IDTokenFor(g Grant, issuer, accessToken string, refreshed bool, now time.Time) IDToken {
	t := IDToken{
		Issuer: issuer, Subject: Subject(g.UserRef), Audience: g.Client, IssuedAt: now.Unix(),
		ExpiresAt: now.Add(time.Duration(w.IDTokenTTL)).Unix(), AuthTime: g.Proofs.At.Unix(), Nonce: g.Nonce,
		ACR: g.Proofs.ACR, AMR: g.Proofs.AMR, Session: g.Session, AccessTokenHash: halfHash(accessToken),
		Pool: g.Pool, User: g.UserRef.ID,
	}
	if refreshed {
		t.Nonce = ""
	}
	return t
}

// halfHash returns the claim at_hash for a token that is signed with RS256 or ES256, both of which use
// SHA-256 (OpenID Connect Core §3.1.3.6).
func halfHash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2])
}

// Idle returns how long a refresh token can be used.
func (w Workspace) Idle() time.Duration { return time.Duration(w.RefreshTokenIdleTTL) }

// Narrow returns the scopes of a request that may be narrower than what was granted. Without any, it is what
// was granted. The error is a Refusal if one of them was not granted (RFC 6749 §6).
func Narrow(granted []string, asked string) ([]string, error) {
	scope := Unique(strings.Fields(asked))
	if len(scope) == 0 {
		return granted, nil
	}
	for _, each := range scope {
		if !slices.Contains(granted, each) {
			return nil, Refusal{InvalidScope, "scope must have no other scopes than those that were granted"}
		}
	}
	return scope, nil
}

// OwnScopes returns the scopes that the application may have without a user: its own ones.
func (a Application) OwnScopes() []string {
	return slices.DeleteFunc(slices.Clone(a.Scopes), func(scope string) bool { return slices.Contains(Scopes(), scope) })
}
