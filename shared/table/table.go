// Package table is the product's single DynamoDB table: its definition, its keys, its items, and
// every read and transaction on them.
//
// A Table has one field for each aggregate, such as Pools or Users, whose methods read and change
// it. All keys are built in keys.go; nothing else in the code base spells one. Use cases get domain
// values and domain errors: identity.NotFound, Conflict, PreconditionFailed, InvalidCode and
// Limited as each method says, and identity.Unavailable from all of them when the table can't be
// reached, throttles, or conflicts for too long. Nothing is half done: a change of more than one
// item is one transaction, which carries a client request token and is safe to repeat. Reads are
// strongly consistent unless a method says otherwise.
//
// A method that a request over HTTP can cause takes an once.Reply and stores the answer to the
// request together with the change.
//
// Functions, infra and the shared packages that bring several parts together may import it. It
// imports the domain (shared/identity), shared/once for the answers to requests, and shared/access
// for the clients of the API.
package table

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"identitypools/shared/identity"
)

// Table is the table as one process sees it: an aggregate in each field. It is safe for concurrent
// use.
type Table struct {
	Answers       Answers
	Budgets       Budgets
	Clients       Clients
	Codes         Codes
	Deletions     Deletions
	Failures      Failures
	Keys          Keys
	Mailboxes     Mailboxes
	MailTexts     MailTexts
	Outbox        Outbox
	Pools         Pools
	Registrations Registrations
	Schemas       Schemas
	Stream        Stream
	Suppressions  Suppressions
	Users         Users
	Works         Works
}

// store is what the aggregates of a table share.
type store struct {
	db      calls
	name    *string
	now     func() time.Time
	pools   cache[identity.Pool]
	schemas cache[identity.Schema]
	mails   cache[identity.MailText]
	scarce  cache[bool]
}

// Open returns the table with the given name behind db. It reads nothing yet.
func Open(db *dynamodb.Client, name string, now func() time.Time) *Table {
	return tableOf(callsOf(db), name, now)
}

// OpenWhole is like Open, for operators, who may read the whole table: see Stream.Replay.
func OpenWhole(db *dynamodb.Client, name string, now func() time.Time) *Table {
	calls := callsOf(db)
	calls.Scan = db.Scan
	return tableOf(calls, name, now)
}

func tableOf(db calls, name string, now func() time.Time) *Table {
	t := &store{db: db, name: aws.String(name), now: now}
	return &Table{
		Answers: Answers{t}, Budgets: Budgets{t}, Clients: Clients{t}, Codes: Codes{t}, Deletions: Deletions{t},
		Failures: Failures{t}, Keys: Keys{t}, Mailboxes: Mailboxes{t}, MailTexts: MailTexts{t}, Outbox: Outbox{t},
		Pools: Pools{t}, Registrations: Registrations{t}, Schemas: Schemas{t}, Stream: Stream{t},
		Suppressions: Suppressions{t}, Users: Users{t}, Works: Works{t},
	}
}

// Definition returns what the table called name is created with. The deployment and the local run
// create the same.
func Definition(name string) *dynamodb.CreateTableInput {
	key := func(attribute string, kind types.KeyType) types.KeySchemaElement {
		return types.KeySchemaElement{AttributeName: aws.String(attribute), KeyType: kind}
	}
	var attributes []types.AttributeDefinition
	for _, attribute := range []string{pk, sk, indexPK, indexSK} {
		attributes = append(attributes, types.AttributeDefinition{AttributeName: aws.String(attribute), AttributeType: types.ScalarAttributeTypeS})
	}
	return &dynamodb.CreateTableInput{
		TableName:            aws.String(name),
		BillingMode:          types.BillingModePayPerRequest,
		AttributeDefinitions: attributes,
		KeySchema:            []types.KeySchemaElement{key(pk, types.KeyTypeHash), key(sk, types.KeyTypeRange)},
		GlobalSecondaryIndexes: []types.GlobalSecondaryIndex{{
			IndexName:  aws.String(index),
			KeySchema:  []types.KeySchemaElement{key(indexPK, types.KeyTypeHash), key(indexSK, types.KeyTypeRange)},
			Projection: &types.Projection{ProjectionType: types.ProjectionTypeAll},
		}},
		StreamSpecification: &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewTypeNewImage},
	}
}

// TimeToLive returns the other half of the definition, which DynamoDB takes in a call of its own.
func TimeToLive(name string) *dynamodb.UpdateTimeToLiveInput {
	return &dynamodb.UpdateTimeToLiveInput{
		TableName:               aws.String(name),
		TimeToLiveSpecification: &types.TimeToLiveSpecification{AttributeName: aws.String(ttl), Enabled: aws.Bool(true)},
	}
}

// get reads one item, or those of its attributes that are named. It returns an empty item where
// there is none.
func (t *store) get(ctx context.Context, k key, attributes string) (item, error) {
	in := &dynamodb.GetItemInput{TableName: t.name, Key: k.item(), ConsistentRead: aws.Bool(true)}
	if attributes != "" {
		in.ProjectionExpression = aws.String(attributes)
	}
	out, err := t.db.GetItem(ctx, in)
	if err != nil {
		return nil, failure(err)
	}
	return out.Item, nil
}

// put writes one item if the condition holds. Errors: errCondition where it does not.
func (t *store) put(ctx context.Context, it item, condition string, values item) error {
	in := &dynamodb.PutItemInput{TableName: t.name, Item: it, ExpressionAttributeValues: values}
	if condition != "" {
		in.ConditionExpression = aws.String(condition)
	}
	_, err := t.db.PutItem(ctx, in)
	return failure(err)
}
