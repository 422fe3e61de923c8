package table

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// Stream has the table's stream tell of items again.
type Stream struct{ *store }

// Replayed is how much Stream.Replay has made the stream tell of again.
type Replayed struct {
	Messages int // that waited in the outbox
	Pools    int // that were deleted and had not gone
}

// Replay makes the stream tell again of all that the courier should have done: messages that wait,
// and deleted pools that have not gone. It is for operators, after dead letters. The table must
// have been opened with OpenWhole, since Replay reads all of it, with eventual consistency. It
// repeats safely and at any time: the courier does nothing twice, and drops what is too late. On an
// error it returns how far it came.
func (t Stream) Replay(ctx context.Context) (done Replayed, err error) {
	pages := dynamodb.NewScanPaginator(t.db.Scan, &dynamodb.ScanInput{
		TableName: t.name, ProjectionExpression: aws.String("pk, sk"),
		FilterExpression:          aws.String("begins_with(pk, :message) OR attribute_exists(deleted_at)"),
		ExpressionAttributeValues: item{":message": str(KindMessages.key(""))},
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return done, fmt.Errorf("look for what waits: %w", failure(err))
		}
		for _, it := range page.Items {
			if tenant, pool, ok := PoolOf(text(it, pk), text(it, sk)); ok {
				err = Deletions(t).PurgeLater(ctx, tenant, pool)
				done.Pools++
			} else if id, ok := MessageOf(text(it, pk)); ok {
				var waits bool
				if waits, err = t.touch(ctx, id); waits {
					done.Messages++
				}
			}
			if err != nil {
				return done, err
			}
		}
	}
	return done, nil
}

// touch changes a message so that the stream tells of it. It reports false where the message has
// gone meanwhile.
func (t Stream) touch(ctx context.Context, message string) (waits bool, err error) {
	_, err = t.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: t.name, Key: messageKey(message).item(),
		UpdateExpression:          aws.String("SET replayed = :now"),
		ConditionExpression:       aws.String(exists),
		ExpressionAttributeValues: item{":now": num(t.now().UnixMilli())},
	})
	switch err := failure(err); {
	case errors.Is(err, errCondition):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("replay message: %w", err)
	}
	return true, nil
}
