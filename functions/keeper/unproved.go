package keeper

import (
	"context"
	"errors"

	"identitypools/shared/identity"
)

// deleteAbandoned deletes a user whom nobody has proved and nobody can prove any more, which frees the
// identifier. It is called when something that waited with the user was deleted, which may have been
// the last. It does not delete a user who has changed since it was read, for example one who has
// become active. It can be repeated.
func (s *Service) deleteAbandoned(ctx context.Context, ref identity.UserRef) error {
	u, err := s.Users.Get(ctx, ref)
	if errors.As(err, new(identity.NotFound)) {
		return nil
	}
	if err != nil || !u.IsUnproved() {
		return err
	}
	waiting, err := s.Registrations.List(ctx, ref)
	if err != nil {
		return err
	}
	codes, err := s.Codes.Get(ctx, ref, identity.PurposeActivation)
	if err != nil || !u.IsAbandoned(waiting, codes, s.Now()) {
		return err
	}
	err = s.Users.DeleteUnproved(ctx, u)
	if errors.As(err, new(identity.PreconditionFailed)) {
		return nil
	}
	if err == nil {
		s.Log.Info("unproved user deleted", "pool", ref.Pool)
	}
	return err
}
