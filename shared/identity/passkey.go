package identity

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"slices"
)

// CredentialWebAuthn is the type of credentials of passkeys (WebAuthn).
const CredentialWebAuthn = "webauthn"

// MaxPasskeys is the maximum number of passkeys of a user. With it a user stays far below 400 KB, which
// is the limit for an item of DynamoDB.
const MaxPasskeys = 20

// MaxPasskeyName is the maximum length of the name that somebody gives to a passkey, in characters.
const MaxPasskeyName = 64

// Bounds of a passkey. WebAuthn Level 3 §4 (credential ID) sets those of the id. A public key for ES256
// has 77 bytes, and one for RSA with 4,096 bits has some 530.
const (
	minPasskeyID, maxPasskeyID   = 16, 1023 // bytes
	minPublicKey, maxPublicKey   = 32, 1024 // bytes
	maxTransports, maxTransport  = 10, 32   // entries; characters of each
	maxAttestation, aaguidLength = 32, 16   // characters; bytes
)

// Passkey is what is stored of a passkey: the credential record of WebAuthn Level 3 §4.
type Passkey struct {
	ID               []byte   `json:"id"`         // is unique within the user
	PublicKey        []byte   `json:"public_key"` // as COSE has it (RFC 9052)
	SignCount        uint32   `json:"sign_count,omitzero"`
	AAGUID           []byte   `json:"aaguid,omitempty"` // names the model of the authenticator
	AttestationType  string   `json:"attestation,omitempty"`
	Transports       []string `json:"transports,omitempty"`
	Attachment       string   `json:"attachment,omitempty"`
	IsBackupEligible bool     `json:"backup_eligible,omitzero"` // the passkey can be on several devices
	IsBackedUp       bool     `json:"backed_up,omitzero"`
	Name             string   `json:"name,omitempty"` // which the user gave to it
}

// NewPasskey is the published type Credential: a passkey as the library go-webauthn writes it. It is in
// answers, and comes back in requests that give the passkey to a user.
type NewPasskey struct {
	ID                Bytes              `json:"id"`
	PublicKey         Bytes              `json:"publicKey"`
	AttestationType   string             `json:"attestationType"`
	AttestationFormat string             `json:"attestationFormat,omitempty"` // of newer versions of the library; ignored
	Transport         []string           `json:"transport"`
	Flags             PasskeyFlags       `json:"flags"`
	Authenticator     Authenticator      `json:"authenticator"`
	Attestation       PasskeyAttestation `json:"attestation,omitzero"` // ignored, since no attestation is asked for
}

// PasskeyFlags is the published type CredentialFlags.
type PasskeyFlags struct {
	UserPresent    bool `json:"userPresent"`
	UserVerified   bool `json:"userVerified"`
	BackupEligible bool `json:"backupEligible"`
	BackupState    bool `json:"backupState"`
}

// Authenticator is the published type of the same name.
type Authenticator struct {
	AAGUID       Bytes  `json:"AAGUID"`
	SignCount    uint32 `json:"signCount"`
	CloneWarning bool   `json:"cloneWarning"`
	Attachment   string `json:"attachment,omitempty"`
}

// PasskeyAttestation is the published type CredentialAttestation.
type PasskeyAttestation struct {
	ClientDataJSON     Bytes `json:"clientDataJSON"`
	ClientDataHash     Bytes `json:"clientDataHash"`
	AuthenticatorData  Bytes `json:"authenticatorData"`
	PublicKeyAlgorithm int64 `json:"publicKeyAlgorithm"`
	Object             Bytes `json:"object"`
}

// CheckPasskeys returns Invalid if one of the passkeys is not one that the product or another server
// may have made. It checks the size of the public key and that it is a CBOR map, but not the key itself.
// The pointer is that of the list.
func CheckPasskeys(pointer string, list []NewPasskey) error {
	var v Violations
	for i, n := range list {
		n.check(&v, fmt.Sprintf("%s/%d", pointer, i))
	}
	return v.Err()
}

// CheckPasskey is CheckPasskeys for one passkey, whose pointer it takes.
func CheckPasskey(pointer string, n NewPasskey) error {
	var v Violations
	n.check(&v, pointer)
	return v.Err()
}

func (n NewPasskey) check(v *Violations, at string) {
	checkLength(v, at+"/id", len(n.ID), minPasskeyID, maxPasskeyID)
	checkLength(v, at+"/publicKey", len(n.PublicKey), minPublicKey, maxPublicKey)
	const cborMap, majorType = 0b101_00000, 0b111_00000 // RFC 8949 §3.1
	if len(n.PublicKey) > 0 && n.PublicKey[0]&majorType != cborMap {
		v.Add(at+"/publicKey", WrongFormat("cose-key", "must be a COSE key (RFC 9052), which is a CBOR map"))
	}
	checkLine(v, at+"/attestationType", n.AttestationType, 0, maxAttestation)
	if len(n.Transport) > maxTransports {
		v.Add(at+"/transport", TooMany(maxTransports, "entries"))
	}
	for i, transport := range n.Transport {
		checkLine(v, fmt.Sprintf("%s/transport/%d", at, i), transport, 1, maxTransport)
	}
	if aaguid := n.Authenticator.AAGUID; len(aaguid) > 0 {
		checkLength(v, at+"/authenticator/AAGUID", len(aaguid), aaguidLength, aaguidLength)
	}
	if a := n.Authenticator.Attachment; a != "" && a != "platform" && a != "cross-platform" {
		v.Add(at+"/authenticator/attachment", NotOneOf("platform", "cross-platform"))
	}
	if n.Authenticator.CloneWarning {
		v.Add(at+"/authenticator/cloneWarning",
			NotAllowed("must not be true: a passkey that may have been copied proves nothing"))
	}
	if !n.Flags.UserPresent {
		v.Add(at+"/flags/userPresent", NotOneOf("true"))
	}
	if !n.Flags.UserVerified {
		v.Add(at+"/flags/userVerified", NotAllowed("must be true: a passkey needs a PIN, a finger or the like"))
	}
	if n.Flags.BackupState && !n.Flags.BackupEligible { // WebAuthn Level 3 §6.1.3
		v.Add(at+"/flags/backupState", NotAllowed("must not be true without backupEligible"))
	}
}

// checkLength records a violation unless bytes is a number of bytes from least to most.
func checkLength(v *Violations, pointer string, bytes, least, most int) {
	if bytes < least || bytes > most {
		v.Add(pointer, WrongLength(bytes, least, most, "bytes"))
	}
}

// Passkeys returns the credentials of the user's passkeys, the oldest first.
func (u User) Passkeys() []Credential {
	return slices.DeleteFunc(slices.Clone(u.Credentials), func(c Credential) bool { return !isPasskey(c) })
}

func isPasskey(c Credential) bool { return c.Type == CredentialWebAuthn && c.Passkey != nil }

// AddPasskey gives the user a passkey that was checked. The pointer is that of the passkey. Errors:
// Conflict if the user has it; Invalid if the user has MaxPasskeys.
func (u *User) AddPasskey(pointer string, n NewPasskey, m Maker) error {
	known := u.Passkeys()
	if slices.ContainsFunc(known, func(c Credential) bool { return bytes.Equal(c.Passkey.ID, n.ID) }) {
		return Conflict{Pointer: pointer + "/id", Reason: "the user has this passkey already"}
	}
	if len(known) >= MaxPasskeys {
		return InvalidField(pointer, tooMany("passkeys", MaxPasskeys))
	}
	u.Credentials = append(slices.Clone(u.Credentials), Credential{
		ID: m.NewID(), Type: CredentialWebAuthn, State: StateValid, CreatedAt: At(m.Now), UpdatedAt: At(m.Now),
		Passkey: &Passkey{
			ID: n.ID, PublicKey: n.PublicKey, SignCount: n.Authenticator.SignCount, AAGUID: n.Authenticator.AAGUID,
			AttestationType: n.AttestationType, Transports: n.Transport, Attachment: n.Authenticator.Attachment,
			IsBackupEligible: n.Flags.BackupEligible, IsBackedUp: n.Flags.BackupState,
		},
	})
	u.UpdatedAt = At(m.Now)
	return nil
}

// passkey returns the place of a passkey among the user's credentials. The id is that of the credential,
// or the passkey's own in base64url. The error is NotFound if the user has no such passkey.
func (u User) passkey(id string) (int, error) {
	i := slices.IndexFunc(u.Credentials, func(c Credential) bool {
		return isPasskey(c) && (c.ID == id || base64.RawURLEncoding.EncodeToString(c.Passkey.ID) == id)
	})
	if i < 0 {
		return 0, NotFound{Thing: "passkey", ID: id}
	}
	return i, nil
}

// NamePasskey gives a name to a passkey, which is named by the id of its credential or by its own in
// base64url. A name is one line of 1 to 64 characters. Errors: Invalid; NotFound.
func (u *User) NamePasskey(id, name string, m Maker) error {
	var v Violations
	if checkLine(&v, "/name", name, 1, MaxPasskeyName); len(v) > 0 {
		return v.Err()
	}
	i, err := u.passkey(id)
	if err != nil {
		return err
	}
	u.Credentials = slices.Clone(u.Credentials)
	named := *u.Credentials[i].Passkey
	named.Name = name
	u.Credentials[i].Passkey, u.Credentials[i].UpdatedAt = &named, At(m.Now)
	u.UpdatedAt = At(m.Now)
	return nil
}

// RemovePasskey takes a passkey from the user, which is named as in NamePasskey. The error is NotFound
// if the user does not have it.
func (u *User) RemovePasskey(id string, m Maker) error {
	i, err := u.passkey(id)
	if err != nil {
		return err
	}
	u.Credentials = slices.Delete(slices.Clone(u.Credentials), i, i+1)
	u.UpdatedAt = At(m.Now)
	return nil
}
