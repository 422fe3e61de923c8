package courier

import (
	"context"
	"errors"
	"fmt"
	"time"

	"identitypools/shared/identity"
	"identitypools/shared/metric"
)

// Bounds of a tick. A message that fails waits for tickRetry, behind those that are due by then, so
// that it does not hold them back.
const (
	tickMessages = 400              // how many messages a tick takes from the outbox: as many as it can send in its time
	tickTime     = 40 * time.Second // after which a tick starts no other message; the function has a minute
	tickRetry    = 10 * time.Minute
)

// Tick delivers the messages that have waited for their place in a budget and whose hour has come, the
// oldest first. EventBridge calls it every few minutes; the next tick does what one leaves undone. It
// can be repeated. Errors: those of the messages that failed, after all others were delivered.
func (s *Service) Tick(ctx context.Context) error {
	began := s.Now()
	due, err := s.Outbox.Due(ctx, began, tickMessages)
	if err != nil {
		return err
	}
	var failed []error
	for _, id := range due {
		if s.Now().Sub(began) > tickTime {
			break
		}
		if err := s.Deliver(ctx, id); err != nil {
			s.Log.Error("delayed message failed", "message", id, "cause", err.Error())
			metric.CountThrottled(ctx, s.Log, s.Now(), err)
			failed = append(failed, fmt.Errorf("message %s: %w", id, err), s.retryLater(ctx, id, tickRetry))
		}
	}
	return errors.Join(failed...)
}

// delay keeps a message in the outbox until the hour of its place in the budget has come.
func (s *Service) delay(ctx context.Context, d delayed) error {
	err := s.Outbox.Postpone(ctx, d.message, d.message.Due.Time, d.number)
	if errors.As(err, new(identity.PreconditionFailed)) {
		return nil // a repeat of this call was faster
	}
	if err == nil {
		s.Log.Info("message delayed", "message", d.message.ID, "kind", d.message.Kind, "due", d.message.Due)
		metric.Count(ctx, s.Log, s.Now(), metric.MailsDelayed)
	}
	return err
}

// retryLater keeps a message that failed in the outbox for the next try, after a wait.
func (s *Service) retryLater(ctx context.Context, id string, wait time.Duration) error {
	m, err := s.Outbox.Get(ctx, id)
	if err == nil {
		err = s.postpone(ctx, m, s.Now().Add(wait))
	}
	if errors.As(err, new(identity.NotFound)) {
		return nil
	}
	return err
}

// postpone keeps a message that has its place in the outbox until a later time.
func (s *Service) postpone(ctx context.Context, m identity.Message, until time.Time) error {
	err := s.Outbox.Postpone(ctx, m, until, 0)
	if errors.As(err, new(identity.NotFound)) || errors.As(err, new(identity.PreconditionFailed)) {
		return nil
	}
	return err
}
