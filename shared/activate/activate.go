// Package activate turns a new user into an active one when somebody presents a code for activation.
// shared/onetime checks the code, and this package carries out its effect. The functions activation
// and registration import it.
package activate

import (
	"context"
	"errors"
	"fmt"

	"identitypools/shared/factor"
	"identitypools/shared/identity"
	"identitypools/shared/once"
	"identitypools/shared/onetime"
	"identitypools/shared/password"
	"identitypools/shared/table"
)

// Activator activates users.
type Activator struct {
	Redeemer  *onetime.Redeemer
	Passwords *password.Hasher
	Factors   factor.Keys
}

// Request is a code that somebody presents to activate a user.
type Request struct {
	Proof onetime.Proof
	// IsBackEnd reports whether a back end presents the code. If so, and only one registration waits
	// for the address, the code completes that registration.
	IsBackEnd bool
	Password  string // the password that the user gets; "" for none
	// TOTP is the secret of the authenticator app that the user gets; nil for none.
	TOTP []byte
	// Passkeys are the passkeys that the user gets, which were checked.
	Passkeys []identity.NewPasskey
}

// Activate redeems a code for activation. If the request repeats one that has activated the user a
// short time ago, as a double click does, Activate returns the user again, changes nothing, and
// reports true. It does not do so for requests with an authenticator app or passkeys. Errors: those of onetime.Redeemer for the code; Invalid for a fault in what came with
// a valid code, which can still be used.
func (a *Activator) Activate(
	ctx context.Context, p identity.Pool, r Request, reply once.Reply[identity.User],
) (u identity.User, isRepeat bool, err error) {
	switch {
	case r.TOTP != nil || len(r.Passkeys) > 0:
		r.Proof.Request = "" // nothing tells whether a second request has the same secret and passkeys
	case r.Proof.Request != "" && r.Password != "":
		r.Proof.Request = "with a password#" + r.Proof.Request
	}
	err = a.Redeemer.Redeem(ctx, p, identity.PurposeActivation, r.Proof, reply.Request(),
		func(ctx context.Context, right onetime.Redemption) (err error) {
			if isRepeat = right.Repeats != nil; isRepeat {
				u = right.User
				return a.checkRepeat(ctx, r, u)
			}
			u, err = a.activate(ctx, p, r, right, reply)
			return err
		})
	return u, isRepeat, err
}

// checkRepeat returns InvalidCode if a request that repeats the activation of u has another password.
// The password is compared with the hash of u, so that nothing else that it could be guessed from is
// stored.
func (a *Activator) checkRepeat(ctx context.Context, r Request, u identity.User) error {
	if r.Password == "" {
		return nil
	}
	result, err := a.Passwords.Verify(ctx, u.PasswordHash, r.Password)
	if err == nil && !result.OK {
		err = identity.InvalidCode{}
	}
	return err
}

func (a *Activator) activate(
	ctx context.Context, p identity.Pool, r Request, right onetime.Redemption,
	reply once.Reply[identity.User],
) (u identity.User, err error) {
	proved, err := a.activationOf(ctx, p, r, right)
	if err != nil {
		return u, err
	}
	if r.Password != "" {
		if proved.PasswordHash, err = a.Passwords.HashNew(ctx, p, right.User, "/password", r.Password); err != nil {
			return u, err
		}
	}
	maker := a.maker()
	if u, err = p.Activate(right.User, proved, maker); err != nil {
		return u, err
	}
	if err = a.addFactors(&u, r, maker); err != nil {
		return u, err
	}
	effects := table.Effects{Spent: right.Spent}
	getsIn := u.PasswordHash != "" || r.TOTP != nil || len(r.Passkeys) > 0
	if code := right.Code; getsIn && code.AddressType == identity.TypeEmail {
		to := identity.Address{Value: code.Address, Normalized: code.Normalized}
		m := identity.NewMessage(identity.MessageWelcome, u, to, identity.MessageOptions{}, maker)
		effects.Messages = append(effects.Messages, m)
	}
	u, err = a.Redeemer.Users.Change(ctx, right.User, u, effects, reply)
	if errors.As(err, new(identity.Conflict)) {
		return u, identity.InvalidField("/code", identity.Taken("proves an address that has become another user's"))
	}
	return u, err
}

// addFactors gives a user the authenticator app and the passkeys of a request. Errors: Invalid if the user
// has an app, or too many passkeys; Conflict if the user has one of the passkeys.
func (a *Activator) addFactors(u *identity.User, r Request, m identity.Maker) error {
	if r.TOTP != nil {
		if _, has := u.TOTP(); has {
			return identity.InvalidField("/totp_secret", identity.NotAllowed("must not be given: the user has an authenticator app already"))
		}
		sealed, err := a.Factors.SealTOTP(u.Ref(), r.TOTP)
		if err != nil {
			return err
		}
		u.SetTOTP(sealed, m)
	}
	for i, passkey := range r.Passkeys {
		if err := u.AddPasskey(fmt.Sprintf("/webauthn/%d", i), passkey, m); err != nil {
			return err
		}
	}
	return nil
}

func (a *Activator) maker() identity.Maker {
	return identity.Maker{Now: a.Redeemer.Now(), NewID: a.Redeemer.NewID}
}

// activationOf returns what a valid code proves, without the password that came with it.
func (a *Activator) activationOf(
	ctx context.Context, p identity.Pool, r Request, right onetime.Redemption,
) (identity.Activation, error) {
	if ticket := r.Proof.Ticket; ticket != nil {
		return identity.Activation{
			Code: right.Code, Registration: right.Registration, HasTicket: true,
			IsTheirs: right.Mailbox.Waits(p.ID, ticket.Registration),
		}, nil
	}
	proved := identity.Activation{Code: right.Code}
	registration, isOnly := right.Code.Registration, false
	if r.IsBackEnd && !right.Code.NeedsPassword && right.User.IsUnproved() {
		only, err := a.onlyWaiting(ctx, p, right)
		if err != nil {
			return proved, err
		}
		if only != "" && (registration == "" || registration == only) {
			registration, isOnly = only, true
		}
	}
	if registration == "" {
		return proved, nil
	}
	waiting, err := a.Redeemer.Registrations.Get(ctx, right.User.Ref(), registration)
	switch {
	case errors.As(err, new(identity.NotFound)):
		return proved, nil
	case err != nil:
		return proved, err
	}
	proved.Registration, proved.IsTheirs = &waiting, isOnly
	return proved, nil
}

// onlyWaiting returns the id of the user's registration that waits for the code's mailbox, if it is
// the only one that has come for the mailbox in the pool while registrations wait. It returns "" if
// there are none or several, whatever has become of them, or if one may have been replaced.
func (a *Activator) onlyWaiting(
	ctx context.Context, p identity.Pool, right onetime.Redemption,
) (registration string, err error) {
	use := right.Mailbox
	if use == nil {
		read, err := a.Redeemer.Mailboxes.Get(ctx, right.Code.MailboxRef(p.Tenant))
		if err != nil {
			return "", err
		}
		use = &read
	}
	waiting := use.WaitingIn(p.ID, a.Redeemer.Now())
	if use.IsCrowded(a.Redeemer.Now()) || len(waiting) != 1 || !waiting[0].IsOf(right.User.ID) {
		return "", nil
	}
	return waiting[0].Registration, nil
}
