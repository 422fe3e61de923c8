package table

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// batchSize is the maximum number of items that DynamoDB reads in one call.
const batchSize = 100

// batch reads the items of at most batchSize keys, in any order. Items that do not exist are left
// out. It reads all others or fails.
func (t *store) batch(ctx context.Context, in types.KeysAndAttributes) ([]item, error) {
	out, err := t.db.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{
		RequestItems: map[string]types.KeysAndAttributes{*t.name: in},
	})
	if err == nil && len(out.UnprocessedKeys) > 0 {
		err = errThrottled
	}
	if err != nil {
		return nil, failure(err)
	}
	return out.Responses[*t.name], nil
}
