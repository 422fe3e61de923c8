package courier

import (
	"context"
	"errors"
	"time"

	"identitypools/shared/identity"
	"identitypools/shared/metric"
)

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

// postpone keeps a message that has its place in the outbox until a later time.
func (s *Service) postpone(ctx context.Context, m identity.Message, until time.Time) error {
	err := s.Outbox.Postpone(ctx, m, until, 0)
	if errors.As(err, new(identity.NotFound)) || errors.As(err, new(identity.PreconditionFailed)) {
		return nil
	}
	return err
}
