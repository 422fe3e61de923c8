// Package signing signs the tokens of workspaces and verifies them. All workspaces have the same keys: an
// RSA key for RS256, which every OpenID client can verify (OpenID Connect Core §15.1), and a P-256 key for
// ES256, which is forty times as fast.
//
// The keys are made once, when they are first needed, and kept in the table. The private parts are sealed
// under a key that is derived from a secret. A process that knows the secret signs with a Signer. A process
// that does not know it verifies with a Verifier, which needs the public parts alone.
package signing

import (
	"context"
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"fmt"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/go-json-experiment/json"

	"identitypools/shared/retry"
)

// The types of tokens, which are in their header (RFC 9068 §2.1 and RFC 8725 §3.11). A token of one type is
// never accepted as one of another type.
const (
	TypeID     = "JWT"
	TypeAccess = "at+jwt"
)

// Store stores the keys. It is implemented by table.Keys. The error of Replace is
// identity.PreconditionFailed if other keys than old are stored.
type Store interface {
	Get(ctx context.Context) ([]byte, error)
	Replace(ctx context.Context, old, keys []byte) error
}

// Signer signs tokens with the keys of its secret. It is safe for concurrent use.
type Signer struct {
	// Make makes new keys. It is MakeKeys, except in tests, which have keys that are made already.
	Make func() ([]crypto.Signer, error)

	store Store
	by    string
	box   cipher.AEAD
	again retry.Policy
	now   func() time.Time

	mu        sync.Mutex
	signers   map[string]jose.SigningKey // by algorithm
	published []byte
	readAt    time.Time
}

// NewSigner returns a Signer for a sealing key of 32 bytes. It reads no keys yet.
func NewSigner(store Store, sealingKey []byte, again retry.Policy, now func() time.Time) (*Signer, error) {
	block, err := aes.NewCipher(sealingKey)
	if err != nil {
		return nil, fmt.Errorf("make signer: %w", err)
	}
	box, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("make signer: %w", err)
	}
	return &Signer{Make: MakeKeys, store: store, by: nameOf(sealingKey), box: box, again: again, now: now}, nil
}

// age is how long a Signer uses the keys that it has read. After that it reads them again, so that it
// signs with no key for long that is not published any more.
const age = 5 * time.Minute

// Sign returns a signed token of a type with claims, which are structs or maps that are encoded as JSON
// objects. The algorithm is one of package oidc. A claim that is there twice has its last value.
func (s *Signer) Sign(ctx context.Context, algorithm, kind string, claims ...any) (string, error) {
	key, err := s.key(ctx, algorithm)
	if err != nil {
		return "", err
	}
	signer, err := jose.NewSigner(key, (&jose.SignerOptions{}).WithType(jose.ContentType(kind)))
	if err != nil {
		return "", fmt.Errorf("make signer: %w", err)
	}
	token := jwt.Signed(signer)
	for _, some := range claims {
		token = token.Claims(some)
	}
	signed, err := token.Serialize()
	if err != nil {
		return "", fmt.Errorf("sign token: %w", err)
	}
	return signed, nil
}

// PublicKeys returns the JWK set with the public keys (RFC 7517 §5): those of this secret, and of up to
// three secrets before it. It makes the keys if there are none.
func (s *Signer) PublicKeys(ctx context.Context) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.refresh(ctx); err != nil {
		return nil, err
	}
	return s.published, nil
}

// key returns the key that signs with an algorithm.
func (s *Signer) key(ctx context.Context, algorithm string) (jose.SigningKey, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.refresh(ctx); err != nil {
		return jose.SigningKey{}, err
	}
	key, ok := s.signers[algorithm]
	if !ok {
		return key, fmt.Errorf("no key signs with %s", algorithm)
	}
	return key, nil
}

// refresh reads the keys if the ones in memory are too old. It makes them if the secret has none.
func (s *Signer) refresh(ctx context.Context) error {
	now := s.now()
	if s.published != nil && now.Before(s.readAt.Add(age)) {
		return nil
	}
	var made []sealedKey
	err := s.again.Do(ctx, func() error {
		old, err := s.store.Get(ctx)
		if err != nil {
			return err
		}
		known, err := parseSet(old)
		if err != nil {
			return err
		}
		if own, err := s.open(known); err != nil || len(own) > 0 {
			return s.use(own, known, err)
		}
		if made == nil { // a simultaneous process may have been faster, but has the same secret then
			if made, err = s.make(); err != nil {
				return err
			}
		}
		known = known.with(made)
		text, err := json.Marshal(known)
		if err != nil {
			return fmt.Errorf("encode signing keys: %w", err)
		}
		if err := s.store.Replace(ctx, old, text); err != nil {
			return err
		}
		own, err := s.open(known)
		return s.use(own, known, err)
	})
	if err != nil {
		return fmt.Errorf("read signing keys: %w", err)
	}
	s.readAt = now
	return nil
}

// use keeps keys in memory, unless there was an error.
func (s *Signer) use(own map[string]jose.SigningKey, known set, err error) error {
	if err != nil {
		return err
	}
	text, err := known.document()
	if err != nil {
		return fmt.Errorf("encode public keys: %w", err)
	}
	s.signers, s.published = own, text
	return nil
}

// open returns the newest key of each algorithm that is sealed under the Signer's secret. It is empty if
// there is none. It opens no key that is in memory once more.
func (s *Signer) open(known set) (map[string]jose.SigningKey, error) {
	own := map[string]jose.SigningKey{}
	for _, stored := range known.Keys {
		if stored.By != s.by {
			continue
		}
		key, err := stored.open(s.box)
		if err != nil {
			return nil, err
		}
		if _, newer := own[string(key.Algorithm)]; !newer {
			own[string(key.Algorithm)] = key
		}
	}
	return own, nil
}

// make makes keys and seals them.
func (s *Signer) make() ([]sealedKey, error) {
	keys, err := s.Make()
	if err != nil {
		return nil, err
	}
	var sealed []sealedKey
	for _, key := range keys {
		one, err := seal(key, s.by, s.box, rand.Reader)
		if err != nil {
			return nil, err
		}
		sealed = append(sealed, one)
	}
	return sealed, nil
}
