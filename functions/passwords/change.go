package passwords

import (
	"context"
	"encoding/hex"

	"identitypools/shared/api"
	"identitypools/shared/identity"
	"identitypools/shared/once"
	"identitypools/shared/password"
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
		v.Add("/old_password", "must be given")
	}
	if c.Body.New == "" {
		v.Add("/new_password", "must be given")
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
	who, err := s.find(ctx, p, Proof{UserID: ref.ID})
	if err != nil {
		return err
	}
	a, err := s.start(ctx, who)
	if err != nil {
		return err
	}
	u := a.account.User
	result, err := s.compare(ctx, u, present)
	if err != nil {
		return err
	}
	if verdict := s.judge(u, result); !mayChange(verdict) {
		if err := s.wrong(ctx, a, hex.EncodeToString(result.Trace[:])); err != nil {
			return err
		}
		switch verdict.Outcome {
		case NotFound:
			return identity.NotFound{Thing: "user", ID: ref.ID}
		case NoPassword:
			return identity.InvalidField("/old_password", "must not be given: the user has no password")
		}
		return identity.WrongPassword{}
	}
	if err := s.right(ctx, a); err != nil {
		return err
	}
	return s.replace(ctx, p, a, match, present, result, next, reply)
}

// mayChange reports whether a present password with the verdict may be changed.
func mayChange(v Verdict) bool { return v.Outcome == Correct || v.Outcome == Expired }

// replace stores the new password of the user of an attempt, whose present password was given with the
// result. If the user has changed meanwhile, the present password is judged again, as it is now.
func (s *Service) replace(
	ctx context.Context, p identity.Pool, a attempt, match identity.Match, present string,
	result password.Result, next string, reply once.Reply[once.None],
) error {
	compared, isStale := a.account.User.PasswordHash, false
	return s.Retry.Change(ctx, match, func() (err error) {
		if isStale {
			if a, err = s.look(ctx, a.claimed, true); err != nil {
				return err
			}
			if a.account.User.PasswordHash != compared { // it may be the same password, hashed anew
				compared = a.account.User.PasswordHash
				if result, err = s.compare(ctx, a.account.User, present); err != nil {
					return err
				}
			}
			if !mayChange(s.judge(a.account.User, result)) {
				return identity.WrongPassword{}
			}
		}
		isStale = true
		u := a.account.User
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
