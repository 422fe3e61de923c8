// Package askcode asks for mails with one-time codes of every purpose but activation: to reset a
// credential, to prove an address, to answer a challenge. It finds the user and the address, and puts a
// message into the outbox. The courier makes the code. The functions that redeem such codes import it.
package askcode

import (
	"context"
	"errors"
	"time"

	"identitypools/shared/identity"
	"identitypools/shared/once"
	"identitypools/shared/onetime"
	"identitypools/shared/table"
)

// Asker asks for mails with codes.
type Asker struct {
	Users     table.Users
	Outbox    table.Outbox
	Addresses onetime.Addresses
	// MayReturnTo reports whether a message may have a post-activation URL. If it is nil, none may.
	MayReturnTo func(url string) bool
	Now         func() time.Time
	NewID       func() string
}

// New returns an Asker for the users in a table.
func New(db *table.Table, now func() time.Time, newID func() string) *Asker {
	return &Asker{
		Users: db.Users, Outbox: db.Outbox, Now: now, NewID: newID,
		Addresses: onetime.Addresses{Users: db.Users, Registrations: db.Registrations, Mailboxes: db.Mailboxes, Now: now},
	}
}

// Request names the address that a code is to be mailed to. User or Identifier may name its user, but
// not both. Then it may be any address of that user; otherwise it must be one that belongs to a user. It
// is the published type RequestAddOrResetCredential.
type Request struct {
	Address    string      `json:"address"`
	Identifier string      `json:"identifier"`
	User       identity.ID `json:"userID"`
}

// Quietly asks for a mail of a kind without telling the caller what becomes of it, so that nobody learns
// who is registered. It makes the same calls for every state of the user and the address: if there is
// no such user, the message is for one who does not exist, and the courier drops it. Errors: Invalid for
// what is wrong with the request whoever has the address.
func (a *Asker) Quietly(
	ctx context.Context, p identity.Pool, kind identity.MessageKind, r Request, o identity.MessageOptions,
	reply once.Reply[once.None],
) error {
	m, forms, err := a.message(p, kind, r, o)
	if err != nil {
		return err
	}
	if m.User = string(r.User); r.User == "" {
		owner, err := a.Users.Claimant(ctx, p.Tenant, p.ID, forms)
		switch {
		case errors.As(err, new(identity.NotFound)):
			m.User = a.NewID()
		case err != nil:
			return err
		default:
			m.User = owner.ID
		}
	}
	return a.Outbox.Ask(ctx, m, reply)
}

// Check returns what is wrong with a request whoever has the address, as Quietly does. Errors: Invalid.
func (a *Asker) Check(
	p identity.Pool, kind identity.MessageKind, r Request, o identity.MessageOptions,
) error {
	_, _, err := a.message(p, kind, r, o)
	return err
}

// message returns the message of a request without its user, and the forms in which to look the user up.
func (a *Asker) message(
	p identity.Pool, kind identity.MessageKind, r Request, o identity.MessageOptions,
) (m identity.Message, forms []string, err error) {
	var v identity.Violations
	mayReturnTo := a.MayReturnTo
	if mayReturnTo == nil {
		mayReturnTo = func(string) bool { return false }
	}
	if o, err = o.Checked(mayReturnTo); v.AddUnder("", err) != nil {
		return m, nil, err
	}
	normalized, err := p.NormalizeAddress(r.Address)
	switch kindOf := identity.InferType(r.Address); {
	case r.Address == "":
		v.Add("/address", identity.Required())
	case err != nil || kindOf == identity.TypeUID:
		v.Add("/address", identity.WrongFormat("email-or-phone", "must be an e-mail address or a phone number"))
	default:
		if err := v.AddUnder("", identity.CheckMailable("/address", r.Address)); err != nil {
			return m, nil, err
		}
	}
	forms = []string{normalized}
	if r.Identifier != "" {
		if forms, err = p.LookupForms(r.Identifier); err != nil {
			v.Add("/identifier", identity.RuleOf(err))
		}
		if r.User != "" {
			v.Add("/identifier", identity.NotAllowed("must not be given together with userID"))
		}
	}
	if err := v.Err(); err != nil {
		return m, nil, err
	}
	to := identity.Address{Value: normalized, Normalized: normalized}
	m = identity.NewMessage(kind, identity.User{Tenant: p.Tenant, Pool: p.ID}, to, o, a.maker())
	m.Named, m.AskedBy = r.User != "" || r.Identifier != "", identity.Request(kind)
	return m, forms, nil
}

// Openly asks for a mail of a kind for an administrator, who is told why none is sent and whose mails no
// budget of the pool counts. The user must be active and have the address. Errors: NotFound for the
// user; Invalid; Limited.
func (a *Asker) Openly(
	ctx context.Context, p identity.Pool, kind identity.MessageKind, ref identity.UserRef, address string,
	o identity.MessageOptions, reply once.Reply[once.None],
) error {
	m, _, err := a.message(p, kind, Request{Address: address, User: identity.ID(ref.ID)}, o)
	if err != nil {
		return err
	}
	u, err := a.Users.Get(ctx, ref)
	if err != nil {
		return err
	}
	if u.Status != identity.StatusActive {
		return identity.InvalidField("/status", identity.WrongStatus("the user must be active"))
	}
	if len(p.Named(u.CandidateAddresses(), address)) == 0 {
		return identity.InvalidField("/address", identity.NoSuch("must be an address of the user"))
	}
	m.User, m.Share = u.ID, identity.ShareNone
	return a.Outbox.Send(ctx, m, p.Limits, reply)
}

// Verification asks for a mail that proves an unverified address of a user, for an administrator, who is
// told why none is sent. Errors: NotFound for the user, and for an address that the user does not have or
// has verified; Invalid for what is no address; Conflict for an address that is another user's; Limited.
func (a *Asker) Verification(
	ctx context.Context, p identity.Pool, ref identity.UserRef, address string, o identity.MessageOptions,
	reply once.Reply[once.None],
) error {
	m, u, err := a.verification(ctx, p, ref, address, o)
	if err != nil {
		return err
	}
	_, err = a.Addresses.ForPurpose(ctx, p, u, identity.PurposeVerifyAddress, address)
	switch {
	case errors.As(err, new(identity.TakenAddress)):
		return identity.Conflict{Pointer: "/address", Reason: "the address is another user's"}
	case errors.As(err, new(identity.Invalid)):
		return identity.NotFound{Thing: "unverified address", ID: address}
	case err != nil:
		return err
	}
	m.Share = identity.ShareNone
	return a.Outbox.Send(ctx, m, p.Limits, reply)
}

// VerificationQuietly is like Verification, for a back end that acts for people who must not learn who is
// registered. If the user has the address and it is another user's, the owner gets a notice. If the user
// does not have it, the message is dropped when it is to be sent. The calls are the same in all cases.
// Errors: NotFound for the user; Invalid for what is no address.
func (a *Asker) VerificationQuietly(
	ctx context.Context, p identity.Pool, ref identity.UserRef, address string, o identity.MessageOptions,
	reply once.Reply[once.None],
) error {
	m, u, err := a.verification(ctx, p, ref, address, o)
	if err != nil {
		return err
	}
	owner, err := a.Users.Claimant(ctx, p.Tenant, p.ID, []string{m.Normalized})
	if errors.As(err, new(identity.NotFound)) {
		owner, err = identity.UserRef{Tenant: p.Tenant, Pool: p.ID, ID: identity.Nobody}, nil
	}
	if err != nil {
		return err
	}
	other, err := a.Users.Get(ctx, owner)
	if err != nil && !errors.As(err, new(identity.NotFound)) {
		return err
	}
	unverified := p.Named(u.UsableAddresses(identity.PurposeVerifyAddress), address)
	if len(unverified) > 0 && other.ID != "" && other.ID != u.ID && !other.IsUnproved() {
		m.Kind, m.User = identity.MessageTaken, other.ID
	}
	return a.Outbox.Ask(ctx, m, reply)
}

// verification returns the message that proves an address of a user, and the user.
func (a *Asker) verification(
	ctx context.Context, p identity.Pool, ref identity.UserRef, address string, o identity.MessageOptions,
) (m identity.Message, u identity.User, err error) {
	r := Request{Address: address, User: identity.ID(ref.ID)}
	if m, _, err = a.message(p, identity.MessageVerifyAddress, r, o); err != nil {
		return m, u, err
	}
	m.User = ref.ID
	u, err = a.Users.Get(ctx, ref)
	return m, u, err
}

func (a *Asker) maker() identity.Maker { return identity.Maker{Now: a.Now(), NewID: a.NewID} }
