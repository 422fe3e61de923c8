package factors

import (
	"cmp"
	"context"
	"encoding/base64"

	"identitypools/shared/factor"
	"identitypools/shared/identity"
)

// Creation is the published type CredentialAssertion, which is what a browser needs to create a
// passkey: the argument of navigator.credentials.create, in JSON (WebAuthn Level 3 §5.1.8).
type Creation struct {
	PublicKey CreationOptions `json:"publicKey"`
}

// CreationOptions is the type PublicKeyCredentialCreationOptionsJSON of WebAuthn Level 3 §5.1.8.
type CreationOptions struct {
	Site      site        `json:"rp"`
	User      user        `json:"user"`
	Challenge string      `json:"challenge"`
	Keys      []parameter `json:"pubKeyCredParams"`
	Timeout   int64       `json:"timeout"` // in milliseconds
	Known     []known     `json:"excludeCredentials"`
	Selection selection   `json:"authenticatorSelection"`
	// Attestation says that the product does not ask which model the authenticator is.
	Attestation string `json:"attestation"`
}

type site struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type user struct {
	Handle      string `json:"id"`
	Name        string `json:"name"`
	DisplayName string `json:"displayName"`
}

type parameter struct {
	Type      string `json:"type"`
	Algorithm int64  `json:"alg"`
}

type known struct {
	Type       string   `json:"type"`
	ID         string   `json:"id"`
	Transports []string `json:"transports,omitempty"`
}

type selection struct {
	ResidentKey        string `json:"residentKey"`
	RequireResidentKey bool   `json:"requireResidentKey"`
	UserVerification   string `json:"userVerification"`
}

// The algorithms of the keys of passkeys, the best first (the registry "COSE Algorithms"). Windows
// Hello needs the last one.
const (
	ed25519 = -8
	es256   = -7
	rs256   = -257
)

// algorithms returns the algorithms that the key of a passkey may have.
func algorithms() []int64 { return []int64{ed25519, es256, rs256} }

const (
	publicKey = "public-key" // the one type of credentials of WebAuthn
	required  = "required"
)

// Begin returns what a browser needs to create a passkey for a user. The passkey can sign its user in
// without a name, and verifies the user with a PIN, a finger or the like. Nothing is stored: the
// challenge is sealed, and good for factor.ChallengeLifetime. Errors: NotFound; PreconditionFailed.
func (s *Service) Begin(ctx context.Context, ref identity.UserRef, match identity.Match) (Creation, error) {
	u, p, err := s.read(ctx, ref, match)
	if err != nil {
		return Creation{}, err
	}
	challenge, err := s.Keys.NewChallenge(ref, s.Now())
	if err != nil {
		return Creation{}, err
	}
	name := nameOf(u)
	options := CreationOptions{
		Site: site{ID: s.Site.id, Name: cmp.Or(p.Name, p.ID)},
		User: user{
			Handle: base64.RawURLEncoding.EncodeToString(s.Keys.Handle(ref)), Name: name, DisplayName: name,
		},
		Challenge: challenge, Timeout: factor.ChallengeLifetime.Milliseconds(), Known: []known{},
		Selection:   selection{ResidentKey: required, RequireResidentKey: true, UserVerification: required},
		Attestation: "none",
	}
	for _, algorithm := range algorithms() {
		options.Keys = append(options.Keys, parameter{publicKey, algorithm})
	}
	for _, c := range u.Passkeys() {
		id := base64.RawURLEncoding.EncodeToString(c.Passkey.ID)
		options.Known = append(options.Known, known{publicKey, id, c.Passkey.Transports})
	}
	return Creation{options}, nil
}

// nameOf returns the name by which an authenticator shows a user: the user's e-mail address, or else
// the first identifier, or else the id.
func nameOf(u identity.User) string {
	if address, err := u.OwnMailAddress(""); err == nil {
		return address
	}
	if len(u.Identifiers) > 0 {
		return u.Identifiers[0].Value
	}
	return u.ID
}
