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
}

// call is a method of DynamoDB's client.
type call[In, Out any] func(context.Context, *In, ...func(*dynamodb.Options)) (*Out, error)

// callsOf returns the calls of a client.
func callsOf(db *dynamodb.Client) calls {
	return calls{
		GetItem: db.GetItem, BatchGetItem: db.BatchGetItem, Query: db.Query,
		PutItem: db.PutItem, UpdateItem: db.UpdateItem, DeleteItem: db.DeleteItem,
		TransactWriteItems: db.TransactWriteItems,
	}
}

// query implements the interface that the paginators of the SDK take.
type query call[dynamodb.QueryInput, dynamodb.QueryOutput]

// Query implements dynamodb.QueryAPIClient.
func (q query) Query(
	ctx context.Context, in *dynamodb.QueryInput, options ...func(*dynamodb.Options),
) (*dynamodb.QueryOutput, error) {
	return q(ctx, in, options...)
}
