package registration

import (
	"context"

	"identitypools/shared/activate"
	"identitypools/shared/identity"
	"identitypools/shared/once"
	"identitypools/shared/onetime"
	"identitypools/shared/otp"
	"identitypools/shared/usecode"
)

// presented is the body of an activation from a browser.
type presented struct {
	Ticket   string `json:"ticket"`
	Code     string `json:"code"`
	Password string `json:"password"`

	name string // names the user of a short code instead of a ticket: an address or an identifier; on pages alone
}

// Activate redeems a code that comes with the ticket of its registration or, without a ticket, the
// extended code of a link. It first spends a try from the source's budget. It reports whether the
// request repeats an earlier one: one with the same ticket, or from the same form, if it names one, or
// else from the same source. Errors: NotFound for the pool; Limited; InvalidCode, also for a ticket
// that is not valid; those of activate.Activator.
func (s *Service) Activate(
	ctx context.Context, tenant, pool, source, form string, in presented, reply once.Reply[identity.User],
) (u identity.User, isRepeat bool, err error) {
	p, err := s.Pools.Cached(ctx, tenant, pool)
	if err != nil {
		return u, false, err
	}
	if err := s.Budgets.Spend(ctx, tenant, pool, p.Limits.GuessBudget(source), s.Now()); err != nil {
		return u, false, err
	}
	proof, err := s.proofOf(ctx, p, in)
	if err != nil {
		return u, false, err
	}
	switch {
	case form != "":
		proof.Request = "form#" + form
	case proof.Ticket != nil:
		proof.Request = "ticket#" + proof.Ticket.Registration
	default:
		proof.Request = "source#" + source
	}
	return s.Activator.Activate(ctx, p, activate.Request{Proof: proof, Password: in.Password}, reply)
}

// Look returns what the code of a link would do. The ticket may be "". Errors: those of
// activate.Activator. With ExpiredCode the Promise has the address that the link was sent to.
func (s *Service) Look(
	ctx context.Context, p identity.Pool, ticket, code string,
) (activate.Promise, error) {
	proof, err := s.proofOf(ctx, p, presented{Ticket: ticket, Code: code})
	if err != nil {
		return activate.Promise{}, err
	}
	return s.Activator.Look(ctx, p, proof)
}

// LookShort returns what a code would do that was typed together with a name of its user. It first spends a
// try from the source's budget. Errors: Limited; InvalidCode, also if nobody has the name; those of
// activate.Activator.
func (s *Service) LookShort(
	ctx context.Context, p identity.Pool, source string, in presented,
) (activate.Promise, error) {
	if err := s.Budgets.Spend(ctx, p.Tenant, p.ID, p.Limits.GuessBudget(source), s.Now()); err != nil {
		return activate.Promise{}, err
	}
	proof, err := s.proofOf(ctx, p, in)
	if err != nil {
		return activate.Promise{}, err
	}
	return s.Activator.LookShort(ctx, p, proof)
}

// proofOf returns the proof that somebody presents: a code with the text of a ticket, or with a name of its
// user, or the extended code of a link alone. If nobody has the name, the proof is one that fails, and costs
// as much. Errors: InvalidCode for a ticket that is not valid.
func (s *Service) proofOf(ctx context.Context, p identity.Pool, in presented) (onetime.Proof, error) {
	proof := onetime.Proof{Code: onetime.CodeIn(in.Code)}
	switch {
	case in.Ticket != "":
		t, err := s.ticket(p.Tenant, p.ID, in.Ticket)
		if err != nil {
			return onetime.Proof{}, err
		}
		proof.Ticket = &t
	case in.name != "":
		return s.Named.Proof(ctx, p, usecode.Named{Code: proof.Code, Address: in.name})
	}
	return proof, nil
}

// ticket opens the text of a ticket. Errors: InvalidCode if it is not a ticket of the pool or has
// expired.
func (s *Service) ticket(tenant, pool, text string) (otp.Ticket, error) {
	t, err := s.Tickets.Open(tenant, pool, text)
	if err == nil && !s.Now().Before(t.ExpiresAt) {
		err = identity.InvalidCode{}
	}
	return t, err
}
