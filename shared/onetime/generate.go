package onetime

import (
	"context"
	"time"

	"identitypools/shared/identity"
	"identitypools/shared/once"
	"identitypools/shared/otp"
	"identitypools/shared/table"
)

// Generator makes codes for back ends that send them themselves.
type Generator struct {
	Pools     table.Pools
	Addresses Addresses
	Issuer    *Issuer
	NewID     func() string
}

// NewGenerator returns a Generator of codes in a table.
func (t Tools) NewGenerator(db *table.Table, now func() time.Time, newID func() string) *Generator {
	return &Generator{
		Pools: db.Pools, Issuer: t.NewIssuer(db, now), NewID: newID,
		Addresses: Addresses{Users: db.Users, Registrations: db.Registrations, Mailboxes: db.Mailboxes, Now: now},
	}
}

// Generated is a code, and the longer code for links that has the same effect. ID is the id of the
// call that made the two.
type Generated struct{ ID, Code, Extended string }

// Generate makes a code for a user and a purpose in place of all earlier ones, for the address that
// asked names, or for the only one if asked is "". A user who is to be activated must be new, and
// any of its addresses will do. A code that verifies an address needs one that is not verified, and
// a code for any other purpose one that belongs to the user. Errors: NotFound for the pool or the user; Invalid.
func (g *Generator) Generate(
	ctx context.Context, ref identity.UserRef, purpose identity.CodePurpose, asked string,
	reply once.Reply[Generated],
) (Generated, error) {
	if err := identity.CheckCodePurpose("/type", purpose); err != nil {
		return Generated{}, err
	}
	p, err := g.Pools.Cached(ctx, ref.Tenant, ref.Pool)
	if err != nil {
		return Generated{}, err
	}
	u, err := g.Addresses.Users.Get(ctx, ref)
	if err != nil {
		return Generated{}, err
	}
	chosen, err := g.choose(ctx, p, u, purpose, asked)
	if err != nil {
		return Generated{}, err
	}
	address := chosen.Address
	code := identity.Code{
		Message: g.NewID(), Registration: chosen.Registration, Address: address.Value,
		Normalized: address.Normalized, AddressType: address.Type,
	}
	if purpose == identity.PurposeVerifyAddress {
		purpose = purpose.For(address)
	}
	alone := g.Issuer.Alone(ctx, code.MailboxRef(p.Tenant))
	issued := once.Map(reply, func(made otp.Issued) (Generated, error) { return generatedOf(code, made), nil })
	made, err := g.Issuer.Issue(ctx, p, u, purpose, code, alone, issued)
	return generatedOf(code, made), err
}

func (g *Generator) choose(
	ctx context.Context, p identity.Pool, u identity.User, purpose identity.CodePurpose, asked string,
) (Choice, error) {
	switch {
	case purpose != identity.PurposeActivation:
		return g.Addresses.ForPurpose(ctx, p, u, purpose, asked)
	case u.Status != identity.StatusNew:
		return Choice{}, identity.InvalidField("/type", identity.WrongStatus("the user must be new to be activated"))
	}
	return g.Addresses.ForActivation(ctx, p, u, asked, false)
}

func generatedOf(code identity.Code, made otp.Issued) Generated {
	return Generated{ID: code.Message, Code: made.Code, Extended: made.Extended}
}
