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

// Create stores a new API client. The error is Conflict if the id is taken.
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

// Get returns an API client. The error is NotFound if there is none with the id.
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

// List returns API clients of a tenant in the order of their ids, beginning after an id. It returns
// at most limit clients and at most 1 MB. The result more reports whether there are further ones.
// The read is eventually consistent.
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

// Replace stores c in place of old, which must still be what is stored. It can safely be repeated.
// The error is NotFound if the client does not exist, and PreconditionFailed if it has changed.
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

// whyDifferent returns the reason why c could not be stored. It returns nil if doc is what is
// stored; then an earlier try of the SDK did store c, and only the answer to it was lost.
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

// Delete deletes an API client, even if it has changed since it was read. The error is NotFound if
// there is none with the id.
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

// clientItem returns the item of a client.
func clientItem(c access.Client) (item, error) {
	doc, err := document(c)
	if err != nil {
		return nil, err
	}
	it := clientKey(c.Tenant, c.ID).item()
	it[indexPK], it[indexSK], it[attrDoc] = str(clientsIndex(c.Tenant)), str(c.ID), doc
	return it, nil
}
