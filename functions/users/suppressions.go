package users

import (
	"context"

	"identitypools/shared/identity"
)

// Suppressions are the marks of addresses that get no mail; shared/table says what each method promises.
type Suppressions interface {
	Registrations(ctx context.Context, ref identity.UserRef) ([]identity.Registration, error)
	Suppressions(ctx context.Context, mailboxes []string) ([]identity.Suppression, error)
	Unsuppress(ctx context.Context, mailbox string) error
}

// Suppressed are the user's addresses, and those of registrations that wait with it, to which nothing is sent. Errors: NotFound for
// pool or user.
func (s *Service) Suppressed(ctx context.Context, ref identity.UserRef) ([]identity.Suppression, error) {
	u, err := s.Read(ctx, ref, identity.Match{})
	if err != nil {
		return nil, err
	}
	waiting, err := s.Suppressions.Registrations(ctx, ref)
	if err != nil {
		return nil, err
	}
	return s.Suppressions.Suppressions(ctx, u.Mailboxes(waiting, s.Now()))
}

// Clear lets mails go again to all that Suppressed names, and to no other address: marks are of the whole deployment, which is no single
// administrator's. It repeats safely. Errors: NotFound for pool or user.
func (s *Service) Clear(ctx context.Context, ref identity.UserRef) error {
	list, err := s.Suppressed(ctx, ref)
	if err != nil {
		return err
	}
	for _, mark := range list {
		if err := s.Suppressions.Unsuppress(ctx, mark.Address); err != nil {
			return err
		}
	}
	return nil
}
