package access

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// An Issuer signs tokens. It derives its key from a seed, so that all processes with the same seed
// have the same key.
type Issuer struct {
	signer jose.Signer
	public jose.JSONWebKey
	now    func() time.Time
}

// NewIssuer returns an Issuer for a seed of 32 bytes. The id of its key is the thumbprint of the
// public key (RFC 7638).
func NewIssuer(seed []byte, now func() time.Time) (*Issuer, error) {
	private := ed25519.NewKeyFromSeed(seed)
	public := jose.JSONWebKey{Key: private.Public(), Algorithm: string(jose.EdDSA), Use: "sig"}
	thumbprint, err := public.Thumbprint(thumbprintHash)
	if err != nil {
		return nil, fmt.Errorf("make key id: %w", err)
	}
	public.KeyID = base64.RawURLEncoding.EncodeToString(thumbprint)
	signer, err := jose.NewSigner(
		jose.SigningKey{Algorithm: jose.EdDSA, Key: jose.JSONWebKey{Key: private, KeyID: public.KeyID}},
		(&jose.SignerOptions{}).WithType(tokenType))
	if err != nil {
		return nil, fmt.Errorf("make signer: %w", err)
	}
	return &Issuer{signer: signer, public: public, now: now}, nil
}

// Issue returns a signed token with the content of t, which expires after lifetime. Its issuer claim
// is issuer.
func (i *Issuer) Issue(t Token, issuer string, lifetime time.Duration) (string, error) {
	now := i.now()
	signed, err := jwt.Signed(i.signer).Claims(claims{
		Claims: jwt.Claims{
			Issuer: issuer, Subject: t.ClientID, Audience: jwt.Audience{audience(t.Tenant, t.Caller)},
			IssuedAt: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(lifetime)),
		},
		ClientID: t.ClientID, Scope: strings.Join(t.Scopes, " "),
	}).Serialize()
	if err != nil {
		return "", fmt.Errorf("sign token: %w", err)
	}
	return signed, nil
}

// maxKeys is the number of keys in a published set: the current one and those before the last
// rotations.
const maxKeys = 4

// AddPublicKey adds the issuer's public key to a published JWK set, which may be empty, and drops
// the oldest keys beyond four. It returns the set, and whether the key was not in it before.
func (i *Issuer) AddPublicKey(published []byte) (set []byte, changed bool, err error) {
	known, err := parseSet(published)
	if err != nil {
		return nil, false, err
	}
	if len(known.Key(i.public.KeyID)) > 0 {
		return published, false, nil
	}
	known.Keys = slices.Insert(known.Keys, 0, i.public)
	known.Keys = known.Keys[:min(len(known.Keys), maxKeys)]
	set, err = json.Marshal(known)
	return set, true, err
}

func parseSet(text []byte) (jose.JSONWebKeySet, error) {
	var set jose.JSONWebKeySet
	if len(text) == 0 {
		return set, nil
	}
	if err := json.Unmarshal(text, &set); err != nil {
		return set, fmt.Errorf("decode public keys: %w", err)
	}
	return set, nil
}
