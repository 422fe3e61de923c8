package courier

import (
	"context"
	"errors"
	"fmt"
	netmail "net/mail"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"

	"identitypools/shared/mail"
)

// ErrRejected is the error for a mail that will not be accepted however often it is sent.
var ErrRejected = errors.New("mail is not acceptable")

// Sender hands mails to SES.
type Sender struct {
	Client *sesv2.Client
	From   string // the address of a sender that SES knows, with or without a name
	// ConfigurationSet makes SES report bounces and complaints; "" for none.
	ConfigurationSet string
}

// Envelope is the recipient of a mail, and what its pool says of its sender.
type Envelope struct {
	To      string
	Name    string // the name of the sender; "" for the deployment's, or else the pool's
	Pool    string // the pool's name
	ReplyTo string // the address for replies; "" for none
}

// Send hands a mail to SES. Errors: ErrRejected; after any other error the mail may be sent again.
func (s Sender) Send(ctx context.Context, e Envelope, m mail.Mail) error {
	address, err := netmail.ParseAddress(e.To)
	if err != nil || address.Address != e.To || strings.ContainsAny(e.To, "\r\n") {
		return fmt.Errorf("%w: the recipient is not an address", ErrRejected)
	}
	part := func(text string) *types.Content {
		return &types.Content{Data: aws.String(text), Charset: aws.String("UTF-8")}
	}
	in := &sesv2.SendEmailInput{
		FromEmailAddress: aws.String(s.from(e)),
		Destination:      &types.Destination{ToAddresses: []string{e.To}},
		Content: &types.EmailContent{Simple: &types.Message{
			Subject: part(m.Subject),
			Body:    &types.Body{Text: part(m.Text), Html: part(m.HTML)},
			// Without it, automatic replies would answer the mail (RFC 3834 §5).
			Headers: []types.MessageHeader{{Name: aws.String("Auto-Submitted"), Value: aws.String("auto-generated")}},
		}},
	}
	if e.ReplyTo != "" {
		in.ReplyToAddresses = []string{e.ReplyTo}
	}
	if s.ConfigurationSet != "" {
		in.ConfigurationSetName = aws.String(s.ConfigurationSet)
	}
	_, err = s.Client.SendEmail(ctx, in)
	switch {
	case err == nil:
		return nil
	case s.isFinal(err):
		return fmt.Errorf("%w: SES refuses it", ErrRejected)
	}
	return fmt.Errorf("hand mail to SES: %w", anonymous{err, e.To})
}

// from returns the sender as its recipient sees it. The address is always the deployment's, which is
// the one that SES and the function's permission allow. The name is the one that the pool has set for
// its mails, or else the deployment's, or else the pool's own if that can be a sender's name.
func (s Sender) from(e Envelope) string {
	from, err := netmail.ParseAddress(s.From)
	switch {
	case err != nil:
		return s.From
	case e.Name != "":
		from.Name = e.Name
	case from.Name != "", strings.ContainsAny(e.Pool, `@<>"`), utf8.RuneCountInString(e.Pool) > maxName:
		return s.From
	default:
		from.Name = e.Pool
	}
	return from.String()
}

// maxName is how long the name of a pool may be that stands before an address: as long as the name of a
// sender may be.
const maxName = 64

// isFinal reports whether SES refuses the mail and will always refuse it. All other refusals are about
// the moment (throttling, quota, 5xx) or the account (paused, suspended, a domain that is not
// verified): somebody will repair that, and the mail can be sent then.
//
// MessageRejected may mean any of these, and its text tells which: "Sending paused for this account",
// or "Email address is not verified" with the address that is not, which is the sender's or, in SES's
// sandbox, the recipient's.
// https://docs.aws.amazon.com/ses/latest/dg/troubleshoot-error-messages.html
func (s Sender) isFinal(err error) bool {
	var rejected *types.MessageRejected
	if errors.As(err, &rejected) {
		text := strings.ToLower(rejected.ErrorMessage())
		unverified := strings.Contains(text, "not verified") && strings.Contains(text, s.address())
		return !unverified && !strings.Contains(text, "for this account")
	}
	return errors.As(err, new(*types.BadRequestException))
}

// address returns the address of the sender without a name, in lower case.
func (s Sender) address() string {
	from, err := netmail.ParseAddress(s.From)
	if err != nil {
		return strings.ToLower(s.From)
	}
	return strings.ToLower(from.Address)
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
