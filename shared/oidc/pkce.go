package oidc

import (
	"crypto/sha256"
	"encoding/base64"
)

// ChallengeOf returns the S256 challenge of a code verifier (RFC 7636 §4.2). It returns "" for "", and
// reports false for a text that is no verifier.
func ChallengeOf(verifier string) (challenge string, ok bool) {
	if verifier == "" {
		return "", true
	}
	if len(verifier) < 43 || len(verifier) > maxVerifier || !isVerifier(verifier) {
		return "", false
	}
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:]), true
}
