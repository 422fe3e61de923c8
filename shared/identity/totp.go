package identity

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
)

// CredentialTOTP is the type of credentials of an authenticator app, which shows codes that change
// with the time (RFC 6238).
const CredentialTOTP = "totp"

// The bounds of the secret of an authenticator app, in bytes. RFC 4226 §4 (R6) asks for at least 128
// bits. More than 64 bytes add nothing, since HMAC hashes longer keys first (RFC 2104 §2).
const (
	MinTOTPSecret = 16
	MaxTOTPSecret = 64
)

// maxTOTPText is the maximum length of a secret as people have it, in bytes. Each group of four
// characters may be followed by a space.
const maxTOTPText = 200

// TOTP is what is stored of an authenticator app.
type TOTP struct {
	// Secret is the secret that the app shares, sealed for its user: see shared/factor.
	Secret string `json:"secret"`
	// LastStep is the last time step whose code was accepted, or 0. Codes of this step and of earlier
	// ones are not accepted any more (RFC 6238 §5.2, ASVS 6.5.1).
	LastStep int64 `json:"last_step,omitzero"`
}

// ParseTOTPSecret reads the secret of an authenticator app, which is in base32 as apps take it: in
// either case, with or without padding, and with spaces or dashes between its characters. The error is
// Invalid at the pointer; it never contains the secret.
func ParseTOTPSecret(pointer, text string) ([]byte, error) {
	if text == "" {
		return nil, InvalidField(pointer, Required())
	}
	if len(text) > maxTOTPText {
		return nil, InvalidField(pointer, TooLong(maxTOTPText, "characters"))
	}
	plain := strings.TrimRight(strings.ToUpper(strings.NewReplacer(" ", "", "-", "").Replace(text)), "=")
	secret, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(plain)
	switch {
	// Package base32 ignores line breaks, and letters at the end that are no whole byte.
	case err != nil || strings.ContainsAny(plain, "\r\n") || strings.Contains("136", strconv.Itoa(len(plain)%8)):
		return nil, InvalidField(pointer,
			WrongFormat("base32", "must be in base32 (RFC 4648): the letters A to Z and the digits 2 to 7"))
	case len(secret) < MinTOTPSecret || len(secret) > MaxTOTPSecret:
		return nil, InvalidField(pointer, WrongLength(len(secret), MinTOTPSecret, MaxTOTPSecret, "bytes"))
	}
	return secret, nil
}

// TOTP returns the credential of the user's authenticator app. It reports false if the user has none.
func (u User) TOTP() (Credential, bool) {
	i := slices.IndexFunc(u.Credentials, isTOTP)
	if i < 0 {
		return Credential{}, false
	}
	return u.Credentials[i], true
}

func isTOTP(c Credential) bool { return c.Type == CredentialTOTP && c.TOTP != nil }

// SetTOTP gives the user an authenticator app with a sealed secret, in place of the one that the user
// has. A time step that was used stays used, since the new app may share the old secret.
func (u *User) SetTOTP(sealed string, m Maker) {
	set := Credential{
		ID: m.NewID(), Type: CredentialTOTP, State: StateValid, TOTP: &TOTP{Secret: sealed},
		CreatedAt: At(m.Now), UpdatedAt: At(m.Now),
	}
	if old, has := u.TOTP(); has {
		set.TOTP.LastStep = old.TOTP.LastStep
	}
	u.Credentials = append(slices.DeleteFunc(slices.Clone(u.Credentials), isTOTP), set)
	u.UpdatedAt = At(m.Now)
}

// UseTOTP records that the code of a time step was given. The error is InvalidCode if the user has no
// authenticator app, or if the code of this step or of a later one was given before.
func (u *User) UseTOTP(step int64, m Maker) error {
	u.Credentials = slices.Clone(u.Credentials)
	i := slices.IndexFunc(u.Credentials, isTOTP)
	if i < 0 || step <= u.Credentials[i].TOTP.LastStep {
		return InvalidCode{}
	}
	used := *u.Credentials[i].TOTP
	used.LastStep = step
	u.Credentials[i].TOTP, u.Credentials[i].UpdatedAt = &used, At(m.Now)
	u.UpdatedAt = At(m.Now)
	return nil
}

// TOTPGuesses names the budget of guesses at the codes of a user's authenticator app. It is counted
// like that of a mailbox, and no mailbox has the same name.
func (u UserRef) TOTPGuesses() MailboxRef {
	sum := sha256.Sum256([]byte(u.Pool + "#" + u.ID)) // ids contain no '#'
	return MailboxRef{Tenant: u.Tenant, Digest: "totp." + base64.RawURLEncoding.EncodeToString(sum[:16])}
}
