package table

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"identitypools/shared/identity"
)

// Failures reads the wrong passwords given for a subject, an identifier or a user id, eventually consistent.
func (t *Table) Failures(ctx context.Context, tenant, pool, subject string) (identity.Failures, error) {
	out, err := t.db.GetItem(ctx, &dynamodb.GetItemInput{TableName: t.name, Key: failuresKey(tenant, pool, subject).item()})
	if err != nil {
		return identity.Failures{}, fmt.Errorf("read failures: %w", failure(err))
	}
	return identity.Failures{
		Count: number(out.Item, "failed"), Trace: text(out.Item, "trace"), At: identity.At(time.UnixMilli(number(out.Item, "failed_at"))),
	}, nil
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
