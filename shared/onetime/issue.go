// Package onetime issues and redeems one-time codes of every purpose. It brings together the making
// of codes (shared/otp), the rules of the domain (shared/identity) and what is stored
// (shared/table).
//
// A code is good for one tenant, pool, user, purpose and mailbox, and for the user's present epoch:
// a change of the user's status and the user's deletion kill the codes of all purposes (see
// identity.Code.IsFor). The guesses at codes and the mails with codes have one budget a mailbox,
// whatever purpose, user and pool of the tenant the codes are for.
//
// What a valid code does is up to the caller: see Redeemer.Redeem. The package sends
// nothing. It knows HTTP only as far as it names the source of a request and decides which web pages
// a person may be sent back to.
package onetime

import (
	"context"
	"time"

	"identitypools/shared/identity"
	"identitypools/shared/once"
	"identitypools/shared/otp"
	"identitypools/shared/retry"
	"identitypools/shared/table"
)

// Issuer makes codes and stores what is needed to recognize them.
type Issuer struct {
	Codes     table.Codes
	Mailboxes table.Mailboxes
	Coder     *otp.Coder
	Retry     retry.Policy
	Now       func() time.Time
}

// NewIssuer returns an Issuer of codes in a table.
func (t Tools) NewIssuer(db *table.Table, now func() time.Time) *Issuer {
	return &Issuer{Codes: db.Codes, Mailboxes: db.Mailboxes, Coder: t.Coder, Retry: db.Retry, Now: now}
}

// Prepare decides whether a new code is made for a user who has the codes c. It returns those of c
// that stay valid, and the number of the latest guess at codes of the mailbox that the new code goes
// to. If it returns an error, no code is made. Made is the record of the new code that is kept with
// that mailbox.
type Prepare func(c identity.Codes, made identity.MailedCode) (joined identity.Codes, guesses int64, err error)

// Issue makes a code for a user of p and a purpose and stores it, in place of the earlier one of the
// same registration. The argument code says for which address, registration and message it is made. The
// error is NotFound if a message that was asked for later has its code already, and otherwise that of
// prepare or one of the table's.
func (i *Issuer) Issue(
	ctx context.Context, p identity.Pool, u identity.User, purpose identity.CodePurpose,
	code identity.Code, prepare Prepare, reply once.Reply[otp.Issued],
) (otp.Issued, error) {
	policy, ref, now := p.CodePolicy(purpose), u.Ref(), i.Now()
	made, err := i.Coder.New(binding(ref, purpose, code.MailboxRef(ref.Tenant)), policy.Length)
	if err != nil {
		return otp.Issued{}, err
	}
	code.MAC, code.ExtendedMAC, code.Epoch = made.CodeMAC, made.ExtendedMAC, u.CodesEpoch()
	mailed := identity.MailedCode{
		User: ref, MAC: code.MAC[:identity.MarkLength], ExtendedMAC: code.ExtendedMAC[:identity.MarkLength],
		MailedAt: identity.At(now), ExpiresAt: identity.At(now).Add(time.Duration(policy.TTL)),
	}
	stored := once.Map(reply, func(once.None) (otp.Issued, error) { return made, nil })
	err = i.Retry.Do(ctx, func() error {
		codes, err := i.Codes.Get(ctx, ref, purpose)
		if err != nil {
			return err
		}
		if codes.HasNewer(code) {
			return identity.NotFound{Thing: "use for message", ID: code.Message}
		}
		var guesses int64
		if codes, guesses, err = prepare(codes, mailed); err != nil {
			return err
		}
		codes = codes.Issued(code, guesses, now, time.Duration(policy.TTL))
		return i.Codes.Replace(ctx, identity.UserCodes{User: ref, Purpose: purpose, Codes: codes}, stored)
	})
	if err != nil {
		return otp.Issued{}, err
	}
	return made, nil
}

// Alone returns a Prepare for a code that kills the user's other codes for its purpose.
func (i *Issuer) Alone(ctx context.Context, box identity.MailboxRef) Prepare {
	return func(c identity.Codes, _ identity.MailedCode) (identity.Codes, int64, error) {
		use, err := i.Mailboxes.Get(ctx, box)
		return c.Killed(i.Now()), use.Guesses, err
	}
}

// ForMail returns a Prepare for the code of a message, which counts the mail as CountNotice does and
// then calls use with the mailbox's counters. A code for activation is also kept with the
// mailbox: see identity.MailedCode. Errors: those of CountNotice; NotFound for a message from before
// all codes were killed, which would bring one of them back.
func (i *Issuer) ForMail(
	ctx context.Context, p identity.Pool, purpose identity.CodePurpose, m identity.Message,
	box identity.MailboxRef, afford func(context.Context) error, use func(identity.MailboxUse),
) Prepare {
	return func(c identity.Codes, made identity.MailedCode) (identity.Codes, int64, error) {
		var kept *identity.MailedCode
		if purpose == identity.PurposeActivation {
			kept = &made
		}
		if m.CreatedAt.Before(c.KilledAt.Time) {
			return c, 0, identity.NotFound{Thing: "use for message", ID: m.ID}
		}
		m.Counted = m.Counted || c.MadeFor(m.ID)
		counted, err := i.count(ctx, p, m, box, m.MailClass(true), kept, afford)
		m.Counted = m.Counted || err == nil // for the case that storing the code is tried again
		use(counted)
		return c, counted.Guesses, err
	}
}

// CountNotice counts a mail without a code to the mailbox of a message, unless a mail was counted
// for the message already. Before that it calls afford, which may refuse or delay the mail for
// another reason, so that only mails that are sent count for the mailbox. Errors: Limited, and those
// of afford.
func (i *Issuer) CountNotice(
	ctx context.Context, p identity.Pool, m identity.Message, afford func(context.Context) error,
) error {
	_, err := i.count(ctx, p, m, m.MailboxRef(), m.MailClass(false), nil, afford)
	return err
}

// count counts a mail of a class to a mailbox, which is the one place where the mails to it are
// counted, and keeps the code in it unless that is nil.
func (i *Issuer) count(
	ctx context.Context, p identity.Pool, m identity.Message, box identity.MailboxRef,
	class identity.MailClass, code *identity.MailedCode, afford func(context.Context) error,
) (identity.MailboxUse, error) {
	if err := afford(ctx); err != nil {
		return identity.MailboxUse{}, err
	}
	mail := identity.Mail{Message: m.ID, Class: class, Code: code, IsCounted: m.Counted}
	return i.Mailboxes.CountMail(ctx, box, mail, p.Limits)
}

// binding returns what a code is good for. The mailbox is part of it, so a purpose is the same for
// all addresses.
func binding(ref identity.UserRef, purpose identity.CodePurpose, box identity.MailboxRef) otp.Binding {
	return otp.Binding{
		Tenant: ref.Tenant, Pool: ref.Pool, User: ref.ID, Purpose: string(purpose.Base()), Address: box.Digest,
	}
}
