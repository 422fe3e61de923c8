// Package password hashes and verifies passwords, and says which ones a pool accepts. It stores nothing, counts no failures and
// knows no user's earlier passwords. Hashes are strings in PHC format; new ones are argon2id with OWASP's parameters, older and
// imported ones (argon2id, bcrypt, PBKDF2, the salted SHA-2 of directories) are honoured. Passwords are normalized (NFKC) before
// anything is done with them.
//
// The strength that a pool may ask for is named after zxcvbn's scores, but estimated here (strength.go): trustelem/zxcvbn v1.0.1 adds
// 2.8 MB to a binary, and 40 ms and 11 MB of memory to its start, wanted or not. The estimate knows classes of characters, repeats
// and runs, and no words but the common passwords, which are refused anyway.
//
// It imports shared/identity alone. Every function that sets or checks passwords may import it.
package password

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"runtime"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
)

// Parameters of new hashes (OWASP Password Storage Cheat Sheet): 19 MiB, two passes, one lane.
const (
	argonMemory = 19 << 10 // KiB
	argonPasses = 2
	argonLanes  = 1
	saltLength  = 16
	keyLength   = 32
)

// Hasher hashes a bounded number of passwords at a time; others wait for their turn. It is safe for concurrent use.
type Hasher struct {
	slots chan struct{}
	rand  io.Reader
}

// NewHasher is a Hasher with salts from crypto/rand and as many hashes at a time as there are processors: more would only share
// them, and each takes 19 MiB.
func NewHasher() *Hasher { return New(rand.Reader, runtime.GOMAXPROCS(0)) }

// New is a Hasher with salts from rand, which is read during a hash's turn, and atOnce hashes at a time, at least one.
func New(rand io.Reader, atOnce int) *Hasher {
	return &Hasher{slots: make(chan struct{}, max(atOnce, 1)), rand: rand}
}

// Hash is the hash of a password. Errors: the context's, while it waits for its turn; that of the source of salts.
func (h *Hasher) Hash(ctx context.Context, password string) (hash string, err error) {
	err = h.runInTurn(ctx, func() error {
		salt := make([]byte, saltLength)
		if _, err := io.ReadFull(h.rand, salt); err != nil {
			return fmt.Errorf("read randomness: %w", err)
		}
		key := deriveKey([]byte(norm.NFKC.String(password)), salt)
		hash = fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonPasses, argonLanes,
			base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key))
		return nil
	})
	return hash, err
}

// Result is what the check of a password says.
type Result struct {
	OK    bool
	Renew bool    // right, but hashed more weakly than new hashes are: hash it anew
	Trace [4]byte // of the computed hash: tells whether the same wrong password comes again, and costs a whole hash to guess at
}

// Verify checks a password against a stored hash. Errors: one for a hash that cannot be read or whose parameters are absurd, before
// any work is done; the context's, while it waits for its turn. A wrong password costs at least the work of a new hash, however
// weakly the right one is hashed, so that time does not tell whose hash is (ASVS 6.3.8) and a trace is no cheaper to guess at.
func (h *Hasher) Verify(ctx context.Context, stored, password string) (Result, error) {
	s, err := parseHash(stored)
	if err != nil {
		return Result{}, err
	}
	var result Result
	err = h.runInTurn(ctx, func() error {
		normal := []byte(norm.NFKC.String(password))
		key, ok := s.check(normal)
		if !ok && s.weak {
			salt := sha256.Sum256([]byte(stored))
			key = deriveKey(normal, salt[:saltLength])
		}
		result = Result{OK: ok, Renew: ok && s.weak}
		copy(result.Trace[:], key)
		return nil
	})
	return result, err
}

// Dummy spends the work of Verify where there is nothing to verify, so that time does not tell. Its result is never OK. The trace
// is the same for the same password, but its salt is too: keep it only for as long as a repeat is to be recognized.
func (h *Hasher) VerifyDummy(ctx context.Context, password string) (Result, error) {
	var result Result
	err := h.runInTurn(ctx, func() error {
		copy(result.Trace[:], deriveKey([]byte(norm.NFKC.String(password)), make([]byte, saltLength)))
		return nil
	})
	return result, err
}

// usual is the key that a new hash has.
func deriveKey(password, salt []byte) []byte {
	return argon2.IDKey(password, salt, argonPasses, argonMemory, argonLanes, keyLength)
}

// work does something when it is this call's turn, unless ctx ends before.
func (h *Hasher) runInTurn(ctx context.Context, do func() error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("wait to hash a password: %w", err)
	}
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
		return do()
	case <-ctx.Done():
		return fmt.Errorf("wait to hash a password: %w", ctx.Err())
	}
}
