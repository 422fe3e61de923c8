// Package factors is the function with which back ends manage what users sign in with besides a
// password: authenticator apps (TOTP) and passkeys (WebAuthn).
package factors

import (
	"context"
	"time"

	"identitypools/shared/askcode"
	"identitypools/shared/factor"
	"identitypools/shared/identity"
	"identitypools/shared/once"
	"identitypools/shared/prove"
	"identitypools/shared/retry"
	"identitypools/shared/table"
	"identitypools/shared/usecode"
)

// Service has the use cases on authenticator apps and passkeys.
type Service struct {
	Pools table.Pools
	Users table.Users
	Apps  prove.Apps
	Keys  factor.Keys
	Site  *Site
	Mails *askcode.Asker
	Codes *usecode.User
	Retry retry.Policy
	Now   func() time.Time
	NewID func() string
}

// read returns a user and the user's pool. The error is NotFound if there is no such pool or user, or
// PreconditionFailed if match refuses the user's version.
func (s *Service) read(
	ctx context.Context, ref identity.UserRef, match identity.Match,
) (u identity.User, p identity.Pool, err error) {
	if p, err = s.Pools.Cached(ctx, ref.Tenant, ref.Pool); err != nil {
		return u, p, err
	}
	if u, err = s.Users.Get(ctx, ref); err != nil {
		return u, p, err
	}
	return u, p, match.Check(u.Version)
}

// change changes a user and tells the owner with a notice, unless the kind is "". Of simultaneous
// changes one is made at a time, each on what the others left. Errors: NotFound; PreconditionFailed;
// those of by.
func (s *Service) change(
	ctx context.Context, ref identity.UserRef, match identity.Match, notice identity.MessageKind,
	reply once.Reply[once.None], by func(identity.Pool, *identity.User) error,
) error {
	return s.Retry.Change(ctx, match, func() error {
		old, p, err := s.read(ctx, ref, match)
		if err != nil {
			return err
		}
		u := old
		if err := by(p, &u); err != nil {
			return err
		}
		var effects table.Effects
		if notice != "" {
			effects.Messages = identity.Notices(notice, old, s.maker())
		}
		_, err = s.Users.Change(ctx, old, u, effects, once.WithoutResult[identity.User](reply))
		return err
	})
}

func (s *Service) maker() identity.Maker { return identity.Maker{Now: s.Now(), NewID: s.NewID} }

// Name gives a name to a passkey of a user. The id is that of the credential, or the passkey's own in
// base64url. Errors: NotFound for the pool, the user or the passkey; Invalid; PreconditionFailed.
func (s *Service) Name(
	ctx context.Context, ref identity.UserRef, id, name string, match identity.Match, reply once.Reply[once.None],
) error {
	return s.change(ctx, ref, match, "", reply, func(_ identity.Pool, u *identity.User) error {
		return u.NamePasskey(id, name, s.maker())
	})
}

// Delete takes a passkey from a user and tells the owner. Errors: as for Name.
func (s *Service) Delete(
	ctx context.Context, ref identity.UserRef, id string, match identity.Match, reply once.Reply[once.None],
) error {
	return s.change(ctx, ref, match, identity.MessageKeyRemoved, reply, func(_ identity.Pool, u *identity.User) error {
		return u.RemovePasskey(id, s.maker())
	})
}
