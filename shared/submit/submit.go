// Package submit decides what a public request costs that causes a mail: a place in the budget of its
// source, and a proof of work while the mails of its pool are scarce. The functions that strangers ask
// for mails import it.
package submit

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/go-json-experiment/json"

	"identitypools/shared/identity"
	"identitypools/shared/once"
	"identitypools/shared/page"
	"identitypools/shared/table"
	"identitypools/shared/work"
)

// Gate is what a public request passes before it causes a mail.
type Gate struct {
	Budgets table.Budgets
	Works   table.Works
	Work    work.Issuer
	Now     func() time.Time
	NewID   func() string
}

// New returns a Gate for the pools in a table. The key signs challenges.
func New(key []byte, db *table.Table, now func() time.Time, newID func() string) *Gate {
	return &Gate{
		Budgets: db.Budgets, Works: db.Works, Now: now, NewID: newID,
		Work: work.Issuer{Key: key, Random: rand.Reader, Now: now},
	}
}

// Spend spends one registration, one resend or one request for a reset from the budget of a source.
// mailbox is the digest of the mailbox that the mail would go to: that of an address in p, or that of a
// ticket. Errors: Limited.
func (g *Gate) Spend(ctx context.Context, p identity.Pool, source, mailbox string) error {
	return g.Budgets.Spend(ctx, p.Tenant, p.ID, p.Limits.SubmissionBudget(source, mailbox), g.Now())
}

// MailboxOf returns the digest of the mailbox that mails to an address in p go to. A user name or a
// phone number counts as a mailbox of its own, because mails about it go to some other address.
// MailboxOf returns "" for a text that is neither of these.
func MailboxOf(p identity.Pool, address string) string {
	forms, err := p.LookupForms(address)
	if err != nil {
		return ""
	}
	return identity.MailboxDigest(identity.InferType(address), forms[len(forms)-1])
}

// Challenge returns the challenge that a browser has to solve before it asks for a mail of p. It
// returns false if the pool has enough mails, in which case there is no challenge.
func (g *Gate) Challenge(ctx context.Context, p identity.Pool) (c work.Challenge, ok bool, err error) {
	isScarce, err := g.Budgets.MailsAreScarce(ctx, p.Tenant, p.ID, p.Limits)
	if err != nil || !isScarce {
		return work.Challenge{}, false, err
	}
	c, err = g.Work.New(p.Tenant, p.ID)
	return c, err == nil, err
}

// Proof returns which part of the pool's mails a message may use, according to the work that was
// done for it. It is called when the message is about to be asked for, and uses up the solution
// only then.
type Proof func(ctx context.Context) (identity.Share, error)

// ByBackEnd is the proof for requests of back ends, which know their users by other means.
func ByBackEnd(context.Context) (identity.Share, error) { return identity.ShareBackEnd, nil }

// SolvedBy returns the proof for a solution that comes with a request. The request is nil if it has
// no idempotency key. A solution that is wrong, late, of another pool or already used proves
// nothing, but no request is refused because of it.
func (g *Gate) SolvedBy(p identity.Pool, solution string, request *once.Request) Proof {
	user := g.NewID()
	if request != nil {
		user = request.Mark // so that a repeat of the request is the same use
	}
	return func(ctx context.Context) (identity.Share, error) {
		challenge, ok := g.Work.Check(p.Tenant, p.ID, solution)
		if !ok {
			return identity.ShareHalf, nil
		}
		counts, err := g.Works.Spend(ctx, p.Tenant, p.ID, challenge, user)
		if err != nil || !counts {
			return identity.ShareHalf, err
		}
		return identity.ShareWhole, nil
	}
}

// OfferWork puts a challenge into a form that causes a mail, if mails are scarce.
func (g *Gate) OfferWork(ctx context.Context, p identity.Pool, form *page.Form) error {
	challenge, ok, err := g.Challenge(ctx, p)
	if err != nil || !ok {
		return err
	}
	text, err := json.Marshal(challenge)
	form.Challenge = string(text)
	return err
}
