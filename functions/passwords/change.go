package passwords

import (
	"context"

	"identitypools/shared/api"
	"identitypools/shared/identity"
	"identitypools/shared/once"
	"identitypools/shared/prove"
	"identitypools/shared/table"
)

// change is the published type ChangePassword.
type change struct {
	Old string `json:"old_password"`
	New string `json:"new_password"`
}

func (h handlers) change(
	ctx context.Context, c api.BodyCall[change], reply once.Reply[once.None],
) (once.None, error) {
	var v identity.Violations
	if c.Body.Old == "" {
		v.Add("/old_password", identity.Required())
	}
	if c.Body.New == "" {
		v.Add("/new_password", identity.Required())
	}
	if err := v.Err(); err != nil {
		return once.None{}, err
	}
	return once.None{}, h.service.Change(ctx, c.User(), c.IfMatch(), c.Body.Old, c.Body.New, reply)
}

// Change sets a new password for an active user who has given the present one. It counts wrong passwords
// together with those of Verify. A password that must be changed, or that has expired, can be changed; one
// that must be reset cannot. All one-time codes of the user die, and the user is told.
//
// Errors: NotFound for the pool or the user; Invalid for a user without a password, and for a new password
// that the pool does not accept; WrongPassword; PreconditionFailed if match refuses the version of the user;
// Limited; Unavailable.
func (s *Service) Change(
	ctx context.Context, ref identity.UserRef, match identity.Match, present, next string,
	reply once.Reply[once.None],
) error {
	p, err := s.Pools.Cached(ctx, ref.Tenant, ref.Pool)
	if err != nil {
		return err
	}
	proved, outcome, err := s.Prover.Present(ctx, p, ref.ID, present)
	switch {
	case err != nil:
		return err
	case proved != nil:
		return s.replace(ctx, p, proved, match, next, reply)
	case outcome == prove.NotFound:
		return identity.NotFound{Thing: "user", ID: ref.ID}
	case outcome == prove.NoPassword:
		return identity.InvalidField("/old_password", identity.NotAllowed("must not be given: the user has no password"))
	}
	return identity.WrongPassword{}
}

// replace stores the new password of the user whose present password was proved. If the user has changed
// meanwhile, the present password is judged again, as it is now.
func (s *Service) replace(
	ctx context.Context, p identity.Pool, proved *prove.Present, match identity.Match, next string,
	reply once.Reply[once.None],
) error {
	return s.Retry.Change(ctx, match, func() error {
		u, err := proved.User(ctx)
		if err != nil {
			return err
		}
		if err := match.Check(u.Version); err != nil {
			return err
		}
		hash, err := s.Passwords.HashNew(ctx, p, u, "/new_password", next)
		if err != nil {
			return err
		}
		maker := identity.Maker{Now: s.Now(), NewID: s.NewID}
		effects := table.Effects{Messages: identity.Notices(identity.MessagePasswordSet, u, maker)}
		stored := once.WithoutResult[identity.User](reply)
		_, err = s.Users.Change(ctx, u, p.WithPassword(u, hash, maker), effects, stored)
		return err
	})
}

// stateRequest is the published type SetPasswordStateRequest.
type stateRequest struct {
	State identity.CredentialState `json:"state"`
}

func (h handlers) setState(
	ctx context.Context, c api.BodyCall[stateRequest], reply once.Reply[once.None],
) (once.None, error) {
	return once.None{}, h.service.SetState(ctx, c.User(), c.IfMatch(), c.Body.State, reply)
}

// SetState sets the state of a user's password. Errors: NotFound for the pool or the user; Invalid for an
// unknown state or a user without a password; PreconditionFailed.
func (s *Service) SetState(
	ctx context.Context, ref identity.UserRef, match identity.Match, state identity.CredentialState,
	reply once.Reply[once.None],
) error {
	if _, err := s.Pools.Cached(ctx, ref.Tenant, ref.Pool); err != nil {
		return err
	}
	return s.Retry.Change(ctx, match, func() error {
		old, err := s.Users.Get(ctx, ref)
		if err != nil {
			return err
		}
		if err := match.Check(old.Version); err != nil {
			return err
		}
		u, err := old.WithPasswordState(state, identity.Maker{Now: s.Now(), NewID: s.NewID})
		if err != nil {
			return err
		}
		stored := once.WithoutResult[identity.User](reply)
		_, err = s.Users.Replace(ctx, old, u, stored)
		return err
	})
}
