package onetime

import (
	"context"
	"errors"

	"identitypools/shared/identity"
	"identitypools/shared/otp"
)

// Promise is what the code of a link would bring about.
type Promise struct {
	Address       string // that it proves
	Invited       bool   // an administrator made the user
	NeedsPassword bool   // there is none yet, and the pool's users sign in with one
}

// Look tells whoever holds the extended code of a link what it is good for. It changes nothing,
// since mail scanners open links too. Errors: those of Activate for the code.
func (r *Redeemer) Look(ctx context.Context, p identity.Pool, proof Proof) (Promise, error) {
	if _, _, isExtended := otp.ParseExtended(proof.Code); !isExtended { // which alone costs no guess
		return Promise{}, identity.InvalidCode{}
	}
	a := r.attempt(p, proof, r.NewID())
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
