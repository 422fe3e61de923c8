// Package mail has the texts of the mails that people get: what each says, in every language, and how it looks. It decides neither who gets
// one nor when, and sends none: the courier does.
package mail

import (
	"slices"
	"time"

	"identitypools/shared/identity"
)

// Kind is a mail.
type Kind string

// The kinds of mails.
const (
	RegistrationCode Kind = "registration_code"
	RegistrationLink Kind = "registration_link"
	ResendCode       Kind = "resend_code" // of a registration whose code was asked for anew
	ResendLink       Kind = "resend_link"
	InvitationCode   Kind = "invitation_code"
	InvitationLink   Kind = "invitation_link"
	AddressTaken     Kind = "taken" // somebody wanted to use an address that has an account
	// the user name or phone number that came with the address has an account
	IdentifierTaken Kind = "identifier_taken"
	PasswordSet     Kind = "password_set" // a password was set or changed
)

// Kinds are all of them, in the order in which people meet them.
func Kinds() []Kind {
	return []Kind{
		RegistrationCode, RegistrationLink, ResendCode, ResendLink, InvitationCode, InvitationLink,
		AddressTaken, IdentifierTaken, PasswordSet,
	}
}

// Variables are the names of values that a text of this kind may have in braces; none where there is no such kind.
func (k Kind) Variables() []string {
	switch k {
	case RegistrationCode, ResendCode, InvitationCode:
		return []string{"pool", "code", "duration", "until"}
	case RegistrationLink, ResendLink, InvitationLink:
		return []string{"pool", "link", "duration", "until"}
	case AddressTaken, IdentifierTaken:
		return []string{"pool"}
	case PasswordSet:
		return []string{"pool", "time"}
	}
	return nil
}

// carries is the name of the value that is the reason of a mail, and stands in a paragraph of its own: code or link; "" where it is neither.
func (k Kind) mainVariable() string {
	for _, name := range []string{"code", "link"} {
		if slices.Contains(k.Variables(), name) {
			return name
		}
	}
	return ""
}

// Text is what a mail of a kind says, with names of values in braces. Body has paragraphs, divided by blank lines. Of the one body both parts
// of a mail are made, plain text and HTML: there is no markup in it.
type Text struct {
	Subject string `json:"subject"`
	Body    string `json:"body"`
}

// Values are what goes into a mail. A kind uses those that it needs.
type Values struct {
	Pool          string        // the name of the pool, from whoever made it: never trusted
	Colour        string        // the pool's, as #rrggbb; "" for the usual one
	ReplyTo       string        // whom to ask; "" for nobody
	CodeInSubject bool          // shows the code in lists of mails and in notifications
	Code          string        // of kinds that carry a code
	Link          string        // of kinds that carry a link
	Duration      time.Duration // for how long code or link are valid
	Until         time.Time     // when they end
	Time          time.Time     // when it happened, of PasswordSet
}

// Of are the values that all mails of a pool have.
func PoolValues(p identity.Pool) Values {
	return Values{Pool: p.Name, Colour: p.Colour(), ReplyTo: p.Branding.ReplyTo, CodeInSubject: p.Branding.CodeInSubject}
}

// Sample are values for a preview of the mails of a pool, as they would be if they were sent now.
func SampleValues(p identity.Pool, now time.Time) Values {
	const digits = "123456789012"
	v, policy := PoolValues(p), p.CodePolicy(identity.PurposeActivation)
	v.Code, v.Link = digits[:min(policy.Length, len(digits))], "https://example.com/activate?code=example"
	v.Duration, v.Until, v.Time = time.Duration(policy.TTL), now.Add(time.Duration(policy.TTL)), now
	return v
}

// Mail is a message ready to be sent. Subject is one line.
type Mail struct{ Subject, Text, HTML string }
