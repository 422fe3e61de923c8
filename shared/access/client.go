package access

import (
	"crypto"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"io"
	"slices"

	"identitypools/shared/identity"
)

const thumbprintHash = crypto.SHA256

// A Client is an API client of a tenant.
type Client struct {
	Tenant    string        `json:"tenant"`
	ID        string        `json:"id"`
	Caller    Caller        `json:"tree"` // Admin or System
	Name      string        `json:"name,omitempty"`
	Scopes    []string      `json:"scopes"`
	Secrets   []string      `json:"secrets"` // hashes, oldest first; two during a rotation
	CreatedAt identity.Time `json:"created_at"`
}

// NewSecret returns a secret of 256 random bits in base64url, and its hash to store. It fails if
// rand fails.
func NewSecret(rand io.Reader) (secret, hashed string, err error) {
	bytes := make([]byte, 32)
	if _, err := io.ReadFull(rand, bytes); err != nil {
		return "", "", fmt.Errorf("read randomness: %w", err)
	}
	secret = base64.RawURLEncoding.EncodeToString(bytes)
	return secret, HashSecret(secret), nil
}

// HashSecret returns the hash under which a secret is stored. A fast hash is sufficient, because
// nobody can guess a secret.
func HashSecret(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// HasSecret reports whether secret is one of the client's. The comparison takes the same time for
// each of them.
func (c Client) HasSecret(secret string) bool {
	hashed, right := []byte(HashSecret(secret)), 0
	for _, known := range c.Secrets {
		right |= subtle.ConstantTimeCompare(hashed, []byte(known))
	}
	return right == 1
}

// maxSecrets is the largest number of secrets of a client: the current one and its successor.
const maxSecrets = 2

// WithSecret returns the client with one more secret, given by its hash. The other secret remains
// valid. The error is identity.Conflict if the client has two secrets already.
func (c Client) WithSecret(hashed string) (Client, error) {
	if len(c.Secrets) >= maxSecrets {
		return c, identity.Conflict{Reason: "the client has two secrets: retire the old one first"}
	}
	c.Secrets = append(slices.Clone(c.Secrets), hashed)
	return c, nil
}

// WithoutOldest returns the client without the older of its two secrets. The error is
// identity.Conflict if the client has only one.
func (c Client) WithoutOldest() (Client, error) {
	if len(c.Secrets) < maxSecrets {
		return c, identity.Conflict{Reason: "the client has only one secret: rotate it first, or revoke the client"}
	}
	c.Secrets = slices.Clone(c.Secrets[1:])
	return c, nil
}
