package onetime

import (
	"context"
	"errors"

	"identitypools/shared/identity"
	"identitypools/shared/otp"
)

// Promise is what a link would come to.
type Promise struct {
	Address       string // that it proves
	Invited       bool   // an administrator made the user
	NeedsPassword bool   // there is none yet, and the pool's users sign in with one
}

// Look tells whoever holds the extended code of a link what it is good for, with a ticket or with
// nil. It changes nothing: mail scanners open links too. Errors: those of Activate for the code.
func (r *Redeemer) Look(ctx context.Context, p identity.Pool, ticket *otp.Ticket, code string) (Promise, error) {
	if _, _, isExtended := otp.ParseExtended(code); !isExtended { // which alone costs no guess
		return Promise{}, identity.InvalidCode{}
	}
	a := r.attempt(ctx, p, Proof{Code: code, Ticket: ticket})
	found, err := a.find(ctx)
	if err != nil {
		return Promise{}, err
	}
	active, err := p.Activate(found.User, found.activation, identity.Maker{Now: r.Now(), NewID: r.NewID})
	if err != nil && !errors.As(err, new(identity.Invalid)) {
		return Promise{}, err
	}
	_, had := found.User.Password()
	_, has := active.Password()
	return Promise{
		Address: found.activation.Code.Address, Invited: !found.User.SelfRegistered,
		NeedsPassword: p.UsesPasswords() && !had && !has,
	}, nil
}
