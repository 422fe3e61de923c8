// Package factor has the keys of authenticator apps and of passkeys: it seals the secrets of the apps,
// makes the challenges with which passkeys are created, and names users to authenticators.
//
// The package stores nothing and has no clock. What it makes is bound to the user for whom it was made.
package factor

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"strings"
	"time"

	"identitypools/shared/cloud"
	"identitypools/shared/identity"
	"identitypools/shared/otp"
	"identitypools/shared/secret"
	"identitypools/shared/vault"
)

// Labels of the keys that are derived from the codes' secret. With a changed label, the apps and the
// passkeys that people have are of no use any more.
const (
	sealKey    = "factors"
	handleKey  = "user handles"
	keyLength  = 32
	totpNote   = "totp#"      // the purpose of a sealed secret, before the user's id
	challenges = "challenge#" // the purpose of a challenge, before the user's id
)

// ChallengeLifetime is how long a passkey can be created with a challenge. WebAuthn Level 3 §15.1
// recommends a time-out of five minutes.
const ChallengeLifetime = 5 * time.Minute

// Keys are the keys. They are safe for concurrent use.
type Keys struct {
	sealer  *otp.Sealer
	handles handles
}

// Open returns the keys that are derived from the secret that CODE_SECRET names.
func Open(env cloud.Env) (Keys, error) {
	master, err := vault.Read(env, "CODE_SECRET")
	if err != nil {
		return Keys{}, err
	}
	return New(master)
}

// New returns the keys that are derived from a secret.
func New(master secret.Master) (Keys, error) {
	seal, err := master.Key(sealKey, keyLength)
	if err != nil {
		return Keys{}, err
	}
	handle, err := master.Key(handleKey, 2*keyLength)
	if err != nil {
		return Keys{}, err
	}
	named, err := newHandles(handle[:keyLength], handle[keyLength:])
	if err != nil {
		return Keys{}, err
	}
	sealer, err := otp.NewSealer(seal, rand.Reader)
	return Keys{sealer: sealer, handles: named}, err
}

// SealTOTP seals the secret of a user's authenticator app. It fails if the source of randomness fails.
func (k Keys) SealTOTP(u identity.UserRef, secret []byte) (string, error) {
	return k.sealer.SealNote(totpNote+u.ID, u.Tenant, u.Pool, secret)
}

// OpenTOTP returns a secret that SealTOTP sealed for the same user. The error is identity.InvalidCode
// for anything else.
func (k Keys) OpenTOTP(u identity.UserRef, sealed string) ([]byte, error) {
	return k.sealer.OpenNote(totpNote+u.ID, u.Tenant, u.Pool, sealed)
}

// NewChallenge returns a challenge with which a user may create passkeys for ChallengeLifetime. It is
// not stored, since it is sealed, and nobody else can make or use one. Its 36 bytes are in base64url
// without '-' and '_', which is standard base64 too: browsers take the one, and the vendor's client
// the other. It fails if the source of randomness fails.
func (k Keys) NewChallenge(u identity.UserRef, now time.Time) (string, error) {
	until := binary.BigEndian.AppendUint64(nil, uint64(now.Add(ChallengeLifetime).Unix()))
	for {
		text, err := k.sealer.SealNote(challenges+u.ID, u.Tenant, u.Pool, until)
		if err != nil || !strings.ContainsAny(text, "-_") { // one in five has neither
			return text, err
		}
	}
}

// CheckChallenge returns identity.InvalidCode unless the text is a challenge that was made for the user
// and has not expired.
func (k Keys) CheckChallenge(u identity.UserRef, text string, now time.Time) error {
	until, err := k.sealer.OpenNote(challenges+u.ID, u.Tenant, u.Pool, text)
	if err != nil || len(until) != 8 || uint64(now.Unix()) >= binary.BigEndian.Uint64(until) {
		return identity.InvalidCode{}
	}
	return nil
}

// plainBase64 reports whether bytes are the same text in both alphabets of base64.
func plainBase64(bytes []byte) bool {
	return !strings.ContainsAny(base64.RawURLEncoding.EncodeToString(bytes), "-_")
}
