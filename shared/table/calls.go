package table

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// calls has those calls of DynamoDB's client that the table makes. The store has them instead of
// the client to keep programs small. In a program that calls methods by name, as html/template
// does, the linker keeps all methods of every type that reflection can reach. The client has sixty
// of them, which are 1.4 MB.
type calls struct {
	GetItem            call[dynamodb.GetItemInput, dynamodb.GetItemOutput]
	BatchGetItem       call[dynamodb.BatchGetItemInput, dynamodb.BatchGetItemOutput]
	Query              query
	PutItem            call[dynamodb.PutItemInput, dynamodb.PutItemOutput]
	UpdateItem         call[dynamodb.UpdateItemInput, dynamodb.UpdateItemOutput]
	DeleteItem         call[dynamodb.DeleteItemInput, dynamodb.DeleteItemOutput]
	TransactWriteItems call[dynamodb.TransactWriteItemsInput, dynamodb.TransactWriteItemsOutput]
	Scan               scan // for operators only, since no function may read the whole table
}

// call is a method of DynamoDB's client.
type call[In, Out any] func(context.Context, *In, ...func(*dynamodb.Options)) (*Out, error)

// callsOf returns the calls of a client, except Scan.
func callsOf(db *dynamodb.Client) calls {
	return calls{
		GetItem: db.GetItem, BatchGetItem: db.BatchGetItem, Query: db.Query,
		PutItem: db.PutItem, UpdateItem: db.UpdateItem, DeleteItem: db.DeleteItem,
		TransactWriteItems: db.TransactWriteItems,
	}
}

// query and scan implement the interfaces that the paginators of the SDK take.
type (
	query call[dynamodb.QueryInput, dynamodb.QueryOutput]
	scan  call[dynamodb.ScanInput, dynamodb.ScanOutput]
)

// Query implements dynamodb.QueryAPIClient.
func (q query) Query(
	ctx context.Context, in *dynamodb.QueryInput, options ...func(*dynamodb.Options),
) (*dynamodb.QueryOutput, error) {
	return q(ctx, in, options...)
}

// Scan implements dynamodb.ScanAPIClient.
func (s scan) Scan(
	ctx context.Context, in *dynamodb.ScanInput, options ...func(*dynamodb.Options),
) (*dynamodb.ScanOutput, error) {
	return s(ctx, in, options...)
}
