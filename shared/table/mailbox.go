package table

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"identitypools/shared/identity"
)

// The item of a mailbox has guesses, spent and reopens (unix ms) for the guesses at its codes, with the payment of the latest guess in
// guessed_by; mailed1 to mailed10 and invited1 to invited10 (unix ms, newest first) for the mails of each class, with the message that
// was counted last in counted; and wait1 to wait5 (newest first) for the registrations that wait. A request can shift such a row and
// check it in one expression, without reading the item.

// mailboxKept is how long the item of a mailbox outlives its last change: longer than any window and any registration.
const mailboxKept = 3 * 24 * time.Hour

func waiting(i int) string { return "wait" + strconv.Itoa(i+1) }

func mailed(class identity.MailClass, i int) string { return string(class) + strconv.Itoa(i+1) }

// MailboxUse reads what is counted of a mailbox; one that nothing was counted of has the zero value.
func (t *Table) MailboxUse(ctx context.Context, ref identity.MailboxRef) (identity.MailboxUse, error) {
	it, err := t.get(ctx, mailboxKey(ref), "")
	if err != nil {
		return identity.MailboxUse{}, fmt.Errorf("read mailbox: %w", err)
	}
	return mailboxUseOf(it), nil
}

// SpendGuess pays for one guess at the codes of a mailbox, before anything is compared. What it returns has the number of this guess in
// Guesses, and parallel guesses get different numbers. payment names the guess: the same payment again pays nothing and gets the same
// number, as long as no other guess came between. A guess above the limit is written like any other, so that it takes the same time.
// Errors: InvalidCode for a guess above the limit.
func (t *Table) SpendGuess(ctx context.Context, ref identity.MailboxRef, payment string, l identity.Limits) (identity.MailboxUse, error) {
	const numbered = "SET guesses = if_not_exists(guesses, :zero) + :one, guessed_by = :by, #ttl = :ttl, "
	const unpaid = "(attribute_not_exists(guessed_by) OR guessed_by <> :by) AND "
	now := t.now()
	for range conflictTries {
		values := item{":zero": num(0), ":one": num(1), ":by": str(payment), ":now": num(now.UnixMilli()), ":reopens": num(now.Add(identity.GuessWindow).UnixMilli())}
		it, err := t.updateMailbox(ctx, ref, numbered+"spent = if_not_exists(spent, :zero) + :one, reopens = if_not_exists(reopens, :reopens)",
			unpaid+"(attribute_not_exists(reopens) OR reopens > :now)", values)
		if errors.Is(err, errCondition) && text(it, "guessed_by") != payment { // the window is over: this guess opens the next
			delete(values, ":now")
			values[":old"] = num(number(it, "reopens"))
			it, err = t.updateMailbox(ctx, ref, numbered+"spent = :one, reopens = :reopens", unpaid+"reopens = :old", values)
		}
		switch paid := text(it, "guessed_by") == payment; {
		case errors.Is(err, errCondition) && !paid:
			continue // another guess has opened it
		case err != nil && !errors.Is(err, errCondition):
			return identity.MailboxUse{}, fmt.Errorf("spend a guess: %w", err)
		}
		use := mailboxUseOf(it)
		if use.Spent > l.GuessesPerDay {
			return use, identity.InvalidCode{}
		}
		return use, nil
	}
	return identity.MailboxUse{}, identity.Unavailable{RetryAfter: retryAfter, Cause: errCondition}
}

// RefundGuess gives back the guess that was paid for with payment, to the holder of a right code whose request had another fault. It
// takes effect once at most, and not where another guess was made meanwhile.
func (t *Table) RefundGuess(ctx context.Context, ref identity.MailboxRef, payment string) error {
	_, err := t.updateMailbox(ctx, ref, "SET guesses = guesses - :one, spent = spent - :one, #ttl = :ttl REMOVE guessed_by", "guessed_by = :by AND spent > :zero",
		item{":one": num(1), ":zero": num(0), ":by": str(payment)})
	if err != nil && !errors.Is(err, errCondition) {
		return fmt.Errorf("give a guess back: %w", err)
	}
	return nil
}

// CountMail counts a mail of the class to a mailbox for a message, before it is sent. A message that was counted last is not counted
// again. Errors: Limited, with nothing counted.
func (t *Table) CountMail(ctx context.Context, ref identity.MailboxRef, message string, class identity.MailClass, l identity.Limits) (identity.MailboxUse, error) {
	for range conflictTries {
		update, condition, values := t.counting(class, l)
		values[":message"] = str(message)
		it, err := t.updateMailbox(ctx, ref, update+", counted = :message", "(attribute_not_exists(counted) OR counted <> :message) AND "+condition, values)
		use := mailboxUseOf(it)
		switch {
		case err == nil, errors.Is(err, errCondition) && text(it, "counted") == message:
			return use, nil
		case !errors.Is(err, errCondition):
			return use, fmt.Errorf("count a mail: %w", err)
		}
		if err := use.MayMail(class, t.now(), l); err != nil {
			return use, err
		}
	}
	return identity.MailboxUse{}, identity.Unavailable{RetryAfter: retryAfter, Cause: errCondition}
}

// counting is the update that counts a mail of the class, where the limits allow one now.
func (t *Table) counting(class identity.MailClass, l identity.Limits) (update, condition string, values item) {
	now, first, last := t.now(), mailed(class, 0), mailed(class, int(l.MailsPerHour)-1)
	sets := []string{"#ttl = :ttl", first + " = :at"}
	for i := 1; i < identity.MailsKept; i++ {
		sets = append(sets, fmt.Sprintf("%s = if_not_exists(%s, :zero)", mailed(class, i), mailed(class, i-1)))
	}
	condition = fmt.Sprintf("(attribute_not_exists(%s) OR %s <= :pause) AND (attribute_not_exists(%s) OR %s <= :window)", first, first, last, last)
	return "SET " + strings.Join(sets, ", "), condition, item{
		":zero": num(0), ":at": num(now.UnixMilli()), ":pause": num(now.Add(-time.Duration(l.MailPause)).UnixMilli()), ":window": num(now.Add(-identity.MailWindow).UnixMilli()),
	}
}

// countingMail is counting as a part of a transaction.
func (t *Table) countingMail(ref identity.MailboxRef, class identity.MailClass, l identity.Limits) types.TransactWriteItem {
	update, condition, values := t.counting(class, l)
	return t.updatingMailbox(ref, update, condition, values)
}

// queueing is the write that lets a registration of owner wait for its mailbox. The oldest of MaxWaiting gives way.
func (t *Table) queueing(ref identity.MailboxRef, owner identity.UserRef, r identity.Registration) types.TransactWriteItem {
	sets := []string{"#ttl = :ttl", waiting(0) + " = :registration"}
	for i := 1; i < identity.MaxWaiting; i++ {
		sets = append(sets, fmt.Sprintf("%s = if_not_exists(%s, :none)", waiting(i), waiting(i-1)))
	}
	return t.updatingMailbox(ref, "SET "+strings.Join(sets, ", "), "", item{
		":registration": str(join(owner.Pool, owner.ID, r.ID, strconv.FormatInt(r.CreatedAt.UnixMilli(), 10))), ":none": str(""),
	})
}

func (t *Table) updatingMailbox(ref identity.MailboxRef, update, condition string, values item) types.TransactWriteItem {
	values[":ttl"] = seconds(t.now().Add(mailboxKept))
	write := t.updating(mailboxKey(ref), update, condition, values)
	write.Update.ExpressionAttributeNames = map[string]string{"#ttl": ttl}
	return write
}

// updateMailbox carries out an update alone and returns the item after it, or as it is where the condition does not hold, which is
// errCondition. A conflict with a transaction is tried again, with pauses.
func (t *Table) updateMailbox(ctx context.Context, ref identity.MailboxRef, update, condition string, values item) (item, error) {
	in := alone(t.updatingMailbox(ref, update, condition, values).Update)
	in.ReturnValues, in.ReturnValuesOnConditionCheckFailure = types.ReturnValueAllNew, types.ReturnValuesOnConditionCheckFailureAllOld
	var err error
	for try := range conflictTries {
		if try > 0 {
			pause(ctx, conflictPause<<try)
		}
		var out *dynamodb.UpdateItemOutput
		out, err = t.db.UpdateItem(ctx, in)
		var stopped *types.ConditionalCheckFailedException
		switch {
		case err == nil:
			return out.Attributes, nil
		case errors.As(err, &stopped):
			return stopped.Item, errCondition
		case !errors.As(err, new(*types.TransactionConflictException)):
			return nil, failure(err)
		}
	}
	return nil, failure(err)
}

func mailboxUseOf(it item) identity.MailboxUse {
	u := identity.MailboxUse{
		Guesses: number(it, "guesses"), Spent: number(it, "spent"), Reopens: identity.At(time.UnixMilli(number(it, "reopens"))),
		MailedAt: map[identity.MailClass][]identity.Time{},
	}
	for _, class := range []identity.MailClass{identity.MailsOfPublic, identity.MailsOfAdministrators} {
		for i := range identity.MailsKept {
			if at := number(it, mailed(class, i)); at > 0 {
				u.MailedAt[class] = append(u.MailedAt[class], identity.At(time.UnixMilli(at)))
			}
		}
	}
	for i := range identity.MaxWaiting {
		parts := strings.Split(text(it, waiting(i)), "#")
		if len(parts) != 4 {
			continue
		}
		if at, err := strconv.ParseInt(parts[3], 10, 64); err == nil {
			u.Waiting = append(u.Waiting, identity.WaitingRef{Pool: parts[0], User: parts[1], Registration: parts[2], CreatedAt: identity.At(time.UnixMilli(at))})
		}
	}
	return u
}
