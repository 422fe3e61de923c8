package signing

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"identitypools/shared/oidc"
)

// ErrToken is the error for a token that is malformed, of another type or issuer, expired, or not signed by
// a workspace.
var ErrToken = errors.New("token is not valid")

// Verifier verifies tokens of workspaces with the public keys. It is safe for concurrent use.
type Verifier struct {
	keys func(ctx context.Context) ([]byte, error)
	now  func() time.Time

	mu     sync.Mutex
	known  jose.JSONWebKeySet
	readAt time.Time
	// readsUsedUntil limits how often the keys are read, as in a leaky bucket: each reading moves it
	// keysInterval further into the future, and keysBurst says how far it may get.
	readsUsedUntil time.Time
}

// NewVerifier returns a Verifier that reads the keys when it verifies the first token. The function keys
// is the Get of a Store.
func NewVerifier(keys func(ctx context.Context) ([]byte, error), now func() time.Time) *Verifier {
	return &Verifier{keys: keys, now: now}
}

// Limits of what a Verifier does for tokens, which anybody can send.
const (
	maxToken = 8192 // bytes

	// Tokens with unknown keys make a Verifier read the keys keysBurst times at once, so that a new key
	// is found without delay, and then once each keysInterval.
	keysBurst    = 5
	keysInterval = time.Second
	// keysAge is how long a Verifier uses the keys that it has read. So long a key is good after it was
	// taken out of the table.
	keysAge = 5 * time.Minute
)

// IDToken returns the claims of an ID token that an issuer has signed at any time. It may have expired: as
// a hint it says who was signed in (OpenID Connect RP-Initiated Logout 1.0 §4). The error is ErrToken, or
// any other error if the keys could not be read.
func (v *Verifier) IDToken(ctx context.Context, signed, issuer string) (c oidc.IDToken, err error) {
	if err := v.verify(ctx, signed, TypeID, &c); err != nil {
		return oidc.IDToken{}, err
	}
	if c.Issuer != issuer || c.Subject == "" {
		return oidc.IDToken{}, ErrToken
	}
	return c, nil
}

// AccessToken returns the claims of an access token that an issuer has signed and that has not expired.
// The error is ErrToken, or any other error if the keys could not be read.
func (v *Verifier) AccessToken(ctx context.Context, signed, issuer string) (c oidc.AccessToken, err error) {
	if err := v.verify(ctx, signed, TypeAccess, &c); err != nil {
		return oidc.AccessToken{}, err
	}
	if c.Issuer != issuer || v.now().Unix() >= c.ExpiresAt {
		return oidc.AccessToken{}, ErrToken
	}
	return c, nil
}

// verify checks the signature and the type of a token, and reads its claims into claims.
func (v *Verifier) verify(ctx context.Context, signed, kind string, claims any) error {
	if len(signed) > maxToken {
		return ErrToken
	}
	parsed, err := jwt.ParseSigned(signed, []jose.SignatureAlgorithm{jose.RS256, jose.ES256})
	if err != nil || len(parsed.Headers) != 1 || parsed.Headers[0].ExtraHeaders[jose.HeaderType] != kind {
		return ErrToken
	}
	key, err := v.publicKey(ctx, parsed.Headers[0])
	if err != nil {
		return err
	}
	if parsed.Claims(key, claims) != nil {
		return ErrToken
	}
	return nil
}

// publicKey returns the published key that a header names. It reads the keys again if it does not know the
// key, so that a new one is known at once, and if those in memory are old. It limits these readings, because
// strangers can name any key.
func (v *Verifier) publicKey(ctx context.Context, header jose.Header) (any, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	now := v.now()
	key := v.find(header)
	if key != nil && now.Before(v.readAt.Add(keysAge)) {
		return key, nil
	}
	if v.readsUsedUntil.Sub(now) > (keysBurst-1)*keysInterval {
		if key == nil {
			return nil, ErrToken
		}
		return key, nil // strangers must not keep owners of tokens out
	}
	text, err := v.keys(ctx)
	if err != nil {
		return nil, fmt.Errorf("read public keys: %w", err)
	}
	stored, err := parseSet(text)
	if err != nil {
		return nil, err
	}
	if v.known, err = stored.public(); err != nil {
		return nil, err
	}
	if v.readAt = now; v.readsUsedUntil.Before(now) {
		v.readsUsedUntil = now
	}
	v.readsUsedUntil = v.readsUsedUntil.Add(keysInterval)
	if key = v.find(header); key == nil {
		return nil, ErrToken
	}
	return key, nil
}

// find returns the known key that a header names, or nil. A key signs with its own algorithm alone (RFC
// 8725 §3.1).
func (v *Verifier) find(header jose.Header) any {
	for _, key := range v.known.Key(header.KeyID) {
		if key.Algorithm == header.Algorithm {
			return key.Key
		}
	}
	return nil
}
