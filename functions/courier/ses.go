package courier

import (
	"context"
	"errors"
	"fmt"
	netmail "net/mail"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"
	"github.com/aws/smithy-go"

	"identitypools/shared/identity"
	"identitypools/shared/mail"
)

// ErrRejected is the error for a mail to a recipient to whom SES will send nothing.
var ErrRejected = errors.New("mail is not acceptable")

// ErrUndecided is the error for a mail that SES refuses as it is, and of which nobody can tell whether
// the recipient, the sender or a setting is at fault.
var ErrUndecided = errors.New("mail is refused as it is")

// Sender hands mails to SES.
type Sender struct {
	Client *sesv2.Client
	From   netmail.Address // a sender that SES knows, with or without a name
	// ConfigurationSet makes SES report bounces and complaints; "" for none.
	ConfigurationSet string
	// Pace returns when the next mail may be handed to SES; nil for at once.
	Pace func(ctx context.Context) error
	// Sent is told of each mail that SES has taken: its kind, and the id that SES has given it. It is nil
	// unless somebody watches.
	Sent func(kind mail.Kind, id string)
}

// Envelope is the recipient of a mail, and what its pool says of its sender.
type Envelope struct {
	To      identity.MailAddress
	Name    string               // the name of the sender; "" for the deployment's
	ReplyTo identity.MailAddress // the address for replies, if there is one
	Kind    mail.Kind            // the kind of the mail, which Sender.Sent is told
}

// Send hands a mail to SES. Errors: ErrRejected; ErrUndecided; after any other error SES takes no mail
// at the moment, and the mail may be sent again.
func (s Sender) Send(ctx context.Context, e Envelope, m mail.Mail) error {
	part := func(text string) *types.Content {
		return &types.Content{Data: aws.String(text), Charset: aws.String("UTF-8")}
	}
	in := &sesv2.SendEmailInput{
		FromEmailAddress: aws.String(s.from(e)),
		Destination:      &types.Destination{ToAddresses: []string{e.To.String()}},
		Content: &types.EmailContent{Simple: &types.Message{
			Subject: part(m.Subject),
			Body:    &types.Body{Text: part(m.Text), Html: part(m.HTML)},
			// Without it, automatic replies would answer the mail (RFC 3834 §5).
			Headers: []types.MessageHeader{{Name: aws.String("Auto-Submitted"), Value: aws.String("auto-generated")}},
		}},
	}
	if address := e.ReplyTo.String(); address != "" {
		in.ReplyToAddresses = []string{address}
	}
	if s.ConfigurationSet != "" {
		in.ConfigurationSetName = aws.String(s.ConfigurationSet)
	}
	if s.Pace != nil {
		if err := s.Pace(ctx); err != nil {
			return fmt.Errorf("wait for the sending rate: %w", err)
		}
	}
	out, err := s.Client.SendEmail(ctx, in)
	if err != nil {
		return s.refusal(err, e.To.String())
	}
	if s.Sent != nil {
		s.Sent(e.Kind, aws.ToString(out.MessageId))
	}
	return nil
}

// from returns the sender as its recipient sees it. The address is always the deployment's, which is
// the one that SES and the function's permission allow. The name is the pool's, so that people know
// whom the mail is from, or else the deployment's: see identity.Pool.SenderName.
func (s Sender) from(e Envelope) string {
	from := s.From
	if e.Name != "" {
		from.Name = e.Name
	}
	if from.Name == "" {
		return from.Address
	}
	return from.String()
}

// refusal returns the error for a mail to an address that SES refuses with err. A refusal is final only
// if it names the recipient. Most refusals are about the moment (throttling, quota, 5xx) or the account
// (paused, suspended, a domain that is not verified): somebody will repair that, and the mail can be
// sent then.
//
// BadRequestException and MessageRejected may mean any of these, and only their texts tell which:
// "Sending paused for this account", or "Email address is not verified" with the address that is not,
// which is the sender's or, in SES's sandbox, the recipient's. Most texts, such as "Illegal address", do
// not tell which address or setting they are about.
// https://docs.aws.amazon.com/ses/latest/dg/troubleshoot-error-messages.html
func (s Sender) refusal(err error, to string) error {
	cause := anonymous{err, to}
	temporary, final := fmt.Errorf("hand mail to SES: %w", cause), fmt.Errorf("%w: SES refuses it", ErrRejected)
	var refused smithy.APIError
	if !errors.As(err, &refused) {
		return temporary
	}
	text, to, from := strings.ToLower(refused.ErrorMessage()), strings.ToLower(to), strings.ToLower(s.From.Address)
	if isDenial(refused.ErrorCode()) && to != from && names(text, to) {
		return final
	}
	if !mayBeForRecipient(refused.ErrorCode()) {
		return temporary
	}
	others := without(text, to) // the recipient's address may contain the sender's
	switch {
	case strings.Contains(text, "for this account"), strings.Contains(others, from), to == from:
		return temporary
	case others != text:
		return final
	}
	return fmt.Errorf("%w: %w", ErrUndecided, cause)
}

// without removes an address from a text, and leaves longer addresses that contain it. Both are in lower
// case.
func without(text, address string) string {
	const before, after = "(^|[^" + inLocalPart + "])", `($|[^a-z0-9.-]|\.($|[^a-z0-9]))`
	return regexp.MustCompile(before+regexp.QuoteMeta(address)+after).ReplaceAllString(text, "$1$2")
}

// inLocalPart has the characters that the part of an address before the @ may have (RFC 5321 §4.1.2, RFC
// 6531 §3.3), as part of a class of a regular expression. It lacks the slash, which stands before the
// address in the name of an identity.
const inLocalPart = `\pL\pN.!#$%&'*+=?^_{|}~\x60-`

// isDenial reports whether an error of SES with the given code says that a permission is missing.
func isDenial(code string) bool { return code == "AccessDeniedException" || code == "AccessDenied" }

// names reports whether the text of a denial names an address as the resource, as in "… is not
// authorized to perform `ses:SendEmail' on resource
// `arn:aws:ses:eu-west-1:123456789012:identity/ann@example.com'". In SES's sandbox a permission is needed
// for the recipient's identity too. A denial that names the identity of a whole domain, the sender's or a
// configuration set is a fault of the deployment, which somebody will repair. Both texts are in lower
// case.
// https://repost.aws/knowledge-center/amazon-ses-iam-user-email-access-denied
func names(text, address string) bool {
	_, resource, found := strings.Cut(text, ":identity/"+address)
	return found && strings.IndexAny(resource, "abcdefghijklmnopqrstuvwxyz0123456789-.") != 0
}

// mayBeForRecipient reports whether an error of SES with the given code may be about the recipient of
// a mail.
func mayBeForRecipient(code string) bool {
	switch code {
	case "BadRequestException", "MessageRejected", "InvalidParameterValue", "ValidationException":
		return true
	}
	return false
}

// anonymous is an error of SES whose text does not name the recipient. Errors of SES may name the
// recipient, and logs must not.
type anonymous struct {
	error
	to string
}

func (e anonymous) Error() string {
	return regexp.MustCompile("(?i)"+regexp.QuoteMeta(e.to)).ReplaceAllLiteralString(e.error.Error(), "the recipient")
}

func (e anonymous) Unwrap() error { return e.error }
