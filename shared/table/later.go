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

// laterSort returns the sort key, in the index, of a message that is postponed. The messages of all
// pools have one partition key. They are in the order of the times when they are due, and then of
// their numbers within the hour of their pool. So the first messages of all pools come before the
// second message of any pool.
func laterSort(due time.Time, number int64, message string) string {
	return join(due.UTC().Format(time.RFC3339), fmt.Sprintf("%09d", number), message)
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
		UpdateExpression:    aws.String("SET doc = :doc REMOVE replayed"),
		ConditionExpression: aws.String(exists), ExpressionAttributeValues: item{":doc": doc},
	})
	if err := failure(err); err != nil && !errors.Is(err, errCondition) {
		return fmt.Errorf("mark message: %w", err)
	}
	return nil
}

// Postpone stores m so that Due returns it from the time until on. The number is that of m's place
// in its budget. The error is PreconditionFailed if the message has been sent, or has been
// postponed to that time or a later one.
func (t Outbox) Postpone(ctx context.Context, m identity.Message, until time.Time, number int64) error {
	doc, err := document(m)
	if err != nil {
		return err
	}
	_, err = t.updateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: t.name, Key: messageKey(m.ID).item(),
		UpdateExpression:    aws.String("SET doc = :doc, gsi1pk = :later, gsi1sk = :sort REMOVE replayed"),
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

// Due returns the ids of messages that were postponed until the given time or an earlier one, the
// oldest first. It returns at most most of them. The read is eventually consistent.
func (t Outbox) Due(ctx context.Context, at time.Time, most int) ([]string, error) {
	pages := dynamodb.NewQueryPaginator(t.db.Query, &dynamodb.QueryInput{
		TableName: t.name, IndexName: aws.String(index),
		KeyConditionExpression: aws.String("gsi1pk = :pk AND gsi1sk < :now"),
		ProjectionExpression:   aws.String(pk),
		ExpressionAttributeValues: item{
			":pk": str(laterIndex()), ":now": str(at.UTC().Add(time.Second).Format(time.RFC3339)),
		},
	}, func(o *dynamodb.QueryPaginatorOptions) { o.Limit = int32(most) })
	var ids []string
	for pages.HasMorePages() && len(ids) < most {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("look for messages that are due: %w", failure(err))
		}
		for _, it := range page.Items {
			if id, ok := MessageOf(text(it, pk)); ok {
				ids = append(ids, id)
			}
		}
	}
	return ids, nil
}
