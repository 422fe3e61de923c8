package courier

import (
	"context"
	"errors"
	"time"

	"identitypools/shared/identity"
	"identitypools/shared/metric"
)

// fare is what a message costs its pool's budgets. What it costs of the budget of mails depends on what its asker knows
// alone, never on what comes of it: anybody can see whether half of that budget is spent, and would see who is registered.
// So each request for a mail spends one, also where no mail comes of it; but those for one mailbox, or one user name, no more
// than a mailbox may get mails. A mail that is sent above that, since requests for notices are counted among them, costs one
// of the budget of notices, which nobody sees, and waits for no later hour of it.
type fare struct {
	*Service
	pool      identity.Pool
	message   identity.Message
	isFree    bool  // an administrator asked for the message, or it has its place
	isCounted bool  // the budget of mails has a place for the message
	late      error // why the message has to wait for that place, or can't have one
	paid      []payment
	done      bool
}

type payment struct {
	budget identity.Budget
	at     time.Time
}

// delayed is why a message is not sent yet: its place in the budget is in a later hour.
type delayed struct {
	message identity.Message // with that place
	number  int64            // of the place in its hour
}

func (delayed) Error() string { return "the budget of the pool has no place before a later hour" }

// fare pays for the request that a message comes from.
func (s *Service) fare(ctx context.Context, p identity.Pool, m identity.Message) (*fare, error) {
	f := &fare{Service: s, pool: p, message: m, isFree: m.Share == identity.ShareNone || m.Budget != "", isCounted: true}
	if f.isFree {
		return f, nil
	}
	if !m.Counted { // else its asker was told of the limits of the mailbox, which are as many
		counted, err := s.Budgets.CountAsked(ctx, m.AskedRef(), m.ID, p.Limits)
		if f.isCounted = counted; err != nil || !counted {
			return f, err
		}
	}
	err := f.take(ctx, p.Limits.MailBudget(), m.CreatedAt.Add(identity.MessageLifetime).Time)
	if errors.As(err, new(delayed)) || errors.As(err, new(identity.Limited)) {
		f.late, err = err, nil
	}
	return f, err
}

// forCode pays for a mail to an address that nobody has proved, once, however often a code is tried to be stored. It is paid
// before a code is made, so that a message that has to wait kills no code that somebody has. Where the request is not
// counted, the budget of mails must have a place left all the same. Errors: delayed; Limited where there is no place while
// the message is valid.
func (f *fare) forCode(ctx context.Context) error {
	if f.done || f.isFree {
		return nil
	}
	f.done = true
	if f.isCounted {
		return f.late
	}
	mails := f.message.Share.Of(f.pool.Limits.MailBudget())
	has, err := f.Budgets.HasPlace(ctx, f.message.Tenant, f.message.Pool, mails, f.message.CreatedAt.Time)
	switch {
	case err != nil:
		return err
	case !has: // and there is a mail that waits for a place already, or the mailbox has got some
		return identity.Limited{Reason: mails.Spent}
	}
	return f.take(ctx, f.pool.Limits.NoticeBudget(), now(f.message))
}

// forNotice pays for a notice to the owner of an address. It does not wait for a place among the mails to unproved
// addresses, but has a budget of its own. Errors: those of forCode.
func (f *fare) forNotice(ctx context.Context) error {
	notices := f.pool.Limits.NoticeBudget()
	if f.message.Share == identity.ShareNone || f.message.Budget == notices.Of {
		return nil
	}
	if !f.isCounted {
		return f.take(ctx, notices, now(f.message))
	}
	return f.take(ctx, notices, f.message.CreatedAt.Add(identity.MessageLifetime).Time)
}

// now is the end of a search for a place that looks at the hour of a message alone.
func now(m identity.Message) time.Time { return m.CreatedAt.Time.Add(time.Nanosecond) }

// take takes a place in a budget, before end. The time that counts is when the message was asked for, or was due: mails that
// an outage held up don't have to share an hour.
func (f *fare) take(ctx context.Context, b identity.Budget, end time.Time) error {
	m := f.message
	at := m.CreatedAt
	if m.Budget != "" {
		at = m.Due
	}
	place, err := f.Budgets.Reserve(ctx, m.Tenant, m.Pool, m.Share.Of(b), at.Time, end)
	if err != nil {
		return err
	}
	if place.Reaches(b) {
		f.Log.Warn("half of a budget is spent", "tenant", m.Tenant, "pool", m.Pool, "budget", b.Of)
		metric.Count(ctx, f.Log, f.Now(), metric.BudgetsHalfSpent)
	}
	if !place.At.Equal(at.Time) {
		return delayed{m.Delayed(b.Of, place), place.Hour}
	}
	f.paid = append(f.paid, payment{b, place.At})
	return nil
}

// settle gives back what was paid where no mail comes of it, and is err. A message that waits keeps its places. A request
// keeps its place in the budget of mails unless the message comes again.
func (f *fare) settle(ctx context.Context, err error) error {
	if err == nil || errors.As(err, new(delayed)) {
		return err
	}
	for _, each := range f.paid {
		if isFinal(err) && each.budget.Of == f.pool.Limits.MailBudget().Of {
			continue
		}
		err = errors.Join(err, f.Budgets.Unspend(ctx, f.pool.Tenant, f.pool.ID, each.budget, each.at))
	}
	f.paid = nil
	return err
}
