package onetime

import (
	"context"
	"errors"

	"identitypools/shared/identity"
	"identitypools/shared/otp"
)

// byTicket returns the code that was presented with the ticket of a registration, which is therefore
// the registration of whoever presents both.
func (a *attempt) byTicket(ctx context.Context) (found Redemption, err error) {
	box, err := a.mailboxOf(ctx, *a.proof.Ticket)
	if err != nil {
		return found, err
	}
	if a.isExtended {
		err = a.guesses.look(ctx, box)
	} else {
		err = a.guesses.pay(ctx, box)
	}
	if err != nil {
		return found, err
	}
	use := a.guesses.uses[box]
	var others []identity.UserRef
	for _, mailed := range use.Codes {
		others = append(others, mailed.User)
	}
	if a.isExtended { // the code may have been redeemed without the ticket
		others = append(others, a.named)
	}
	read, err := a.Codes.Redeemable(ctx, a.user, a.purpose, a.proof.Ticket.Registration, others, false)
	if err != nil {
		return found, err
	}
	found, err = a.among(read)
	if errors.As(err, new(identity.InvalidCode)) && !read.Codes.HasOwn(a.presented(), a.Now()) {
		found, err = a.amongMailed(read, box)
	}
	if errors.As(err, new(identity.InvalidCode)) {
		return a.amongUsed(ctx, read)
	}
	found.Mailbox = &use
	return found, err
}

// mailboxOf returns the mailbox of a ticket's registration. Errors: InvalidCode if there is none.
func (a *attempt) mailboxOf(ctx context.Context, t otp.Ticket) (identity.MailboxRef, error) {
	if t.Mailbox != "" {
		return identity.MailboxRef{Tenant: a.pool.Tenant, Digest: t.Mailbox}, nil
	}
	// A ticket of the first release does not name the mailbox.
	r, err := a.Registrations.Get(ctx, a.user, t.Registration)
	if errors.As(err, new(identity.NotFound)) {
		err = identity.InvalidCode{}
	}
	box, _ := r.MailboxRef(a.pool.Tenant)
	return box, err
}

// amongMailed returns the code that was presented, if it is one of those that were mailed last to
// the mailbox of the ticket, for whatever users. It proves the address of the ticket's registration.
// Redeeming it spends the codes of the user whom it was made for and those of the ticket's user.
func (a *attempt) amongMailed(read identity.Redeemable, box identity.MailboxRef) (found Redemption, err error) {
	mailed, err := a.guesses.uses[box].RedeemMailed(identity.PresentedToMailbox{
		Codes: read.CodesOf,
		Paid: func(m identity.MailedCode) bool {
			return a.isExtended || a.guesses.hasPaid(box, m.Bears)
		},
		Matches: func(m identity.MailedCode) bool {
			return a.Coder.Matches(binding(m.User, a.purpose, box), a.proof.Code, m.MAC, m.ExtendedMAC)
		},
	}, a.Now())
	r := read.Registration
	switch {
	case err != nil:
		return found, err
	case r == nil || r.Normalized == "":
		return found, identity.InvalidCode{}
	}
	found.Registration = r
	found.Code = identity.Code{
		Address: r.Address, Normalized: r.Normalized, AddressType: r.AddressType, LastGuess: mailed.LastGuess,
	}
	own := read.Codes
	if spent := read.CodesOf(mailed.User).WithoutMailed(mailed, box); mailed.User == a.user {
		own = spent
	} else {
		found.Spent = append(found.Spent, a.spent(mailed.User, spent))
	}
	if own.Version > 0 {
		own.Live = nil
		found.Spent = append(found.Spent, a.spent(a.user, own))
	}
	return found, nil
}
