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

// ErrRejected is a mail that will not be accepted however often it is sent.
var ErrRejected = errors.New("mail is not acceptable")

// Sender hands mails to SES.
type Sender struct {
	Client *sesv2.Client
	From   string // a sender that SES knows, with or without a name
	// ConfigurationSet, where given, makes SES report bounces and complaints.
	ConfigurationSet string
}

// Envelope is to whom a mail goes, and what its pool says of its sender.
type Envelope struct {
	To      string
	Name    string // of the sender; "" is that of the deployment's sender, else the pool's
	Pool    string // the pool's name
	ReplyTo string // "" is nobody
}

// Send hands a mail to SES. Errors: ErrRejected; any other may pass.
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
			// RFC 3834 §5: keeps vacation notices from being answered to.
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
	return fmt.Errorf("hand mail to SES: %w", silent{err, e.To})
}

// from is the sender as its receiver sees it. Its address is always the deployment's, the one that SES and the function's permission know.
// Whose name stands before it: the one that the pool gave its mails, else the deployment's, else the pool's own where that could be one.
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

// maxName is how long the name of a pool is that can stand before an address: as long as a sender's name may be.
const maxName = 64

// isFinal says whether SES refuses this mail, and would refuse it always. All its other refusals are about the moment (throttling, quota,
// 5xx) or the account (paused, suspended, a domain that is not verified): somebody mends those, and the mail goes then.
//
// MessageRejected is all of these, and its text tells which: "Sending paused for this account", or "Email address is not verified",
// followed by who is not: the sender, or in SES's sandbox the recipient.
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

// address is the sender without a name, in small letters.
func (s Sender) address() string {
	from, err := netmail.ParseAddress(s.From)
	if err != nil {
		return strings.ToLower(s.From)
	}
	return strings.ToLower(from.Address)
}

// silent is an error of SES without the recipient, whom its texts may name and logs must not.
type silent struct {
	error
	to string
}

func (e silent) Error() string {
	return regexp.MustCompile("(?i)"+regexp.QuoteMeta(e.to)).ReplaceAllLiteralString(e.error.Error(), "the recipient")
}

func (e silent) Unwrap() error { return e.error }
