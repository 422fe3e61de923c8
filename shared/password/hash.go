// Package password hashes and verifies passwords, and says which ones a pool accepts. It stores nothing. Hashes are strings
// in PHC format; new ones are argon2id with OWASP's parameters, older and imported ones are honoured.
package password

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"io"
	"runtime"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
)

// Parameters of new hashes (OWASP Password Storage Cheat Sheet): 19 MiB, two passes, one lane.
const (
	memory     = 19 << 10 // KiB
	passes     = 2
	lanes      = 1
	saltLength = 16
	keyLength  = 32
)

// Hasher hashes at most as many passwords at a time as there are processors: more would only share them, and each takes
// 19 MiB. It is safe for concurrent use.
type Hasher struct {
	turn chan struct{}
	rand io.Reader
}

// NewHasher is a Hasher with salts from crypto/rand.
func NewHasher() *Hasher {
	return &Hasher{turn: make(chan struct{}, runtime.GOMAXPROCS(0)), rand: rand.Reader}
}

// Hash is the hash of a password. Errors: the context's, while it waits for its turn.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	salt := make([]byte, saltLength)
	if _, err := io.ReadFull(h.rand, salt); err != nil {
		return "", fmt.Errorf("read randomness: %w", err)
	}
	key, err := h.work(ctx, argon(memory, passes, lanes, keyLength), salt, password)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, memory, passes, lanes,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key)), nil
}

// Result is what the check of a password says.
type Result struct {
	OK    bool
	Renew bool    // right, but hashed more weakly than new hashes are: hash it anew
	Trace [4]byte // of the computed hash: tells whether the same wrong password comes again, and costs a whole hash to guess at
}

// Verify checks a password against a stored hash. Errors: one for a hash that cannot be read or whose parameters are absurd, before
// any work is done; the context's.
func (h *Hasher) Verify(ctx context.Context, stored, password string) (Result, error) {
	s, err := parse(stored)
	if err != nil {
		return Result{}, err
	}
	if s.compare != nil {
		return h.compare(ctx, s, password)
	}
	key, err := h.work(ctx, s.derive, s.salt, password)
	if err != nil {
		return Result{}, err
	}
	result := Result{OK: subtle.ConstantTimeCompare(key, s.key) == 1, Renew: s.weak}
	copy(result.Trace[:], key)
	return result, nil
}

// Dummy spends the work of Verify where there is nothing to verify, so that time does not tell. The trace is as good as Verify's.
func (h *Hasher) Dummy(ctx context.Context, password string) (Result, error) {
	key, err := h.work(ctx, argon(memory, passes, lanes, keyLength), make([]byte, saltLength), password)
	if err != nil {
		return Result{}, err
	}
	var result Result
	copy(result.Trace[:], key)
	return result, nil
}

// derivation makes a key of a password and a salt.
type derivation func(password, salt []byte) []byte

func argon(memory, passes uint32, lanes uint8, length uint32) derivation {
	return func(password, salt []byte) []byte {
		return argon2.IDKey(password, salt, passes, memory, lanes, length)
	}
}

// work derives a key when it is this call's turn.
func (h *Hasher) work(ctx context.Context, derive derivation, salt []byte, password string) ([]byte, error) {
	if err := h.wait(ctx); err != nil {
		return nil, err
	}
	defer h.done()
	return derive([]byte(norm.NFKC.String(password)), salt), nil
}

// compare checks a password with an algorithm that derives no key of its own.
func (h *Hasher) compare(ctx context.Context, s stored, password string) (Result, error) {
	if err := h.wait(ctx); err != nil {
		return Result{}, err
	}
	ok := s.compare([]byte(norm.NFKC.String(password)))
	h.done()
	if ok {
		return Result{OK: true, Renew: true}, nil
	}
	return h.Dummy(ctx, password)
}

func (h *Hasher) wait(ctx context.Context) error {
	select {
	case h.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait to hash a password: %w", ctx.Err())
	}
}

func (h *Hasher) done() { <-h.turn }
