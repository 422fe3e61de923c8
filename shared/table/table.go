// Package table is the single DynamoDB table: its definition, its keys, its items, and every read and transaction on them.
//
// All keys are built in keys.go; nothing else in the code base spells one. Use cases get domain values and domain errors:
// identity.NotFound, Conflict, PreconditionFailed, InvalidCode, Limited as each method says, and identity.Unavailable from
// all of them when the table can't be reached, throttles or conflicts for too long. Nothing is half done: a change of more than one
// item is one transaction, carries a client request token, and is safe to repeat. Reads are strongly consistent unless a method says otherwise.
//
// Functions and infra may import it; it imports the domain alone.
package table

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"identitypools/shared/identity"
)

// Table is the table as one process sees it. It is safe for concurrent use.
type Table struct {
	db      calls
	name    *string
	now     func() time.Time
	pools   cache[identity.Pool]
	schemas cache[identity.Schema]
	mails   cache[*identity.MailText]
	scarce  cache[bool]
}

// Open is the table called name behind db. Nothing is read yet.
func Open(db *dynamodb.Client, name string, now func() time.Time) *Table {
	return &Table{db: callsOf(db), name: aws.String(name), now: now}
}

// OpenWhole is Open for operators, who may read the whole table: see Replay.
func OpenWhole(db *dynamodb.Client, name string, now func() time.Time) *Table {
	t := Open(db, name, now)
	t.db.Scan = db.Scan
	return t
}

// Definition is the table, for whoever creates it: the deployment and the local run make the same.
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

// TimeToLive is the definition's other half, which DynamoDB takes in a call of its own.
func TimeToLive(name string) *dynamodb.UpdateTimeToLiveInput {
	return &dynamodb.UpdateTimeToLiveInput{
		TableName:               aws.String(name),
		TimeToLiveSpecification: &types.TimeToLiveSpecification{AttributeName: aws.String(ttl), Enabled: aws.Bool(true)},
	}
}

// get reads one item; an absent one is an empty item.
func (t *Table) get(ctx context.Context, k key, attributes string) (item, error) {
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

// put writes one item where condition holds; a condition that fails is errCondition.
func (t *Table) put(ctx context.Context, it item, condition string, values item) error {
	in := &dynamodb.PutItemInput{TableName: t.name, Item: it, ExpressionAttributeValues: values}
	if condition != "" {
		in.ConditionExpression = aws.String(condition)
	}
	_, err := t.db.PutItem(ctx, in)
	return failure(err)
}
