package onetime

import (
	"context"
	"crypto/subtle"
	"errors"

	"identitypools/shared/identity"
	"identitypools/shared/otp"
)

// request returns the MAC of the request, whose code was made for the given user.
func (a *attempt) request(user identity.UserRef) []byte {
	b := otp.Binding{
		Tenant: user.Tenant, Pool: user.Pool, User: user.ID, Purpose: "repeat#" + string(a.purpose),
	}
	return a.Coder.Request(b, a.proof.Code, a.proof.Request, a.proof.Address)
}

// remember adds the redemption to the codes of the user whom the code was made for.
func (a *attempt) remember(found *Redemption) {
	if a.proof.Request == "" {
		return
	}
	of := &found.Spent[0]
	of.Used = &identity.Use{
		Request: a.request(of.User), User: found.User.ID, Version: found.User.Version + 1,
		Mailbox: found.Code.MailboxRef(a.pool.Tenant).Digest, LastGuess: found.Code.LastGuess,
		At: identity.At(a.Now()),
	}
}

// mailbox returns the mailbox whose guesses are spent for a code that was redeemed.
func (a *attempt) mailbox(used identity.Use) identity.MailboxRef {
	return identity.MailboxRef{Tenant: a.pool.Tenant, Digest: used.Mailbox}
}

// amongUsed returns the redemption that the same request has made a short time ago. It counts the
// repeat before anything else of the request is compared. Errors: InvalidCode if there is none, if its
// user has changed since, or if it was repeated too often.
func (a *attempt) amongUsed(ctx context.Context, read identity.Redeemable) (found Redemption, err error) {
	all := append(read.Others, identity.UserCodes{User: a.user, Purpose: a.purpose, Codes: read.Codes})
	for _, of := range all {
		if a.proof.Request != "" && of.Used != nil && a.isRepeat(of.User, *of.Used) {
			found.Repeats = &of
		}
	}
	if found.Repeats == nil {
		return found, identity.InvalidCode{}
	}
	used := found.Repeats.Used
	ref := identity.UserRef{Tenant: a.pool.Tenant, Pool: a.pool.ID, ID: used.User}
	found.User, err = a.readUser(ctx, a.Users.GetWithHash, ref)
	if err == nil && found.User.Version != used.Version {
		err = identity.InvalidCode{}
	}
	if err == nil {
		err = a.Codes.SpendRepeat(ctx, found.Repeats.User, found.Repeats.Purpose)
	}
	if err != nil {
		found.Repeats = nil
	}
	return found, err
}

// isRepeat reports whether the request has redeemed a code of a user a short time ago.
func (a *attempt) isRepeat(user identity.UserRef, used identity.Use) bool {
	isPaid := a.isExtended || a.guesses.hasPaid(a.mailbox(used), used.Bears)
	isSame := subtle.ConstantTimeCompare(a.request(user), used.Request) == 1
	return isPaid && isSame && used.IsKept(a.Now())
}

// endRepeat ends a repeat with the given result. It gives the guess back if the request was the same,
// and forgets the redemption if it was not.
func (a *attempt) endRepeat(ctx context.Context, repeated identity.UserCodes, result error) error {
	switch {
	case errors.As(result, new(identity.InvalidCode)):
		return a.Codes.ForgetUse(ctx, repeated.User, repeated.Purpose)
	case result == nil:
		return a.refund(ctx)
	}
	return nil
}
