// Package schemas is the function with which administrators create, list, read, change and delete
// identity schemas.
package schemas

import (
	"context"
	"slices"
	"strings"
	"time"

	"identitypools/shared/identity"
	"identitypools/shared/once"
	"identitypools/shared/retry"
	"identitypools/shared/schema"
	"identitypools/shared/table"
)

// Service has the use cases for identity schemas.
type Service struct {
	Schemas table.Schemas
	Retry   retry.Policy
	Now     func() time.Time
	NewID   func() string
}

// errSystem is the error for a change of a system schema.
var errSystem = identity.Refused{Code: "system_schema", Reason: "a system schema can be neither changed nor deleted"}

// Create creates a schema. The error is Invalid if the schema is not valid or its document is
// outside of the published subset, and Conflict if the id is taken.
func (s *Service) Create(
	ctx context.Context, tenant string, c identity.SchemaChange, reply once.Reply[identity.Schema],
) (identity.Schema, error) {
	created, err := identity.NewSchema(tenant, s.NewID(), c, s.Now())
	if err != nil {
		return created, err
	}
	created.Version = s.Now().UnixMilli()
	if err := normalize(&created); err != nil {
		return created, err
	}
	return created, s.Schemas.Create(ctx, created, reply)
}

// normalize checks a schema's document, and replaces it by the form that is stored and answered.
func normalize(s *identity.Schema) error {
	var v identity.Violations
	document, err := schema.Normalize(s.Document)
	if err := v.AddUnder("/schema", err); err != nil {
		return err
	}
	s.Document = document
	return v.Err()
}

// Read returns a schema. The error is NotFound, or PreconditionFailed if match refuses its version.
func (s *Service) Read(ctx context.Context, tenant, id string, match identity.Match) (identity.Schema, error) {
	found, err := s.Schemas.Get(ctx, tenant, id)
	if err != nil {
		return found, err
	}
	return found, match.Check(found.Version)
}

// List returns all schemas of a tenant, including the default ones, in the order of their ids. The
// published list has no pages.
func (s *Service) List(ctx context.Context, tenant string) ([]identity.Schema, error) {
	own, err := s.Schemas.List(ctx, tenant)
	if err != nil {
		return nil, err
	}
	all := append(identity.DefaultSchemas(tenant), own...)
	slices.SortFunc(all, func(a, b identity.Schema) int { return strings.Compare(a.ID, b.ID) })
	return all, nil
}

// Update replaces a schema. Users who do not conform to it any more are left unchanged until they
// are changed themselves. The error is NotFound, Refused for a system schema, Invalid or
// PreconditionFailed.
func (s *Service) Update(
	ctx context.Context, tenant, id string, match identity.Match, c identity.SchemaChange,
	reply once.Reply[identity.Schema],
) (identity.Schema, error) {
	whole := func(identity.Schema) (identity.SchemaChange, error) { return c, nil }
	return s.Change(ctx, tenant, id, match, whole, reply)
}

// Change replaces a schema by what the function change makes of it, which may be called several times.
// The errors are those of Update and of change.
func (s *Service) Change(
	ctx context.Context, tenant, id string, match identity.Match,
	change func(old identity.Schema) (identity.SchemaChange, error), reply once.Reply[identity.Schema],
) (changed identity.Schema, err error) {
	err = s.Retry.Change(ctx, match, func() error {
		old, err := s.changeable(ctx, tenant, id, match)
		if err != nil {
			return err
		}
		c, err := change(old)
		if err != nil {
			return err
		}
		if changed, err = old.Changed(c, s.Now()); err != nil {
			return err
		}
		if err := normalize(&changed); err != nil {
			return err
		}
		changed, err = s.Schemas.Replace(ctx, old.Version, changed, reply)
		return err
	})
	return changed, err
}

// Delete deletes a schema. The error is NotFound, Refused for a system schema, Conflict while a
// pool uses the schema, or PreconditionFailed.
func (s *Service) Delete(
	ctx context.Context, tenant, id string, match identity.Match, reply once.Reply[once.None],
) error {
	return s.Retry.Change(ctx, match, func() error {
		old, err := s.changeable(ctx, tenant, id, match)
		if err != nil {
			return err
		}
		return s.Schemas.Delete(ctx, old, reply)
	})
}

// changeable returns a schema that may be changed. The errors are those of Read, and Refused for a
// system schema.
func (s *Service) changeable(ctx context.Context, tenant, id string, match identity.Match) (identity.Schema, error) {
	old, err := s.Read(ctx, tenant, id, match)
	if err == nil && old.System {
		return old, errSystem
	}
	return old, err
}
