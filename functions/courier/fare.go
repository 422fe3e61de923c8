package courier

import (
	"context"
	"errors"
	"time"

	"identitypools/shared/identity"
	"identitypools/shared/metric"
)

// fare is what the mail of a message costs its pool's budget. It is paid before a code is made, so that a message that has to wait kills no
// code that somebody has, and once, however often a code is tried to be stored.
type fare struct {
	*Service
	pool    identity.Pool
	message identity.Message
	paid    []payment
	done    bool
}

type payment struct {
	budget identity.Budget
	at     time.Time
}

func (s *Service) fare(p identity.Pool, m identity.Message) *fare {
	return &fare{Service: s, pool: p, message: m}
}

// delayed is why a message is not sent yet: its place in the budget is in a later hour.
type delayed struct {
	message identity.Message // with that place
	number  int64            // of the place in its hour
}

func (delayed) Error() string { return "the budget of the pool has no place before a later hour" }

// forCode pays for a mail to an address that nobody has proved. Errors: delayed; Limited where there is no place while the message is valid.
func (f *fare) forCode(ctx context.Context) error {
	if f.done || f.message.Share == identity.ShareNone || f.message.Budget != "" {
		return nil
	}
	f.done = true
	return f.take(ctx, f.pool.Limits.MailBudget())
}

// forNotice pays for a notice to the owner of an address. It is counted among the mails to unproved addresses too, as the mail that would
// have gone there if the address were nobody's: else how many mails are left would tell who is registered. But it does not wait for
// those: it has a budget of its own. Errors: those of forCode.
func (f *fare) forNotice(ctx context.Context) error {
	if f.message.Share == identity.ShareNone {
		return nil
	}
	mails, notices := f.pool.Limits.MailBudget(), f.pool.Limits.NoticeBudget()
	if f.message.Budget == "" {
		err := f.take(ctx, mails)
		if err != nil && !errors.As(err, new(delayed)) && !errors.As(err, new(identity.Limited)) {
			return err
		}
	}
	if f.message.Budget == notices.Of {
		return nil
	}
	return f.take(ctx, notices)
}

// take takes a place in a budget. The time that counts is when the message was asked for, or was due: mails that an outage held up don't
// have to share an hour.
func (f *fare) take(ctx context.Context, b identity.Budget) error {
	m := f.message
	at := m.CreatedAt
	if m.Budget != "" {
		at = m.Due
	}
	place, err := f.Budgets.Reserve(ctx, m.Tenant, m.Pool, m.Share.Of(b), at.Time, m.CreatedAt.Add(identity.MessageLifetime).Time)
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

// settle gives back what was paid where no mail comes of it now, and is err. A message that waits keeps its places.
func (f *fare) settle(ctx context.Context, err error) error {
	if err == nil || errors.As(err, new(delayed)) {
		return err
	}
	for _, each := range f.paid {
		err = errors.Join(err, f.Budgets.Unspend(ctx, f.pool.Tenant, f.pool.ID, each.budget, each.at))
	}
	f.paid = nil
	return err
}
