package signing

import (
	"crypto"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"identitypools/shared/oidc"
)

// maxKeys is the largest number of keys of a kind in a set: the present one, and those of the secrets
// before it.
const maxKeys = 4

// set is the stored keys, the newest first.
type set struct {
	Keys []sealedKey `json:"keys"`
}

// sealedKey is a key as it is stored: the public part as a JWK (RFC 7517), and the private part, sealed.
type sealedKey struct {
	Public jsontext.Value `json:"public"`
	// By names the secret under which the private part is sealed, and says nothing about it.
	By     string `json:"by"`
	Sealed []byte `json:"sealed"` // PKCS #8 (RFC 5958), in AES-256-GCM behind its nonce
}

// parseSet reads stored keys. No keys are the empty set.
func parseSet(stored []byte) (s set, err error) {
	if len(stored) == 0 {
		return s, nil
	}
	if err := json.Unmarshal(stored, &s); err != nil {
		return s, fmt.Errorf("decode signing keys: %w", err)
	}
	return s, nil
}

// public returns the public parts of the set as a JWK set.
func (s set) public() (keys jose.JSONWebKeySet, err error) {
	for _, stored := range s.Keys {
		var key jose.JSONWebKey
		if err := key.UnmarshalJSON(stored.Public); err != nil {
			return keys, fmt.Errorf("decode public key: %w", err)
		}
		keys.Keys = append(keys.Keys, key)
	}
	return keys, nil
}

// document returns the JWK set as it is published.
func (s set) document() ([]byte, error) {
	keys := make([]jsontext.Value, len(s.Keys))
	for i, stored := range s.Keys {
		keys[i] = stored.Public
	}
	return json.Marshal(map[string]any{"keys": keys})
}

// with returns the set with new keys before the others, of which it keeps maxKeys of a kind.
func (s set) with(keys []sealedKey) set {
	all, kinds := set{}, map[string]int{}
	for _, key := range slices.Concat(keys, s.Keys) {
		var kind struct {
			Type string `json:"kty"`
		}
		_ = json.Unmarshal(key.Public, &kind) // the product has written it
		if kinds[kind.Type]++; kinds[kind.Type] <= maxKeys {
			all.Keys = append(all.Keys, key)
		}
	}
	return all
}

// MakeKeys makes a new key for each algorithm: RSA with 2,048 bits for RS256, and P-256 for ES256. NIST SP
// 800-131A allows both. It takes about 80 ms of a processor.
func MakeKeys() ([]crypto.Signer, error) {
	slow, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, fmt.Errorf("make RSA key: %w", err)
	}
	fast, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make P-256 key: %w", err)
	}
	return []crypto.Signer{slow, fast}, nil
}

// algorithmOf returns the algorithm with which a key signs.
func algorithmOf(key crypto.Signer) string {
	if _, ok := key.(*rsa.PrivateKey); ok {
		return oidc.RS256
	}
	return oidc.ES256
}

// seal returns a key as it is stored. The name of the key is bound to the private part.
func seal(key crypto.Signer, by string, box cipher.AEAD, random io.Reader) (sealedKey, error) {
	public := jose.JSONWebKey{Key: key.Public(), Algorithm: algorithmOf(key), Use: "sig"}
	thumbprint, err := public.Thumbprint(crypto.SHA256)
	if err != nil {
		return sealedKey{}, fmt.Errorf("make key id: %w", err)
	}
	public.KeyID = base64.RawURLEncoding.EncodeToString(thumbprint)
	text, err := public.MarshalJSON()
	if err != nil {
		return sealedKey{}, fmt.Errorf("encode public key: %w", err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return sealedKey{}, fmt.Errorf("encode private key: %w", err)
	}
	nonce := make([]byte, box.NonceSize())
	if _, err := io.ReadFull(random, nonce); err != nil {
		return sealedKey{}, fmt.Errorf("read randomness: %w", err)
	}
	return sealedKey{
		Public: text, By: by, Sealed: box.Seal(nonce, nonce, private, []byte(public.KeyID)),
	}, nil
}

// open returns the signer of a stored key, with its algorithm. It fails if the key was changed.
func (s sealedKey) open(box cipher.AEAD) (jose.SigningKey, error) {
	var public jose.JSONWebKey
	if err := public.UnmarshalJSON(s.Public); err != nil || len(s.Sealed) < box.NonceSize() {
		return jose.SigningKey{}, errors.New("open signing key: it is malformed")
	}
	nonce, sealed := s.Sealed[:box.NonceSize()], s.Sealed[box.NonceSize():]
	text, err := box.Open(nil, nonce, sealed, []byte(public.KeyID))
	if err != nil {
		return jose.SigningKey{}, fmt.Errorf("open signing key: %w", err)
	}
	private, err := x509.ParsePKCS8PrivateKey(text)
	if err != nil {
		return jose.SigningKey{}, fmt.Errorf("decode signing key: %w", err)
	}
	return jose.SigningKey{
		Algorithm: jose.SignatureAlgorithm(public.Algorithm),
		Key:       jose.JSONWebKey{Key: private, KeyID: public.KeyID},
	}, nil
}

// nameOf returns a name of a sealing key, which says nothing about the key.
func nameOf(key []byte) string {
	sum := sha256.Sum256(append([]byte("the name of the sealing key "), key...))
	return base64.RawURLEncoding.EncodeToString(sum[:9])
}
