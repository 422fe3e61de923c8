// Package pools is the function with which administrators create, list, read, change and delete
// identity pools, and change the texts of their mails.
package pools

import (
	"context"
	"errors"
	"time"

	"identitypools/shared/identity"
	"identitypools/shared/mail"
	"identitypools/shared/once"
	"identitypools/shared/retry"
	"identitypools/shared/table"
)

// Service has the use cases for pools.
type Service struct {
	Pools     table.Pools
	MailTexts table.MailTexts // the texts that pools have set
	Deletions table.Deletions
	Texts     *mail.Texts // the default texts
	Retry     retry.Policy
	Now       func() time.Time
	NewID     func() string
}

// Create creates a pool. The error is Invalid if the pool is not valid or a schema does not exist,
// and Conflict if the id is taken.
func (s *Service) Create(
	ctx context.Context, tenant string, c identity.PoolChange, reply once.Reply[identity.Pool],
) (identity.Pool, error) {
	p, err := identity.NewPool(tenant, s.NewID(), c)
	if err != nil {
		return p, err
	}
	p.Version = s.Now().UnixMilli()
	return p, s.Pools.Create(ctx, p, reply)
}

// Read returns a pool. The error is NotFound, or PreconditionFailed if match refuses its version.
func (s *Service) Read(ctx context.Context, tenant, id string, match identity.Match) (identity.Pool, error) {
	p, err := s.Pools.Get(ctx, tenant, id)
	if err != nil {
		return p, err
	}
	return p, match.Check(p.Version)
}

// Update changes a pool's settings. The setting whether its identifiers ignore case can change only
// while the pool has no users, because their identifiers are claimed in one form. The error is
// NotFound, Invalid, Conflict or PreconditionFailed.
func (s *Service) Update(
	ctx context.Context, tenant, id string, match identity.Match, c identity.PoolChange,
	reply once.Reply[identity.Pool],
) (identity.Pool, error) {
	changed := func(old identity.Pool) (identity.Pool, error) { return old.Changed(c) }
	return s.Change(ctx, tenant, id, match, changed, reply)
}

// Change changes a pool's settings to what the function changed makes of it, which may be called several
// times. The errors are those of Update and of changed.
func (s *Service) Change(
	ctx context.Context, tenant, id string, match identity.Match,
	changed func(old identity.Pool) (identity.Pool, error), reply once.Reply[identity.Pool],
) (p identity.Pool, err error) {
	err = s.Retry.Change(ctx, match, func() error {
		old, err := s.Read(ctx, tenant, id, match)
		if err != nil {
			return err
		}
		if p, err = changed(old); err != nil {
			return err
		}
		if p.CaseInsensitive != old.CaseInsensitive {
			if err := s.mustBeEmpty(ctx, p); err != nil {
				return err
			}
		}
		p, err = s.Pools.Replace(ctx, old, p, reply)
		return err
	})
	return p, err
}

// mustBeEmpty returns Conflict if the pool has users.
func (s *Service) mustBeEmpty(ctx context.Context, p identity.Pool) error {
	empty, err := s.Pools.IsEmpty(ctx, p.Tenant, p.ID)
	if err == nil && !empty {
		return identity.Conflict{
			Pointer: "/identifier_case_insensitive",
			Reason:  "identifier_case_insensitive can change only while the pool has no users",
		}
	}
	return err
}

// Delete makes a pool and all of its users unreachable at once. It also deletes the items of a
// small pool. The items of a large pool are deleted later by the keeper, which reads the table's
// stream. The error is NotFound or PreconditionFailed.
func (s *Service) Delete(
	ctx context.Context, tenant, id string, match identity.Match, reply once.Reply[once.None],
) error {
	err := s.Retry.Change(ctx, match, func() error {
		p, err := s.Read(ctx, tenant, id, match)
		if err != nil {
			return err
		}
		return s.Pools.Delete(ctx, p, reply)
	})
	if err != nil {
		return err
	}
	for range 2 { // the first step deletes the users, the second the pool
		done, err := s.Deletions.Purge(ctx, tenant, id)
		if done || errors.As(err, new(identity.Unavailable)) {
			return nil // the pool is deleted, and the keeper does the rest
		}
		if err != nil {
			return err
		}
	}
	return nil
}
