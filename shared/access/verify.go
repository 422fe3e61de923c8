// Package access says who calls: it makes and verifies the bearer tokens of API clients and their secrets. Tokens are JSON Web
// Tokens as RFC 9068 has them, signed with Ed25519. It knows no HTTP and stores nothing.
package access

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// Caller is an API client as its token tells it.
type Caller struct {
	ClientID string
	Tenant   string
	Tree     string // "admin" or "system": the API that the token is for
	Scopes   []string
}

// ErrToken is a token that proves nothing: malformed, foreign, expired.
var ErrToken = errors.New("token is not valid")

// tokenType of RFC 9068 §2.1 keeps other JSON Web Tokens from being taken for access tokens.
const tokenType = "at+jwt"

type claims struct {
	jwt.Claims
	ClientID string `json:"client_id"`
	Scope    string `json:"scope"`
}

// audience is who a token is for.
func audience(tenant, tree string) string { return "identity:" + tenant + ":" + tree }

// Verifier verifies tokens with the public keys that the tokens function has published. Verified tokens are remembered until
// they expire. It is safe for concurrent use.
type Verifier struct {
	keys Keys
	now  func() time.Time

	mu             sync.Mutex
	set            jose.JSONWebKeySet
	readsUsedUntil time.Time // readings of the keys are used up as if there had been one each keysInterval until then
	remembered     map[[sha256.Size]byte]verified
}

// Keys reads the public JWK set (RFC 7517), as JSON; it is empty while none is published.
type Keys interface {
	Keys(ctx context.Context) ([]byte, error)
}

type verified struct {
	caller Caller
	until  time.Time
}

// NewVerifier is a Verifier. Nothing is read before the first token.
func NewVerifier(keys Keys, now func() time.Time) *Verifier {
	return &Verifier{keys: keys, now: now, remembered: map[[sha256.Size]byte]verified{}}
}

// Limits of what a Verifier does for tokens that may come from anybody.
const (
	maxToken      = 4096        // bytes
	maxRemembered = 4096        // remembered tokens; when full, all are forgotten
	keysBurst     = 5           // readings of the keys at once for the sake of unknown ones, so that a new key is found at once,
	keysInterval  = time.Second // and the time after which there may be another one
)

// Verify is the caller that a token names. Errors: ErrToken; any other where the keys could not be read.
func (v *Verifier) Verify(ctx context.Context, token string) (Caller, error) {
	if len(token) > maxToken {
		return Caller{}, ErrToken
	}
	sum, now := sha256.Sum256([]byte(token)), v.now()
	v.mu.Lock()
	found, ok := v.remembered[sum]
	v.mu.Unlock()
	if ok && now.Before(found.until) {
		return found.caller, nil
	}
	found, err := v.verify(ctx, token, now)
	if err != nil {
		return Caller{}, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.remembered) >= maxRemembered {
		clear(v.remembered)
	}
	v.remembered[sum] = found
	return found.caller, nil
}

func (v *Verifier) verify(ctx context.Context, token string, now time.Time) (verified, error) {
	parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.EdDSA})
	if err != nil || len(parsed.Headers) != 1 || parsed.Headers[0].ExtraHeaders[jose.HeaderType] != tokenType {
		return verified{}, ErrToken
	}
	key, err := v.publicKey(ctx, parsed.Headers[0].KeyID, now)
	if err != nil {
		return verified{}, err
	}
	var c claims
	if err := parsed.Claims(key, &c); err != nil || c.Expiry == nil || len(c.Audience) != 1 {
		return verified{}, ErrToken
	}
	if err := c.ValidateWithLeeway(jwt.Expected{Time: now}, 0); err != nil || !now.Before(c.Expiry.Time()) {
		return verified{}, ErrToken
	}
	parts := strings.Split(c.Audience[0], ":")
	if len(parts) != 3 || c.Audience[0] != audience(parts[1], parts[2]) {
		return verified{}, ErrToken
	}
	caller := Caller{ClientID: c.ClientID, Tenant: parts[1], Tree: parts[2], Scopes: strings.Fields(c.Scope)}
	return verified{caller, c.Expiry.Time()}, nil
}

// key is the published key with the id. An unknown id makes the keys be read anew: tokens of a new signing secret are good at
// once, and strangers, who can name any key, cost few readings.
func (v *Verifier) publicKey(ctx context.Context, id string, now time.Time) (any, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if found := v.set.Key(id); len(found) == 1 {
		return found[0].Key, nil
	}
	if v.readsUsedUntil.Sub(now) > (keysBurst-1)*keysInterval {
		return nil, ErrToken
	}
	text, err := v.keys.Keys(ctx)
	if err != nil {
		return nil, fmt.Errorf("read public keys: %w", err)
	}
	set, err := parseSet(text)
	if err != nil {
		return nil, err
	}
	v.set = set
	if v.readsUsedUntil.Before(now) {
		v.readsUsedUntil = now
	}
	v.readsUsedUntil = v.readsUsedUntil.Add(keysInterval)
	if found := v.set.Key(id); len(found) == 1 {
		return found[0].Key, nil
	}
	return nil, ErrToken
}
