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

// Accounts reads users with the hashes of their passwords, and the failures of their subjects and
// devices, in one call. The accounts are at most a third of batchSize, and have the order of refs, of
// which no two may be of the same pool. Accounts is meant only for checking passwords, which is the most
// frequent call. Therefore the read is eventually consistent, at half the price, unless fresh is true.
// What does not exist is returned as the zero value.
func (t Failures) Accounts(
	ctx context.Context, refs []identity.AccountRef, fresh bool,
) ([]identity.Account, error) {
	accounts := make([]identity.Account, len(refs))
	var keys []map[string]types.AttributeValue
	take := map[key]func(item) error{} // what becomes of the item with a key
	read := func(k key, to func(item) error) { keys, take[k] = append(keys, k.item()), to }
	for i, ref := range refs {
		account, common := &accounts[i], ref.Subject
		common.Device = ""
		read(userKey(ref.User), func(it item) (err error) {
			account.User, err = userOf(it)
			return err
		})
		read(failuresKey(common), func(it item) error {
			account.Failures = failuresOf(it)
			return nil
		})
		if ref.Subject.Device == "" {
			continue
		}
		read(failuresKey(ref.Subject), func(it item) error {
			until := identity.At(time.Unix(number(it, ttl), 0))
			account.Device = identity.Device{Failures: failuresOf(it), Until: until}
			return nil
		})
	}
	items, err := t.batch(ctx, types.KeysAndAttributes{
		Keys: keys, ConsistentRead: aws.Bool(fresh), ExpressionAttributeNames: map[string]string{"#ttl": ttl},
		ProjectionExpression: aws.String("pk, sk, #ttl, " + failuresAttributes + ", hash_phc, earlier, " + userAttributes),
	})
	if err != nil {
		return nil, fmt.Errorf("read users and failures: %w", err)
	}
	for _, it := range items {
		if err := take[key{text(it, pk), text(it, sk)}](it); err != nil {
			return nil, err
		}
	}
	return accounts, nil
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
