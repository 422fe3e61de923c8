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
// nothing, since mail scanners open links too. Errors: those of onetime.Redeemer for the code. With
// ExpiredCode the Promise has the address that the code was sent to.
func (a *Activator) Look(ctx context.Context, p identity.Pool, proof onetime.Proof) (Promise, error) {
	right, err := a.Redeemer.Look(ctx, p, identity.PurposeActivation, proof)
	if err != nil {
		return Promise{Address: right.Code.Address}, err
	}
	return a.promise(ctx, p, proof, right)
}

// LookShort is like Look, for a short code, whose user the proof names. A code that is not right costs a
// guess, as in Activate. A right one costs none, and can be redeemed after that.
func (a *Activator) LookShort(
	ctx context.Context, p identity.Pool, proof onetime.Proof,
) (promise Promise, err error) {
	isRight := false
	err = a.Redeemer.Redeem(ctx, p, identity.PurposeActivation, proof, nil,
		func(ctx context.Context, right onetime.Redemption) (err error) {
			if promise, err = a.promise(ctx, p, proof, right); err != nil {
				return err
			}
			isRight = true
			return identity.Invalid{} // so that the guess is given back
		})
	if isRight {
		err = nil
	}
	return promise, err
}

// promise returns the effect of a valid code.
func (a *Activator) promise(
	ctx context.Context, p identity.Pool, proof onetime.Proof, right onetime.Redemption,
) (Promise, error) {
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
