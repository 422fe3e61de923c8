package mail

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"
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

// Send hands a mail to SES. Errors: ErrRejected; any other may pass.
func (s Sender) Send(ctx context.Context, to string, m Mail) error {
	address, err := mail.ParseAddress(to)
	if err != nil || address.Address != to || strings.ContainsAny(to, "\r\n") {
		return fmt.Errorf("%w: the recipient is not an address", ErrRejected)
	}
	part := func(text string) *types.Content {
		return &types.Content{Data: aws.String(text), Charset: aws.String("UTF-8")}
	}
	in := &sesv2.SendEmailInput{
		FromEmailAddress: aws.String(s.From),
		Destination:      &types.Destination{ToAddresses: []string{to}},
		Content: &types.EmailContent{Simple: &types.Message{
			Subject: part(m.Subject),
			Body:    &types.Body{Text: part(m.Text), Html: part(m.HTML)},
			// RFC 3834 §5: keeps vacation notices from being answered to.
			Headers: []types.MessageHeader{{Name: aws.String("Auto-Submitted"), Value: aws.String("auto-generated")}},
		}},
	}
	if s.ConfigurationSet != "" {
		in.ConfigurationSetName = aws.String(s.ConfigurationSet)
	}
	_, err = s.Client.SendEmail(ctx, in)
	var rejected *types.MessageRejected
	var malformed *types.BadRequestException
	switch {
	case errors.As(err, &rejected), errors.As(err, &malformed):
		return fmt.Errorf("%w: %w", ErrRejected, err)
	case err != nil:
		return fmt.Errorf("hand mail to SES: %w", err)
	}
	return nil
}
