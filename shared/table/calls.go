package table

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// calls has the calls of DynamoDB's client that the table makes. The store holds them instead of
// the client because a program that calls methods by their names, as html/template does, keeps all
// methods of whatever reflection can reach: the client alone has sixty, which are 1.4 MB.
type calls struct {
	GetItem            call[dynamodb.GetItemInput, dynamodb.GetItemOutput]
	BatchGetItem       call[dynamodb.BatchGetItemInput, dynamodb.BatchGetItemOutput]
	Query              query
	PutItem            call[dynamodb.PutItemInput, dynamodb.PutItemOutput]
	UpdateItem         call[dynamodb.UpdateItemInput, dynamodb.UpdateItemOutput]
	DeleteItem         call[dynamodb.DeleteItemInput, dynamodb.DeleteItemOutput]
	TransactWriteItems call[dynamodb.TransactWriteItemsInput, dynamodb.TransactWriteItemsOutput]
	Scan               scan // of operators alone: no function may read the whole table
}

type call[In, Out any] func(context.Context, *In, ...func(*dynamodb.Options)) (*Out, error)

func callsOf(db *dynamodb.Client) calls {
	return calls{
		GetItem: db.GetItem, BatchGetItem: db.BatchGetItem, Query: db.Query,
		PutItem: db.PutItem, UpdateItem: db.UpdateItem, DeleteItem: db.DeleteItem,
		TransactWriteItems: db.TransactWriteItems,
	}
}

// query and scan are calls as the paginators of the SDK take them.
type (
	query call[dynamodb.QueryInput, dynamodb.QueryOutput]
	scan  call[dynamodb.ScanInput, dynamodb.ScanOutput]
)

func (q query) Query(
	ctx context.Context, in *dynamodb.QueryInput, options ...func(*dynamodb.Options),
) (*dynamodb.QueryOutput, error) {
	return q(ctx, in, options...)
}

func (s scan) Scan(
	ctx context.Context, in *dynamodb.ScanInput, options ...func(*dynamodb.Options),
) (*dynamodb.ScanOutput, error) {
	return s(ctx, in, options...)
}
