// Package pools is the function that administrators keep identity pools with: create, list, read, change, delete; and word their mails.
package pools

import (
	"context"
	"errors"
	"time"

	"identitypools/shared/identity"
	"identitypools/shared/mail"
	"identitypools/shared/once"
	"identitypools/shared/table"
)

// Service has the use cases on pools.
type Service struct {
	Pools     table.Pools
	MailTexts table.MailTexts // that pools have set
	Deletions table.Deletions
	Texts     *mail.Texts // the usual ones
	Now       func() time.Time
	NewID     func() string
}

// Create makes a pool. Errors: Invalid, also for a schema that does not exist; Conflict where the id is taken.
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

// Read reads a pool. Errors: NotFound, PreconditionFailed.
func (s *Service) Read(ctx context.Context, tenant, id string, match identity.Match) (identity.Pool, error) {
	p, err := s.Pools.Get(ctx, tenant, id)
	if err != nil {
		return p, err
	}
	return p, match.Check(p.Version)
}

// Update changes a pool's settings. Whether its identifiers ignore case can change only while it has no users, since their
// identifiers are claimed in one form. Errors: NotFound, Invalid, Conflict, PreconditionFailed.
func (s *Service) Update(
	ctx context.Context, tenant, id string, match identity.Match, c identity.PoolChange,
	reply once.Reply[identity.Pool],
) (p identity.Pool, err error) {
	err = match.Change(func() error {
		old, err := s.Read(ctx, tenant, id, match)
		if err != nil {
			return err
		}
		if p, err = old.Changed(c); err != nil {
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

func (s *Service) mustBeEmpty(ctx context.Context, p identity.Pool) error {
	empty, err := s.Pools.IsEmpty(ctx, p.Tenant, p.ID)
	if err == nil && !empty {
		return identity.Conflict{Pointer: "/identifier_case_insensitive", Reason: "identifier_case_insensitive can change only while the pool has no users"}
	}
	return err
}

// Delete makes a pool with all its users unreachable at once. A small pool is purged on the spot; the rest of a large one
// goes in the background, driven by the table's stream. Errors: NotFound, PreconditionFailed.
func (s *Service) Delete(
	ctx context.Context, tenant, id string, match identity.Match, reply once.Reply[once.None],
) error {
	err := match.Change(func() error {
		p, err := s.Read(ctx, tenant, id, match)
		if err != nil {
			return err
		}
		return s.Pools.Delete(ctx, p, reply)
	})
	if err != nil {
		return err
	}
	for range 2 { // one step for the users, one for the pool
		done, err := s.Deletions.Purge(ctx, tenant, id)
		if done || errors.As(err, new(identity.Unavailable)) {
			return nil // the pool is deleted; the stream's reader goes on
		}
		if err != nil {
			return err
		}
	}
	return nil
}
