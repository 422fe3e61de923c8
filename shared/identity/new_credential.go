package identity

import (
	"errors"
	"fmt"
)

// NewCredential is a credential in NewUser: a password, the secret of an authenticator app, or
// passkeys.
type NewCredential struct {
	Type          string       `json:"type"`
	Password      string       `json:"password"`
	MustBeChanged bool         `json:"must_be_changed"` // of passwords only
	MustBeReset   bool         `json:"must_be_reset"`   // of passwords only; it wins
	TOTPSecret    string       `json:"totp_secret"`
	Passkeys      []NewPasskey `json:"webauthn_credentials"`
}

// addCredentials gives the user the credentials of the list, but not the secrets of the password and
// of the authenticator app.
func (p Pool) addCredentials(v *Violations, u *User, list []NewCredential, m Maker) {
	for i, n := range list {
		at := fmt.Sprintf("/credentials/%d", i)
		n.checkOthers(v, at)
		_, hasPassword := u.Password()
		_, hasTOTP := u.TOTP()
		switch {
		case n.Type == CredentialPassword && n.Password == "":
			v.Add(at+"/password", Required())
		case n.Type == CredentialPassword && hasPassword:
			v.Add(at+"/type", tooMany("passwords", 1))
		case n.Type == CredentialPassword:
			u.setPassword(p, "", m)
			switch set := &u.Credentials[len(u.Credentials)-1]; {
			case n.MustBeReset:
				set.State = StateMustBeReset
			case n.MustBeChanged:
				set.State = StateMustBeChanged
			}
		case n.Type == CredentialTOTP && hasTOTP:
			v.Add(at+"/type", tooMany("authenticator apps", 1))
		case n.Type == CredentialTOTP:
			_, err := ParseTOTPSecret(at+"/totp_secret", n.TOTPSecret)
			_ = v.AddUnder("", err)
			u.SetTOTP("", m)
		case n.Type == CredentialWebAuthn:
			u.addPasskeys(v, at+"/webauthn_credentials", n.Passkeys, m)
		default:
			v.Add(at+"/type", Choice(n.Type, "password", "totp", "webauthn"))
		}
	}
}

// checkOthers records a violation for each member of a credential that belongs to another type.
func (n NewCredential) checkOthers(v *Violations, at string) {
	for _, member := range []struct {
		name, kind string
		isGiven    bool
	}{
		{"password", CredentialPassword, n.Password != ""},
		{"totp_secret", CredentialTOTP, n.TOTPSecret != ""},
		{"webauthn_credentials", CredentialWebAuthn, len(n.Passkeys) > 0},
	} {
		if member.isGiven && n.Type != member.kind {
			v.Add(at+"/"+member.name, NotAllowed("belongs to a credential of the type "+member.kind))
		}
	}
}

// addPasskeys gives a new user the passkeys of a list, which must have some.
func (u *User) addPasskeys(v *Violations, at string, list []NewPasskey, m Maker) {
	if len(list) == 0 {
		v.Add(at, Required())
	}
	for i, n := range list {
		pointer := fmt.Sprintf("%s/%d", at, i)
		n.check(v, pointer)
		err := u.AddPasskey(pointer, n, m)
		if _, isTwice := errors.AsType[Conflict](err); isTwice {
			err = InvalidField(pointer+"/id", Repeated())
		}
		_ = v.AddUnder("", err)
	}
}
