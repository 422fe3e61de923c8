// Package once lets a request that its caller repeats under an idempotency key take effect once (draft-ietf-httpapi-idempotency-key-header).
//
// The edge (shared/api) makes a Request of the key and passes it on in the context; the first transaction that the request's use case
// makes stores what the request is answered with (shared/table). So the answer is there if and only if the change is, whatever
// happens to the process: a repeat finds the answer, or nothing was done. Whoever has the table but not the key can read neither the
// answer nor what was asked for. The package knows no HTTP and stores nothing.
package once

import (
	"context"
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

// Kept is how long an answer is given again.
const Kept = 24 * time.Hour

// Lengths of a key (the published API's), of visible ASCII characters.
const (
	MinKey = 32
	MaxKey = 255
)

// ErrOther says that a key was used before for a request that was not this one.
var ErrOther = errors.New("the idempotency key was used for another request")

// None is what a change comes to that there is nothing to tell of.
type None struct{}

// Request is a request that may be a repeat.
type Request struct {
	ID   string // of its answer: tells nothing of the key
	Mark string // tells this request from others under the same key, and nothing else

	cipher cipher.AEAD
	encode func(result any) ([]byte, error)
	done   *done
}

// done is what has become of a request.
type done struct {
	answer []byte // the last that was sealed
	stored bool
}

// New is the request that a caller of a scope (whoever shares keys) makes under the key; parts are all that makes it what it is.
// encode makes the answer of what the change comes to.
func New(scope, key string, parts [][]byte, encode func(result any) ([]byte, error)) (*Request, error) {
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
	return &Request{ID: text.EncodeToString(name.Sum(nil)), Mark: text.EncodeToString(mark.Sum(nil)), cipher: aead, encode: encode, done: &done{}}, nil
}

// CheckKey says whether a key has the form that one must have.
func CheckKey(key string) bool {
	outside := func(r rune) bool { return r < '!' || r > '~' }
	return len(key) >= MinKey && len(key) <= MaxKey && strings.IndexFunc(key, outside) < 0
}

// Seal is the answer to the request, whose change comes to result, for whoever stores it.
func (r *Request) Seal(result any) ([]byte, error) {
	answer, err := r.encode(result)
	if err != nil {
		return nil, fmt.Errorf("encode the answer: %w", err)
	}
	r.done.answer = answer
	return r.cipher.Seal(nil, nil, answer, []byte(r.Mark)), nil
}

// Open is the answer that was stored with a mark. Errors: ErrOther.
func (r *Request) Open(mark string, sealed []byte) ([]byte, error) {
	if mark != r.Mark {
		return nil, ErrOther
	}
	return r.cipher.Open(nil, nil, sealed, []byte(mark))
}

// Stored says that the sealed answer is stored: what else the request does is no change that it is answered for.
func (r *Request) Stored() { r.done.stored = true }

// Answer is what was stored; nil while nothing is.
func (r *Request) Answer() []byte {
	if !r.done.stored {
		return nil
	}
	return r.done.answer
}

type contextKey struct{}

// With is ctx for the use case of r.
func With(ctx context.Context, r *Request) context.Context {
	return context.WithValue(ctx, contextKey{}, r)
}

// Of is the request whose answer is to be stored with the next change; nil where its caller gave no key, or that has been done.
func Of(ctx context.Context) *Request {
	if r, _ := ctx.Value(contextKey{}).(*Request); r != nil && !r.done.stored {
		return r
	}
	return nil
}

// Then is ctx for a change that comes to an A, in a use case that comes to what next makes of it.
func Then[A, B any](ctx context.Context, next func(A) (B, error)) context.Context {
	r := Of(ctx)
	if r == nil {
		return ctx
	}
	inner := *r
	inner.encode = func(result any) ([]byte, error) {
		a, ok := result.(A)
		if !ok {
			return nil, fmt.Errorf("a change comes to %T, not %T", result, a)
		}
		b, err := next(a)
		if err != nil {
			return nil, err
		}
		return r.encode(b)
	}
	return With(ctx, &inner)
}
