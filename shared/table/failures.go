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

// UserAndFailures reads a user with its password hash, for the check of a password alone, and the wrong passwords given for a
// subject (an identifier or a user id), in one call and eventually consistent: such checks are the most frequent call, and half as dear
// so. A user who does not exist is the zero value.
func (t *Table) UserAndFailures(ctx context.Context, ref identity.UserRef, subject string) (u identity.User, f identity.Failures, err error) {
	items, err := t.batch(ctx, types.KeysAndAttributes{
		Keys:                 []map[string]types.AttributeValue{userKey(ref).item(), failuresKey(ref.Tenant, ref.Pool, subject).item()},
		ProjectionExpression: aws.String("sk, failed, failed_at, trace, hash_phc, " + userAttributes),
	})
	if err != nil {
		return u, f, fmt.Errorf("read user and failures: %w", err)
	}
	for _, it := range items {
		if it["failed"] == nil {
			if u, err = userOf(it); err != nil {
				return u, f, err
			}
			continue
		}
		f = identity.Failures{Count: number(it, "failed"), Trace: text(it, "trace"), At: identity.At(time.UnixMilli(number(it, "failed_at")))}
	}
	return u, f, nil
}

// Failed stores f, which has one more wrong password than what is stored. Of parallel calls each counts: the stored count grows by
// one, or starts anew with f.
func (t *Table) Failed(ctx context.Context, tenant, pool, subject string, f identity.Failures) error {
	update := "ADD failed :one SET trace = :trace, failed_at = :at, #ttl = :ttl"
	values := item{":one": num(1), ":trace": str(f.Trace), ":at": num(f.At.UnixMilli()), ":ttl": seconds(f.At.Add(identity.FailureMemory).Time)}
	if f.Count == 1 {
		update = "SET failed = :one, trace = :trace, failed_at = :at, #ttl = :ttl"
	}
	_, err := t.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: t.name, Key: failuresKey(tenant, pool, subject).item(), UpdateExpression: aws.String(update),
		ExpressionAttributeValues: values, ExpressionAttributeNames: map[string]string{"#ttl": ttl},
	})
	if err != nil {
		return fmt.Errorf("count a failure: %w", failure(err))
	}
	return nil
}

// Succeeded forgets the failures of a subject after its right password.
func (t *Table) Succeeded(ctx context.Context, tenant, pool, subject string) error {
	_, err := t.db.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: t.name, Key: failuresKey(tenant, pool, subject).item()})
	if err := failure(err); err != nil && !errors.Is(err, errCondition) {
		return fmt.Errorf("forget failures: %w", err)
	}
	return nil
}
