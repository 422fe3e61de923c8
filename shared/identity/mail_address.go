package identity

import (
	"net/mail"
	"strings"
	"unicode/utf8"
)

// MailAddress is an e-mail address to which mail can be sent, in the one form in which it is stored
// and handed to SES: without spaces around it, and with its domain in ASCII (IDNA). The zero value
// is no address.
type MailAddress struct{ text string }

// ParseMailAddress returns the address that text has. The error is a sentence about the text that
// does not contain it.
//
// It refuses local parts that are not ASCII. Such an address is valid (RFC 6531), but SES sends no
// mail to it, from it, or with it as the address for replies:
// https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_Destination.html
func ParseMailAddress(text string) (MailAddress, error) {
	normalized, err := Pool{}.Normalize(TypeEmail, text)
	if err != nil {
		return MailAddress{}, err
	}
	if utf8.RuneCountInString(normalized) < len(normalized) {
		return MailAddress{}, errLocalPart() // since the domain is in ASCII
	}
	return MailAddress{normalized}, nil
}

// ParseSender returns the sender of mails in a text such as "Example <no-reply@example.com>". Its
// address is in the form of MailAddress.
func ParseSender(text string) (mail.Address, error) {
	sender, err := mail.ParseAddress(strings.TrimSpace(text))
	if err != nil {
		return mail.Address{}, err
	}
	address, err := ParseMailAddress(sender.Address)
	return mail.Address{Name: sender.Name, Address: address.String()}, err
}

// String returns the address, or "" if there is none.
func (a MailAddress) String() string { return a.text }

// Mailbox returns the mailbox of the address in the form that suppressions use: see NormalizeMailbox.
func (a MailAddress) Mailbox() string { return strings.ToLower(a.text) }

// errLocalPart returns the rule for what an address has before the @.
func errLocalPart() Rule {
	return Broken(CodeNotMailable,
		"must be an address that can receive mail: the mail service takes only ASCII before the @")
}

// CheckMailable returns Invalid if value is a valid e-mail address to which no mail can be sent. It
// accepts everything else: a name, or a text that is refused for another reason.
func CheckMailable(pointer, value string) error {
	var v Violations
	checkMailable(&v, pointer, value)
	return v.Err()
}

// checkMailable records the violation of CheckMailable.
func checkMailable(v *Violations, pointer, value string) {
	if _, err := ParseMailAddress(value); err != nil && RuleOf(err).Code == CodeNotMailable {
		v.Add(pointer, errLocalPart())
	}
}

// MailAddresses returns those of the addresses to which mail can be sent. The error is Invalid if
// some are e-mail addresses, but mail can be sent to none of them.
func MailAddresses(addresses []Address) (mailable []Address, err error) {
	for _, a := range addresses {
		switch refused := CheckMailable("/address", a.Value); {
		case a.Type != TypeEmail:
		case refused != nil:
			err = refused
		default:
			mailable = append(mailable, a)
		}
	}
	if len(mailable) > 0 {
		err = nil
	}
	return mailable, err
}
