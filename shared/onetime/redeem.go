package onetime

import (
	"context"
	"errors"
	"time"

	"identitypools/shared/identity"
	"identitypools/shared/otp"
)

// Redeemer turns a new user into an active one on proof of a code.
type Redeemer struct {
	Guesses   Guesses
	Users     Activator
	Coder     *otp.Coder
	Passwords Passwords
	Now       func() time.Time
	NewID     func() string
}

// Guesses finds a user's codes, for a price where the presented code could be a guess; shared/table says what each method promises.
type Guesses interface {
	Codes(ctx context.Context, ref identity.UserRef, purpose identity.CodePurpose) (identity.Codes, error)
	Guess(ctx context.Context, ref identity.UserRef, purpose identity.CodePurpose, l identity.Limits) (identity.Codes, error)
	Unguess(ctx context.Context, ref identity.UserRef, purpose identity.CodePurpose) error
}

// Activator reads and stores the user; shared/table says what each method promises.
type Activator interface {
	UserAndRegistration(ctx context.Context, ref identity.UserRef, registration string, consistent bool) (identity.User, *identity.Registration, error)
	Registrations(ctx context.Context, ref identity.UserRef) ([]identity.Registration, error)
	Activate(ctx context.Context, old, u identity.User, codes int64, notice *identity.Message) (identity.User, error)
}

// Passwords checks a new password against the pool's rules (Invalid at pointer) and hashes it.
type Passwords interface {
	HashNew(ctx context.Context, p identity.Pool, u identity.User, pointer, password string) (hash string, err error)
}

// Proof is a code as somebody presents it, with the password that is to become the user's.
type Proof struct {
	User         string  // needed with a short code; an extended code names its user
	Registration *string // the only one that the code may complete; nil: any
	Code         string
	Address      string // where given, the one that the code must have been sent to
	Password     string
	Unvouched    bool // nobody but the code says who presents it: where several registrations wait, it is unknown whose is meant
}

const activation = identity.PurposeActivation

// Activate redeems a code for activation. A short code costs a guess before anything is compared; an extended one has 128
// random bits and costs none, so that nobody can lock its holder out by guessing.
//
// Errors: InvalidCode for a code that is wrong, spent, unknown or no longer of use, all alike; ExpiredCode; Invalid for a fault
// in what came with a right code, which stays usable.
func (r *Redeemer) Activate(ctx context.Context, p identity.Pool, proof Proof) (identity.User, error) {
	ref, codes, extended, err := r.spend(ctx, p, proof)
	if err != nil {
		return identity.User{}, err
	}
	guess := codes.Guesses
	if extended {
		guess = 0
	}
	for try := range storeTries {
		u, err := r.activate(ctx, p, proof, ref, codes, guess, try > 0)
		switch {
		case errors.As(err, new(identity.PreconditionFailed)):
			if codes, err = r.Guesses.Codes(ctx, ref, activation); err != nil {
				return u, err
			}
			continue
		case errors.As(err, new(identity.Invalid)) && !extended:
			return u, errors.Join(err, r.Guesses.Unguess(ctx, ref, activation))
		}
		return u, err
	}
	return identity.User{}, identity.Unavailable{RetryAfter: time.Second, Cause: identity.PreconditionFailed{}}
}

// spend finds the codes of the user that proof speaks of.
func (r *Redeemer) spend(ctx context.Context, p identity.Pool, proof Proof) (ref identity.UserRef, codes identity.Codes, extended bool, err error) {
	ref = identity.UserRef{Tenant: p.Tenant, Pool: p.ID, ID: proof.User}
	named, purpose, extended := otp.ParseExtended(proof.Code)
	switch {
	case extended && (purpose != string(activation) || proof.User != "" && proof.User != named):
		return ref, codes, extended, identity.InvalidCode{}
	case extended:
		ref.ID = named
		codes, err = r.Guesses.Codes(ctx, ref, activation)
	case proof.User == "":
		err = identity.InvalidCode{}
	default:
		codes, err = r.Guesses.Guess(ctx, ref, activation, p.Limits)
	}
	return ref, codes, extended, err
}

// Promise is what a link would come to.
type Promise struct {
	Address       string // that it proves
	Invited       bool   // an administrator made the user
	NeedsPassword bool   // there is none yet, and the pool's users sign in with one
}

// Look tells whoever holds the extended code of a link what it is good for. It changes nothing: mail scanners open links too.
// Errors: those of Activate for the code.
func (r *Redeemer) Look(ctx context.Context, p identity.Pool, code string) (Promise, error) {
	proof := Proof{Code: code, Unvouched: true}
	ref, codes, _, err := r.spend(ctx, p, proof) // nothing: only an extended code names its user, and it costs no guess
	if err != nil {
		return Promise{}, err
	}
	u, a, err := r.find(ctx, p, proof, ref, codes, 0, true)
	if err != nil {
		return Promise{}, err
	}
	// What is asked is whether the code would do without a password, and if so whether the user would have one.
	after, err := p.Activate(u, a, identity.Maker{Now: r.Now(), NewID: r.NewID})
	if err != nil && !errors.As(err, new(identity.Invalid)) {
		return Promise{}, err
	}
	_, has := after.Password()
	return Promise{Address: a.Code.Address, Invited: !u.SelfRegistered, NeedsPassword: p.UsesPasswords() && !has}, nil
}

func (r *Redeemer) activate(ctx context.Context, p identity.Pool, proof Proof, ref identity.UserRef, codes identity.Codes, guess int64, consistent bool) (identity.User, error) {
	old, a, err := r.find(ctx, p, proof, ref, codes, guess, consistent)
	if err != nil {
		return identity.User{}, err
	}
	return r.store(ctx, p, proof, old, a, codes.Version)
}

// find is the user whose code was presented, and what that code would activate.
func (r *Redeemer) find(
	ctx context.Context, p identity.Pool, proof Proof, ref identity.UserRef, codes identity.Codes, guess int64, consistent bool,
) (u identity.User, a identity.Activation, err error) {
	a.Code, err = codes.Redeem(identity.Presented{
		Registration: proof.Registration, Guess: guess,
		Matches: func(c identity.Code) bool {
			return r.Coder.Matches(binding(ref, activation, c), proof.Code, c.MAC, c.ExtendedMAC)
		},
	}, r.Now())
	if err != nil {
		return u, a, err
	}
	if proof.Address != "" {
		if normalized, err := p.Find(proof.Address); err != nil || normalized != a.Code.Normalized {
			return u, a, identity.InvalidCode{}
		}
	}
	u, a.Registration, err = r.Users.UserAndRegistration(ctx, ref, a.Code.Registration, consistent)
	switch {
	case errors.As(err, new(identity.NotFound)) && consistent:
		return u, a, identity.InvalidCode{}
	case errors.As(err, new(identity.NotFound)):
		return u, a, identity.PreconditionFailed{} // not read consistently: look again
	case err != nil:
		return u, a, err
	}
	if proof.Unvouched && a.Registration != nil {
		waiting, err := r.Users.Registrations(ctx, ref)
		if err != nil {
			return u, a, err
		}
		a.Contested = a.Registration.IsContested(u, waiting, r.Now())
	}
	return u, a, nil
}

func (r *Redeemer) store(ctx context.Context, p identity.Pool, proof Proof, old identity.User, a identity.Activation, codes int64) (u identity.User, err error) {
	if proof.Password != "" {
		if a.PasswordHash, err = r.Passwords.HashNew(ctx, p, old, "/password", proof.Password); err != nil {
			return u, err
		}
	}
	maker := identity.Maker{Now: r.Now(), NewID: r.NewID}
	if u, err = p.Activate(old, a, maker); err != nil {
		return u, err
	}
	var notice *identity.Message
	if u.PasswordHash != "" && a.Code.AddressType == identity.TypeEmail {
		to := identity.Address{Value: a.Code.Address, Normalized: a.Code.Normalized}
		m := identity.NewMessage(identity.MessagePasswordSet, u, to, identity.MessageOptions{}, maker)
		notice = &m
	}
	u, err = r.Users.Activate(ctx, old, u, codes, notice)
	if errors.As(err, new(identity.Conflict)) {
		return u, identity.InvalidField("/code", "proves an address that has become another user's")
	}
	return u, err
}
