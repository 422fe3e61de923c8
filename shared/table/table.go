// Package table is the product's only DynamoDB table: its definition, its keys, its items, and
// every read and transaction of them.
//
// A [Table] has one field for each aggregate, such as Pools or Users, with the methods that read
// and change it. All keys are built in keys.go and nowhere else. Methods take and return values of
// the domain (shared/identity). They return errors of the domain, such as identity.NotFound, as
// their comments say; any of them may return identity.Unavailable if the table cannot be reached,
// throttles, or has conflicts for too long.
//
// A change of several items is one transaction, so it happens completely or not at all. It is safe
// for the SDK to repeat it. Reads are strongly consistent unless the comment of a method says
// otherwise.
//
// A method that carries out the change of a request takes a once.Reply. It stores the answer to the
// request in the transaction of the change, so that a repeat of the request gets the same answer.
// Package once (shared/once) describes this.
package table

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"identitypools/shared/identity"
	"identitypools/shared/oidc"
	"identitypools/shared/retry"
)

// Table is the table with one field for each aggregate. It is safe for concurrent use.
type Table struct {
	// Retry is how changes of the table that lose against simultaneous ones are tried again.
	Retry         retry.Policy
	Answers       Answers
	Applications  Applications
	Budgets       Budgets
	Clients       Clients
	Codes         Codes
	Deletions     Deletions
	Failures      Failures
	Grants        Grants
	Keys          Keys
	Mailboxes     Mailboxes
	MailTexts     MailTexts
	Later         Later
	Outbox        Outbox
	Pools         Pools
	Registrations Registrations
	Schemas       Schemas
	Sessions      Sessions
	SigningKeys   Keys
	Suppressions  Suppressions
	Users         Users
	Works         Works
	Workspaces    Workspaces
}

// store has what the aggregates of a table share.
type store struct {
	db      calls
	name    *string
	now     func() time.Time
	retry   retry.Policy
	pools   cache[identity.Pool]
	schemas cache[identity.Schema]
	mails   cache[identity.MailText]
	scarce  cache[bool]

	workspaces   cache[oidc.Workspace]
	applications cache[oidc.Application]
	listed       cache[[]oidc.Application] // by the key of their workspace
}

// Open returns the table with the given name. It makes no call of db yet.
func Open(db *dynamodb.Client, name string, now func() time.Time, again retry.Policy) *Table {
	t := &store{db: callsOf(db), name: aws.String(name), now: now, retry: again}
	return &Table{
		Retry:   again,
		Answers: Answers{t}, Applications: Applications{t}, Budgets: Budgets{t}, Clients: Clients{t}, Codes: Codes{t},
		Deletions: Deletions{t}, Failures: Failures{t}, Grants: Grants{t}, Keys: Keys{t, keysKey()}, Later: Later{t}, Mailboxes: Mailboxes{t},
		MailTexts: MailTexts{t}, Outbox: Outbox{t}, Pools: Pools{t}, Registrations: Registrations{t},
		Schemas: Schemas{t}, Sessions: Sessions{t}, SigningKeys: Keys{t, signingKey()}, Suppressions: Suppressions{t},
		Users: Users{t}, Works: Works{t}, Workspaces: Workspaces{t},
	}
}

// Definition returns the definition of the table, with the given name. The deployment and the local
// run both create the table from it.
func Definition(name string) *dynamodb.CreateTableInput {
	key := func(attribute string, kind types.KeyType) types.KeySchemaElement {
		return types.KeySchemaElement{AttributeName: aws.String(attribute), KeyType: kind}
	}
	var attributes []types.AttributeDefinition
	for _, attribute := range []string{pk, sk, indexPK, indexSK} {
		attributes = append(attributes, types.AttributeDefinition{
			AttributeName: aws.String(attribute), AttributeType: types.ScalarAttributeTypeS,
		})
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
		StreamSpecification: &types.StreamSpecification{
			StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewTypeNewImage,
		},
	}
}

// TimeToLive returns the part of the table's definition that DynamoDB takes in a separate call.
func TimeToLive(name string) *dynamodb.UpdateTimeToLiveInput {
	return &dynamodb.UpdateTimeToLiveInput{
		TableName: aws.String(name),
		TimeToLiveSpecification: &types.TimeToLiveSpecification{
			AttributeName: aws.String(ttl), Enabled: aws.Bool(true),
		},
	}
}

// get reads one item. If attributes is not empty, it reads only these. It returns an empty item if
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

// put writes one item. The error is errCondition if the condition does not hold.
func (t *store) put(ctx context.Context, it item, condition string, values item) error {
	in := &dynamodb.PutItemInput{TableName: t.name, Item: it, ExpressionAttributeValues: values}
	if condition != "" {
		in.ConditionExpression = aws.String(condition)
	}
	_, err := t.db.PutItem(ctx, in)
	return failure(err)
}
