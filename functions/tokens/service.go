// Package tokens is the function that API clients get their tokens from: OAuth 2.0 client credentials (RFC 6749 §4.4), the
// discovery document and the public keys.
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
	"identitypools/shared/table"
)

// Service issues tokens.
type Service struct {
	Clients   table.Clients
	Keys      Keys
	Issuer    *access.Issuer
	PublicURL string // base of the issuers' URLs
	Now       func() time.Time

	mu        sync.Mutex
	published []byte
	readAt    time.Time
}

// Keys is where the public keys are published for the functions that verify tokens. It is an interface
// because table.Keys is not its only implementation: a test has one that makes processes read at the same
// time.
type Keys interface {
	Get(ctx context.Context) ([]byte, error)
	Replace(ctx context.Context, old, keys []byte) error
}

// Lifetime of a token. What a client may do is read when it gets one, so this is how long a revocation takes.
const Lifetime = time.Hour

// Grant is what a client asks for.
type Grant struct {
	Tenant           string
	Caller           access.Caller // Admin or System
	ClientID, Secret string
	Scope            string // empty: everything that the client may have
}

// Token is what it gets.
type Token struct {
	AccessToken string
	Scope       string
}

// Refusal is an error of RFC 6749 §5.2.
type Refusal struct{ Code, Description string }

func (r Refusal) Error() string { return r.Code + ": " + r.Description }

var (
	errClient = Refusal{"invalid_client", "the client is unknown here or its secret is wrong"}
	errScope  = Refusal{"invalid_scope", "the client may not have a scope that it asks for"}
)

// Issue is a token for a client that proves itself. Errors: Refusal.
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
			return Token{}, errScope
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

func (s *Service) client(ctx context.Context, g Grant) (access.Client, error) {
	if !identity.ValidID(g.ClientID) {
		return access.Client{}, errClient
	}
	client, err := s.Clients.Get(ctx, g.Tenant, g.ClientID)
	if err != nil && !errors.As(err, new(identity.NotFound)) {
		return client, err
	}
	if !client.HasSecret(g.Secret) || client.Caller != g.Caller {
		return client, errClient
	}
	return client, nil
}

// IssuerURL names the issuer of a tenant's tokens for a tree.
func (s *Service) IssuerURL(tenant string, caller access.Caller) string {
	return strings.TrimSuffix(s.PublicURL, "/") + "/" + tenant + "/" + string(caller)
}

// keysAge is how old the public keys may be. While the signing secret is changed, processes with another one publish theirs too,
// and in the end this process's own key falls out.
const keysAge = time.Second

// PublicKeys is the JWK set, in which the issuer's own key is before any token is issued.
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

// publish adds the issuer's key to the public ones, if it is not among them, and returns them all.
func (s *Service) publish(ctx context.Context) ([]byte, error) {
	for range 3 {
		old, err := s.Keys.Get(ctx)
		if err != nil {
			return nil, err
		}
		set, changed, err := s.Issuer.AddPublicKey(old)
		if err != nil {
			return nil, err
		}
		if changed {
			err = s.Keys.Replace(ctx, old, set)
		}
		switch {
		case err == nil:
			return set, nil
		case !errors.As(err, new(identity.PreconditionFailed)):
			return nil, fmt.Errorf("publish keys: %w", err)
		}
	}
	return nil, identity.Unavailable{RetryAfter: time.Second, Cause: identity.PreconditionFailed{}}
}
