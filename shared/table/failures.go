package table

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"identitypools/shared/identity"
)

// The item of identity.Failures has the attributes failed, failed_at (unix ms) and trace for the
// wrong passwords, under_way and under_way_until (unix ms) for the attempts under way, and mark,
// which each change sets to a new value. The item of a known device has the same attributes; its ttl
// is when the device is forgotten.

const failuresAttributes = "failed, failed_at, trace, under_way, under_way_until, mark"

// Failures counts the wrong passwords that are given for users, and the attempts under way.
type Failures struct{ *store }

// Account reads a user with the hash of its password, and the failures of a subject and a device,
// in one call. It is meant only for checking passwords, which is the most frequent call. Therefore
// the read is eventually consistent, at half the price, unless fresh is true. What does not exist
// is returned as the zero value.
func (t Failures) Account(
	ctx context.Context, ref identity.UserRef, of identity.FailuresRef, fresh bool,
) (identity.Account, error) {
	var account identity.Account
	common := of
	common.Device = ""
	keys := []map[string]types.AttributeValue{userKey(ref).item(), failuresKey(common).item()}
	if of.Device != "" {
		keys = append(keys, failuresKey(of).item())
	}
	items, err := t.batch(ctx, types.KeysAndAttributes{
		Keys: keys, ConsistentRead: aws.Bool(fresh), ExpressionAttributeNames: map[string]string{"#ttl": ttl},
		ProjectionExpression: aws.String("pk, sk, #ttl, " + failuresAttributes + ", hash_phc, earlier, " + userAttributes),
	})
	if err != nil {
		return account, fmt.Errorf("read user and failures: %w", err)
	}
	for _, it := range items {
		switch (key{text(it, pk), text(it, sk)}) {
		case userKey(ref):
			if account.User, err = userOf(it); err != nil {
				return account, err
			}
		case failuresKey(common):
			account.Failures = failuresOf(it)
		default:
			account.Device = identity.Device{
				Failures: failuresOf(it), Until: identity.At(time.Unix(number(it, ttl), 0)),
			}
		}
	}
	return account, nil
}

// failuresOf returns the failures of an item.
func failuresOf(it item) identity.Failures {
	return identity.Failures{
		Count: number(it, "failed"), Trace: text(it, "trace"),
		At:        identity.At(time.UnixMilli(number(it, "failed_at"))),
		Open:      number(it, "under_way"),
		OpenUntil: identity.At(time.UnixMilli(number(it, "under_way_until"))),
		Mark:      text(it, "mark"),
	}
}

// Replace stores next, which has a new mark, in place of old, which must still be what is stored.
// The error is PreconditionFailed if it is not. If the SDK repeats the call because an answer was
// lost, Replace may return that error although it has taken effect; then the stored mark is that of
// next.
func (t Failures) Replace(
	ctx context.Context, of identity.FailuresRef, old, next identity.Failures,
) error {
	in := &dynamodb.UpdateItemInput{
		TableName: t.name, Key: failuresKey(of).item(),
		UpdateExpression: aws.String("SET failed = :failed, failed_at = :at, trace = :trace, " +
			"under_way = :open, under_way_until = :until, mark = :mark"),
		ExpressionAttributeValues: item{
			":failed": num(next.Count), ":at": num(next.At.UnixMilli()), ":trace": str(next.Trace),
			":open": num(next.Open), ":until": num(next.OpenUntil.UnixMilli()), ":mark": str(next.Mark),
		},
	}
	if of.Device == "" {
		*in.UpdateExpression += ", #ttl = :ttl"
		in.ExpressionAttributeNames = map[string]string{"#ttl": ttl}
		in.ExpressionAttributeValues[":ttl"] = seconds(t.now().Add(identity.FailureMemory))
	}
	switch {
	case old.Mark != "":
		in.ConditionExpression = aws.String("mark = :old AND failed = :count")
		in.ExpressionAttributeValues[":old"], in.ExpressionAttributeValues[":count"] = str(old.Mark), num(old.Count)
	case old.Count > 0: // the last release counts without marks
		in.ConditionExpression = aws.String("attribute_not_exists(mark) AND failed = :count")
		in.ExpressionAttributeValues[":count"] = num(old.Count)
	default:
		in.ConditionExpression = aws.String(isNew)
	}
	_, err := t.updateItem(ctx, in)
	switch err = failure(err); {
	case errors.Is(err, errCondition):
		return identity.PreconditionFailed{}
	case err != nil:
		return fmt.Errorf("replace failures: %w", err)
	}
	return nil
}

// Forget deletes the failures of a subject, and its attempts under way, after the right password
// was given. It does not delete the failures of devices.
func (t Failures) Forget(ctx context.Context, of identity.FailuresRef) error {
	of.Device = ""
	if _, err := t.db.DeleteItem(ctx, &dynamodb.DeleteItemInput{
		TableName: t.name, Key: failuresKey(of).item(),
	}); err != nil {
		return fmt.Errorf("forget failures: %w", failure(err))
	}
	return nil
}

// RememberDevice makes a device known until a time, without failures. The mark identifies this
// change.
func (t Failures) RememberDevice(ctx context.Context, of identity.FailuresRef, mark string, until time.Time) error {
	_, err := t.updateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: t.name, Key: failuresKey(of).item(),
		UpdateExpression: aws.String("SET failed = :none, under_way = :none, mark = :mark, " +
			"#ttl = :until REMOVE failed_at, trace, under_way_until"),
		ExpressionAttributeNames:  map[string]string{"#ttl": ttl},
		ExpressionAttributeValues: item{":none": num(0), ":mark": str(mark), ":until": seconds(until)},
	})
	if err != nil {
		return fmt.Errorf("remember a device: %w", failure(err))
	}
	return nil
}
