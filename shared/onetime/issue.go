// Package onetime issues and redeems one-time codes: it brings the making of codes (shared/otp), the rules of the domain
// and what is stored (shared/table) together, for every function that does one of the two. It knows no HTTP and sends nothing.
package onetime

import (
	"context"
	"errors"
	"slices"
	"time"

	"identitypools/shared/identity"
	"identitypools/shared/once"
	"identitypools/shared/otp"
)

// Issuer makes codes and stores what is needed to recognize them.
type Issuer struct {
	Store Store
	Coder *otp.Coder
	Now   func() time.Time
}

// Store keeps codes; shared/table says what each method promises.
type Store interface {
	Codes(ctx context.Context, ref identity.UserRef, purpose identity.CodePurpose) (identity.Codes, error)
	ReplaceCodes(ctx context.Context, ref identity.UserRef, purpose identity.CodePurpose, c identity.Codes) error
}

// storeTries bounds how often a code is stored anew after other codes of the user came between reading and writing.
const storeTries = 5

// Issue makes a code for a user of p and stores it in place of the earlier one of the same registration. code says for which address,
// registration and message. prepare may change the codes that it joins, or refuse with an error.
func (i *Issuer) Issue(ctx context.Context, p identity.Pool, ref identity.UserRef, purpose identity.CodePurpose, code identity.Code,
	prepare func(identity.Codes) (identity.Codes, error),
) (otp.Issued, error) {
	var err error
	policy := p.CodePolicy(purpose)
	for range storeTries {
		var codes identity.Codes
		if codes, err = i.Store.Codes(ctx, ref, purpose); err != nil {
			return otp.Issued{}, err
		}
		if codes, err = prepare(codes); err != nil {
			return otp.Issued{}, err
		}
		made, err2 := i.Coder.New(binding(ref, purpose, code), policy.Length)
		if err2 != nil {
			return otp.Issued{}, err2
		}
		code.MAC, code.ExtendedMAC = made.CodeMAC, made.ExtendedMAC
		storing := once.Then(ctx, func(once.None) (otp.Issued, error) { return made, nil })
		err = i.Store.ReplaceCodes(storing, ref, purpose, codes.Issued(code, i.Now(), time.Duration(policy.TTL), p.Limits))
		if !errors.As(err, new(identity.PreconditionFailed)) {
			return made, err
		}
	}
	return otp.Issued{}, identity.Unavailable{RetryAfter: time.Second, Cause: err}
}

// Limited is a prepare that counts a mail of p for m, unless one was counted already, and refuses where the limits do. Errors: Limited;
// NotFound for a message from before all codes were killed, which would bring one of them back.
func (i *Issuer) Limited(p identity.Pool, m identity.Message) func(identity.Codes) (identity.Codes, error) {
	return func(c identity.Codes) (identity.Codes, error) {
		switch {
		case m.CreatedAt.Before(c.KilledAt.Time):
			return c, identity.NotFound{Thing: "use for message", ID: m.ID}
		case m.Counted, c.MadeFor(m.ID):
			return c, nil
		}
		return c.Mailed(i.Now(), p.Limits), c.MayMail(i.Now(), p.Limits)
	}
}

// Alone is a prepare that kills the user's other codes.
func (i *Issuer) Alone(c identity.Codes) (identity.Codes, error) { return c.Killed(i.Now()), nil }

// Bound are the fields of a code that the registrations waiting with u decide. Where exactly one waits, made u and has the
// code's address, the code completes it. Where several wait, it is unknown whose is meant: the code belongs to none, and its
// holder must give a password, lest a stranger's become the owner's.
func Bound(p identity.Pool, u identity.User, code identity.Code, waiting []identity.Registration, now time.Time) identity.Code {
	live := slices.DeleteFunc(slices.Clone(waiting), func(r identity.Registration) bool { return !r.Belongs(u, now) })
	registered := slices.ContainsFunc(live, func(r identity.Registration) bool { return r.CreatedAt.Equal(u.CreatedAt.Time) })
	switch {
	case registered && len(live) == 1 && live[0].Normalized == code.Normalized:
		code.Registration = live[0].ID
	case registered && len(live) > 1:
		code.NeedsPassword = p.UsesPasswords()
	}
	return code
}

// binding is what a code is good for. The address is bound on its own.
func binding(ref identity.UserRef, purpose identity.CodePurpose, code identity.Code) otp.Binding {
	return otp.Binding{Tenant: ref.Tenant, Pool: ref.Pool, User: ref.ID, Purpose: string(purpose.Base()), Address: code.Normalized}
}
