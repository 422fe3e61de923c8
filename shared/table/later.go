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

// laterSort returns the sort key, in the index, of something that waits for a time. Everything that
// waits has one partition key. It is in the order of the times, and then of numbers: of a message its
// number within the hour of its pool. So the first messages of all pools come before the second
// message of any pool.
func laterSort(due time.Time, number int64, id string) string {
	return join(due.UTC().Format(time.RFC3339), fmt.Sprintf("%09d", number), id)
}

// MarkPaid records that a message has its place in the budget, so that the next try to send it does
// not take another one.
func (t Outbox) MarkPaid(ctx context.Context, m identity.Message) error {
	m.Paid = true
	doc, err := document(m)
	if err != nil {
		return err
	}
	_, err = t.updateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: t.name, Key: messageKey(m.ID).item(),
		UpdateExpression:    aws.String("SET doc = :doc REMOVE released"),
		ConditionExpression: aws.String(exists), ExpressionAttributeValues: item{":doc": doc},
	})
	if err := failure(err); err != nil && !errors.Is(err, errCondition) {
		return fmt.Errorf("mark message: %w", err)
	}
	return nil
}

// Postpone stores m so that Later.Due returns it from the time until on. The number is that of m's place
// in its budget. The error is PreconditionFailed if the message has been sent, or has been
// postponed to that time or a later one.
func (t Outbox) Postpone(ctx context.Context, m identity.Message, until time.Time, number int64) error {
	doc, err := document(m)
	if err != nil {
		return err
	}
	_, err = t.updateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: t.name, Key: messageKey(m.ID).item(),
		UpdateExpression:    aws.String("SET doc = :doc, gsi1pk = :later, gsi1sk = :sort REMOVE released"),
		ConditionExpression: aws.String(exists + " AND (attribute_not_exists(gsi1sk) OR gsi1sk < :sort)"),
		ExpressionAttributeValues: item{
			":doc": doc, ":later": str(laterIndex()), ":sort": str(laterSort(until, number, m.ID)),
		},
	})
	switch err := failure(err); {
	case errors.Is(err, errCondition):
		return identity.PreconditionFailed{}
	case err != nil:
		return fmt.Errorf("postpone message: %w", err)
	}
	return nil
}

// Later has what waits in the index for a time: messages that were postponed, and deleted pools of
// which something may be left.
type Later struct{ *store }

// Due is something that has waited for a time that has come.
type Due struct{ key key }

// Due returns what has waited until the given time or an earlier one, the oldest first. It returns at
// most a number of things. The read is eventually consistent.
func (t Later) Due(ctx context.Context, at time.Time, most int) ([]Due, error) {
	out, err := t.db.Query(ctx, &dynamodb.QueryInput{
		TableName: t.name, IndexName: aws.String(index), Limit: aws.Int32(int32(most)),
		KeyConditionExpression:    aws.String("gsi1pk = :pk AND gsi1sk < :now"),
		ProjectionExpression:      aws.String("pk, sk"),
		ExpressionAttributeValues: item{":pk": str(laterIndex()), ":now": str(untilSort(at))},
	})
	if err != nil {
		return nil, fmt.Errorf("look for what is due: %w", failure(err))
	}
	due := make([]Due, len(out.Items))
	for i, it := range out.Items {
		due[i] = Due{key{text(it, pk), text(it, sk)}}
	}
	return due, nil
}

// Release causes a record of the stream for something that is due. A message leaves the index, and
// whoever gets the record is responsible for it. A deleted pool stays there until it is purged. It
// can safely be repeated, and does nothing to what has been released or done in the meantime.
func (t Later) Release(ctx context.Context, due Due) error {
	if tenant, pool, ok := PoolOf(due.key.pk, due.key.sk); ok {
		return Deletions(t).PurgeLater(ctx, tenant, pool)
	}
	now := t.now()
	_, err := t.updateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: t.name, Key: due.key.item(),
		UpdateExpression:          aws.String("SET released = :at REMOVE gsi1pk, gsi1sk"),
		ConditionExpression:       aws.String("gsi1sk < :now"),
		ExpressionAttributeValues: item{":at": num(now.UnixMilli()), ":now": str(untilSort(now))},
	})
	if err := failure(err); err != nil && !errors.Is(err, errCondition) {
		return fmt.Errorf("release a message: %w", err)
	}
	return nil
}

// untilSort returns the smallest sort key in the index that is behind those of everything that is due
// at a time.
func untilSort(at time.Time) string { return at.UTC().Add(time.Second).Format(time.RFC3339) }
