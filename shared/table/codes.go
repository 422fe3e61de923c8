package table

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/go-json-experiment/json"

	"identitypools/shared/identity"
	"identitypools/shared/once"
)

// A codes item has the live codes as JSON in live, the marks of the codes that were redeemed last
// in spent, with '#' between them, and in killed (unix ms) when all that lived before was killed.

// codesKept is how long a codes item outlives its last change: longer than any code.
const codesKept = 3 * 24 * time.Hour

// Codes reads a user's codes for a purpose; a user without any has the zero value.
func (t *Table) Codes(ctx context.Context, ref identity.UserRef, purpose identity.CodePurpose) (identity.Codes, error) {
	it, err := t.get(ctx, codesKey(ref, purpose), "")
	if err != nil {
		return identity.Codes{}, fmt.Errorf("read codes: %w", err)
	}
	return codesOf(it)
}

// ReplaceCodes stores c over the version that was read. Errors: PreconditionFailed.
func (t *Table) ReplaceCodes(ctx context.Context, ref identity.UserRef, purpose identity.CodePurpose, c identity.Codes) error {
	write, err := t.replacingCodes(ref, purpose, c)
	if err != nil {
		return err
	}
	switch err := t.change(ctx, write, once.None{}); {
	case errors.Is(err, errCondition):
		return identity.PreconditionFailed{}
	case err != nil:
		return fmt.Errorf("store codes: %w", err)
	}
	return nil
}

// replacingCodes is the write of c over the version that was read.
func (t *Table) replacingCodes(
	ref identity.UserRef, purpose identity.CodePurpose, c identity.Codes,
) (types.TransactWriteItem, error) {
	live, err := json.Marshal(c.Live)
	if err != nil {
		return types.TransactWriteItem{}, fmt.Errorf("encode codes: %w", err)
	}
	condition := isNew
	values := item{
		":live": str(string(live)), ":spent": str(join(c.Spent...)), ":next": num(c.Version + 1),
		":killed": num(c.KilledAt.UnixMilli()), ":ttl": seconds(t.now().Add(codesKept)),
	}
	if c.Version > 0 {
		condition, values[":version"] = isVersion, num(c.Version)
	}
	update := "SET live = :live, spent = :spent, version = :next, killed = :killed, #ttl = :ttl"
	write := t.updating(codesKey(ref, purpose), update, condition, values)
	write.Update.ExpressionAttributeNames = map[string]string{"#ttl": ttl}
	return write, nil
}

// killing is the write that kills the codes of a user, and the messages from before a time. What
// was redeemed stays known, and so does the time: a mailed code proves its mailbox with a ticket
// too (identity.MailedCode), and must not live on there.
func (t *Table) killing(ref identity.UserRef, purpose identity.CodePurpose, at time.Time) types.TransactWriteItem {
	return t.emptying(ref, purpose, ", killed = :killed", item{":killed": num(at.UnixMilli())})
}

// emptying is the write that leaves a user without live codes, whose mailed ones still prove their
// mailbox with a ticket.
func (t *Table) emptying(
	ref identity.UserRef, purpose identity.CodePurpose, update string, values item,
) types.TransactWriteItem {
	values[":none"], values[":zero"], values[":one"] = str("[]"), num(0), num(1)
	values[":ttl"] = seconds(t.now().Add(codesKept))
	update = "SET live = :none, version = if_not_exists(version, :zero) + :one, #ttl = :ttl" + update
	write := t.updating(codesKey(ref, purpose), update, "", values)
	write.Update.ExpressionAttributeNames = map[string]string{"#ttl": ttl}
	return write
}

func codesOf(it item) (identity.Codes, error) {
	c := identity.Codes{KilledAt: identity.At(time.UnixMilli(number(it, "killed"))), Version: number(it, attrVersion)}
	if spent := text(it, "spent"); spent != "" {
		c.Spent = strings.Split(spent, "#")
	}
	if live := text(it, "live"); live != "" {
		if err := json.Unmarshal([]byte(live), &c.Live); err != nil {
			return c, fmt.Errorf("decode stored codes: %w", err)
		}
	}
	return c, nil
}
