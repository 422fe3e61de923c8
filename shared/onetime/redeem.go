package onetime

import (
	"context"
	"errors"
	"time"

	"identitypools/shared/identity"
	"identitypools/shared/once"
	"identitypools/shared/otp"
	"identitypools/shared/table"
)

// Redeemer turns a new user into an active one on proof of a code.
type Redeemer struct {
	Codes         table.Codes
	Mailboxes     table.Mailboxes
	Registrations table.Registrations
	Users         table.Users
	Coder         *otp.Coder
	Passwords     Passwords
	Now           func() time.Time
	NewID         func() string
}

// Passwords checks a new password against the pool's rules, with Invalid at the pointer, and hashes
// it. It is an interface, which *password.Hasher implements, because the courier imports this
// package to issue codes and must not link the hashes (0.06 MB, and BLAKE2b registers itself at the
// start of a process).
type Passwords interface {
	HashNew(
		ctx context.Context, p identity.Pool, u identity.User, pointer, password string,
	) (hash string, err error)
}

// Proof is a code as somebody presents it, with the password that is to become the user's.
type Proof struct {
	User      string      // needed with a short code; an extended code names its user
	Ticket    *otp.Ticket // of a registration, which is then that of whoever presents the code; nil where none came with it
	IsBackEnd bool        // a back end presents it, to which the only registration that waits for the address counts as theirs
	Code      string
	Address   string // where given, the one that the code must have been sent to
	Password  string
}

// Activate redeems a code for activation. A short code costs a guess at the codes of its mailbox
// before anything is compared; an extended one has 128 random bits and costs none, so that nobody
// can lock its holder out by guessing.
//
// Errors: InvalidCode for a code that is wrong, spent, unknown or no longer of use, all alike;
// ExpiredCode; Invalid for a fault in what came with a right code, which stays usable.
func (r *Redeemer) Activate(
	ctx context.Context, p identity.Pool, proof Proof, reply once.Reply[identity.User],
) (identity.User, error) {
	payment := r.NewID()
	if request := reply.Request(); request != nil {
		payment = request.Mark // a repeat of the request is a repeat of the guess
	}
	a := r.attempt(p, proof, payment)
	for range storeTries {
		u, err := a.activate(ctx, reply)
		switch {
		case errors.As(err, new(identity.PreconditionFailed)):
			continue
		case errors.As(err, new(identity.Invalid)):
			return u, errors.Join(err, a.refund(ctx))
		}
		return u, err
	}
	return identity.User{}, identity.Unavailable{RetryAfter: time.Second, Cause: identity.PreconditionFailed{}}
}

// attempt is the redeeming of one proof. What it has paid for stays paid when it has to look again.
type attempt struct {
	*Redeemer
	pool     identity.Pool
	proof    Proof
	ref      identity.UserRef // of the user whom the proof names
	extended bool
	payment  string
	uses     map[identity.MailboxRef]identity.MailboxUse // of the mailboxes that were paid for or looked at
	refused  map[identity.MailboxRef]bool                // those whose guesses are used up
}

// attempt returns an attempt whose guesses are paid for with a payment.
func (r *Redeemer) attempt(p identity.Pool, proof Proof, payment string) *attempt {
	a := &attempt{
		Redeemer: r, pool: p, proof: proof, ref: identity.UserRef{Tenant: p.Tenant, Pool: p.ID, ID: proof.User},
		payment: payment, uses: map[identity.MailboxRef]identity.MailboxUse{}, refused: map[identity.MailboxRef]bool{},
	}
	if proof.Ticket != nil {
		a.ref.ID = proof.Ticket.User
	}
	return a
}

// redemption is what a code that was presented would bring about.
type redemption struct {
	identity.Redeemable
	User       identity.User        // whom it would activate
	activation identity.Activation  // how
	spent      []identity.UserCodes // the codes that are spent then
}

func (a *attempt) activate(
	ctx context.Context, reply once.Reply[identity.User],
) (u identity.User, err error) {
	found, err := a.find(ctx)
	if err != nil {
		return u, err
	}
	if a.proof.Password != "" {
		hash, err := a.Passwords.HashNew(ctx, a.pool, found.User, "/password", a.proof.Password)
		if err != nil {
			return u, err
		}
		found.activation.PasswordHash = hash
	}
	maker := identity.Maker{Now: a.Now(), NewID: a.NewID}
	if u, err = a.pool.Activate(found.User, found.activation, maker); err != nil {
		return u, err
	}
	var notice *identity.Message
	if code := found.activation.Code; u.PasswordHash != "" && code.AddressType == identity.TypeEmail {
		to := identity.Address{Value: code.Address, Normalized: code.Normalized}
		m := identity.NewMessage(identity.MessagePasswordSet, u, to, identity.MessageOptions{}, maker)
		notice = &m
	}
	u, err = a.Users.Activate(ctx, found.User, u, found.spent, notice, reply)
	if errors.As(err, new(identity.Conflict)) {
		return u, identity.InvalidField("/code", "proves an address that has become another user's")
	}
	return u, err
}

// find returns what comes of the code that was presented.
func (a *attempt) find(ctx context.Context) (found redemption, err error) {
	named, purpose, extended := otp.ParseExtended(a.proof.Code)
	a.extended = extended
	isOfOther := a.proof.Ticket == nil && a.ref.ID != "" && a.ref.ID != named // with a ticket it may be
	switch {
	case extended && (purpose != string(identity.PurposeActivation) || isOfOther):
		return found, identity.InvalidCode{}
	case extended && a.proof.Ticket == nil:
		a.ref.ID = named
	case a.ref.ID == "":
		return found, identity.InvalidCode{}
	}
	if a.proof.Ticket != nil {
		found, err = a.byTicket(ctx)
	} else {
		found, err = a.byCode(ctx)
	}
	if err == nil && a.proof.Address != "" {
		if normalized, err := a.pool.NormalizeUntyped(a.proof.Address); err != nil || normalized != found.activation.Code.Normalized {
			return found, identity.InvalidCode{}
		}
	}
	return found, err
}

// user returns the user whom a right code would activate. Errors: InvalidCode where there is none.
func (a *attempt) user(ctx context.Context) (identity.User, error) {
	u, err := a.Users.Get(ctx, a.ref)
	if errors.As(err, new(identity.NotFound)) {
		err = identity.InvalidCode{}
	}
	return u, err
}

// byTicket redeems a code with the ticket of a registration, which is therefore that of whoever
// presents both.
func (a *attempt) byTicket(ctx context.Context) (found redemption, err error) {
	ticket := a.proof.Ticket
	box := identity.MailboxRef{Tenant: a.pool.Tenant, Digest: ticket.Mailbox}
	if box.Digest == "" { // a ticket of the first release
		r, err := a.Registrations.Get(ctx, a.ref, ticket.Registration)
		if errors.As(err, new(identity.NotFound)) {
			err = identity.InvalidCode{}
		}
		if err != nil {
			return found, err
		}
		box, _ = r.MailboxRef(a.pool.Tenant)
	}
	if err := a.pay(ctx, box); err != nil {
		return found, err
	}
	var others []identity.UserRef
	for _, mailed := range a.uses[box].Codes {
		others = append(others, mailed.User)
	}
	if found.Redeemable, err = a.Codes.Redeemable(ctx, a.ref, ticket.Registration, others); err != nil {
		return found, err
	}
	found.activation = identity.Activation{
		Registration: found.Registration, HasTicket: true, IsTheirs: a.uses[box].Waits(a.pool.ID, ticket.Registration),
	}
	err = a.redeem(&found)
	if errors.As(err, new(identity.InvalidCode)) && !found.Codes.HasOwn(a.presented(), a.Now()) {
		err = a.redeemMailed(&found, box)
	}
	if err == nil {
		found.User, err = a.user(ctx)
	}
	return found, err
}

// redeemMailed compares the code that was presented with those that were mailed to the mailbox of
// the ticket last, for whatever users. It proves the address of the ticket's registration. With it
// are spent the codes of the user whom it was made for and those of the ticket's user.
func (a *attempt) redeemMailed(found *redemption, box identity.MailboxRef) error {
	r, use := found.Registration, a.uses[box]
	mailed, err := use.RedeemMailed(identity.PresentedToMailbox{
		Codes: found.CodesOf,
		Paid: func(m identity.MailedCode) bool {
			return a.extended || !a.refused[box] && m.Bears(use.Guesses)
		},
		Matches: func(m identity.MailedCode) bool {
			return a.Coder.Matches(binding(m.User, identity.PurposeActivation, box), a.proof.Code, m.MAC, m.ExtendedMAC)
		},
	}, a.Now())
	switch {
	case err != nil:
		return err
	case r == nil || r.Normalized == "":
		return identity.InvalidCode{}
	}
	found.activation.Code = identity.Code{Address: r.Address, Normalized: r.Normalized, AddressType: r.AddressType}
	own := found.Codes
	if spent := found.CodesOf(mailed.User).WithoutMailed(mailed, box); mailed.User == a.ref {
		own = spent
	} else {
		found.spent = append(found.spent, identity.UserCodes{User: mailed.User, Codes: spent})
	}
	if own.Version > 0 {
		own.Live = nil
		found.spent = append(found.spent, identity.UserCodes{User: a.ref, Codes: own})
	}
	return nil
}

// byCode redeems a code that is all that tells who presents it.
func (a *attempt) byCode(ctx context.Context) (found redemption, err error) {
	if found.Redeemable, err = a.Codes.Redeemable(ctx, a.ref, "", nil); err != nil {
		return found, err
	}
	if !a.extended {
		for _, code := range found.Codes.Live {
			if err := a.pay(ctx, code.MailboxRef(a.pool.Tenant)); err != nil {
				return found, err
			}
		}
	}
	if err := a.redeem(&found); err != nil {
		return found, err
	}
	if found.User, err = a.user(ctx); err != nil {
		return found, err
	}
	code := found.activation.Code
	registration, isOnly := code.Registration, false
	if a.proof.IsBackEnd && !code.NeedsPassword && found.User.IsUnproved() {
		only, err := a.onlyWaiting(ctx, found.User, code)
		if err != nil {
			return found, err
		}
		if only != "" && (registration == "" || registration == only) {
			registration, isOnly = only, true
		}
	}
	if registration != "" {
		r, err := a.Registrations.Get(ctx, a.ref, registration)
		switch {
		case err == nil:
			found.activation.Registration, found.activation.IsTheirs = &r, isOnly
		case !errors.As(err, new(identity.NotFound)):
			return found, err
		}
	}
	return found, nil
}

// onlyWaiting returns the registration of u that waits for the code's mailbox, if it is the only
// one that has come for it in the pool while registrations wait; "" where there are none or
// several, whatever has become of them, or where one may have given way.
func (a *attempt) onlyWaiting(ctx context.Context, u identity.User, code identity.Code) (registration string, err error) {
	box := code.MailboxRef(a.pool.Tenant)
	if err := a.look(ctx, box); err != nil {
		return "", err
	}
	waiting := a.uses[box].WaitingIn(a.pool.ID, a.Now())
	if a.uses[box].IsCrowded(a.Now()) || len(waiting) != 1 || !waiting[0].IsOf(u.ID) {
		return "", nil
	}
	return waiting[0].Registration, nil
}

// redeem compares the code that was presented with the live ones of the user that were paid for.
func (a *attempt) redeem(found *redemption) (err error) {
	found.activation.Code, err = found.Codes.Redeem(a.presented(), a.Now())
	if err == nil {
		found.spent = []identity.UserCodes{{User: a.ref, Codes: found.Codes.Redeemed(found.activation.Code)}}
	}
	return err
}

// presented returns the code as it is compared with those of the user.
func (a *attempt) presented() identity.Presented {
	p := identity.Presented{
		Paid: func(c identity.Code) bool {
			box := c.MailboxRef(a.pool.Tenant)
			use, paid := a.uses[box]
			return a.extended || paid && !a.refused[box] && c.Bears(use.Guesses)
		},
		Lives: func(c identity.Code) bool {
			box := c.MailboxRef(a.pool.Tenant)
			use := a.uses[box]
			next := use.Guesses // the guess that was paid for
			if a.extended {
				next++
			}
			return !a.refused[box] && !(a.extended && use.IsLocked(a.Now(), a.pool.Limits)) && next <= c.LastGuess
		},
		Matches: func(c identity.Code) bool {
			b := binding(a.ref, identity.PurposeActivation, c.MailboxRef(a.pool.Tenant))
			return a.Coder.Matches(b, a.proof.Code, c.MAC, c.ExtendedMAC)
		},
	}
	if a.proof.Ticket != nil {
		p.Registration = a.proof.Ticket.Registration
	}
	return p
}

// pay pays for one comparison with the codes of a mailbox, unless the code that was presented is no
// guess or that is done.
func (a *attempt) pay(ctx context.Context, box identity.MailboxRef) error {
	if a.extended {
		return a.look(ctx, box)
	}
	if _, done := a.uses[box]; done {
		return nil
	}
	use, err := a.Mailboxes.SpendGuess(ctx, box, a.payment, a.pool.Limits)
	if a.refused[box] = errors.As(err, new(identity.InvalidCode)); a.refused[box] {
		err = nil
	}
	if err == nil {
		a.uses[box] = use
	}
	return err
}

func (a *attempt) look(ctx context.Context, box identity.MailboxRef) error {
	if _, done := a.uses[box]; done {
		return nil
	}
	use, err := a.Mailboxes.Get(ctx, box)
	if err == nil {
		a.uses[box] = use
	}
	return err
}

// refund gives back what was paid, once for each mailbox.
func (a *attempt) refund(ctx context.Context) error {
	if a.extended {
		return nil
	}
	var err error
	for box := range a.uses {
		if !a.refused[box] {
			err = errors.Join(err, a.Mailboxes.RefundGuess(ctx, box, a.payment))
		}
	}
	return err
}
