package courier

import (
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"identitypools/shared/identity"
	"identitypools/shared/mail"
	"identitypools/shared/mailqueue"
	"identitypools/shared/onetime"
	"identitypools/shared/start"
)

// New returns the function with its real parts.
func New(p start.Parts) (*Service, error) {
	tools, err := onetime.Open(p.Env)
	if err != nil {
		return nil, err
	}
	texts, err := mail.LoadTexts()
	if err != nil {
		return nil, err
	}
	from, err := identity.ParseSender(p.Env.Must("MAIL_FROM"))
	if err != nil {
		return nil, fmt.Errorf("read MAIL_FROM: %w", err)
	}
	pace, err := NewPace(p.Env.Get("MAIL_RATE"))
	if err != nil {
		return nil, err
	}
	t := p.Table
	return &Service{
		Pools: t.Pools, Users: t.Users, Registrations: t.Registrations, Codes: t.Codes, Mailboxes: t.Mailboxes,
		Outbox: t.Outbox, Suppressions: t.Suppressions, Budgets: t.Budgets,
		Issuer: tools.NewIssuer(t, p.Now),
		Texts:  texts, MailTexts: t.MailTexts,
		Mailer: Sender{
			Client: sesv2.NewFromConfig(p.Env.Config("SESV2")), From: from,
			ConfigurationSet: p.Env.Get("MAIL_CONFIGURATION_SET"), Pace: pace,
		},
		PublicURL: p.Env.Must("PUBLIC_URL"), Log: p.Log, Now: p.Now,
		Queue: sqs.NewFromConfig(p.Env.Config("SQS")), QueueURL: p.Env.Must("MAIL_QUEUE_URL"),
		Pause: func(received int) time.Duration {
			return mailqueue.Pause(received, t.Retry.Jitter)
		},
	}, nil
}
