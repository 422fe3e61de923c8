package table

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/go-json-experiment/json"

	"identitypools/shared/identity"
	"identitypools/shared/once"
)

// A codes item has the live codes as JSON in live, and in killed (unix ms) when all that lived before was killed.

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
	live, err := json.Marshal(c.Live)
	if err != nil {
		return fmt.Errorf("encode codes: %w", err)
	}
	condition := isNew
	values := item{":live": str(string(live)), ":next": num(c.Version + 1), ":killed": num(c.KilledAt.UnixMilli()), ":ttl": seconds(t.now().Add(codesKept))}
	if c.Version > 0 {
		condition, values[":version"] = isVersion, num(c.Version)
	}
	write := t.updating(codesKey(ref, purpose), "SET live = :live, version = :next, killed = :killed, #ttl = :ttl", condition, values)
	write.Update.ExpressionAttributeNames = map[string]string{"#ttl": ttl}
	switch err := t.change(ctx, write, once.None{}); {
	case errors.Is(err, errCondition):
		return identity.PreconditionFailed{}
	case err != nil:
		return fmt.Errorf("store codes: %w", err)
	}
	return nil
}

// killing is the write that kills the live codes of m's user, and the messages from before m.
func (t *Table) killing(m identity.Message, purpose identity.CodePurpose) types.TransactWriteItem {
	write := t.updating(codesKey(m.UserRef(), purpose), "SET live = :none, killed = :killed, version = if_not_exists(version, :zero) + :one, #ttl = :ttl", "", item{
		":none": str("[]"), ":killed": num(m.CreatedAt.UnixMilli()), ":zero": num(0), ":one": num(1), ":ttl": seconds(t.now().Add(codesKept)),
	})
	write.Update.ExpressionAttributeNames = map[string]string{"#ttl": ttl}
	return write
}

func codesOf(it item) (identity.Codes, error) {
	c := identity.Codes{KilledAt: identity.At(time.UnixMilli(number(it, "killed"))), Version: number(it, attrVersion)}
	if live := text(it, "live"); live != "" {
		if err := json.Unmarshal([]byte(live), &c.Live); err != nil {
			return c, fmt.Errorf("decode stored codes: %w", err)
		}
	}
	return c, nil
}
