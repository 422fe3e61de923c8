// Package tokens is the function that issues tokens. To API clients it serves OAuth 2.0 client credentials
// (RFC 6749 §4.4). To the applications of a workspace it serves the endpoints of an OpenID provider that
// applications call: those for tokens, and userinfo. Both have a discovery document and public keys.
package tokens

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"identitypools/shared/access"
	"identitypools/shared/identity"
	"identitypools/shared/oauth"
	"identitypools/shared/oidc"
	"identitypools/shared/retry"
	"identitypools/shared/table"
)

// Service issues tokens to API clients.
type Service struct {
	Clients   table.Clients
	Keys      Keys
	Issuer    *access.Issuer
	PublicURL string // the base of the issuers' URLs
	Retry     retry.Policy
	Now       func() time.Time

	mu        sync.Mutex
	published []byte
	readAt    time.Time
}

// Keys stores the public keys for the functions that verify tokens. It is an interface because it
// has a second implementation besides table.Keys, in a test in which several processes read the
// keys at the same time.
type Keys interface {
	Get(ctx context.Context) ([]byte, error)
	Replace(ctx context.Context, old, keys []byte) error
}

// Lifetime is the lifetime of a token. A client's scopes are read when it gets a token, so this is
// also how long it takes until a revocation is effective.
const Lifetime = time.Hour

// Grant is a client's request for a token.
type Grant struct {
	Tenant           string
	Caller           access.Caller // Admin or System
	ClientID, Secret string
	Scope            string // if it is empty, the client gets all scopes that it may have
}

// Token is a token that was issued.
type Token struct {
	AccessToken string
	Scope       string
}

// scopeRefusal is the refusal of a scope that a client may not have.
func scopeRefusal() oidc.Refusal {
	return oidc.Refusal{Code: oidc.InvalidScope, Description: "the client may not have a scope that it asks for"}
}

// Issue returns a token for a client that gives the right secret. The error is an oidc.Refusal if the
// client is unknown, is a client of another tree, gives a wrong secret, or asks for a scope that it
// may not have.
func (s *Service) Issue(ctx context.Context, g Grant) (Token, error) {
	client, err := s.client(ctx, g)
	if err != nil {
		return Token{}, err
	}
	scopes := client.Scopes
	if asked := strings.Fields(g.Scope); len(asked) > 0 {
		scopes = asked
	}
	for _, scope := range scopes {
		if !slices.Contains(client.Scopes, scope) {
			return Token{}, scopeRefusal()
		}
	}
	if _, err := s.PublicKeys(ctx); err != nil {
		return Token{}, err
	}
	content := access.Token{
		ClientID: client.ID, Tenant: client.Tenant, Caller: client.Caller, Scopes: scopes,
	}
	token, err := s.Issuer.Issue(content, s.IssuerURL(g.Tenant, g.Caller), Lifetime)
	return Token{AccessToken: token, Scope: strings.Join(scopes, " ")}, err
}

// client returns the client that makes a request, after comparing its secret. The error is
// oauth.Unknown.
func (s *Service) client(ctx context.Context, g Grant) (access.Client, error) {
	if !identity.ValidID(g.ClientID) {
		return access.Client{}, oauth.Unknown()
	}
	client, err := s.Clients.Get(ctx, g.Tenant, g.ClientID)
	if err != nil && !errors.As(err, new(identity.NotFound)) {
		return client, err
	}
	if !client.HasSecret(g.Secret) || client.Caller != g.Caller {
		return client, oauth.Unknown()
	}
	return client, nil
}

// IssuerURL returns the issuer of a tenant's tokens for a caller.
func (s *Service) IssuerURL(tenant string, caller access.Caller) string {
	return strings.TrimSuffix(s.PublicURL, "/") + "/" + tenant + "/" + string(caller)
}

// keysAge is how old the cached public keys may be. While the signing secret is being changed,
// other processes publish other keys, which finally push the key of this process out of the
// published ones.
const keysAge = time.Second

// PublicKeys returns the published JWK set. It contains the issuer's own key before the first token
// is issued.
func (s *Service) PublicKeys(ctx context.Context) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := s.Now(); s.published == nil || !now.Before(s.readAt.Add(keysAge)) {
		set, err := s.publish(ctx)
		if err != nil {
			return nil, err
		}
		s.published, s.readAt = set, now
	}
	return s.published, nil
}

// publish adds the issuer's key to the published ones unless it is among them, and returns them
// all.
func (s *Service) publish(ctx context.Context) (set []byte, err error) {
	err = s.Retry.Do(ctx, func() error {
		old, err := s.Keys.Get(ctx)
		if err != nil {
			return err
		}
		var changed bool
		if set, changed, err = s.Issuer.AddPublicKey(old); err != nil || !changed {
			return err
		}
		return s.Keys.Replace(ctx, old, set)
	})
	if err != nil {
		return nil, fmt.Errorf("publish keys: %w", err)
	}
	return set, nil
}
