package table

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/go-json-experiment/json"

	"identitypools/shared/identity"
	"identitypools/shared/once"
)

// A codes item has the live codes as JSON in live; guesses, ceiling and reopens (unix ms) for the budget; killed (unix ms); and mailed1 to
// mailed10 (unix ms, newest first), which a request can shift and check in one expression without reading the item.

// codesKept is how long a codes item outlives its last change: longer than any code and any window.
const codesKept = 3 * 24 * time.Hour

func mailed(i int) string { return "mailed" + strconv.Itoa(i+1) }

// Codes reads a user's codes for a purpose; a user without any has the zero value.
func (t *Table) Codes(ctx context.Context, ref identity.UserRef, purpose identity.CodePurpose) (identity.Codes, error) {
	it, err := t.get(ctx, codesKey(ref, purpose), "")
	if err != nil {
		return identity.Codes{}, fmt.Errorf("read codes: %w", err)
	}
	return codesOf(it)
}

// ReplaceCodes stores c over the version that was read. Guesses made meanwhile are kept. Errors: PreconditionFailed.
func (t *Table) ReplaceCodes(ctx context.Context, ref identity.UserRef, purpose identity.CodePurpose, c identity.Codes) error {
	live, err := json.Marshal(c.Live)
	if err != nil {
		return fmt.Errorf("encode codes: %w", err)
	}
	sets := []string{"live = :live", "version = :next", "killed = :killed", "#ttl = :ttl"}
	values := item{":live": str(string(live)), ":next": num(c.Version + 1), ":killed": num(c.KilledAt.UnixMilli()), ":ttl": seconds(t.now().Add(codesKept))}
	if c.Opens { // else a guess may have opened a window meanwhile
		sets = append(sets, "ceiling = :ceiling", "reopens = :reopens")
		values[":ceiling"], values[":reopens"] = num(c.Ceiling), num(c.Reopens.UnixMilli())
	}
	condition := isNew
	if c.Version > 0 {
		condition, values[":version"] = isVersion, num(c.Version)
	} else {
		sets = append(sets, "guesses = :guesses")
		values[":guesses"] = num(c.Guesses)
	}
	for i, at := range c.MailedAt {
		sets = append(sets, mailed(i)+" = :"+mailed(i))
		values[":"+mailed(i)] = num(at.UnixMilli())
	}
	write := t.updating(codesKey(ref, purpose), "SET "+strings.Join(sets, ", "), condition, values)
	write.Update.ExpressionAttributeNames = map[string]string{"#ttl": ttl}
	switch err := t.change(ctx, write, once.None{}); {
	case errors.Is(err, errCondition):
		return identity.PreconditionFailed{}
	case err != nil:
		return fmt.Errorf("store codes: %w", err)
	}
	return nil
}

// Guess spends one guess at a user's codes, before anything is compared, and returns the codes with Guesses as the number
// of this guess. Parallel guesses get different numbers; a repeat of the last one, under its idempotency key, gets the same and spends
// none. Errors: InvalidCode where there are no codes or the budget is spent.
func (t *Table) Guess(ctx context.Context, ref identity.UserRef, purpose identity.CodePurpose, l identity.Limits) (identity.Codes, error) {
	const spend = "SET guesses = guesses + :one, guessed_by = :by"
	now, by, condition := t.now().UnixMilli(), "", "guesses < ceiling AND reopens > :now"
	if request := once.Of(ctx); request != nil {
		by = request.Mark
		condition += " AND (attribute_not_exists(guessed_by) OR guessed_by <> :by)"
	}
	codes, old, err := t.guess(ctx, ref, purpose, spend, condition, item{":one": num(1), ":by": str(by), ":now": num(now)})
	switch stopped := errors.Is(err, errCondition) && len(old) > 0; {
	case stopped && by != "" && text(old, "guessed_by") == by:
		codes, err = codesOf(old)
	case stopped && number(old, "reopens") <= now:
		codes, _, err = t.guess(ctx, ref, purpose, spend+", ceiling = guesses + :budget, reopens = :reopens", "reopens = :old", item{
			":one": num(1), ":by": str(by), ":budget": num(l.GuessesPerDay), ":old": num(number(old, "reopens")),
			":reopens": num(t.now().Add(identity.GuessWindow).UnixMilli()),
		})
	}
	switch {
	case errors.Is(err, errCondition):
		return identity.Codes{}, identity.InvalidCode{}
	case err != nil:
		return identity.Codes{}, fmt.Errorf("spend a guess: %w", err)
	}
	return codes, nil
}

func (t *Table) guess(ctx context.Context, ref identity.UserRef, purpose identity.CodePurpose, update, condition string, values item) (identity.Codes, item, error) {
	out, err := t.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: t.name, Key: codesKey(ref, purpose).item(), UpdateExpression: aws.String(update), ConditionExpression: aws.String(condition),
		ExpressionAttributeValues: values, ReturnValues: types.ReturnValueAllNew,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	})
	if err != nil {
		var stopped *types.ConditionalCheckFailedException
		if errors.As(err, &stopped) {
			return identity.Codes{}, stopped.Item, errCondition
		}
		return identity.Codes{}, nil, failure(err)
	}
	codes, err := codesOf(out.Attributes)
	return codes, nil, err
}

// Unguess gives a guess back to the holder of a right code whose request had another fault.
func (t *Table) Unguess(ctx context.Context, ref identity.UserRef, purpose identity.CodePurpose) error {
	_, err := t.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: t.name, Key: codesKey(ref, purpose).item(), UpdateExpression: aws.String("SET guesses = guesses - :one"),
		ConditionExpression: aws.String(exists), ExpressionAttributeValues: item{":one": num(1)},
	})
	if err := failure(err); err != nil && !errors.Is(err, errCondition) {
		return fmt.Errorf("give a guess back: %w", err)
	}
	return nil
}

// killing is the write that kills the live codes of m's user, and the messages from before m, and counts a mail, if the limits of
// mails allow one now.
func (t *Table) killing(m identity.Message, purpose identity.CodePurpose, l identity.Limits) types.TransactWriteItem {
	now := t.now()
	sets := []string{
		"live = :none", "killed = :killed", "version = if_not_exists(version, :zero) + :one", "#ttl = :ttl", "guesses = if_not_exists(guesses, :zero)",
		"ceiling = if_not_exists(ceiling, :budget)", "reopens = if_not_exists(reopens, :reopens)", "mailed1 = :now",
	}
	for i := 1; i < identity.MailsKept; i++ {
		sets = append(sets, fmt.Sprintf("%s = if_not_exists(%s, :zero)", mailed(i), mailed(i-1)))
	}
	last := mailed(int(l.MailsPerHour) - 1)
	condition := fmt.Sprintf("(attribute_not_exists(mailed1) OR mailed1 <= :pause) AND (attribute_not_exists(%s) OR %s <= :window)", last, last)
	write := t.updating(codesKey(m.UserRef(), purpose), "SET "+strings.Join(sets, ", "), condition, item{
		":none": str("[]"), ":killed": num(m.CreatedAt.UnixMilli()), ":zero": num(0), ":one": num(1), ":now": num(now.UnixMilli()), ":ttl": seconds(now.Add(codesKept)),
		":budget": num(l.GuessesPerDay), ":reopens": num(now.Add(identity.GuessWindow).UnixMilli()),
		":pause": num(now.Add(-time.Duration(l.MailPause)).UnixMilli()), ":window": num(now.Add(-identity.MailWindow).UnixMilli()),
	})
	write.Update.ExpressionAttributeNames = map[string]string{"#ttl": ttl}
	return write
}

func codesOf(it item) (identity.Codes, error) {
	c := identity.Codes{
		Guesses: number(it, "guesses"), Ceiling: number(it, "ceiling"), Reopens: identity.At(time.UnixMilli(number(it, "reopens"))),
		KilledAt: identity.At(time.UnixMilli(number(it, "killed"))), Version: number(it, attrVersion),
	}
	for i := range identity.MailsKept {
		if at := number(it, mailed(i)); at > 0 {
			c.MailedAt = append(c.MailedAt, identity.At(time.UnixMilli(at)))
		}
	}
	if live := text(it, "live"); live != "" {
		if err := json.Unmarshal([]byte(live), &c.Live); err != nil {
			return c, fmt.Errorf("decode stored codes: %w", err)
		}
	}
	return c, nil
}
