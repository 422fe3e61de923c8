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

// Client is an API client of a tenant.
type Client struct {
	Tenant    string        `json:"tenant"`
	ID        string        `json:"id"`
	Tree      string        `json:"tree"` // "admin" or "system"
	Name      string        `json:"name,omitempty"`
	Scopes    []string      `json:"scopes"`
	Secrets   []string      `json:"secrets"` // hashes, the oldest first; more than one while a secret is being changed
	CreatedAt identity.Time `json:"created_at"`
}

// NewSecret is a secret of 256 random bits, and its hash to store. A plain hash is enough for what cannot be guessed.
func NewSecret(rand io.Reader) (secret, hashed string, err error) {
	bytes := make([]byte, 32)
	if _, err := io.ReadFull(rand, bytes); err != nil {
		return "", "", fmt.Errorf("read randomness: %w", err)
	}
	secret = base64.RawURLEncoding.EncodeToString(bytes)
	return secret, HashSecret(secret), nil
}

// HashSecret is the hash under which a secret is stored.
func HashSecret(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// Proves says whether secret is one of the client's, in the same time for each.
func (c Client) HasSecret(secret string) bool {
	hashed, right := []byte(HashSecret(secret)), 0
	for _, known := range c.Secrets {
		right |= subtle.ConstantTimeCompare(hashed, []byte(known))
	}
	return right == 1
}

// maxSecrets of a client: the one in use and the one that takes its place.
const maxSecrets = 2

// WithSecret is the client with one more secret, given by its hash; the one that it has stays good. Errors: Conflict where it
// has two.
func (c Client) WithSecret(hashed string) (Client, error) {
	if len(c.Secrets) >= maxSecrets {
		return c, identity.Conflict{Reason: "the client has two secrets: retire the old one first"}
	}
	c.Secrets = append(slices.Clone(c.Secrets), hashed)
	return c, nil
}

// WithoutOldest is the client without the older of its two secrets. Errors: Conflict where it has only one.
func (c Client) WithoutOldest() (Client, error) {
	if len(c.Secrets) < maxSecrets {
		return c, identity.Conflict{Reason: "the client has only one secret: rotate it first, or revoke the client"}
	}
	c.Secrets = slices.Clone(c.Secrets[1:])
	return c, nil
}
