package table

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"identitypools/shared/identity"
	"identitypools/shared/once"
)

// Schemas reads and stores identity schemas.
type Schemas struct{ *store }

// Create stores a new schema. The error is Conflict if the id is taken.
func (t Schemas) Create(ctx context.Context, s identity.Schema, reply once.Reply[identity.Schema]) error {
	taken := identity.Conflict{Pointer: "/id", Reason: "a schema with this id exists"}
	if identity.IsDefaultSchema(s.ID) {
		return taken
	}
	doc, err := document(s)
	if err != nil {
		return err
	}
	it := schemaKey(s.Tenant, s.ID).item()
	it[indexPK], it[indexSK] = str(schemasIndex(s.Tenant)), str(s.ID)
	it[attrDoc], it[attrVersion] = doc, num(s.Version)
	switch err := t.transact(ctx, []types.TransactWriteItem{t.putting(it, isNew, nil)}, reply.With(s)); {
	case errors.As(err, new(cancelled)):
		return taken
	case err != nil:
		return fmt.Errorf("create schema %s: %w", s.ID, err)
	}
	return nil
}

// Get returns a schema, which may be a default one. The error is NotFound if there is none with the
// id.
func (t Schemas) Get(ctx context.Context, tenant, schema string) (identity.Schema, error) {
	for _, s := range identity.DefaultSchemas(tenant) {
		if s.ID == schema {
			return s, nil
		}
	}
	it, err := t.get(ctx, schemaKey(tenant, schema), "")
	if err != nil {
		return identity.Schema{}, fmt.Errorf("read schema %s: %w", schema, err)
	}
	if len(it) == 0 {
		return identity.Schema{}, identity.NotFound{Thing: "schema", ID: schema}
	}
	return schemaOf(it)
}

// Cached is like Get, but its result may be up to five seconds old.
func (t Schemas) Cached(ctx context.Context, tenant, schema string) (identity.Schema, error) {
	return t.schemas.get(schemaKey(tenant, schema), t.now(), func() (identity.Schema, error) {
		return t.Get(ctx, tenant, schema)
	})
}

// Replace stores s in place of the version old, which must still be the stored one. The error is
// PreconditionFailed if it is not.
func (t Schemas) Replace(
	ctx context.Context, old int64, s identity.Schema, reply once.Reply[identity.Schema],
) (identity.Schema, error) {
	s.Version = old + 1
	doc, err := document(s)
	if err != nil {
		return s, err
	}
	write := t.updating(schemaKey(s.Tenant, s.ID), "SET doc = :doc, version = :next", isVersion,
		item{":doc": doc, ":next": num(s.Version), ":version": num(old)})
	err = t.transact(ctx, []types.TransactWriteItem{write}, reply.With(s))
	t.schemas.drop(schemaKey(s.Tenant, s.ID))
	return s, unchanged(err, "change schema")
}

// Delete deletes s, which must still be what is stored. The error is Conflict if a pool uses the
// schema, and PreconditionFailed if it has changed.
func (t Schemas) Delete(ctx context.Context, s identity.Schema, reply once.Reply[once.None]) error {
	write := t.deleting(schemaKey(s.Tenant, s.ID), isVersion+" AND (attribute_not_exists(refs) OR refs = :none)",
		item{":version": num(s.Version), ":none": num(0)})
	err := t.transact(ctx, []types.TransactWriteItem{write}, reply.With(once.None{}))
	t.schemas.drop(schemaKey(s.Tenant, s.ID))
	switch {
	case errors.As(err, new(cancelled)):
		return t.whyKept(ctx, s)
	case err != nil:
		return fmt.Errorf("delete schema %s: %w", s.ID, err)
	}
	return nil
}

// whyKept returns the reason why s could not be deleted.
func (t Schemas) whyKept(ctx context.Context, s identity.Schema) error {
	it, err := t.get(ctx, schemaKey(s.Tenant, s.ID), "")
	switch {
	case err != nil:
		return fmt.Errorf("read schema %s: %w", s.ID, err)
	case number(it, attrRefs) > 0:
		return identity.Conflict{Reason: "the schema is in use by a pool"}
	}
	return identity.PreconditionFailed{}
}

// List returns the tenant's own schemas in the order of their ids. The read is eventually
// consistent.
func (t Schemas) List(ctx context.Context, tenant string) ([]identity.Schema, error) {
	return listPartition(ctx, t.store, schemasIndex(tenant), schemaOf)
}

// schemaOf returns the schema of an item.
func schemaOf(it item) (identity.Schema, error) {
	var s identity.Schema
	if err := parse(it, &s); err != nil {
		return s, err
	}
	s.Version = number(it, attrVersion)
	return s, nil
}
