// Package users is the function that administrators manage users with: create, list, read, change, delete, find by key, let mails
// go again to addresses that bounced.
package users

import (
	"context"
	"time"

	"identitypools/shared/identity"
	"identitypools/shared/once"
	"identitypools/shared/password"
	"identitypools/shared/schema"
	"identitypools/shared/table"
)

// Service has the use cases on users.
type Service struct {
	Pools         table.Pools
	Users         table.Users
	Registrations table.Registrations
	Suppressions  table.Suppressions
	Documents     *schema.Checker
	Passwords     *password.Hasher
	Now           func() time.Time
	NewID         func() string
}

// Create makes a user, of any status, and sends nothing. Errors: NotFound for the pool, Invalid, Conflict where the id, an
// identifier or a verified address is taken.
func (s *Service) Create(
	ctx context.Context, tenant, pool string, n identity.NewUser, reply once.Reply[identity.User],
) (identity.User, error) {
	p, err := s.Pools.Cached(ctx, tenant, pool)
	if err != nil {
		return identity.User{}, err
	}
	u, err := p.Create(n, identity.Maker{Now: s.Now(), NewID: s.NewID})
	if err != nil {
		return u, err
	}
	if err := s.Documents.CheckUser(ctx, u, identity.DataParts()); err != nil {
		return u, err
	}
	if len(n.Credentials) > 0 {
		given := n.Credentials[0].Password
		if u.PasswordHash, err = s.Passwords.HashNew(ctx, p, u, "/credentials/0/password", given); err != nil {
			return u, err
		}
	}
	return u, s.Users.Create(ctx, u, reply)
}

// Read reads a user. Errors: NotFound for pool or user, PreconditionFailed.
func (s *Service) Read(ctx context.Context, ref identity.UserRef, match identity.Match) (identity.User, error) {
	if _, err := s.Pools.Cached(ctx, ref.Tenant, ref.Pool); err != nil {
		return identity.User{}, err
	}
	u, err := s.Users.Get(ctx, ref)
	if err != nil {
		return u, err
	}
	return u, match.Check(u.Version)
}

// Key finds a user: by an identifier or by a verified address, one of the two.
type Key struct {
	Identifier string `json:"identifier"`
	Address    string `json:"address"`
}

// ReadByKey finds a user. Errors: NotFound, Invalid where not exactly one key is given.
func (s *Service) ReadByKey(ctx context.Context, tenant, pool string, k Key, match identity.Match) (identity.User, error) {
	p, err := s.Pools.Cached(ctx, tenant, pool)
	if err != nil {
		return identity.User{}, err
	}
	if (k.Identifier == "") == (k.Address == "") {
		return identity.User{}, identity.InvalidField("/identifier", "must be given, or address instead, but not both")
	}
	normalized, err := p.NormalizeUntyped(k.Identifier + k.Address)
	if err != nil {
		return identity.User{}, identity.NotFound{Thing: "user", ID: "with this key"}
	}
	ref, err := s.Users.Claimant(ctx, tenant, pool, normalized)
	if err != nil {
		return identity.User{}, err
	}
	u, err := s.Users.Get(ctx, ref)
	if err != nil {
		return u, err
	}
	if !has(u, k, normalized) {
		return u, identity.NotFound{Thing: "user", ID: "with this key"}
	}
	return u, match.Check(u.Version)
}

// has says whether the claim by which u was found is of the kind that was asked for.
func has(u identity.User, k Key, normalized string) bool {
	if k.Address == "" {
		for _, i := range u.Identifiers {
			if i.Normalized == normalized {
				return true
			}
		}
		return false
	}
	for _, a := range u.Addresses {
		if a.Normalized == normalized && a.Verified {
			return true
		}
	}
	return false
}

// Update changes a user's documents and status. The documents that it changes are checked, and no
// others: a user can always be disabled, whatever has become of its schemas. Errors: NotFound,
// Invalid, PreconditionFailed.
func (s *Service) Update(
	ctx context.Context, ref identity.UserRef, match identity.Match, c identity.UserChange,
	reply once.Reply[identity.User],
) (u identity.User, err error) {
	err = match.Change(func() error {
		old, err := s.Read(ctx, ref, match)
		if err != nil {
			return err
		}
		if u, err = old.Changed(c, identity.Maker{Now: s.Now(), NewID: s.NewID}); err != nil {
			return err
		}
		if err := s.Documents.CheckUser(ctx, u, c.Parts()); err != nil {
			return err
		}
		u, err = s.Users.Replace(ctx, old, u, reply)
		return err
	})
	return u, err
}

// Delete deletes a user and frees its identifiers at once. Errors: NotFound, PreconditionFailed.
func (s *Service) Delete(
	ctx context.Context, ref identity.UserRef, match identity.Match, reply once.Reply[once.None],
) error {
	return match.Change(func() error {
		u, err := s.Read(ctx, ref, match)
		if err != nil {
			return err
		}
		return s.Users.Delete(ctx, u, reply)
	})
}
