// Package secret turns one master secret into keys, one for each use, by HKDF (RFC 5869, SHA-256), so that no key serves two
// purposes and a deployment keeps few secrets. It reads no environment and imports no AWS: whoever starts a function says
// where a secret comes from.
package secret

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// minLength of a master secret in bytes: as strong as the keys made of it.
const minLength = 32

// Master is a secret that keys are derived from. It prints as nothing.
type Master struct{ bytes []byte }

// String keeps the secret out of logs.
func (Master) String() string { return "secret" }

// GoString keeps the secret out of logs.
func (Master) GoString() string { return "secret" }

// Key is n bytes, at most 8160, for one use, which label names.
func (m Master) Key(label string, n int) ([]byte, error) {
	key, err := hkdf.Key(sha256.New, m.bytes, nil, "identity-pools/"+label, n)
	if err != nil {
		return nil, fmt.Errorf("derive key %s: %w", label, err)
	}
	return key, nil
}

// Parse reads a secret written as "base64:" and at least 32 bytes in standard base64.
func Parse(value string) (Master, error) {
	encoded, ok := strings.CutPrefix(strings.TrimSpace(value), "base64:")
	if !ok {
		return Master{}, errors.New(`a secret must be written as "base64:…"`)
	}
	bytes, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || len(bytes) < minLength {
		return Master{}, fmt.Errorf("a secret must be at least %d bytes in base64", minLength)
	}
	return Master{bytes}, nil
}

// Load is the secret that a setting names: the secret itself as Parse reads it, or an ARN, which fetch then looks up.
func Load(ctx context.Context, setting string, fetch func(ctx context.Context, arn string) (string, error)) (Master, error) {
	if strings.HasPrefix(setting, "arn:") {
		value, err := fetch(ctx, setting)
		if err != nil {
			return Master{}, fmt.Errorf("fetch secret: %w", err)
		}
		setting = value
	}
	return Parse(setting)
}
