package factors

import (
	"context"

	"identitypools/shared/identity"
	"identitypools/shared/once"
	"identitypools/shared/otp"
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
		v.Add("/totp", "must be given")
	}
	next, err := identity.ParseTOTPSecret("/new_totp_secret", secret)
	if err := v.AddUnder("", err); err != nil || len(v) > 0 {
		return v.Err()
	}
	// A repeat of the request pays again, also under an idempotency key: in another time step the same
	// code is another guess.
	payment, isPaid := s.NewID(), false
	return s.change(ctx, ref, match, identity.MessageTOTPSet, reply, func(p identity.Pool, u *identity.User) error {
		set, has := u.TOTP()
		switch {
		case u.Status != identity.StatusActive:
			return identity.InvalidField("/status", "the user must be active")
		case !has:
			return identity.InvalidField("/totp", "the user has no authenticator app yet: set one with a reset")
		}
		if !isPaid {
			// Nothing is known of what is guessed, so that no two guesses are the same.
			if _, err := s.Mailboxes.SpendGuess(ctx, ref.TOTPGuesses(), payment, payment, p.Limits); err != nil {
				return err
			}
			isPaid = true
		}
		shared, err := s.Keys.OpenTOTP(ref, set.TOTP.Secret)
		if err != nil {
			return err
		}
		step, isRight := otp.MatchTOTP(shared, code, s.Now())
		if !isRight {
			return identity.InvalidCode{}
		}
		if err := u.UseTOTP(step, s.maker()); err != nil {
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
