package users

import (
	"context"

	"identitypools/shared/identity"
)

// Suppressed returns those addresses of the user, and of registrations that wait with it, to which nothing
// is sent. Errors: NotFound for pool or user.
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

// Clear lets mails go again to all addresses that Suppressed returns, and to no other: marks are of the whole
// deployment, which is no single administrator's. It repeats safely, so no answer is stored for a request
// with an idempotency key. Errors: NotFound for pool or user.
func (s *Service) Clear(ctx context.Context, ref identity.UserRef) error {
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
