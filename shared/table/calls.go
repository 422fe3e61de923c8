package table

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"identitypools/shared/retry"
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

// callsOf returns the calls of a client, except Scan. A write of a single item that conflicts with
// a transaction is tried again; for transactions, transactAll does this.
func callsOf(db *dynamodb.Client, again retry.Policy) calls {
	return calls{
		GetItem: db.GetItem, BatchGetItem: db.BatchGetItem, Query: db.Query,
		PutItem: retried(again, db.PutItem), UpdateItem: retried(again, db.UpdateItem),
		DeleteItem: retried(again, db.DeleteItem), TransactWriteItems: db.TransactWriteItems,
	}
}

// retried returns a call that makes c again if it conflicts with a transaction.
func retried[In, Out any](again retry.Policy, c call[In, Out]) call[In, Out] {
	return func(ctx context.Context, in *In, options ...func(*dynamodb.Options)) (out *Out, err error) {
		isConflict := func(err error) bool { return errors.As(err, new(*types.TransactionConflictException)) }
		err = again.DoWhile(ctx, isConflict, func() error {
			out, err = c(ctx, in, options...)
			return err
		})
		return out, err
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
