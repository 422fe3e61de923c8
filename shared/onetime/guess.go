package onetime

import (
	"context"
	"errors"

	"identitypools/shared/identity"
	"identitypools/shared/table"
)

// guesses are what one attempt pays for: at most one guess at the codes of each mailbox. They are the
// one place where guesses at codes are spent, whatever the codes are for.
type guesses struct {
	mailboxes table.Mailboxes
	limits    identity.Limits
	payment   string // names the guesses, so that a repeat under an idempotency key pays for none
	guess     string // tells what is guessed
	uses      map[identity.MailboxRef]identity.MailboxUse
	refused   map[identity.MailboxRef]bool // the mailboxes whose guesses are used up
}

func newGuesses(mailboxes table.Mailboxes, limits identity.Limits, payment, guess string) guesses {
	return guesses{
		mailboxes, limits, payment, guess,
		map[identity.MailboxRef]identity.MailboxUse{},
		map[identity.MailboxRef]bool{},
	}
}

// pay pays for a guess at the codes of a mailbox, unless that is done. If no guess is left, the
// mailbox is refused.
func (g *guesses) pay(ctx context.Context, box identity.MailboxRef) error {
	if _, isDone := g.uses[box]; isDone {
		return nil
	}
	use, err := g.mailboxes.SpendGuess(ctx, box, g.payment, g.guess, g.limits)
	if g.refused[box] = errors.As(err, new(identity.InvalidCode)); g.refused[box] {
		err = nil
	}
	if err == nil {
		g.uses[box] = use
	}
	return err
}

// look reads the counters of a mailbox, unless that is done.
func (g *guesses) look(ctx context.Context, box identity.MailboxRef) error {
	if _, isDone := g.uses[box]; isDone {
		return nil
	}
	use, err := g.mailboxes.Get(ctx, box)
	if err == nil {
		g.uses[box] = use
	}
	return err
}

// hasPaid reports whether a guess was paid for at the mailbox that may be compared with a code. A
// code lists the numbers of the guesses that may be compared with it: see identity.Code.Bears. Of
// guesses in a row that are the same, all may be if one may, because they tell no more than one.
func (g *guesses) hasPaid(box identity.MailboxRef, bears func(guess int64) bool) bool {
	use, isPaid := g.uses[box]
	return isPaid && !g.refused[box] && (bears(use.Guesses) || bears(use.Run))
}

// areRepeated reports whether each guess that was paid for is the same as the one before it, so that it
// tells nothing new.
func (g *guesses) areRepeated() bool {
	for box, use := range g.uses {
		if g.refused[box] || use.Run == use.Guesses {
			return false
		}
	}
	return len(g.uses) > 0
}

// refund gives back what was paid, once for each mailbox.
func (g *guesses) refund(ctx context.Context) error {
	var err error
	for box := range g.uses {
		if !g.refused[box] {
			err = errors.Join(err, g.mailboxes.RefundGuess(ctx, box, g.payment, g.guess))
		}
	}
	return err
}
