package activate

import (
	"context"
	"errors"

	"identitypools/shared/identity"
	"identitypools/shared/onetime"
)

// Promise is the effect that the code of a link would have.
type Promise struct {
	Address       string // the address that the code proves
	Invited       bool   // whether an administrator made the user
	NeedsPassword bool   // whether the user has no password yet, and signs in with one
}

// Look returns the effect that the extended code of a link would have for whoever holds it. It changes
// nothing, since mail scanners open links too. Errors: those of onetime.Redeemer for the code.
func (a *Activator) Look(ctx context.Context, p identity.Pool, proof onetime.Proof) (Promise, error) {
	right, err := a.Redeemer.Look(ctx, p, identity.PurposeActivation, proof)
	if err != nil {
		return Promise{}, err
	}
	proved, err := a.activationOf(ctx, p, Request{Proof: proof}, right)
	if err != nil {
		return Promise{}, err
	}
	active, err := p.Activate(right.User, proved, a.maker())
	if err != nil && !errors.As(err, new(identity.Invalid)) {
		return Promise{}, err
	}
	_, had := right.User.Password()
	_, has := active.Password()
	return Promise{
		Address: right.Code.Address, Invited: !right.User.SelfRegistered,
		NeedsPassword: p.UsesPasswords() && !had && !has,
	}, nil
}
