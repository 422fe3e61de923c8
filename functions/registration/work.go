package registration

import (
	"context"

	"github.com/go-json-experiment/json"

	"identitypools/shared/identity"
	"identitypools/shared/once"
	"identitypools/shared/page"
	"identitypools/shared/work"
)

// Challenge returns the challenge that a browser has to solve before it asks for a mail of p. It
// returns false if the pool has enough mails, in which case there is no challenge.
func (s *Service) Challenge(
	ctx context.Context, p identity.Pool,
) (c work.Challenge, ok bool, err error) {
	isScarce, err := s.Budgets.MailsAreScarce(ctx, p.Tenant, p.ID, p.Limits)
	if err != nil || !isScarce {
		return work.Challenge{}, false, err
	}
	c, err = s.Work.New(p.Tenant, p.ID)
	return c, err == nil, err
}

// proof returns which part of the pool's mails a message may use, according to the work that was
// done for it. It is called when the message is about to be asked for, and uses up the solution
// only then.
type proof func(ctx context.Context) (identity.Share, error)

// byBackEnd is the proof for requests of back ends, which know their users by other means.
func byBackEnd(context.Context) (identity.Share, error) { return identity.ShareBackEnd, nil }

// solvedBy returns the proof for a solution that comes with a request. The request is nil if it has
// no idempotency key. A solution that is wrong, late, of another pool or already used proves
// nothing, but no request is refused because of it.
func (s *Service) solvedBy(p identity.Pool, solution string, request *once.Request) proof {
	user := s.NewID()
	if request != nil {
		user = request.Mark // so that a repeat of the request is the same use
	}
	return func(ctx context.Context) (identity.Share, error) {
		challenge, ok := s.Work.Check(p.Tenant, p.ID, solution)
		if !ok {
			return identity.ShareHalf, nil
		}
		counts, err := s.Works.Spend(ctx, p.Tenant, p.ID, challenge, user)
		if err != nil || !counts {
			return identity.ShareHalf, err
		}
		return identity.ShareWhole, nil
	}
}

// offerWork puts a challenge into a form that causes a mail, if mails are scarce.
func (s site) offerWork(ctx context.Context, p identity.Pool, form *page.Form) error {
	if !p.PublicRegistration {
		return nil
	}
	challenge, ok, err := s.service.Challenge(ctx, p)
	if err != nil || !ok {
		return err
	}
	text, err := json.Marshal(challenge)
	form.Challenge = string(text)
	return err
}
