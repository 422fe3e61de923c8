package courier

import (
	"context"
	"errors"
	"time"

	"identitypools/shared/identity"
	"identitypools/shared/metric"
)

// fare is what a message costs its pool's budgets. Anybody can see whether half of the budget of mails
// is spent, and whoever has mailboxes of their own can see which mails come. So the cost depends on
// what the asker knows, and not on whether the address is registered. Each request costs one place,
// also where no mail comes of it, and gets none back. Requests of one kind for one mailbox or user
// name are counted up to the number of mails that a mailbox may get; the others cost nothing. A
// message that is tried again remembers that it has paid.
type fare struct {
	*Service
	pool      identity.Pool
	message   identity.Message
	isFree    bool  // nothing has to be paid: an administrator asked for the message, or it has its place
	isCounted bool  // the request has a place, or needs none
	late      error // why the message has to wait for its place, or can't have one
}

// delayed is why a message is not sent yet: its place in the budget is in a later hour.
type delayed struct {
	message identity.Message // with that place
	number  int64            // of the place in its hour
}

func (delayed) Error() string { return "the budget of the pool has no place before a later hour" }

// fare pays for the request that a message comes from.
func (s *Service) fare(ctx context.Context, p identity.Pool, m identity.Message) (*fare, error) {
	f := &fare{Service: s, pool: p, message: m, isCounted: true}
	f.isFree = m.Share == identity.ShareNone || m.Budget != "" || m.Paid
	if f.isFree {
		return f, nil
	}
	if !m.Counted { // else its asker was told of the limits of the mailbox, which are as many
		counted, repeated, err := s.Mailboxes.CountRequest(ctx, m, p.Limits)
		f.isCounted = counted
		if err == nil && repeated { // it has paid, or something failed before: which, the budget tells
			repeated, err = f.hasPlace(ctx)
		}
		if err != nil || !counted || repeated {
			return f, err
		}
	}
	err := f.take(ctx, p.Limits.MailBudget(), m.CreatedAt.Add(identity.MessageLifetime).Time)
	if errors.As(err, new(delayed)) || errors.As(err, new(identity.Limited)) {
		f.late, err = err, nil
	}
	return f, err
}

// forCode says whether a mail to an address that nobody has proved can be sent now. It is asked before
// a code is made, so that a message that has to wait kills no code that somebody has. A request that
// was not counted does not wait: its mail is sent while the budget has a place left, which it does
// not take. Errors: delayed; Limited where there is no place while the message is valid.
func (f *fare) forCode(ctx context.Context) error {
	if f.isCounted {
		return f.late
	}
	has, err := f.hasPlace(ctx)
	if err == nil && !has {
		err = identity.Limited{Reason: f.pool.Limits.MailBudget().Spent}
	}
	return err
}

// hasPlace says whether the budget of mails has a place left for the message without waiting.
func (f *fare) hasPlace(ctx context.Context) (bool, error) {
	m := f.message
	return f.Budgets.HasPlace(ctx, m.Tenant, m.Pool, m.Share.PartOf(f.pool.Limits.MailBudget()), m.CreatedAt.Time)
}

// forNotice says whether a notice to the owner of an address can be sent now. Where its request has a
// place in a later hour, the notice takes one of the budget of notices instead, so that it does not
// wait for the mails of strangers; where that is spent, it waits. Errors: those of forCode.
func (f *fare) forNotice(ctx context.Context) error {
	switch {
	case f.isCounted && f.late == nil:
		return nil
	case !f.isCounted:
		return identity.Limited{Reason: f.pool.Limits.NoticeBudget().Spent}
	}
	thisHour := f.message.CreatedAt.Time.Add(time.Nanosecond)
	err := f.take(ctx, f.pool.Limits.NoticeBudget(), thisHour)
	if errors.As(err, new(identity.Limited)) {
		err = f.late
	}
	return err
}

// take takes a place in a budget, before end. The time that counts is when the message was asked
// for: mails that an outage held up don't have to share an hour.
func (f *fare) take(ctx context.Context, b identity.Budget, end time.Time) error {
	m := f.message
	place, err := f.Budgets.Reserve(ctx, m.Tenant, m.Pool, m.Share.PartOf(b), m.CreatedAt.Time, end)
	if err != nil {
		return err
	}
	if place.ReachesHalf(b) {
		f.Log.Warn("half of a budget is spent", "tenant", m.Tenant, "pool", m.Pool, "budget", b.Name)
		metric.Count(ctx, f.Log, f.Now(), metric.BudgetsHalfSpent)
	}
	if !place.At.Equal(m.CreatedAt.Time) {
		return delayed{m.Delayed(b.Name, place), place.Hour}
	}
	return nil
}

// settle prepares a message that failed with err to be tried again, and is the error to go on with. The
// message is marked as paid; or, where its place is in a later hour, it waits for that hour instead.
func (f *fare) settle(ctx context.Context, err error) error {
	switch {
	case err == nil, errors.As(err, new(delayed)), isFinal(err), f.isFree, !f.isCounted:
		return err
	case errors.As(f.late, new(delayed)):
		return f.late
	}
	return errors.Join(err, f.Outbox.MarkPaid(ctx, f.message))
}
