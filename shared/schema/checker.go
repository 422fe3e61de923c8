package schema

import (
	"context"
	"errors"

	"identitypools/shared/identity"
)

// Checker checks users' documents against the schemas that they name.
type Checker struct {
	schemas Schemas
	cache   *Cache
}

// Schemas finds identity schemas, maybe a few seconds old. Errors: identity.NotFound.
type Schemas interface {
	CachedSchema(ctx context.Context, tenant, schema string) (identity.Schema, error)
}

// NewChecker is a Checker; it compiles each version of a schema once.
func NewChecker(schemas Schemas) *Checker { return &Checker{schemas: schemas, cache: new(Cache)} }

// CheckUser checks the documents of u that parts name. Errors: identity.Invalid with every
// violation, also for a schema that does not exist.
func (c *Checker) CheckUser(ctx context.Context, u identity.User, parts []identity.DataPart) error {
	var v identity.Violations
	for _, part := range parts {
		document, schema := u.Document(part)
		if schema == "" {
			if string(document) != "{}" {
				v.Add("/"+string(part), "cannot be given: the pool has no schema for it")
			}
			continue
		}
		if err := c.checkDocument(ctx, &v, u.Tenant, part, schema, document); err != nil {
			return err
		}
	}
	return v.Err()
}

// CheckPayload checks a payload that somebody gave at registration. Errors: as CheckUser.
func (c *Checker) CheckPayload(ctx context.Context, tenant, schema string, payload []byte) error {
	var v identity.Violations
	if err := c.checkDocument(ctx, &v, tenant, identity.Payload, schema, payload); err != nil {
		return err
	}
	return v.Err()
}

func (c *Checker) checkDocument(ctx context.Context, v *identity.Violations, tenant string, part identity.DataPart, id string, document []byte) error {
	found, err := c.schemas.CachedSchema(ctx, tenant, id)
	if errors.As(err, new(identity.NotFound)) {
		v.Add("/"+string(part)+"_schema_id", "names a schema that does not exist")
		return nil
	}
	if err != nil {
		return err
	}
	compiled, err := c.cache.Compile(tenant, id, found.Version, found.Document)
	if err != nil {
		return err
	}
	return v.Under("/"+string(part), compiled.Validate(document))
}
