package courier

import (
	"context"
	"errors"
	"time"

	"identitypools/shared/identity"
	"identitypools/shared/metric"
)

// payment is what a message pays into its pool's budgets. Anybody can see whether half of the budget
// of mails is spent, and people with mailboxes of their own can see which mails come. So the price
// depends on what the asker knows, and not on whether the address is registered. Each request costs
// one place, also if no mail comes of it, and never gets one back. Requests of one kind for one
// mailbox or user name are counted up to the number of mails that a mailbox may get; further ones
// cost nothing. A message that is tried again is marked as paid.
type payment struct {
	*Service
	pool      identity.Pool
	message   identity.Message // as it is in the outbox
	isFree    bool             // nothing has to be paid: an administrator asked for the message, or it has its place
	isCounted bool             // the request has a place, or needs none
	late      error            // why the message has to wait for its place, or cannot have one
}

// delayed is the error for a message that is not sent yet, because its place in the budget is in a
// later hour.
type delayed struct {
	message identity.Message // the message with that place
	number  int64            // the number of the place in its hour
}

func (delayed) Error() string { return "the budget of the pool has no place before a later hour" }

// pay pays for the request that a message comes from.
func (s *Service) pay(ctx context.Context, p identity.Pool, m identity.Message) (*payment, error) {
	paid := &payment{Service: s, pool: p, message: m, isCounted: true}
	paid.isFree = m.Share == identity.ShareNone || m.Budget != "" || m.Paid
	if paid.isFree {
		return paid, nil
	}
	if !m.Counted { // otherwise its asker was told of the limits of the mailbox, which are the same number
		counted, repeated, err := s.Mailboxes.CountRequest(ctx, m, p.Limits)
		paid.isCounted = counted
		if err == nil && repeated { // the message has paid, or failed before it paid: the budget tells which
			repeated, err = paid.hasPlace(ctx)
		}
		if err != nil || !counted || repeated {
			return paid, err
		}
	}
	err := paid.take(ctx, p.Limits.MailBudget(), m.CreatedAt.Add(identity.MessageLifetime).Time)
	if errors.As(err, new(delayed)) || errors.As(err, new(identity.Limited)) {
		paid.late, err = err, nil
	}
	return paid, err
}

// forCode returns nil if a mail to an address that nobody has proved can be sent now. It is asked
// before a code is made, so that a message that has to wait kills no code that somebody has. A request
// that was not counted does not wait: its mail is sent while the budget has a place left, which it
// does not take. Errors: delayed; Limited if there is no place while the message is valid.
func (p *payment) forCode(ctx context.Context) error {
	if p.isCounted {
		return p.late
	}
	has, err := p.hasPlace(ctx)
	if err == nil && !has {
		err = identity.Limited{Reason: p.pool.Limits.MailBudget().Spent}
	}
	return err
}

// hasPlace reports whether the budget of mails has a place left for the message now.
func (p *payment) hasPlace(ctx context.Context) (bool, error) {
	m := p.message
	return p.Budgets.HasPlace(ctx, m.Tenant, m.Pool, m.Share.PartOf(p.pool.Limits.MailBudget()), m.CreatedAt.Time)
}

// forNotice returns nil if a notice to the owner of an address can be sent now. If its request has a
// place in a later hour, the notice takes one of the budget of notices instead, so that it does not
// wait for the mails of strangers; if that budget is spent, the notice waits. Errors: those of
// forCode.
func (p *payment) forNotice(ctx context.Context) error {
	switch {
	case p.isCounted && p.late == nil:
		return nil
	case !p.isCounted:
		return identity.Limited{Reason: p.pool.Limits.NoticeBudget().Spent}
	}
	thisHour := p.message.CreatedAt.Time.Add(time.Nanosecond)
	err := p.take(ctx, p.pool.Limits.NoticeBudget(), thisHour)
	if errors.As(err, new(identity.Limited)) {
		err = p.late
	}
	return err
}

// take takes a place in a budget, in an hour before end. It counts the time at which the message was
// asked for: mails that an outage held up do not have to share an hour.
func (p *payment) take(ctx context.Context, b identity.Budget, end time.Time) error {
	m := p.message
	place, err := p.Budgets.Reserve(ctx, m.Tenant, m.Pool, m.Share.PartOf(b), m.CreatedAt.Time, end)
	if err != nil {
		return err
	}
	if place.ReachesHalf(b) {
		p.Log.Warn("half of a budget is spent", "tenant", m.Tenant, "pool", m.Pool, "budget", b.Name)
		metric.Count(ctx, p.Log, p.Now(), metric.BudgetsHalfSpent)
	}
	if !place.At.Equal(m.CreatedAt.Time) {
		return delayed{m.Delayed(b.Name, place), place.Hour}
	}
	return nil
}

// settle prepares a message that failed with err for its next try, and returns the error to go on
// with. It marks the message as paid. If the message has its place in a later hour, it waits for that
// hour instead.
func (p *payment) settle(ctx context.Context, err error) error {
	switch {
	case err == nil, errors.As(err, new(delayed)), isFinal(err), p.isFree, !p.isCounted:
		return err
	case errors.As(p.late, new(delayed)):
		return p.late
	}
	return errors.Join(err, p.Outbox.MarkPaid(ctx, p.message))
}
