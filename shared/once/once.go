// Package once lets a request that its caller repeats under an idempotency key take effect once
// (draft-ietf-httpapi-idempotency-key-header).
//
// The edge (shared/api) makes a Request of the key and wraps it in a Reply, which says how the
// request is answered. The use case hands the Reply to the one method of the table (shared/table)
// that makes its change, and that method stores the answer in the same transaction. So the answer
// is stored if and only if the change is, whatever happens to the process: a repeat of the request
// either finds the answer, or nothing was done. Whoever can read the table but does not have the
// key can read neither the answer nor what was asked for.
//
// The package knows no HTTP and stores nothing.
package once

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Kept is how long a stored answer is available to repeats.
const Kept = 24 * time.Hour

// The minimum and the maximum length of a key, in visible ASCII characters, as in the published
// API.
const (
	MinKey = 32
	MaxKey = 255
)

// ErrOther is the error for a key that was used before for another request.
var ErrOther = errors.New("the idempotency key was used for another request")

// None is the type of the result of a change that has no result.
type None struct{}

// Request is a request that may be a repeat of an earlier one. It is immutable.
type Request struct {
	ID   string // names the stored answer, and reveals nothing about the key
	Mark string // is different for different requests under the same key, and reveals nothing else

	cipher cipher.AEAD
}

// New returns the request that a caller makes under a key. Callers with different scopes cannot use
// each other's keys. The parts are everything that distinguishes the request from another one.
func New(scope, key string, parts [][]byte) (*Request, error) {
	secret, err := hkdf.Key(sha256.New, []byte(key), []byte(scope), "idempotency key", 2*sha256.Size)
	if err != nil {
		return nil, fmt.Errorf("derive keys: %w", err)
	}
	block, err := aes.NewCipher(secret[:sha256.Size])
	if err != nil {
		return nil, fmt.Errorf("make cipher: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("make cipher: %w", err)
	}
	name, mark := hmac.New(sha256.New, secret[sha256.Size:]), hmac.New(sha256.New, secret[sha256.Size:])
	name.Write([]byte("id"))
	for _, part := range parts {
		fmt.Fprintf(mark, "%d:", len(part))
		mark.Write(part)
	}
	text := base64.RawURLEncoding
	return &Request{
		ID: text.EncodeToString(name.Sum(nil)), Mark: text.EncodeToString(mark.Sum(nil)), cipher: aead,
	}, nil
}

// CheckKey reports whether a key has the required form.
func CheckKey(key string) bool {
	outside := func(r rune) bool { return r < '!' || r > '~' }
	return len(key) >= MinKey && len(key) <= MaxKey && strings.IndexFunc(key, outside) < 0
}

// seal encrypts an answer to the request.
func (r *Request) seal(answer []byte) []byte {
	return r.cipher.Seal(nil, nil, answer, []byte(r.Mark))
}

// Open decrypts a stored answer that has the given mark. The error is ErrOther if the mark is that
// of another request.
func (r *Request) Open(mark string, sealed []byte) ([]byte, error) {
	if mark != r.Mark {
		return nil, ErrOther
	}
	return r.cipher.Open(nil, nil, sealed, []byte(mark))
}
