package schema

import (
	"context"
	"errors"

	"identitypools/shared/identity"
)

// A Checker checks the documents of users against the schemas that they refer to.
type Checker struct {
	schemas Schemas
	cache   *Cache
}

// Schemas finds identity schemas. A schema may be a few seconds old. The error is identity.NotFound
// if there is no such schema. It is an interface, which table.Schemas implements, so that whoever only
// compiles schemas does not link the client of DynamoDB.
type Schemas interface {
	Cached(ctx context.Context, tenant, schema string) (identity.Schema, error)
}

// NewChecker returns a Checker that reads schemas from schemas and compiles each version once.
func NewChecker(schemas Schemas) *Checker { return &Checker{schemas: schemas, cache: new(Cache)} }

// CheckUser checks those documents of u that parts names. The error is identity.Invalid with all
// violations if a document does not match its schema, if its schema does not exist, or if it is not
// empty although the pool has no schema for it.
func (c *Checker) CheckUser(ctx context.Context, u identity.User, parts []identity.DataPart) error {
	var v identity.Violations
	for _, part := range parts {
		document, schema := u.Document(part)
		if schema == "" {
			if string(document) != "{}" {
				v.Add("/"+string(part), identity.NotAllowed("cannot be given: the pool has no schema for it"))
			}
			continue
		}
		if err := c.checkDocument(ctx, &v, u.Tenant, part, schema, document); err != nil {
			return err
		}
	}
	return v.Err()
}

// CheckPayload checks a payload that was given in a registration. It fails as CheckUser does.
func (c *Checker) CheckPayload(ctx context.Context, tenant, schema string, payload []byte) error {
	var v identity.Violations
	if err := c.checkDocument(ctx, &v, tenant, identity.Payload, schema, payload); err != nil {
		return err
	}
	return v.Err()
}

// checkDocument adds the violations of one document to v. It fails if the schema cannot be read.
func (c *Checker) checkDocument(
	ctx context.Context, v *identity.Violations,
	tenant string, part identity.DataPart, id string, document []byte,
) error {
	found, err := c.schemas.Cached(ctx, tenant, id)
	if errors.As(err, new(identity.NotFound)) {
		v.Add("/"+string(part)+"_schema_id", identity.NoSuch("names a schema that does not exist"))
		return nil
	}
	if err != nil {
		return err
	}
	compiled, err := c.cache.Compile(tenant, id, found.Version, found.Document)
	if err != nil {
		return err
	}
	return v.AddUnder("/"+string(part), compiled.Validate(document))
}
