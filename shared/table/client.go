package table

import (
	"context"
	"errors"
	"fmt"

	"identitypools/shared/access"
	"identitypools/shared/identity"
)

// CreateClient stores an API client. Errors: Conflict where the id is taken.
func (t *Table) CreateClient(ctx context.Context, c access.Client) error {
	doc, err := document(c)
	if err != nil {
		return err
	}
	it := clientKey(c.Tenant, c.ID).item()
	it[indexPK], it[indexSK], it[attrDoc] = str(clientsIndex(c.Tenant)), str(c.ID), doc
	switch err := t.put(ctx, it, isNew, nil); {
	case errors.Is(err, errCondition):
		return identity.Conflict{Reason: "a client with this id exists"}
	case err != nil:
		return fmt.Errorf("create client: %w", err)
	}
	return nil
}

// Client reads an API client. Errors: NotFound.
func (t *Table) Client(ctx context.Context, tenant, id string) (access.Client, error) {
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

// Keys reads the public keys that verify tokens; they are empty while none are published.
func (t *Table) Keys(ctx context.Context) ([]byte, error) {
	it, err := t.get(ctx, keysKey(), "")
	if err != nil {
		return nil, fmt.Errorf("read public keys: %w", err)
	}
	return []byte(text(it, attrDoc)), nil
}

// ReplaceKeys publishes keys in place of old. Errors: PreconditionFailed where others were published meanwhile.
func (t *Table) ReplaceKeys(ctx context.Context, old, keys []byte) error {
	it := keysKey().item()
	it[attrDoc] = str(string(keys))
	condition, values := isNew, item(nil)
	if len(old) > 0 {
		condition, values = "doc = :old", item{":old": str(string(old))}
	}
	switch err := t.put(ctx, it, condition, values); {
	case errors.Is(err, errCondition):
		return identity.PreconditionFailed{}
	case err != nil:
		return fmt.Errorf("publish keys: %w", err)
	}
	return nil
}
