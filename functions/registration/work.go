package registration

import (
	"context"

	"github.com/go-json-experiment/json"

	"identitypools/shared/identity"
	"identitypools/shared/once"
	"identitypools/shared/page"
	"identitypools/shared/work"
)

// Challenge returns what the browser of somebody who asks for a mail of p is to solve. It reports false while
// the pool has mails enough, and there is no challenge.
func (s *Service) Challenge(ctx context.Context, p identity.Pool) (c work.Challenge, ok bool, err error) {
	isScarce, err := s.Budgets.MailsAreScarce(ctx, p.Tenant, p.ID, p.Limits)
	if err != nil || !isScarce {
		return work.Challenge{}, false, err
	}
	c, err = s.Work.New(p.Tenant, p.ID)
	return c, err == nil, err
}

// proof says, when a message is about to be asked for, how much of the pool's mails it may use for the work
// that was done for it. Until then nothing is used up.
type proof func(ctx context.Context) (identity.Share, error)

// byBackEnd is for what back ends ask for, which know their users by other means.
func byBackEnd(context.Context) (identity.Share, error) { return identity.ShareBackEnd, nil }

// solvedBy returns the proof that a solution is, for one request, which is nil where it has no idempotency
// key. A solution that is wrong, too late, of another pool or used already proves nothing, and nobody is
// refused for it.
func (s *Service) solvedBy(p identity.Pool, solution string, request *once.Request) proof {
	user := s.NewID()
	if request != nil {
		user = request.Mark // a repeat of the request is the same use
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

// offerWork puts a challenge into a form for which a mail is sent, while mails are scarce.
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
