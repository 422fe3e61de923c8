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

// Issuer signs tokens. Its key is made of a seed of 32 bytes, so that every process with the secret has the same one.
type Issuer struct {
	signer jose.Signer
	public jose.JSONWebKey
	now    func() time.Time
}

// NewIssuer is an Issuer. The key's id is its thumbprint (RFC 7638).
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

// Issue is a token for c that says issuer made it, good for lifetime.
func (i *Issuer) Issue(c Caller, issuer string, lifetime time.Duration) (string, error) {
	now := i.now()
	token, err := jwt.Signed(i.signer).Claims(claims{
		Claims: jwt.Claims{
			Issuer: issuer, Subject: c.ClientID, Audience: jwt.Audience{audience(c.Tenant, c.Tree)},
			IssuedAt: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(lifetime)),
		},
		ClientID: c.ClientID, Scope: strings.Join(c.Scopes, " "),
	}).Serialize()
	if err != nil {
		return "", fmt.Errorf("sign token: %w", err)
	}
	return token, nil
}

// maxKeys is how many public keys a published set holds: the current one and those of the rotations before it.
const maxKeys = 4

// Publish is the set published so far, with the issuer's key added if it is not in it. changed says whether it was added.
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
