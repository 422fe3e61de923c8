package table

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// batchSize is how many items DynamoDB reads in one call.
const batchSize = 100

// batch reads the items that there are of at most batchSize keys, in any order: all of them, or it fails.
func (t *Table) batch(ctx context.Context, in types.KeysAndAttributes) ([]item, error) {
	out, err := t.db.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{*t.name: in}})
	if err == nil && len(out.UnprocessedKeys) > 0 {
		err = errThrottled
	}
	if err != nil {
		return nil, failure(err)
	}
	return out.Responses[*t.name], nil
}
