// Package password hashes and verifies passwords, and checks new passwords against the policy of a
// pool. It stores nothing and counts no failed attempts.
//
// Hashes are strings in the PHC format. New hashes are argon2id with the parameters that OWASP
// recommends. Verify also accepts older and imported hashes: argon2id with other parameters,
// bcrypt, PBKDF2, and the salted SHA-2 of LDAP directories. Every password is normalized to NFKC
// before it is checked or hashed. Since other systems hash passwords as they are typed, Verify also
// compares the password without the normalization.
//
// The strengths that a pool can demand are named after the scores of zxcvbn, but this package
// estimates them itself (see strength.go): linking trustelem/zxcvbn v1.0.1 adds 2.8 MB to a binary,
// and 40 ms and 11 MB of memory to every start. The estimate knows character classes, repeats and
// sequences. It needs no dictionary, because common passwords are refused in any case.
//
// The package imports shared/identity and no other package of this module. Every function that sets
// or checks passwords may import it.
package password

import (
	"bytes"
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

// Parameters of new hashes, from the OWASP Password Storage Cheat Sheet: 19 MiB of memory, two
// passes and one lane. Lengths are in bytes.
const (
	argonMemory = 19 << 10 // KiB
	argonPasses = 2
	argonLanes  = 1
	saltLength  = 16
	keyLength   = 32
)

// A Hasher hashes a limited number of passwords at once; further calls wait for a free slot. It is
// safe for concurrent use.
type Hasher struct {
	slots chan struct{}
	rand  io.Reader
}

// NewHasher returns a Hasher that takes salts from crypto/rand and computes as many hashes at once
// as there are processors. More would only compete for the processors, and each hash takes 19 MiB.
func NewHasher() *Hasher { return New(rand.Reader, runtime.GOMAXPROCS(0)) }

// New returns a Hasher that takes salts from rand and computes at most atOnce hashes at once, or
// one if atOnce is less. The Hasher reads rand only while it holds one of its slots, so up to
// atOnce goroutines may read it at the same time.
func New(rand io.Reader, atOnce int) *Hasher {
	return &Hasher{slots: make(chan struct{}, max(atOnce, 1)), rand: rand}
}

// Hash returns the hash of a password in the PHC format. It fails if ctx ends before a slot is
// free, or if the source of salts fails.
func (h *Hasher) Hash(ctx context.Context, password string) (hash string, err error) {
	err = h.runInTurn(ctx, func() error {
		salt := make([]byte, saltLength)
		if _, err := io.ReadFull(h.rand, salt); err != nil {
			return fmt.Errorf("read randomness: %w", err)
		}
		key := deriveKey([]byte(norm.NFKC.String(password)), salt)
		hash = fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s",
			argon2.Version, argonMemory, argonPasses, argonLanes,
			base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key))
		return nil
	})
	return hash, err
}

// A Result is the outcome of verifying a password.
type Result struct {
	OK bool // the password is right

	// Renew is set if the password is right but its stored hash is weaker than a new hash would
	// be, or is not of the normalized password. The caller should then store a new hash of the
	// password, which is right in every Unicode form of it.
	Renew bool

	// Trace is the first bytes of the computed hash. Two equal wrong passwords have equal traces,
	// so a caller can recognize a repeated mistake without storing the password. Testing a guess
	// against a trace costs as much as computing a whole hash.
	Trace [4]byte
}

// Verify checks a password against a stored hash. It fails, before any work is done, if the hash
// cannot be read or its parameters are out of bounds, and if ctx ends before a slot is free. A
// wrong password is not an error: the Result is then not OK.
//
// Verify compares the password normalized to NFKC and, if that changes it, also as it was given,
// because imported hashes may be of passwords that were not normalized.
//
// A wrong password costs at least the work of a new hash for each form that is compared, however
// weak the stored hash is. So the duration does not reveal whose hash is weak (ASVS 6.3.8), and no
// trace is cheaper to guess.
func (h *Hasher) Verify(ctx context.Context, stored, password string) (Result, error) {
	s, err := parseHash(stored)
	if err != nil {
		return Result{}, err
	}
	var result Result
	err = h.runInTurn(ctx, func() error {
		for i, form := range formsOf(password) {
			key, ok := s.check(form)
			if !ok && s.weak {
				salt := sha256.Sum256([]byte(stored))
				key = deriveKey(form, salt[:saltLength])
			}
			result.OK = result.OK || ok
			result.Renew = result.Renew || ok && (s.weak || i > 0)
			copy(result.Trace[:], key)
		}
		return nil
	})
	return result, err
}

// formsOf returns the forms in which a password is compared: normalized to NFKC, and then as it was
// given, if that is another text. The number of forms depends on the password alone. All of them
// are compared, whether or not there is a stored hash and whatever it is, so the duration reveals
// nothing about the user.
//
// The trace of a password is that of the last form, so that passwords which differ only before the
// normalization are not taken for repeats of each other.
func formsOf(password string) [][]byte {
	forms := [][]byte{[]byte(norm.NFKC.String(password))}
	if given := []byte(password); !bytes.Equal(given, forms[0]) {
		forms = append(forms, given)
	}
	return forms
}

// VerifyDummy does the work of Verify where there is no stored hash, for example because there is
// no such user, so that the duration does not reveal this. Its Result is never OK. The trace is
// computed with a constant salt, so callers should keep it only for as long as they want to
// recognize a repeated password. It fails if ctx ends before a slot is free.
func (h *Hasher) VerifyDummy(ctx context.Context, password string) (Result, error) {
	var result Result
	err := h.runInTurn(ctx, func() error {
		for _, form := range formsOf(password) {
			copy(result.Trace[:], deriveKey(form, make([]byte, saltLength)))
		}
		return nil
	})
	return result, err
}

// deriveKey returns the argon2id key of a password with the parameters of new hashes.
func deriveKey(password, salt []byte) []byte {
	return argon2.IDKey(password, salt, argonPasses, argonMemory, argonLanes, keyLength)
}

// runInTurn waits for a free slot and calls do. It fails without calling do if ctx ends first.
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
