// Package secret turns one master secret into keys, one for each use, by HKDF (RFC 5869, SHA-256), so that no key serves two
// purposes and a deployment keeps few secrets. It reads no environment and imports no AWS: whoever starts a function says
// where a secret comes from. Whatever wires a function may import it, no use case should.
package secret

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
)

// minLength of a master secret in bytes: as strong as the keys made of it.
const minLength = 32

// Master is a secret that keys are derived from. The zero value holds none.
type Master struct{ bytes []byte }

// Format keeps the secret out of logs, whatever the verb (ASVS 16.2.5).
func (Master) Format(to fmt.State, _ rune) { _, _ = io.WriteString(to, "secret") }

// Key is n bytes, from 1 to 8160 (RFC 5869 §2.3), for one use, which label names. It is the same for the same label and length.
// Errors: one for another n, or where there is no secret.
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

const prefix = "base64:"

// Parse reads a secret written as "base64:" and at least 32 bytes in standard base64. An error never repeats the value.
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

// generatedLength is how many random letters and digits are as strong as 32 random bytes.
const generatedLength = 43

// Generated is a secret of letters and digits that were chosen at random, as Secrets Manager makes one.
func ParseGenerated(value string) (Master, error) {
	other := func(c rune) bool { return c < '0' || c > '9' && c < 'A' || c > 'Z' && c < 'a' || c > 'z' }
	if len(value) < generatedLength || strings.ContainsFunc(value, other) {
		return Master{}, fmt.Errorf("a generated secret must be at least %d letters and digits", generatedLength)
	}
	return Master{[]byte(value)}, nil
}

// Load is the secret that a setting names: the secret itself as Parse reads it, or an ARN, which fetch then looks up.
// What fetch finds may be a Generated one, too. Errors: Parse's, Generated's and fetch's.
func Load(ctx context.Context, setting string, fetch func(ctx context.Context, arn string) (string, error)) (Master, error) {
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
