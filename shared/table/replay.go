package table

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// Stream causes new records of the table's stream.
type Stream struct{ *store }

// Replayed is the number of items for which Stream.Replay caused new records.
type Replayed struct {
	Messages int // messages in the outbox
	Pools    int // deleted pools that were not purged
}

// Replay causes new records of the stream for everything that the courier should have done: for
// messages in the outbox, and for deleted pools that are not purged. It is meant for operators,
// after records have become dead letters. The table must have been opened with OpenWhole, because
// Replay reads all of it, with eventual consistency. It can safely be called at any time and
// repeated: the courier does nothing twice, and drops what is too late. If it fails, it returns
// what it has done so far.
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

// touch changes a message, which causes a new record of the stream. It reports false if the message
// has been deleted.
func (t Stream) touch(ctx context.Context, message string) (waits bool, err error) {
	_, err = t.updateItem(ctx, &dynamodb.UpdateItemInput{
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
