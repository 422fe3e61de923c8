package onetime

import (
	"context"
	"errors"
	"slices"
	"time"

	"identitypools/shared/identity"
	"identitypools/shared/table"
)

// Addresses chooses the addresses that codes are for.
type Addresses struct {
	Users         table.Users
	Registrations table.Registrations
	Mailboxes     table.Mailboxes
	Now           func() time.Time
}

// Choice is an address that a code is for.
type Choice struct {
	Address identity.Address
	// Registration is the id of the registration that waits for the address, if the user does not
	// have it yet.
	Registration string
}

// ForActivation returns the address at which u can be activated: the one that asked names, or the
// only one if asked is "". If mailable is true, it considers only addresses that a mail can be sent
// to. Errors: TakenAddress where another user has the address; Invalid where there is none, or more
// than one and asked is "".
func (a Addresses) ForActivation(
	ctx context.Context, p identity.Pool, u identity.User, asked string, mailable bool,
) (Choice, error) {
	candidates := u.CandidateAddresses()
	if mailable {
		var err error
		if candidates, err = identity.MailAddresses(candidates); err != nil {
			return Choice{}, err
		}
	}
	if asked != "" {
		candidates = p.Named(candidates, asked)
	}
	switch {
	case len(candidates) > 1:
		return Choice{}, identity.InvalidField("/address",
			identity.Broken(identity.CodeRequired, "must be given: the user has more than one address"))
	case len(candidates) == 1:
		return Choice{Address: candidates[0]}, a.checkFree(ctx, u, candidates[0])
	case asked != "":
		return a.waitingNamed(ctx, p, u, asked, mailable)
	}
	return a.onlyWaiting(ctx, u, mailable)
}

// ForPurpose returns the address of u that a code for the purpose, which is not activation, is for: the
// one that asked names (see identity.User.UsableAddresses). If asked is "", it is the only verified one,
// or if there is none, the only one that is usable. Errors: TakenAddress where another user has an
// address that is to be verified; Invalid.
func (a Addresses) ForPurpose(
	ctx context.Context, p identity.Pool, u identity.User, purpose identity.CodePurpose, asked string,
) (Choice, error) {
	usable, isToVerify := u.UsableAddresses(purpose), purpose == identity.PurposeVerifyAddress
	unverified := func(a identity.Address) bool { return !a.Verified }
	switch verified := slices.DeleteFunc(slices.Clone(usable), unverified); {
	case asked != "":
		usable = p.Named(usable, asked)
	case len(verified) > 0:
		usable = verified
	}
	switch {
	case len(usable) != 1 && isToVerify:
		return Choice{}, identity.InvalidField("/address",
			identity.NoSuch("must name an unverified address of the user"))
	case len(usable) != 1:
		return Choice{}, identity.InvalidField("/address",
			identity.NoSuch("must name an address that belongs to the user"))
	case isToVerify:
		return Choice{Address: usable[0]}, a.checkFree(ctx, u, usable[0])
	}
	return Choice{Address: usable[0]}, nil
}

// onlyWaiting returns the only address that u's registrations wait for. It becomes u's when it is
// proved.
func (a Addresses) onlyWaiting(ctx context.Context, u identity.User, mailable bool) (Choice, error) {
	if !u.IsUnproved() { // no registration gives another user an address
		return Choice{}, identity.InvalidField("/address", identity.WrongStatus("the user has no address to send to"))
	}
	waiting, err := a.Registrations.List(ctx, u.Ref())
	if err != nil {
		return Choice{}, err
	}
	only, err := u.OnlyWaiting(waiting, mailable, a.Now())
	if err != nil {
		return Choice{}, err
	}
	return Choice{only.CandidateAddress(), only.ID}, a.checkFree(ctx, u, only.CandidateAddress())
}

// waitingNamed returns the address that asked names, if one of u's registrations waits for it.
func (a Addresses) waitingNamed(
	ctx context.Context, p identity.Pool, u identity.User, asked string, mailable bool,
) (Choice, error) {
	kind := identity.InferType(asked)
	normalized, err := p.Normalize(kind, asked)
	if err != nil || !u.IsUnproved() || kind != identity.TypeEmail && (mailable || kind != identity.TypeMobile) {
		return a.notOfUser(ctx, p, asked)
	}
	use, err := a.Mailboxes.Get(ctx, identity.NewMailboxRef(p.Tenant, kind, normalized))
	if err != nil {
		return Choice{}, err
	}
	for _, w := range use.WaitingIn(p.ID, a.Now()) {
		if w.IsOf(u.ID) && (identity.Registration{CreatedAt: w.CreatedAt}).CanComplete(u, a.Now()) {
			address := identity.Address{Value: normalized, Normalized: normalized, Type: kind}
			return Choice{address, w.Registration}, a.checkFree(ctx, u, address)
		}
	}
	return a.notOfUser(ctx, p, asked)
}

// notOfUser returns the error for an address that is not the user's, with the address if it is
// another user's. Errors: TakenAddress where it is; Invalid.
func (a Addresses) notOfUser(ctx context.Context, p identity.Pool, asked string) (Choice, error) {
	notTheirs := identity.InvalidField("/address", identity.NoSuch("must be an e-mail address of the user"))
	forms, err := p.LookupForms(asked)
	if err != nil {
		return Choice{}, notTheirs
	}
	owner, err := a.Users.Claimant(ctx, p.Tenant, p.ID, forms)
	switch {
	case errors.As(err, new(identity.NotFound)):
		return Choice{}, notTheirs
	case err != nil:
		return Choice{}, err
	}
	address := identity.Address{Value: asked, Normalized: forms[len(forms)-1]}
	return Choice{Address: address}, identity.TakenAddress{Invalid: notTheirs, Owner: owner}
}

// checkFree returns TakenAddress if another user owns the address. A user whom nobody has proved is
// not counted as an owner, because whoever proves the address replaces that user.
func (a Addresses) checkFree(ctx context.Context, u identity.User, address identity.Address) error {
	if slices.Contains(u.Claims(), address.Normalized) {
		return nil
	}
	owner, err := a.Users.Claimant(ctx, u.Tenant, u.Pool, []string{address.Normalized})
	switch {
	case errors.As(err, new(identity.NotFound)):
		return nil
	case err != nil:
		return err
	case owner.ID == u.ID:
		return nil
	}
	other, err := a.Users.Get(ctx, owner)
	switch {
	case errors.As(err, new(identity.NotFound)), err == nil && other.IsUnproved():
		return nil
	case err != nil:
		return err
	}
	taken := identity.InvalidField("/address", identity.Taken("belongs to another user of this pool"))
	return identity.TakenAddress{Invalid: taken, Owner: owner}
}
