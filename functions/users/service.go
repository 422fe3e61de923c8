// Package users is the function with which administrators create, list, read, find, change and
// delete users, and allow mails again to addresses that bounced.
package users

import (
	"context"
	"fmt"
	"slices"
	"time"

	"identitypools/shared/factor"
	"identitypools/shared/identity"
	"identitypools/shared/once"
	"identitypools/shared/password"
	"identitypools/shared/retry"
	"identitypools/shared/schema"
	"identitypools/shared/table"
)

// Service has the use cases for users.
type Service struct {
	Pools         table.Pools
	Users         table.Users
	Registrations table.Registrations
	Suppressions  table.Suppressions
	SES           SuppressionList
	Documents     *schema.Checker
	Passwords     *password.Hasher
	Factors       factor.Keys
	Retry         retry.Policy
	Now           func() time.Time
	NewID         func() string
}

// Create creates a user of any status. It sends no mail. The error is NotFound if there is no such
// pool, Invalid, or Conflict if the id, an identifier or a verified address is taken.
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
	if err := s.addSecrets(ctx, p, &u, n.Credentials); err != nil {
		return u, err
	}
	return u, s.Users.Create(ctx, u, reply)
}

// addSecrets hashes the password of a new user and seals the secret of the user's authenticator app.
// The error is Invalid for a password that the pool's policy refuses.
func (s *Service) addSecrets(
	ctx context.Context, p identity.Pool, u *identity.User, list []identity.NewCredential,
) (err error) {
	for i, given := range list {
		at := fmt.Sprintf("/credentials/%d", i)
		switch given.Type {
		case identity.CredentialPassword:
			u.PasswordHash, err = s.Passwords.HashNew(ctx, p, *u, at+"/password", given.Password)
		case identity.CredentialTOTP:
			err = s.setTOTP(u, at+"/totp_secret", given.TOTPSecret)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// setTOTP gives a user an authenticator app with a secret, which it seals. The error is Invalid.
func (s *Service) setTOTP(u *identity.User, pointer, text string) error {
	secret, err := identity.ParseTOTPSecret(pointer, text)
	if err != nil {
		return err
	}
	sealed, err := s.Factors.SealTOTP(u.Ref(), secret)
	if err == nil {
		u.SetTOTP(sealed, identity.Maker{Now: s.Now(), NewID: s.NewID})
	}
	return err
}

// Read returns a user. The error is NotFound if there is no such pool or user, or
// PreconditionFailed if match refuses its version.
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

// Key names a user by either an identifier or a verified address.
type Key struct {
	Identifier string `json:"identifier"`
	Address    string `json:"address"`
}

// ReadByKey returns the user whom a key names. The error is NotFound, Invalid unless the key has
// exactly one member, or PreconditionFailed if match refuses the user's version.
func (s *Service) ReadByKey(
	ctx context.Context, tenant, pool string, k Key, match identity.Match,
) (identity.User, error) {
	p, err := s.Pools.Cached(ctx, tenant, pool)
	if err != nil {
		return identity.User{}, err
	}
	if (k.Identifier == "") == (k.Address == "") {
		return identity.User{}, identity.InvalidField("/identifier",
			identity.Broken(identity.CodeRequired, "must be given, or address instead, but not both"))
	}
	forms, err := p.LookupForms(k.Identifier)
	if k.Address != "" {
		var normalized string
		normalized, err = p.NormalizeAddress(k.Address)
		forms = []string{normalized}
	}
	if err != nil {
		return identity.User{}, identity.NotFound{Thing: "user", ID: "with this key"}
	}
	ref, err := s.Users.Claimant(ctx, tenant, pool, forms)
	if err != nil {
		return identity.User{}, err
	}
	u, err := s.Users.Get(ctx, ref)
	if err != nil {
		return u, err
	}
	if !hasKind(u, k, forms) {
		return u, identity.NotFound{Thing: "user", ID: "with this key"}
	}
	return u, match.Check(u.Version)
}

// hasKind reports whether a claim of u that has one of the forms is of the kind that the key names.
func hasKind(u identity.User, k Key, forms []string) bool {
	if k.Address != "" {
		u.Identifiers = nil
	} else {
		u.Addresses = nil
	}
	return slices.ContainsFunc(u.Claims(), func(claim string) bool { return slices.Contains(forms, claim) })
}

// Update changes a user's documents and status. It checks only the documents that it changes, so a
// user can be deactivated even if its other documents do not conform to their schemas any more. The
// error is NotFound, Invalid or PreconditionFailed.
func (s *Service) Update(
	ctx context.Context, ref identity.UserRef, match identity.Match, c identity.UserChange,
	reply once.Reply[identity.User],
) (u identity.User, err error) {
	err = s.Retry.Change(ctx, match, func() error {
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

// Delete deletes a user and frees its identifiers at once. The error is NotFound or
// PreconditionFailed.
func (s *Service) Delete(
	ctx context.Context, ref identity.UserRef, match identity.Match, reply once.Reply[once.None],
) error {
	return s.Retry.Change(ctx, match, func() error {
		u, err := s.Read(ctx, ref, match)
		if err != nil {
			return err
		}
		return s.Users.Delete(ctx, u, reply)
	})
}
