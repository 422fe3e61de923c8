// Package courier is the function behind the queue of mails. It sends the messages of the outbox, each
// on its own: a message that fails delays no other one.
package courier

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"identitypools/shared/identity"
	"identitypools/shared/mail"
	"identitypools/shared/metric"
	"identitypools/shared/onetime"
	"identitypools/shared/table"
)

// Service has the use cases of the courier.
type Service struct {
	Pools         table.Pools
	Users         table.Users
	Registrations table.Registrations
	Codes         table.Codes
	Mailboxes     table.Mailboxes
	Outbox        table.Outbox
	Suppressions  table.Suppressions
	Budgets       table.Budgets
	Issuer        *onetime.Issuer
	Texts         *mail.Texts     // the usual texts
	MailTexts     table.MailTexts // the texts that pools have set
	Mailer        Sender
	PublicURL     string // the base of the links in mails
	Queue         *sqs.Client
	QueueURL      string // of the queue of mails
	// Pause returns how long an entry of the queue waits that has been received a number of times, each
	// time with a failure: see mailqueue.Pause.
	Pause func(received int) time.Duration
	Log   *slog.Logger
	Now   func() time.Time
}

// Deliver sends a message of the outbox and takes it out. It drops a message for which there is
// nothing to send any more. What is sent is decided by the state of the user at that moment. A
// message for which the pool's budget has no place now stays in the outbox until the keeper releases
// it. Deliver can be repeated: a repeat sends a new code in place of the one before.
func (s *Service) Deliver(ctx context.Context, id string) error {
	m, err := s.Outbox.Get(ctx, id)
	switch {
	case errors.As(err, new(identity.NotFound)):
		return nil
	case err == nil && m.IsWaiting(s.Now().Add(maxSkew)):
		return nil // the index has it
	case err == nil && m.IsWaiting(s.Now()):
		return errEarly
	}
	if err == nil {
		err = s.deliver(ctx, m)
	}
	var (
		later   delayed
		limited identity.Limited
	)
	switch {
	case err == nil:
	case errors.As(err, &later):
		return s.delay(ctx, later)
	case errors.As(err, &limited) && (m.Budget != "" || m.Paid) && limited.RetryAfter <= maxPostponed:
		// The mailbox has just got another mail.
		return s.postpone(ctx, m, s.Now().Add(limited.RetryAfter))
	case errors.Is(err, ErrUndecided):
		metric.Count(ctx, s.Log, s.Now(), metric.MailsRejected)
		return err
	case errors.Is(err, ErrRejected):
		s.Log.Warn("message rejected", "message", id, "kind", m.Kind)
		metric.Count(ctx, s.Log, s.Now(), metric.MailsRejected)
	case isFinal(err):
		s.Log.Info("message dropped", "message", id, "kind", m.Kind, "why", why(err))
		metric.Count(ctx, s.Log, s.Now(), metric.MailsDropped)
	default:
		return err
	}
	return s.Outbox.Delete(ctx, id)
}

// isFinal reports whether a message that failed with err will never be sent.
func isFinal(err error) bool {
	return errors.Is(err, errLate) || errors.Is(err, ErrRejected) || errors.As(err, new(identity.NotFound)) ||
		errors.As(err, new(identity.Limited)) || errors.As(err, new(identity.Invalid))
}

// maxSkew is how far the clock of this process may be behind that of the keeper, which has released a
// message when its hour began.
const maxSkew = 5 * time.Second

// errEarly is the error for a message whose hour has begun by the clock of another process only.
var errEarly = errors.New("the message is released early")

// maxPostponed is the longest time for which a message that has its place in a budget waits for its
// mailbox. One whose mailbox has no place sooner is dropped.
const maxPostponed = 10 * time.Minute

// errLate is the reason for dropping a message that nobody waits for any more.
var errLate = errors.New("the message is too old")

// why returns the reason for dropping a message, without anything personal.
func why(err error) string {
	switch {
	case errors.Is(err, errLate):
		return "late"
	case errors.As(err, new(identity.Limited)):
		return "limited"
	case errors.As(err, new(identity.NotFound)):
		return "gone"
	}
	return "no address"
}

// deliver pays for a message, if messages of its kind have a budget, and sends it.
func (s *Service) deliver(ctx context.Context, m identity.Message) error {
	if !s.Now().Before(m.CreatedAt.Add(identity.MessageLifetime).Time) {
		return errLate
	}
	k, err := kindOf(m.Kind)
	if err != nil {
		return err
	}
	p, err := s.Pools.Cached(ctx, m.Tenant, m.Pool)
	if err != nil {
		return err
	}
	if !k.isBudgeted {
		return s.sendMail(ctx, delivery{kind: k, pool: p, message: m})
	}
	paid, err := s.pay(ctx, p, m)
	if err != nil {
		return err
	}
	return paid.settle(ctx, s.sendMail(ctx, delivery{kind: k, pool: p, message: m, payment: paid}))
}
