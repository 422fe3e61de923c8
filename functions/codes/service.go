// Package codes is the function that makes one-time codes of every purpose for back ends that send
// them themselves. It also mails and redeems the codes that answer a challenge and that prove an address,
// and tells what a code is for.
package codes

import (
	"context"
	"errors"

	"github.com/go-json-experiment/json/jsontext"

	"identitypools/shared/askcode"
	"identitypools/shared/identity"
	"identitypools/shared/once"
	"identitypools/shared/onetime"
	"identitypools/shared/table"
	"identitypools/shared/usecode"
)

// Service has the use cases on codes.
type Service struct {
	Pools table.Pools
	Users table.Users
	Codes *onetime.Generator
	Mails *askcode.Asker
	Uses  *usecode.User
}

// Request asks for a code for a user.
type Request struct {
	Type       identity.CodePurpose `json:"type"`
	Address    string               `json:"address"`
	Identifier string               `json:"identifier"` // the old name of address; it wins
	Metadata   jsontext.Value       `json:"metadata"`   // published without a meaning: accepted and ignored
}

// Generate makes a code for a user in place of all earlier ones of the type. Errors: those of
// onetime.Generator.
func (s *Service) Generate(
	ctx context.Context, ref identity.UserRef, r Request, reply once.Reply[onetime.Generated],
) (onetime.Generated, error) {
	address := r.Address
	if r.Identifier != "" {
		address = r.Identifier
	}
	return s.Codes.Generate(ctx, ref, r.Type, address, reply)
}

// UserRequest asks for a code for a user who must be found: by id, by an identifier, or, for resets
// and challenges, by a verified address.
type UserRequest struct {
	Type       identity.CodePurpose `json:"type"`
	UserID     identity.ID          `json:"userID"`
	Identifier string               `json:"identifier"`
	Address    string               `json:"address"`
	Metadata   jsontext.Value       `json:"metadata"` // as in Request
}

// GenerateForUser is like Generate, for a user who must be found. Errors: those of Generate; Invalid
// if nothing names a user.
func (s *Service) GenerateForUser(
	ctx context.Context, tenant, pool string, r UserRequest, reply once.Reply[onetime.Generated],
) (onetime.Generated, error) {
	ref := identity.UserRef{Tenant: tenant, Pool: pool, ID: string(r.UserID)}
	if r.UserID == "" {
		found, err := s.find(ctx, tenant, pool, r)
		if err != nil {
			return onetime.Generated{}, err
		}
		ref = found
	}
	return s.Codes.Generate(ctx, ref, r.Type, r.Address, reply)
}

// find returns the user whom a request without an id names.
func (s *Service) find(ctx context.Context, tenant, pool string, r UserRequest) (identity.UserRef, error) {
	p, err := s.Pools.Cached(ctx, tenant, pool)
	if err != nil {
		return identity.UserRef{}, err
	}
	name := r.Identifier
	if name == "" && (r.Type == identity.PurposeResetPassword || r.Type == identity.PurposeChallenge) {
		name = r.Address
	}
	if name == "" {
		return identity.UserRef{}, identity.InvalidField("/identifier", identity.RequiredOr("userID"))
	}
	unknown := identity.NotFound{Thing: "user", ID: "with this identifier"}
	forms, err := p.LookupForms(name)
	if err != nil {
		return identity.UserRef{}, unknown
	}
	ref, err := s.Users.Claimant(ctx, tenant, pool, forms)
	if errors.As(err, new(identity.NotFound)) {
		return ref, unknown
	}
	return ref, err
}
