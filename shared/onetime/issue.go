// Package onetime issues and redeems one-time codes. It brings together the making of codes
// (shared/otp), the rules of the domain (shared/identity) and what is stored (shared/table), for
// every function that issues or redeems. It sends nothing; of HTTP it knows where a request comes
// from and where a person may be sent back to.
package onetime

import (
	"context"
	"errors"
	"time"

	"identitypools/shared/identity"
	"identitypools/shared/once"
	"identitypools/shared/otp"
	"identitypools/shared/table"
)

// Issuer makes codes and stores what is needed to recognize them.
type Issuer struct {
	Codes     table.Codes
	Mailboxes table.Mailboxes
	Coder     *otp.Coder
	Now       func() time.Time
}

// storeTries bounds how often a code is stored anew after other codes of the user came between
// reading and writing.
const storeTries = 5

// Prepare may change the codes that a new one joins, or refuse with an error. made is what is kept
// of the new one with the mailbox that it goes to. Prepare also tells the number of the latest
// guess at codes of that mailbox.
type Prepare func(c identity.Codes, made identity.MailedCode) (joined identity.Codes, guesses int64, err error)

// Issue makes a code for a user of p and stores it in place of the earlier one of the same
// registration. The argument code says for which address, registration and message.
func (i *Issuer) Issue(
	ctx context.Context, p identity.Pool, ref identity.UserRef, purpose identity.CodePurpose,
	code identity.Code, prepare Prepare, reply once.Reply[otp.Issued],
) (otp.Issued, error) {
	policy := p.CodePolicy(purpose)
	now := i.Now()
	made, err := i.Coder.New(binding(ref, purpose, code.MailboxRef(ref.Tenant)), policy.Length)
	if err != nil {
		return otp.Issued{}, err
	}
	code.MAC, code.ExtendedMAC = made.CodeMAC, made.ExtendedMAC
	mailed := identity.MailedCode{
		User: ref, MAC: code.MAC[:identity.MarkLength], ExtendedMAC: code.ExtendedMAC[:identity.MarkLength],
		MailedAt: identity.At(now), ExpiresAt: identity.At(now).Add(time.Duration(policy.TTL)),
	}
	stored := once.Map(reply, func(once.None) (otp.Issued, error) { return made, nil })
	for range storeTries {
		var codes identity.Codes
		if codes, err = i.Codes.Get(ctx, ref, purpose); err != nil {
			return otp.Issued{}, err
		}
		var guesses int64
		if codes, guesses, err = prepare(codes, mailed); err != nil {
			return otp.Issued{}, err
		}
		codes = codes.Issued(code, guesses, now, time.Duration(policy.TTL))
		err = i.Codes.Replace(ctx, ref, purpose, codes, stored)
		if !errors.As(err, new(identity.PreconditionFailed)) {
			return made, err
		}
	}
	return otp.Issued{}, identity.Unavailable{RetryAfter: time.Second, Cause: err}
}

// Alone returns a Prepare that kills the user's other codes.
func (i *Issuer) Alone(ctx context.Context, box identity.MailboxRef) Prepare {
	return func(c identity.Codes, _ identity.MailedCode) (identity.Codes, int64, error) {
		use, err := i.Mailboxes.Get(ctx, box)
		return c.Killed(i.Now()), use.Guesses, err
	}
}

// ForMail returns a Prepare for the code of a message, which counts its mail as CountNotice does.
// It calls use with what is then counted of the mailbox. Errors: those of CountNotice; NotFound for
// a message from before all codes were killed, which would bring one of them back.
func (i *Issuer) ForMail(
	ctx context.Context, p identity.Pool, m identity.Message, box identity.MailboxRef,
	afford func(context.Context) error, use func(identity.MailboxUse),
) Prepare {
	return func(c identity.Codes, made identity.MailedCode) (identity.Codes, int64, error) {
		if m.CreatedAt.Before(c.KilledAt.Time) {
			return c, 0, identity.NotFound{Thing: "use for message", ID: m.ID}
		}
		m.Counted = m.Counted || c.MadeFor(m.ID)
		counted, err := i.count(ctx, p, m, box, &made, afford)
		m.Counted = m.Counted || err == nil // also when the code is stored at a second try
		use(counted)
		return c, counted.Guesses, err
	}
}

// CountNotice counts a mail without a code of a message to a mailbox, unless it was counted for the
// message already. Before that it calls afford, which may refuse or delay the mail for another
// reason: a mail that is not sent takes nothing of what its mailbox may get. Errors: Limited, and
// those of afford.
func (i *Issuer) CountNotice(
	ctx context.Context, p identity.Pool, m identity.Message, afford func(context.Context) error,
) error {
	_, err := i.count(ctx, p, m, m.MailboxRef(), nil, afford)
	return err
}

func (i *Issuer) count(
	ctx context.Context, p identity.Pool, m identity.Message, box identity.MailboxRef, code *identity.MailedCode,
	afford func(context.Context) error,
) (identity.MailboxUse, error) {
	if err := afford(ctx); err != nil {
		return identity.MailboxUse{}, err
	}
	mail := identity.Mail{Message: m.ID, Class: m.MailClass(code != nil), Code: code, IsCounted: m.Counted}
	return i.Mailboxes.CountMail(ctx, box, mail, p.Limits)
}

// binding returns what a code is good for. The mailbox is bound on its own.
func binding(ref identity.UserRef, purpose identity.CodePurpose, box identity.MailboxRef) otp.Binding {
	return otp.Binding{
		Tenant: ref.Tenant, Pool: ref.Pool, User: ref.ID, Purpose: string(purpose.Base()), Address: box.Digest,
	}
}
