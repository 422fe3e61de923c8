// Package mail has the texts of all mails in every language, and renders mails from them as plain
// text and HTML. It does not decide who gets a mail or when, and does not send any; the courier
// does.
package mail

import (
	"slices"
	"time"

	"identitypools/shared/identity"
)

// A Kind is a kind of mail. Its value is used in the API, in stored messages and in the keys of
// texts.
type Kind string

// The kinds of mails.
const (
	// Mails with a code or a link that activates a user who has registered, who has asked for
	// another code, or whom an administrator has invited.
	RegistrationCode Kind = "registration_code"
	RegistrationLink Kind = "registration_link"
	ResendCode       Kind = "resend_code"
	ResendLink       Kind = "resend_link"
	InvitationCode   Kind = "invitation_code"
	InvitationLink   Kind = "invitation_link"

	// Welcome tells somebody who has just been activated with a password, an authenticator app or
	// passkeys that the account is active.
	Welcome Kind = "welcome"

	// AddressTaken tells the owner of an account that somebody tried to register with its address.
	AddressTaken Kind = "taken"

	// IdentifierTaken tells whoever registers with a new address that the user name or phone
	// number that they gave belongs to an account already.
	IdentifierTaken Kind = "identifier_taken"

	// Mails with a code or a link that lets a user who has asked for it choose a new password.
	PasswordResetCode Kind = "password_reset_code"
	PasswordResetLink Kind = "password_reset_link"

	// Mails with a code or a link that proves that an address of a user is the user's.
	AddressCode Kind = "address_code"
	AddressLink Kind = "address_link"

	// ChallengeCode has a one-time code with which a user proves to be that user.
	ChallengeCode Kind = "challenge_code"

	// SignInCode has a one-time code with which a person signs in.
	SignInCode Kind = "sign_in_code"

	// TOTPResetCode has a code that lets a user set up a new authenticator app.
	TOTPResetCode Kind = "totp_reset_code"

	// KeyEnrollCode has a code that lets a user add a passkey.
	KeyEnrollCode Kind = "key_enroll_code"

	// Notices that tell a user what was changed and when: the password was set, changed or reset, an
	// authenticator app was set up or replaced, a passkey was added or removed, a verified address was
	// added or removed. They contain no address.
	PasswordSet    Kind = "password_set"
	TOTPSet        Kind = "totp_set"
	KeyAdded       Kind = "key_added"
	KeyRemoved     Kind = "key_removed"
	AddressAdded   Kind = "address_added"
	AddressRemoved Kind = "address_removed"
)

// Kinds returns all kinds: first the mails of a registration and an invitation, in the order in which
// people meet them, then those with other codes, then the notices of changes.
func Kinds() []Kind {
	return []Kind{
		RegistrationCode, RegistrationLink, ResendCode, ResendLink, InvitationCode, InvitationLink, Welcome,
		AddressTaken, IdentifierTaken,
		PasswordResetCode, PasswordResetLink, AddressCode, AddressLink,
		ChallengeCode, SignInCode, TOTPResetCode, KeyEnrollCode,
		PasswordSet, TOTPSet, KeyAdded, KeyRemoved, AddressAdded, AddressRemoved,
	}
}

// Variables returns the names of the values that a text of this kind may contain in braces. It
// returns nil for an unknown kind. The mails to somebody who registers have no {name}, since a
// stranger may have given it: see Values.Name.
func (k Kind) Variables() []string {
	switch k {
	case RegistrationCode:
		return []string{"pool", "code", "duration", "until"}
	case RegistrationLink:
		return []string{"pool", "link", "duration", "until"}
	case ResendCode, InvitationCode,
		PasswordResetCode, AddressCode, ChallengeCode, SignInCode, TOTPResetCode, KeyEnrollCode:
		return []string{"pool", "name", "code", "duration", "until"}
	case ResendLink, InvitationLink, PasswordResetLink, AddressLink:
		return []string{"pool", "name", "link", "duration", "until"}
	case IdentifierTaken:
		return []string{"pool"}
	case Welcome, AddressTaken:
		return []string{"pool", "name"}
	case PasswordSet, TOTPSet, KeyAdded, KeyRemoved, AddressAdded, AddressRemoved:
		return []string{"pool", "name", "time"}
	}
	return nil
}

// mainVariable returns the name of the value for which a mail of this kind is sent: "code", "link",
// or "" if the mail has neither. In a text, this value stands in a paragraph of its own.
func (k Kind) mainVariable() string {
	for _, name := range []string{"code", "link"} {
		if slices.Contains(k.Variables(), name) {
			return name
		}
	}
	return ""
}

// buttonKey returns the key of the words on the button of a mail with a link. The link of a welcome
// and of a notice that somebody has an account already is Values.SignIn.
func (k Kind) buttonKey() string {
	switch k {
	case Welcome, AddressTaken:
		return "button_sign_in"
	case PasswordResetLink:
		return "button_password"
	case AddressLink:
		return "button_address"
	}
	return "button_activate"
}

// purpose returns what the code or link of a mail of this kind is for. For a notice, which has
// neither, it returns the purpose of activation.
func (k Kind) purpose() identity.CodePurpose {
	switch k {
	case PasswordResetCode, PasswordResetLink:
		return identity.PurposeResetPassword
	case AddressCode, AddressLink:
		return identity.PurposeVerifyAddress
	case ChallengeCode:
		return identity.PurposeChallenge
	case SignInCode:
		return identity.PurposeAuthentication
	case TOTPResetCode:
		return identity.PurposeResetTOTP
	case KeyEnrollCode:
		return identity.PurposeEnrollWebAuthn
	}
	return identity.PurposeActivation
}

// A Text is what the mails of a kind say in one language. Names of values stand in braces. The body
// consists of paragraphs of plain text, separated by blank lines. Both parts of a mail, plain text
// and HTML, are made from it.
type Text struct {
	Subject string `json:"subject"`
	Body    string `json:"body"`
}

// Values are the values that go into a mail. Each kind uses only some of them.
type Values struct {
	Pool          string // the name of the pool, which may contain anything
	Colour        string // the colour of the pool as #rrggbb, or "" for the default
	Logo          string // the https URL of the pool's logo, or "" for none
	ReplyTo       string // the address for questions, or "" if there is none
	CodeInSubject bool   // the subject shows the code, and so do lists of mails

	// Name is the receiver's name, or "" if it is not known. It must be one that identity.User.CallName
	// returns, and the caller must know that the receiver is the user and no stranger chose the name: it
	// is a text that goes to somebody's mailbox.
	Name string

	Code     string        // for kinds with a code
	CodePage string        // the URL of the page on which the code is typed, or "" if the receiver has it open
	Link     string        // for kinds with a link
	SignIn   string        // the URL at which somebody with an account goes on, or "" for none
	Duration time.Duration // how long the code or link is valid
	Until    time.Time     // when the code or link expires
	Time     time.Time     // for notices of a change, when it happened
}

// PoolValues returns the values that all mails of a pool share.
func PoolValues(p identity.Pool) Values {
	replyTo, _ := p.Branding.ReplyAddress() // none if mails could not have it
	return Values{
		Pool: p.Name, Colour: p.Colour(), Logo: p.Branding.MailLogo(),
		ReplyTo: replyTo.String(), CodeInSubject: p.Branding.CodeInSubject, SignIn: p.SignInURL,
	}
}

// SampleValues returns values for a preview of a pool's mail of this kind, as if it were sent now.
func (k Kind) SampleValues(p identity.Pool, now time.Time) Values {
	const digits = "123456789012"
	v, policy := PoolValues(p), p.CodePolicy(k.purpose())
	v.Code, v.Link = digits[:min(policy.Length, len(digits))], "https://example.com/page?code=example"
	v.Name = "Ann"
	if k == InvitationCode {
		v.CodePage = "https://example.com/page"
	}
	v.Duration, v.Until, v.Time = time.Duration(policy.TTL), now.Add(time.Duration(policy.TTL)), now
	return v
}

// A Mail is a message that is ready to be sent. Subject is a single line, Text and HTML are the two
// parts of the body.
type Mail struct{ Subject, Text, HTML string }
