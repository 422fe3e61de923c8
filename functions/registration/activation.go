package registration

import (
	"context"

	"identitypools/shared/activate"
	"identitypools/shared/identity"
	"identitypools/shared/once"
	"identitypools/shared/onetime"
	"identitypools/shared/otp"
)

// presented is the body of an activation from a browser.
type presented struct {
	Ticket   string `json:"ticket"`
	Code     string `json:"code"`
	Password string `json:"password"`
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
	proof, err := s.proofOf(p, in.Ticket, onetime.CodeIn(in.Code))
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
// activate.Activator.
func (s *Service) Look(
	ctx context.Context, p identity.Pool, ticket, code string,
) (activate.Promise, error) {
	proof, err := s.proofOf(p, ticket, code)
	if err != nil {
		return activate.Promise{}, err
	}
	return s.Activator.Look(ctx, p, proof)
}

// proofOf returns the proof that consists of a code and the text of a ticket, which may be "".
// Errors: InvalidCode for a ticket that is not valid.
func (s *Service) proofOf(p identity.Pool, ticket, code string) (onetime.Proof, error) {
	proof := onetime.Proof{Code: code}
	if ticket != "" {
		t, err := s.ticket(p.Tenant, p.ID, ticket)
		if err != nil {
			return onetime.Proof{}, err
		}
		proof.Ticket = &t
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
