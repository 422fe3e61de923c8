package registration

import (
	"context"

	"github.com/go-json-experiment/json"

	"identitypools/shared/identity"
	"identitypools/shared/once"
	"identitypools/shared/page"
	"identitypools/shared/work"
)

// Works says when a pool asks for proofs of work, and lets each count once; shared/table says what each method promises.
type Works interface {
	MailsAreScarce(ctx context.Context, tenant, pool string, l identity.Limits) (bool, error)
	SpendWork(ctx context.Context, tenant, pool, challenge, user string) (bool, error)
}

// Challenge is what whoever asks for a mail of p is asked to solve, without being told; nil while the pool has mails enough.
func (s *Service) Challenge(ctx context.Context, p identity.Pool) (*work.Challenge, error) {
	isScarce, err := s.Works.MailsAreScarce(ctx, p.Tenant, p.ID, p.Limits)
	if err != nil || !isScarce {
		return nil, err
	}
	c, err := s.Work.New(p.Tenant, p.ID)
	return &c, err
}

// proof says how much of the pool's mails a message may use for the work that was done for it, when it is about to be asked for: until then
// nothing is used up.
type proof func(ctx context.Context) (identity.Share, error)

// byBackEnd is for what back ends ask for, which know their users by other means.
func byBackEnd(context.Context) (identity.Share, error) { return identity.ShareBackEnd, nil }

// solvedBy is the proof that a solution is, for one request. One that is wrong, too late, of another pool or used already is none, and
// nobody is refused for it.
func (s *Service) solvedBy(p identity.Pool, solution string) proof {
	user := s.NewID()
	return func(ctx context.Context) (identity.Share, error) {
		challenge, ok := s.Work.Check(p.Tenant, p.ID, solution)
		if !ok {
			return identity.ShareHalf, nil
		}
		if request := once.Of(ctx); request != nil {
			user = request.Mark // a repeat of the request is the same use
		}
		counts, err := s.Works.SpendWork(ctx, p.Tenant, p.ID, challenge, user)
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
	challenge, err := s.service.Challenge(ctx, p)
	if err != nil || challenge == nil {
		return err
	}
	text, err := json.Marshal(challenge)
	form.Challenge = string(text)
	return err
}
