package prove

import (
	"context"
	"errors"
	"time"

	"identitypools/shared/factor"
	"identitypools/shared/identity"
	"identitypools/shared/once"
	"identitypools/shared/otp"
	"identitypools/shared/table"
)

// Apps recognizes the codes of authenticator apps.
type Apps struct {
	Mailboxes table.Mailboxes
	Keys      factor.Keys
	Now       func() time.Time
	NewID     func() string
}

// Guess is one guess at the code that the authenticator app of a user shows. It must not be used by
// several goroutines at the same time.
type Guess struct {
	apps    Apps
	limits  identity.Limits
	code    string
	payment string
	isPaid  bool
}

// Guess returns a guess with a code, which has not been paid for. The limits are those of the user's pool.
// A repeat of a request is another guess, also under an idempotency key: in another time step the same
// code may be right.
func (a Apps) Guess(l identity.Limits, code string) *Guess {
	return &Guess{apps: a, limits: l, code: code, payment: a.NewID()}
}

// GiveBack gives a guess back that was right, whose effect has been stored. A right code tells nobody
// anything about others, and a person may sign in as often as they like.
func (g *Guess) GiveBack(ctx context.Context, ref identity.UserRef) error {
	return g.apps.Mailboxes.RefundGuess(ctx, ref.TOTPGuesses(), g.payment, g.payment)
}

// Use compares the code with that of the app of u, and marks its time step as used in u, which the caller
// stores on the condition that the user is still what was read. Use may then be called again for the user
// as it is now. The first call pays for the guess before anything is compared, and only
// GiveBack gives the guess back. The code of a time step is accepted once (RFC 6238 §5.2). Errors: InvalidCode for a code that
// is wrong or used, for a user who has no app, and if no guess is left.
func (g *Guess) Use(ctx context.Context, u *identity.User) error {
	ref := u.Ref()
	if !g.isPaid {
		// Nothing is known of what is guessed, so that no two guesses are the same.
		if _, err := g.apps.Mailboxes.SpendGuess(ctx, ref.TOTPGuesses(), g.payment, g.payment, g.limits); err != nil {
			return err
		}
		g.isPaid = true
	}
	set, has := u.TOTP()
	if !has {
		return identity.InvalidCode{}
	}
	shared, err := g.apps.Keys.OpenTOTP(ref, set.TOTP.Secret)
	if err != nil {
		return err
	}
	step, isRight := otp.MatchTOTP(shared, g.code, g.apps.Now())
	if !isRight {
		return identity.InvalidCode{}
	}
	return u.UseTOTP(step, identity.Maker{Now: g.apps.Now(), NewID: g.apps.NewID})
}

// TOTP verifies the code of the authenticator app of a user of a pool, who has proved to be that user in
// another way before, and returns the user as the proof left it. It pays for a guess first, and gives back
// that for a right code: see Guess. Each code is accepted once, however many are given at the same time. Errors:
// Invalid if there is no code; InvalidCode, also for a user who is not active or does not exist;
// Unavailable.
func (p *Prover) TOTP(
	ctx context.Context, pool identity.Pool, ref identity.UserRef, code string,
) (u identity.User, err error) {
	if code == "" {
		return u, errNoCode()
	}
	guess := p.Apps.Guess(pool.Limits, code)
	err = p.Retry.Do(ctx, func() error {
		old, err := p.Users.Get(ctx, ref)
		if errors.As(err, new(identity.NotFound)) || err == nil && old.Status != identity.StatusActive {
			err = identity.InvalidCode{}
		}
		if err != nil {
			return err
		}
		u = old
		if err := guess.Use(ctx, &u); err != nil {
			return err
		}
		u, err = p.Users.Replace(ctx, old, u, once.Reply[identity.User]{})
		return err
	})
	if err != nil {
		return identity.User{}, err
	}
	return u, guess.GiveBack(ctx, ref)
}

// errNoCode returns the error for a code that is missing.
func errNoCode() error { return identity.InvalidField("/code", identity.Required()) }
