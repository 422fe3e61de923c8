package factors

import (
	"bytes"
	"context"
	"encoding/base64"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
	"github.com/go-webauthn/webauthn/webauthn"

	"identitypools/shared/identity"
)

// Created is the published type CredentialCreationResponse: what a browser returns when it has created
// a passkey, in JSON.
type Created struct {
	ID         string         `json:"id"` // the same as RawID, in base64url
	RawID      identity.Bytes `json:"rawId"`
	Type       string         `json:"type"`
	Attachment string         `json:"authenticatorAttachment"`
	Extensions jsontext.Value `json:"clientExtensionResults"` // ignored, since none is asked for
	Response   Attested       `json:"response"`
}

// Attested is the published type AuthenticatorAttestationResponse. What the attestation object contains
// anyway is ignored where it stands a second time.
type Attested struct {
	AttestationObject  identity.Bytes `json:"attestationObject"`
	ClientDataJSON     identity.Bytes `json:"clientDataJSON"`
	AuthenticatorData  identity.Bytes `json:"authenticatorData"`
	PublicKey          identity.Bytes `json:"publicKey"`
	PublicKeyAlgorithm int64          `json:"publicKeyAlgorithm"`
	Transports         []string       `json:"transports"`
}

// Complete checks what a browser returned for a challenge of Begin, and returns the passkey. It stores
// nothing: a back end gives the passkey to the user with a further call. Errors: NotFound for the pool
// or the user; Invalid; PreconditionFailed.
func (s *Service) Complete(
	ctx context.Context, ref identity.UserRef, c Created, match identity.Match,
) (identity.NewPasskey, error) {
	if err := c.check(); err != nil {
		return identity.NewPasskey{}, err
	}
	if _, _, err := s.read(ctx, ref, match); err != nil {
		return identity.NewPasskey{}, err
	}
	parsed, err := c.parse()
	if err != nil {
		return identity.NewPasskey{}, identity.InvalidField("/response",
			identity.Wrong("is not what a browser returns for a new passkey"))
	}
	challenge := parsed.Response.CollectedClientData.Challenge
	if err := s.Keys.CheckChallenge(ref, challenge, s.Now()); err != nil {
		return identity.NewPasskey{}, identity.InvalidField("/response/clientDataJSON",
			identity.Wrong("has no challenge that was made for this user in the last five minutes"))
	}
	found, err := s.Site.check(parsed, challenge, s.Keys.Handle(ref))
	if err != nil {
		return identity.NewPasskey{}, identity.InvalidField("/response",
			identity.Wrong("is not valid: the page, the algorithm, the verification of the user or the signature "+
				"is not what was asked for"))
	}
	if err := identity.CheckPasskey("", found); err != nil { // else a further call would refuse it
		return found, identity.InvalidField("/response/attestationObject",
			identity.Wrong("has a passkey that is not accepted: "+err.Error()))
	}
	return found, nil
}

// check returns Invalid if a member is missing or contradicts another one.
func (c Created) check() error {
	var v identity.Violations
	id, err := base64.RawURLEncoding.DecodeString(c.ID)
	switch {
	case len(c.RawID) == 0:
		v.Add("/rawId", identity.Required())
	case err != nil || c.ID != "" && !bytes.Equal(id, c.RawID):
		v.Add("/id", identity.Wrong("must be the same as rawId, in base64url"))
	}
	if c.Type != publicKey {
		v.Add("/type", identity.NotOneOf("public-key"))
	}
	if len(c.Response.AttestationObject) == 0 {
		v.Add("/response/attestationObject", identity.Required())
	}
	if len(c.Response.ClientDataJSON) == 0 {
		v.Add("/response/clientDataJSON", identity.Required())
	}
	return v.Err()
}

// parse returns the response as the library parses it.
func (c Created) parse() (*protocol.ParsedCredentialCreationData, error) {
	return protocol.CredentialCreationResponse{
		PublicKeyCredential: protocol.PublicKeyCredential{
			Credential: protocol.Credential{
				ID: base64.RawURLEncoding.EncodeToString(c.RawID), Type: c.Type,
			},
			RawID: protocol.URLEncodedBase64(c.RawID), AuthenticatorAttachment: c.Attachment,
		},
		AttestationResponse: protocol.AuthenticatorAttestationResponse{
			AuthenticatorResponse: protocol.AuthenticatorResponse{
				ClientDataJSON: protocol.URLEncodedBase64(c.Response.ClientDataJSON),
			},
			AttestationObject: protocol.URLEncodedBase64(c.Response.AttestationObject),
			Transports:        c.Response.Transports,
		},
	}.Parse()
}

// holder is a user as the library wants one.
type holder struct{ handle []byte }

func (h holder) WebAuthnID() []byte                       { return h.handle }
func (holder) WebAuthnName() string                       { return "" }
func (holder) WebAuthnDisplayName() string                { return "" }
func (holder) WebAuthnCredentials() []webauthn.Credential { return nil }

// check checks a response against what was asked for (WebAuthn Level 3 §7.1), and returns the passkey.
func (s *Site) check(
	parsed *protocol.ParsedCredentialCreationData, challenge string, handle []byte,
) (identity.NewPasskey, error) {
	session := webauthn.SessionData{
		Challenge: challenge, RelyingPartyID: s.id, UserID: handle, UserVerification: protocol.VerificationRequired,
	}
	for _, algorithm := range algorithms() {
		session.CredParams = append(session.CredParams, protocol.CredentialParameter{
			Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.COSEAlgorithmIdentifier(algorithm),
		})
	}
	c, err := s.library.CreateCredential(holder{handle}, session, parsed)
	if err != nil {
		return identity.NewPasskey{}, err
	}
	found := identity.NewPasskey{
		ID: c.ID, PublicKey: c.PublicKey, AttestationType: c.AttestationType,
		Flags: identity.PasskeyFlags{
			UserPresent: c.Flags.UserPresent, UserVerified: c.Flags.UserVerified,
			BackupEligible: c.Flags.BackupEligible, BackupState: c.Flags.BackupState,
		},
		Authenticator: identity.Authenticator{
			AAGUID: c.Authenticator.AAGUID, SignCount: c.Authenticator.SignCount,
			Attachment: string(c.Authenticator.Attachment),
		},
		Transport: []string{},
	}
	for _, transport := range c.Transport {
		found.Transport = append(found.Transport, string(transport))
	}
	return found, nil
}
