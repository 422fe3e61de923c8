package factors

import (
	"context"

	"identitypools/shared/identity"
	"identitypools/shared/once"
	"identitypools/shared/prove"
)

// ChangeTOTP replaces the secret of a user's authenticator app, if code is the one that the app shows.
// It pays for a guess before it compares the code, and gives none back. The code of a time step is
// accepted once, whatever the new secret is (RFC 6238 §5.2).
//
// Errors: NotFound for the pool or the user; Invalid for the new secret, and if the user is not active
// or has no app; InvalidCode for a code that is wrong or used, or if no guess is left;
// PreconditionFailed.
func (s *Service) ChangeTOTP(
	ctx context.Context, ref identity.UserRef, code, secret string, match identity.Match,
	reply once.Reply[once.None],
) error {
	var v identity.Violations
	if code == "" {
		v.Add("/totp", identity.Required())
	}
	next, err := identity.ParseTOTPSecret("/new_totp_secret", secret)
	if err := v.AddUnder("", err); err != nil || len(v) > 0 {
		return v.Err()
	}
	var guess *prove.Guess // one, however often the change is tried
	return s.change(ctx, ref, match, identity.MessageTOTPSet, reply, func(p identity.Pool, u *identity.User) error {
		_, has := u.TOTP()
		switch {
		case u.Status != identity.StatusActive:
			return identity.InvalidField("/status", identity.WrongStatus("the user must be active"))
		case !has:
			return identity.InvalidField("/totp",
				identity.WrongStatus("the user has no authenticator app yet: set one with a reset"))
		}
		if guess == nil {
			guess = s.Apps.Guess(p.Limits, code)
		}
		if err := guess.Use(ctx, u); err != nil {
			return err
		}
		return s.setTOTP(u, next)
	})
}

// setTOTP gives a user an authenticator app with a secret, which it seals.
func (s *Service) setTOTP(u *identity.User, secret []byte) error {
	sealed, err := s.Keys.SealTOTP(u.Ref(), secret)
	if err == nil {
		u.SetTOTP(sealed, s.maker())
	}
	return err
}
