// Package secret derives keys from a master secret with HKDF (RFC 5869, SHA-256). Each use gets a
// key of its own, so that no key serves two purposes while a deployment keeps only a few secrets.
//
// The package does not read the environment and does not call AWS: the code that starts a function
// says where the secret comes from. Only code that wires a function should import it, not use
// cases.
package secret

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
)

// minLength is the length in bytes of the shortest master secret: that of the keys derived from it.
const minLength = 32

// A Master is a secret from which keys are derived. The zero value holds no secret.
type Master struct{ bytes []byte }

// Format prints "secret" for every verb, so that a Master never reveals itself in a log (ASVS
// 16.2.5).
func (Master) Format(to fmt.State, _ rune) { _, _ = io.WriteString(to, "secret") }

// Key derives a key of n bytes, from 1 to 8160 (RFC 5869 §2.3). The label names the use of the key.
// The same label and length always give the same key. Key fails for another n, and if m is the zero
// value.
func (m Master) Key(label string, n int) ([]byte, error) {
	if len(m.bytes) < minLength || n < 1 {
		return nil, fmt.Errorf("derive key %s: no secret, or no length", label)
	}
	key, err := hkdf.Key(sha256.New, m.bytes, nil, "identity-pools/"+label, n)
	if err != nil {
		return nil, fmt.Errorf("derive key %s: %w", label, err)
	}
	return key, nil
}

// Is reports whether a text is this secret, in the form of Parse or ParseGenerated. How long it takes
// says nothing about the secret. The zero value is no text.
func (m Master) Is(text string) bool {
	parse := ParseGenerated
	if strings.HasPrefix(text, prefix) {
		parse = Parse
	}
	given, err := parse(text)
	if err != nil || len(m.bytes) < minLength {
		return false
	}
	// Hashes have one length, so that not even the length of the secret shows.
	one, other := sha256.Sum256(given.bytes), sha256.Sum256(m.bytes)
	return subtle.ConstantTimeCompare(one[:], other[:]) == 1
}

const prefix = "base64:"

// Parse reads a secret that is written as "base64:" followed by at least 32 bytes in standard
// base64. Its errors never contain the value.
func Parse(value string) (Master, error) {
	encoded, ok := strings.CutPrefix(strings.TrimSpace(value), prefix)
	if !ok {
		return Master{}, errors.New(`a secret must be written as "base64:…"`)
	}
	bytes, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || len(bytes) < minLength {
		return Master{}, fmt.Errorf("a secret must be at least %d bytes in base64", minLength)
	}
	return Master{bytes}, nil
}

// generatedLength is the number of random letters and digits that are as strong as 32 random bytes.
const generatedLength = 43

// ParseGenerated reads a secret that consists of at least 43 randomly chosen letters and digits, as
// Secrets Manager generates them. Its errors never contain the value.
func ParseGenerated(value string) (Master, error) {
	other := func(c rune) bool { return c < '0' || c > '9' && c < 'A' || c > 'Z' && c < 'a' || c > 'z' }
	if len(value) < generatedLength || strings.ContainsFunc(value, other) {
		return Master{}, fmt.Errorf("a generated secret must be at least %d letters and digits", generatedLength)
	}
	return Master{[]byte(value)}, nil
}

// Load returns the secret that a setting contains or refers to. If the setting is an ARN, Load
// calls fetch to look up its value, which may be in the form of Parse or ParseGenerated. Otherwise
// the setting must be in the form of Parse. Load fails as these functions and fetch do.
func Load(
	ctx context.Context, setting string, fetch func(ctx context.Context, arn string) (string, error),
) (Master, error) {
	if strings.HasPrefix(setting, "arn:") {
		value, err := fetch(ctx, setting)
		if err != nil {
			return Master{}, fmt.Errorf("fetch secret: %w", err)
		}
		if !strings.HasPrefix(value, prefix) {
			return ParseGenerated(value)
		}
		setting = value
	}
	return Parse(setting)
}
