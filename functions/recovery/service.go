// Package recovery is the function with which people get back into their accounts: they set a new
// password in place of one that they have forgotten, and prove an address that was added to their
// account. It serves two kinds of callers.
//
// Pages of others use its JSON API. People without such a page use the function's own pages: the form
// that asks for a mail, the page for the code, and the pages that the links of mails open.
//
// Callers who ask for a mail do not learn whether there is an account: answers, calls to the table and
// the time that they take are alike. The courier decides what is sent.
package recovery

import (
	"context"
	"time"

	"identitypools/shared/askcode"
	"identitypools/shared/identity"
	"identitypools/shared/once"
	"identitypools/shared/onetime"
	"identitypools/shared/otp"
	"identitypools/shared/submit"
	"identitypools/shared/table"
	"identitypools/shared/usecode"
)

// Service has the use cases of a way back into an account.
type Service struct {
	Pools   table.Pools
	Budgets table.Budgets
	Asker   *askcode.Asker
	Codes   *usecode.User
	Gate    *submit.Gate
	Tickets *otp.Sealer
	Now     func() time.Time
	NewID   func() string
}

// Open returns a pool whose users may reset their own passwords. Errors: NotFound; Refused if they may
// not, or if the pool has no passwords.
func (s *Service) Open(ctx context.Context, tenant, pool string) (identity.Pool, error) {
	p, err := s.Pools.Cached(ctx, tenant, pool)
	if err == nil && !p.AllowsSelfReset() {
		err = identity.ErrResetForbidden
	}
	return p, err
}

// Ask asks for a mail with a code for a new password of the user who has the address. It spends a
// submission of the source. The solution is that of a challenge, or "". Ask does not report whether
// there is such a user, because what may be sent is decided when the mail is sent. Errors: Limited for
// the source; Invalid.
func (s *Service) Ask(
	ctx context.Context, p identity.Pool, source, address, solution string, o identity.MessageOptions,
	reply once.Reply[once.None],
) (err error) {
	const kind = identity.MessageResetPassword
	r := askcode.Request{Address: address}
	if err := s.Asker.Check(p, kind, r, o); err != nil {
		return err
	}
	if err := s.Gate.Spend(ctx, p, source, submit.MailboxOf(p, address)); err != nil {
		return err
	}
	if o.Share, err = s.Gate.SolvedBy(p, solution, reply.Request())(ctx); err != nil {
		return err
	}
	return s.Asker.Quietly(ctx, p, kind, r, o, reply)
}

// Reset is a new password with the code that allows it.
type Reset struct {
	usecode.Named
	Password string
	Pointer  string // names the field of the password in errors
	// Form is the id of the form that was submitted, by which a double click is recognized; "" if the
	// request must not be taken for a repeat.
	Form string
	// IsSentTwice says that the caller's client sends a refused request once more: see onetime.Proof.
	IsSentTwice bool
}

// Reset sets a new password. It first spends a try from the source's budget. Errors: Limited; Invalid;
// InvalidCode; ExpiredCode.
func (s *Service) Reset(
	ctx context.Context, p identity.Pool, source string, r Reset, reply once.Reply[once.None],
) error {
	var v identity.Violations
	if r.Code == "" {
		v.Add("/code", identity.Required())
	}
	if r.Password == "" {
		v.Add(r.Pointer, identity.Required())
	}
	if err := v.Err(); err != nil {
		return err
	}
	if err := s.guess(ctx, p, source); err != nil {
		return err
	}
	proof, err := s.Codes.Proof(ctx, p, r.Named)
	if err != nil {
		return err
	}
	proof.IsSentTwice = r.IsSentTwice
	if r.Form != "" {
		proof.Request = "form#" + r.Form
	}
	return s.Codes.ResetPassword(ctx, p, proof, r.Pointer, r.Password, reply)
}

// VerifyByLink proves the address with the given digest with the extended code of a mail to it. It first
// spends a try from the source's budget. The form is the id of the form that was submitted. Errors:
// Limited; Conflict; InvalidCode; ExpiredCode.
func (s *Service) VerifyByLink(ctx context.Context, p identity.Pool, source, form, code, digest string) error {
	if err := s.guess(ctx, p, source); err != nil {
		return err
	}
	proof := onetime.Proof{Code: code, Request: "form#" + form}
	return s.Codes.ProveByLink(ctx, p, proof, digest, once.Reply[once.None]{})
}

// Verify proves an address with the extended code of a mail to it. It first spends a try from the
// source's budget. Errors: Limited; Invalid; Conflict; InvalidCode, also for a short code; ExpiredCode.
func (s *Service) Verify(
	ctx context.Context, p identity.Pool, source, code, address string, reply once.Reply[once.None],
) error {
	var v identity.Violations
	if code == "" {
		v.Add("/code", identity.Required())
	}
	if address == "" {
		v.Add("/address", identity.Required())
	}
	if err := v.Err(); err != nil {
		return err
	}
	if err := s.guess(ctx, p, source); err != nil {
		return err
	}
	return s.Codes.ProveAddress(ctx, p, onetime.Proof{Code: code, Address: address}, reply)
}

// guess spends a try from the source's budget. Errors: Limited.
func (s *Service) guess(ctx context.Context, p identity.Pool, source string) error {
	return s.Budgets.Spend(ctx, p.Tenant, p.ID, p.Limits.GuessBudget(source), s.Now())
}
