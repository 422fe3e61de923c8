package onetime

import (
	"context"
	"encoding/base64"
	"errors"
	"time"

	"identitypools/shared/identity"
	"identitypools/shared/once"
	"identitypools/shared/otp"
	"identitypools/shared/retry"
	"identitypools/shared/table"
)

// Redeemer recognizes codes that somebody presents.
type Redeemer struct {
	Codes         table.Codes
	Mailboxes     table.Mailboxes
	Registrations table.Registrations
	Users         table.Users
	Coder         *otp.Coder
	Retry         retry.Policy
	Now           func() time.Time
	NewID         func() string
}

// NewRedeemer returns a Redeemer of codes in a table.
func (t Tools) NewRedeemer(db *table.Table, now func() time.Time, newID func() string) *Redeemer {
	return &Redeemer{
		Codes: db.Codes, Mailboxes: db.Mailboxes, Registrations: db.Registrations, Users: db.Users,
		Coder: t.Coder, Retry: db.Retry, Now: now, NewID: newID,
	}
}

// Proof is a code as somebody presents it.
type Proof struct {
	User    string      // the id of the user, which a short code needs; an extended code contains it
	Ticket  *otp.Ticket // the ticket of a registration that came with the code, which names the user; or nil
	Code    string
	Address string // the address that the code must have been sent to; "" for any
	// IsOpen says that whoever presents the code may read the user anyway, as back ends may. The user is
	// then read together with the codes, in one round trip less. How long that takes tells how large the
	// user's documents are, so strangers must not see it.
	IsOpen bool
	// Box is the mailbox whose guesses a short code costs if the user has no code, or if there is no such
	// user. So a request takes as long, and wears out, whoever has a code. It is the zero value where
	// callers may learn that there is no code.
	Box identity.MailboxRef
	// IsSentTwice says that the caller's client sends a refused request once more, as the published
	// client does after a 401. A guess that is the same as the one before is then given back.
	IsSentTwice bool
	// Request tells the request apart from those of others who have the code, and from those that ask
	// for something else. It is "" if the request must not be taken for a repeat.
	Request string
}

// Redemption is a valid code that was presented, with what was read to check it.
type Redemption struct {
	Code identity.Code
	// Purpose is what the code is for.
	Purpose identity.CodePurpose
	// User is the user whom the code was made for, or the one whom the ticket names.
	User identity.User
	// Registration is the registration that the ticket names, or nil.
	Registration *identity.Registration
	// Mailbox has the counters of the mailbox that the code was sent to, or is nil if they were not read.
	Mailbox *identity.MailboxUse
	// Spent are the codes as they are once the code is redeemed. The transaction that carries out the
	// effect of the code must store them: see table.Users.Change.
	Spent []identity.UserCodes
	// Repeats are the codes of which one was redeemed by the same request a short time ago. If they are
	// not nil, User is as that request left it, with the hash of its password, and only User is set.
	Repeats *identity.UserCodes
}

// Redeem looks for the code that was presented among those for the purpose, and calls use if the code
// is valid. Use carries out the effect of the code. It does so in one transaction, which also stores
// Spent, and which fails unless the user is still Redemption.User. So a code takes effect once, and
// not for a user who has changed meanwhile. If the transaction fails with PreconditionFailed, Redeem
// starts again.
// The purpose of a code that verifies an address is that for the address: see
// identity.CodePurpose.For.
//
// A short code costs a guess at the codes of its mailbox before anything is compared. If use finds
// another fault in the request, which it returns as Invalid or Conflict, the guess is given back. An extended
// code has 128 random bits and costs no guess, so that nobody can lock its holder out by guessing. A
// repeat of request, which may be nil, pays for no second guess.
//
// If the same proof has redeemed the code a short time ago (identity.Use), and its user has not changed
// since, use is called with a Redemption that repeats that one. It must then change nothing. It
// returns InvalidCode if it finds that the request is another one. After that no request is taken for
// a repeat, so that nobody can find out by trying what the first request contained.
//
// Errors: InvalidCode for a code that is wrong, redeemed, unknown, killed, or for another purpose,
// all alike; ExpiredCode; those of use, after which the code can still be used.
func (r *Redeemer) Redeem(
	ctx context.Context, p identity.Pool, purpose identity.CodePurpose, proof Proof, request *once.Request,
	use func(context.Context, Redemption) error,
) error {
	payment := r.NewID()
	if request != nil {
		payment = request.Mark
	}
	a := r.attempt(p, purpose, proof, payment)
	hasReadAgain := false
	err := r.Retry.Do(ctx, func() error {
		found, err := a.find(ctx)
		isValid := err == nil
		if isValid {
			err = use(ctx, found)
		}
		switch {
		case found.Repeats != nil:
			return errors.Join(err, a.endRepeat(ctx, *found.Repeats, err))
		case isValid && !hasReadAgain && errors.As(err, new(identity.InvalidCode)):
			// The code may have been redeemed after it was read, and before its user was.
			hasReadAgain = true
			return identity.PreconditionFailed{}
		}
		return err
	})
	isRepeated := proof.IsSentTwice && errors.As(err, new(identity.InvalidCode)) && !a.isFirst && a.guesses.areRepeated()
	if isRepeated || errors.As(err, new(identity.Invalid)) || errors.As(err, new(identity.Conflict)) {
		err = errors.Join(err, a.refund(ctx))
	}
	return err
}

// Look returns the extended code that was presented, if it is valid, and leaves it as it is. It
// returns InvalidCode for a short code, which would cost a guess. Errors: those of Redeem. With
// ExpiredCode the Redemption has the code, so that another one can be sent to its address.
func (r *Redeemer) Look(
	ctx context.Context, p identity.Pool, purpose identity.CodePurpose, proof Proof,
) (Redemption, error) {
	if _, _, isExtended := otp.ParseExtended(proof.Code); !isExtended {
		return Redemption{}, identity.InvalidCode{}
	}
	return r.attempt(p, purpose, proof, r.NewID()).find(ctx)
}

// attempt is the redeeming of one proof. What it has paid for stays paid when it starts again.
type attempt struct {
	*Redeemer
	pool       identity.Pool
	purpose    identity.CodePurpose
	proof      Proof
	user       identity.UserRef // the user whom the proof names
	named      identity.UserRef // the user whom an extended code names
	isExtended bool
	isFirst    bool // a code was compared with the guess for the first time, so that it told something new
	guesses    guesses
}

// attempt returns an attempt that pays for its guesses with the given payment.
func (r *Redeemer) attempt(p identity.Pool, purpose identity.CodePurpose, proof Proof, payment string) *attempt {
	a := &attempt{
		Redeemer: r, pool: p, purpose: purpose, proof: proof,
		user: identity.UserRef{Tenant: p.Tenant, Pool: p.ID, ID: proof.User},
	}
	if proof.Ticket != nil {
		a.user.ID = proof.Ticket.User
	}
	guess := base64.RawURLEncoding.EncodeToString(a.request(a.user))
	a.guesses = newGuesses(r.Mailboxes, p.Limits, payment, guess)
	return a
}

// find returns the code that was presented. Errors: those of Redeem for the code.
func (a *attempt) find(ctx context.Context) (found Redemption, err error) {
	named, purpose, isExtended := otp.ParseExtended(a.proof.Code)
	a.isExtended, a.named = isExtended, identity.UserRef{Tenant: a.pool.Tenant, Pool: a.pool.ID, ID: named}
	// The code may be another user's only if it came with a ticket.
	isOfOther := a.proof.Ticket == nil && a.user.ID != "" && a.user.ID != named
	switch {
	case isExtended && (purpose != string(a.purpose.Base()) || isOfOther):
		return found, identity.InvalidCode{}
	case isExtended && a.proof.Ticket == nil:
		a.user = a.named
	case a.user.ID == "":
		return found, identity.InvalidCode{}
	}
	if a.proof.Ticket != nil {
		found, err = a.byTicket(ctx)
	} else {
		found, err = a.byCode(ctx)
	}
	if err != nil || found.Repeats != nil {
		return found, err
	}
	read := a.Users.Get
	if a.purpose == identity.PurposeResetPassword { // the new password is compared with those before
		read = a.Users.GetWithHash
	}
	if found.User.ID == "" {
		if found.User, err = a.readUser(ctx, read, a.user); err != nil {
			return found, err
		}
	}
	if !found.Code.IsFor(found.User, a.purpose) {
		return found, identity.InvalidCode{}
	}
	if a.proof.Address != "" {
		normalized, err := a.pool.NormalizeAddress(a.proof.Address)
		if err != nil || normalized != found.Code.Normalized {
			return found, identity.InvalidCode{}
		}
	}
	found.Purpose = a.purpose
	a.remember(&found)
	return found, nil
}

// readUser reads a user. It is called only after the code has proved valid, because the time that it
// takes grows with the size of the user's documents. Errors: InvalidCode if there is no such user.
func (a *attempt) readUser(
	ctx context.Context, read func(context.Context, identity.UserRef) (identity.User, error), ref identity.UserRef,
) (identity.User, error) {
	u, err := read(ctx, ref)
	if errors.As(err, new(identity.NotFound)) {
		err = identity.InvalidCode{}
	}
	return u, err
}

// byCode returns the code that was presented without a ticket.
func (a *attempt) byCode(ctx context.Context) (found Redemption, err error) {
	read, err := a.Codes.Redeemable(ctx, a.user, a.purpose, "", nil, a.proof.IsOpen)
	if err != nil {
		return found, err
	}
	if !a.isExtended {
		for _, code := range read.Codes.Live {
			box := code.MailboxRef(a.pool.Tenant)
			if err := a.guesses.pay(ctx, box); err != nil {
				return found, err
			}
			paid := a.guesses.uses[box].Guesses
			a.isFirst = a.isFirst || code.Bears(paid) && !code.Bears(paid-1)
		}
		if used := read.Codes.Used; len(read.Codes.Live) == 0 && used != nil && used.IsKept(a.Now()) {
			if err := a.guesses.pay(ctx, a.mailbox(*used)); err != nil {
				return found, err
			}
		}
		if a.proof.Box != (identity.MailboxRef{}) && len(a.guesses.uses)+len(a.guesses.refused) == 0 {
			if err := a.guesses.pay(ctx, a.proof.Box); err != nil {
				return found, err
			}
		}
	}
	found, err = a.among(read)
	switch {
	case errors.As(err, new(identity.InvalidCode)):
		return a.amongUsed(ctx, read)
	case err == nil && a.proof.IsOpen && read.User.ID == "":
		err = identity.InvalidCode{}
	}
	found.User = read.User
	return found, err
}

// among returns the code that was presented, if it is one of the live codes of the user and its
// comparison was paid for.
func (a *attempt) among(read identity.Redeemable) (found Redemption, err error) {
	if found.Code, err = read.Codes.Redeem(a.presented(), a.Now()); err != nil {
		return found, err
	}
	if use, isKnown := a.guesses.uses[found.Code.MailboxRef(a.pool.Tenant)]; isKnown {
		found.Mailbox = &use
	}
	found.Registration = read.Registration
	found.Spent = []identity.UserCodes{a.spent(a.user, read.Codes.Redeemed(found.Code))}
	return found, nil
}

// spent returns what becomes of a user's codes for the purpose.
func (a *attempt) spent(user identity.UserRef, codes identity.Codes) identity.UserCodes {
	return identity.UserCodes{User: user, Purpose: a.purpose, Codes: codes}
}

// presented returns the code that was presented, to be compared with those of the user.
func (a *attempt) presented() identity.Presented {
	p := identity.Presented{
		Paid: func(c identity.Code) bool {
			return a.isExtended || a.guesses.hasPaid(c.MailboxRef(a.pool.Tenant), c.Bears)
		},
		Lives: func(c identity.Code) bool {
			box := c.MailboxRef(a.pool.Tenant)
			use := a.guesses.uses[box]
			next := use.Guesses // the number of the guess that was paid for
			if a.isExtended {
				next++
			}
			return !a.guesses.refused[box] && !(a.isExtended && use.IsLocked(a.Now(), a.pool.Limits)) && next <= c.LastGuess
		},
		Matches: func(c identity.Code) bool {
			b := binding(a.user, a.purpose, c.MailboxRef(a.pool.Tenant))
			return a.Coder.Matches(b, a.proof.Code, c.MAC, c.ExtendedMAC)
		},
	}
	if a.proof.Ticket != nil {
		p.Registration = a.proof.Ticket.Registration
	}
	return p
}

// refund gives back the guesses that were paid for.
func (a *attempt) refund(ctx context.Context) error {
	if a.isExtended {
		return nil
	}
	return a.guesses.refund(ctx)
}
