package table

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"identitypools/shared/access"
	"identitypools/shared/identity"
)

// Clients reads and stores the clients of the API.
type Clients struct{ *store }

// Create stores an API client. Errors: Conflict where the id is taken.
func (t Clients) Create(ctx context.Context, c access.Client) error {
	it, err := clientItem(c)
	if err != nil {
		return err
	}
	switch err := t.put(ctx, it, isNew, nil); {
	case errors.Is(err, errCondition):
		if err = t.whyDifferent(ctx, c, text(it, attrDoc)); errors.As(err, new(identity.PreconditionFailed)) {
			return identity.Conflict{Reason: "a client with this id exists"}
		}
		return err
	case err != nil:
		return fmt.Errorf("create client: %w", err)
	}
	return nil
}

// Get reads an API client. Errors: NotFound.
func (t Clients) Get(ctx context.Context, tenant, id string) (access.Client, error) {
	var c access.Client
	it, err := t.get(ctx, clientKey(tenant, id), "")
	if err != nil {
		return c, fmt.Errorf("read client: %w", err)
	}
	if len(it) == 0 {
		return c, identity.NotFound{Thing: "client", ID: id}
	}
	return c, parse(it, &c)
}

// List reads at most limit API clients of a tenant in the order of their ids, after an id, and 1 MB
// of them at most. More reports whether the list goes on. What it reads is eventually consistent.
func (t Clients) List(
	ctx context.Context, tenant, after string, limit int32,
) (clients []access.Client, more bool, err error) {
	in := &dynamodb.QueryInput{
		TableName: t.name, IndexName: aws.String(index), Limit: aws.Int32(limit),
		KeyConditionExpression:    aws.String("gsi1pk = :pk"),
		ExpressionAttributeValues: item{":pk": str(clientsIndex(tenant))},
	}
	if after != "" {
		in.KeyConditionExpression = aws.String("gsi1pk = :pk AND gsi1sk > :after")
		in.ExpressionAttributeValues[":after"] = str(after)
	}
	out, err := t.db.Query(ctx, in)
	if err != nil {
		return nil, false, fmt.Errorf("list clients: %w", failure(err))
	}
	for _, it := range out.Items {
		var c access.Client
		if err := parse(it, &c); err != nil {
			return nil, false, err
		}
		clients = append(clients, c)
	}
	return clients, len(out.LastEvaluatedKey) > 0, nil
}

// Replace stores c over old, which the client must still be. It is safe to repeat. Errors:
// NotFound, and PreconditionFailed where the client has changed.
func (t Clients) Replace(ctx context.Context, old, c access.Client) error {
	it, err := clientItem(c)
	if err != nil {
		return err
	}
	before, err := document(old)
	if err != nil {
		return err
	}
	switch err := t.put(ctx, it, "doc = :old", item{":old": before}); {
	case errors.Is(err, errCondition):
		return t.whyDifferent(ctx, c, text(it, attrDoc))
	case err != nil:
		return fmt.Errorf("change client %s: %w", c.ID, err)
	}
	return nil
}

// whyDifferent returns why c could not be stored. It returns nil where doc is what is stored: then
// the answer to an earlier try of the SDK was lost, and not the change.
func (t Clients) whyDifferent(ctx context.Context, c access.Client, doc string) error {
	it, err := t.get(ctx, clientKey(c.Tenant, c.ID), "")
	switch {
	case err != nil:
		return fmt.Errorf("read client %s: %w", c.ID, err)
	case len(it) == 0:
		return identity.NotFound{Thing: "client", ID: c.ID}
	case text(it, attrDoc) == doc:
		return nil
	}
	return identity.PreconditionFailed{}
}

// Delete deletes an API client, whatever has changed since it was read. Errors: NotFound.
func (t Clients) Delete(ctx context.Context, tenant, id string) error {
	_, err := t.db.DeleteItem(ctx, &dynamodb.DeleteItemInput{
		TableName: t.name, Key: clientKey(tenant, id).item(), ConditionExpression: aws.String(exists),
	})
	switch err := failure(err); {
	case errors.Is(err, errCondition):
		return identity.NotFound{Thing: "client", ID: id}
	case err != nil:
		return fmt.Errorf("delete client %s: %w", id, err)
	}
	return nil
}

func clientItem(c access.Client) (item, error) {
	doc, err := document(c)
	if err != nil {
		return nil, err
	}
	it := clientKey(c.Tenant, c.ID).item()
	it[indexPK], it[indexSK], it[attrDoc] = str(clientsIndex(c.Tenant)), str(c.ID), doc
	return it, nil
}
