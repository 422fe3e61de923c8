package activation

import (
	"context"
	"errors"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"identitypools/shared/identity"
	"identitypools/shared/once"
	"identitypools/shared/otp"
)

// CodeRequest asks for a code that the back end sends itself.
type CodeRequest struct {
	Type       identity.CodePurpose `json:"type"`
	Address    string               `json:"address"`
	Identifier string               `json:"identifier"` // the old name of address; it wins
	Metadata   jsontext.Value       `json:"metadata"`   // published without a meaning: accepted and ignored
}

// Generated is a code and its long form for links; ID names the making of it.
type Generated struct{ ID, Code, Extended string }

// Generate makes a code for a user in place of all earlier ones of the type. For activation the user must be
// new and may use any of its addresses; to verify an address it must be one of the user's that is not
// verified; else a verified one. Errors: NotFound for pool or user, Invalid.
func (s *Service) Generate(
	ctx context.Context, ref identity.UserRef, r CodeRequest, reply once.Reply[Generated],
) (Generated, error) {
	if err := identity.CheckCodePurpose("/type", r.Type); err != nil {
		return Generated{}, err
	}
	p, err := s.Pools.Cached(ctx, ref.Tenant, ref.Pool)
	if err != nil {
		return Generated{}, err
	}
	u, err := s.Users.Get(ctx, ref)
	if err != nil {
		return Generated{}, err
	}
	address, registration, err := s.addressFor(ctx, p, u, r)
	if err != nil {
		return Generated{}, err
	}
	code := identity.Code{
		Message: s.NewID(), Registration: registration, Address: address.Value,
		Normalized: address.Normalized, AddressType: address.Type,
	}
	purpose := r.Type
	if purpose == identity.PurposeVerifyAddress {
		purpose = purpose.For(address)
	}
	alone := s.Codes.Alone(ctx, code.MailboxRef(p.Tenant))
	issued := once.Map(reply, func(made otp.Issued) (Generated, error) { return generatedOf(code, made), nil })
	made, err := s.Codes.Issue(ctx, p, ref, purpose, code, alone, issued)
	return generatedOf(code, made), err
}

func generatedOf(code identity.Code, made otp.Issued) Generated {
	return Generated{ID: code.Message, Code: made.Code, Extended: made.Extended}
}

func (s *Service) addressFor(
	ctx context.Context, p identity.Pool, u identity.User, r CodeRequest,
) (address identity.Address, registration string, err error) {
	asked := Request{Address: r.Address, Identifier: r.Identifier}.address()
	if r.Type == identity.PurposeActivation {
		if u.Status != identity.StatusNew {
			return address, "", identity.InvalidField("/type", "the user must be new to be activated")
		}
		return s.address(ctx, p, u, asked, false)
	}
	verify := r.Type == identity.PurposeVerifyAddress
	usable := slices.DeleteFunc(slices.Clone(u.Addresses), func(a identity.Address) bool { return a.Verified == verify })
	if asked != "" {
		usable = chosen(p, usable, asked)
	}
	if len(usable) != 1 {
		kind := "a verified"
		if verify {
			kind = "an unverified"
		}
		return address, "", identity.InvalidField("/address", "must name "+kind+" address of the user")
	}
	if verify {
		return usable[0], "", s.mustBeFree(ctx, u, usable[0])
	}
	return usable[0], "", nil
}

// UserCodeRequest is a CodeRequest that finds its user: by id, or by an identifier; for resets and challenges also by a verified address.
type UserCodeRequest struct {
	Type       identity.CodePurpose `json:"type"`
	UserID     string               `json:"userID"`
	Identifier string               `json:"identifier"`
	Address    string               `json:"address"`
	Metadata   jsontext.Value       `json:"metadata"`
}

// GenerateForUser is Generate for a user that has to be found. Errors: those of Generate, Invalid where nothing names a user.
func (s *Service) GenerateForUser(
	ctx context.Context, tenant, pool string, r UserCodeRequest, reply once.Reply[Generated],
) (Generated, error) {
	ref := identity.UserRef{Tenant: tenant, Pool: pool, ID: r.UserID}
	if r.UserID == "" {
		found, err := s.find(ctx, tenant, pool, r)
		if err != nil {
			return Generated{}, err
		}
		ref = found
	}
	return s.Generate(ctx, ref, CodeRequest{Type: r.Type, Address: r.Address}, reply)
}

func (s *Service) find(ctx context.Context, tenant, pool string, r UserCodeRequest) (identity.UserRef, error) {
	p, err := s.Pools.Cached(ctx, tenant, pool)
	if err != nil {
		return identity.UserRef{}, err
	}
	key := r.Identifier
	if key == "" && (r.Type == identity.PurposeResetPassword || r.Type == identity.PurposeChallenge) {
		key = r.Address
	}
	if key == "" {
		return identity.UserRef{}, identity.InvalidField("/identifier", "must be given, or userID instead")
	}
	unknown := identity.NotFound{Thing: "user", ID: "with this identifier"}
	normalized, err := p.NormalizeUntyped(key)
	if err != nil {
		return identity.UserRef{}, unknown
	}
	ref, err := s.Users.Claimant(ctx, tenant, pool, normalized)
	if errors.As(err, new(identity.NotFound)) {
		return ref, unknown
	}
	return ref, err
}
