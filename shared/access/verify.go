// Package access makes and verifies the bearer tokens of API clients, and makes and checks the
// clients' secrets. Tokens are JSON Web Tokens in the form of RFC 9068, signed with Ed25519. The
// package knows no HTTP and stores nothing.
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

// A Caller is a kind of caller of the API. Each route is for one kind. The routes for admin clients
// and those for system clients have paths of their own, which are called the admin tree and the
// system tree. In stored items and in the audiences of tokens, a caller is the name of its tree.
type Caller string

// The kinds of callers. A request to a route for Admin or System is refused unless it has a valid
// token for that tree.
const (
	Admin       Caller = "admin"  // an admin client, with a bearer token
	System      Caller = "system" // a system client, with a bearer token
	Public      Caller = "public" // a browser, without a token
	OAuthClient Caller = "client" // an OAuth 2.0 client, which proves its identity in the request
)

// A Token is the content of a bearer token: the API client that it identifies, and what the client
// may do.
type Token struct {
	ClientID string
	Tenant   string
	Caller   Caller // Admin or System: the tree that the token is for
	Scopes   []string
}

// ErrToken is the error for a token that is malformed, expired, or not signed by the product.
var ErrToken = errors.New("token is not valid")

// tokenType is the type of access tokens (RFC 9068 §2.1). It keeps other JSON Web Tokens from being
// accepted as access tokens.
const tokenType = "at+jwt"

type claims struct {
	jwt.Claims
	ClientID string `json:"client_id"`
	Scope    string `json:"scope"`
}

// audience returns the audience of the tokens of a tenant for one kind of caller.
func audience(tenant string, caller Caller) string {
	return "identity:" + tenant + ":" + string(caller)
}

// A Verifier verifies tokens with the public keys that the tokens function has published. It
// remembers verified tokens until they expire. It is safe for concurrent use.
type Verifier struct {
	keys func(ctx context.Context) ([]byte, error)
	now  func() time.Time

	mu         sync.Mutex
	set        jose.JSONWebKeySet
	remembered map[[sha256.Size]byte]verified // by the hash of the token

	// readsUsedUntil limits how often the keys are read, as in a leaky bucket: each reading moves
	// it keysInterval further into the future, and keysBurst says how far it may get.
	readsUsedUntil time.Time
}

// A verified is the content of a token that was verified.
type verified struct {
	token Token
	until time.Time
}

// NewVerifier returns a Verifier that reads the keys when it verifies the first token. The function
// keys reads the public JWK set (RFC 7517) as JSON; it returns an empty slice if no set has been
// published yet.
func NewVerifier(keys func(ctx context.Context) ([]byte, error), now func() time.Time) *Verifier {
	return &Verifier{keys: keys, now: now, remembered: map[[sha256.Size]byte]verified{}}
}

// Limits of what a Verifier does for tokens, which anybody can send.
const (
	maxToken      = 4096 // bytes
	maxRemembered = 4096 // tokens; a Verifier that is full forgets all of them

	// Tokens with unknown keys make a Verifier read the keys keysBurst times at once, so that a new
	// key is found without delay, and then once each keysInterval.
	keysBurst    = 5
	keysInterval = time.Second
)

// Verify returns the content of a signed token. The error is ErrToken if the token is not
// valid, and any other error if the keys could not be read.
func (v *Verifier) Verify(ctx context.Context, signed string) (Token, error) {
	if len(signed) > maxToken {
		return Token{}, ErrToken
	}
	sum, now := sha256.Sum256([]byte(signed)), v.now()
	v.mu.Lock()
	found, ok := v.remembered[sum]
	v.mu.Unlock()
	if ok && now.Before(found.until) {
		return found.token, nil
	}
	found, err := v.verify(ctx, signed, now)
	if err != nil {
		return Token{}, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.remembered) >= maxRemembered {
		clear(v.remembered)
	}
	v.remembered[sum] = found
	return found.token, nil
}

// verify verifies a token that is not remembered.
func (v *Verifier) verify(ctx context.Context, signed string, now time.Time) (verified, error) {
	parsed, err := jwt.ParseSigned(signed, []jose.SignatureAlgorithm{jose.EdDSA})
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
	if len(parts) != 3 || c.Audience[0] != audience(parts[1], Caller(parts[2])) {
		return verified{}, ErrToken
	}
	token := Token{
		ClientID: c.ClientID, Tenant: parts[1], Caller: Caller(parts[2]), Scopes: strings.Fields(c.Scope),
	}
	return verified{token, c.Expiry.Time()}, nil
}

// publicKey returns the published key with the given id. If it does not know the id, it reads the
// keys again, so that tokens with a new key are accepted at once. It limits these readings, because
// strangers can name any id.
func (v *Verifier) publicKey(ctx context.Context, id string, now time.Time) (any, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if found := v.set.Key(id); len(found) == 1 {
		return found[0].Key, nil
	}
	if v.readsUsedUntil.Sub(now) > (keysBurst-1)*keysInterval {
		return nil, ErrToken
	}
	text, err := v.keys(ctx)
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
