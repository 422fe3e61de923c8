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

// A message that waits for its place in a budget is in the index under one key for all pools, in
// the order of the time when it is due and then of its number in its pool's hour: so the first
// messages of all pools come before the second of any.

func laterSort(due time.Time, number int64, message string) string {
	return join(due.UTC().Format(time.RFC3339), fmt.Sprintf("%09d", number), message)
}

// MarkPaid marks a message as one that has its place in the budget, for the next try to send it.
func (t Outbox) MarkPaid(ctx context.Context, m identity.Message) error {
	m.Paid = true
	doc, err := document(m)
	if err != nil {
		return err
	}
	_, err = t.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: t.name, Key: messageKey(m.ID).item(),
		UpdateExpression:    aws.String("SET doc = :doc REMOVE replayed"),
		ConditionExpression: aws.String(exists), ExpressionAttributeValues: item{":doc": doc},
	})
	if err := failure(err); err != nil && !errors.Is(err, errCondition) {
		return fmt.Errorf("mark message: %w", err)
	}
	return nil
}

// Postpone stores m, whose place in its budget has a number, so that Due returns it from a time on.
// Errors: PreconditionFailed where it has meanwhile been sent, or postponed as long.
func (t Outbox) Postpone(ctx context.Context, m identity.Message, until time.Time, number int64) error {
	doc, err := document(m)
	if err != nil {
		return err
	}
	_, err = t.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{
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

// Due returns the ids of at most so many messages that were postponed until a time or before it,
// the oldest first. What it reads is eventually consistent.
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
