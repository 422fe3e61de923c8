package users

import (
	"context"

	"identitypools/shared/identity"
)

// Suppressed returns the suppressions of the user's addresses, and of the addresses of
// registrations that wait with the user. The error is NotFound if there is no such pool or user.
func (s *Service) Suppressed(ctx context.Context, ref identity.UserRef) ([]identity.Suppression, error) {
	u, err := s.Read(ctx, ref, identity.Match{})
	if err != nil {
		return nil, err
	}
	waiting, err := s.Registrations.List(ctx, ref)
	if err != nil {
		return nil, err
	}
	return s.Suppressions.Find(ctx, u.Mailboxes(waiting, s.Now()))
}

// ClearSuppressions deletes all suppressions that Suppressed returns. It deletes no others, because
// suppressions are those of the whole deployment, and no administrator is responsible for all of
// it. It can safely be repeated, so no answer is stored for a request with an idempotency key. The
// error is NotFound if there is no such pool or user.
func (s *Service) ClearSuppressions(ctx context.Context, ref identity.UserRef) error {
	list, err := s.Suppressed(ctx, ref)
	if err != nil {
		return err
	}
	for _, mark := range list {
		if err := s.Suppressions.Delete(ctx, mark.Address); err != nil {
			return err
		}
	}
	return nil
}
