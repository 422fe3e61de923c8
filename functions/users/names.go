package users

import (
	"context"
	"errors"

	"identitypools/shared/identity"
	"identitypools/shared/once"
	"identitypools/shared/table"
)

// PartOf is a part of a user, such as an address, with the user whom it is a part of.
type PartOf[T any] struct {
	User identity.User
	Part T
}

// AddAddress adds an address to a user. A verified one belongs to the user alone from then on. The
// error is NotFound, Invalid, PreconditionFailed, or Conflict if the user has the address already, or
// if it is verified and belongs to another user whom somebody has proved.
func (s *Service) AddAddress(
	ctx context.Context, ref identity.UserRef, match identity.Match, n identity.NewAddress,
	reply once.Reply[PartOf[identity.Address]],
) (PartOf[identity.Address], error) {
	return changePart(ctx, s, ref, match, "/address", reply,
		func(p identity.Pool, u identity.User, m identity.Maker) (identity.User, identity.Address, error) {
			return p.AddAddress(u, n, m)
		})
}

// ChangeAddress changes an address of a user. The error is that of AddAddress, and NotFound if the
// user has no such address.
func (s *Service) ChangeAddress(
	ctx context.Context, ref identity.UserRef, match identity.Match, c identity.AddressChange,
	reply once.Reply[PartOf[identity.Address]],
) (PartOf[identity.Address], error) {
	return changePart(ctx, s, ref, match, "/address", reply,
		func(p identity.Pool, u identity.User, m identity.Maker) (identity.User, identity.Address, error) {
			return p.ChangeAddress(u, c, m)
		})
}

// RemoveAddress removes an address of a user, and frees it at once. The error is NotFound, Invalid or
// PreconditionFailed.
func (s *Service) RemoveAddress(
	ctx context.Context, ref identity.UserRef, match identity.Match, address string,
	reply once.Reply[once.None],
) error {
	return s.removePart(ctx, ref, match, reply,
		func(p identity.Pool, u identity.User, m identity.Maker) (identity.User, error) {
			return p.RemoveAddress(u, address, m)
		})
}

// AddIdentifier adds an identifier to a user. The error is NotFound, Invalid, PreconditionFailed, or
// Conflict if the user has the identifier already, or if it belongs to another user whom somebody has
// proved.
func (s *Service) AddIdentifier(
	ctx context.Context, ref identity.UserRef, match identity.Match, n identity.NewIdentifier,
	reply once.Reply[PartOf[identity.Identifier]],
) (PartOf[identity.Identifier], error) {
	return changePart(ctx, s, ref, match, "/identifier", reply,
		func(p identity.Pool, u identity.User, m identity.Maker) (identity.User, identity.Identifier, error) {
			return p.AddIdentifier(u, n, m)
		})
}

// RemoveIdentifier removes an identifier of a user, also the last one, and frees it at once. The error
// is NotFound, Invalid or PreconditionFailed.
func (s *Service) RemoveIdentifier(
	ctx context.Context, ref identity.UserRef, match identity.Match, identifier string,
	reply once.Reply[once.None],
) error {
	return s.removePart(ctx, ref, match, reply,
		func(p identity.Pool, u identity.User, m identity.Maker) (identity.User, error) {
			return p.RemoveIdentifier(u, identifier, m)
		})
}

// changePart changes a part of a user. A Conflict with another user is at the pointer.
func changePart[T any](
	ctx context.Context, s *Service, ref identity.UserRef, match identity.Match, pointer string,
	reply once.Reply[PartOf[T]],
	change func(identity.Pool, identity.User, identity.Maker) (identity.User, T, error),
) (PartOf[T], error) {
	var part T
	withPart := once.Map(reply, func(u identity.User) (PartOf[T], error) { return PartOf[T]{u, part}, nil })
	u, err := s.rename(ctx, ref, match, withPart,
		func(p identity.Pool, u identity.User, m identity.Maker) (_ identity.User, err error) {
			u, part, err = change(p, u, m)
			return u, err
		})
	if taken := (identity.Conflict{}); errors.As(err, &taken) && taken.Pointer == "" {
		taken.Pointer = pointer
		err = taken
	}
	return PartOf[T]{u, part}, err
}

// removePart removes a part of a user.
func (s *Service) removePart(
	ctx context.Context, ref identity.UserRef, match identity.Match, reply once.Reply[once.None],
	remove func(identity.Pool, identity.User, identity.Maker) (identity.User, error),
) error {
	nothing := once.WithoutResult[identity.User](reply)
	_, err := s.rename(ctx, ref, match, nothing, remove)
	return err
}

// rename changes the identifiers or addresses of a user, and puts the notices of the change into the
// outbox. The error is NotFound, PreconditionFailed, that of change, or Conflict without a pointer.
func (s *Service) rename(
	ctx context.Context, ref identity.UserRef, match identity.Match, reply once.Reply[identity.User],
	change func(identity.Pool, identity.User, identity.Maker) (identity.User, error),
) (u identity.User, err error) {
	err = s.Retry.Change(ctx, match, func() error {
		p, err := s.Pools.Cached(ctx, ref.Tenant, ref.Pool)
		if err != nil {
			return err
		}
		old, err := s.Read(ctx, ref, match)
		if err != nil {
			return err
		}
		maker := identity.Maker{Now: s.Now(), NewID: s.NewID}
		if u, err = change(p, old, maker); err != nil {
			return err
		}
		notices := identity.AddressNotices(old, u, maker)
		u, err = s.Users.Change(ctx, old, u, table.Effects{Messages: notices}, reply)
		return err
	})
	return u, err
}
