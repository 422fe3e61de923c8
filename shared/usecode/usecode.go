// Package usecode carries out what one-time codes do besides activation: they set a new password, prove
// an address, or answer a challenge. shared/onetime recognizes the codes. Activation has a package of
// its own (shared/activate), and the codes for other factors are redeemed by the function factors.
package usecode

import (
	"context"
	"errors"
	"time"

	"identitypools/shared/identity"
	"identitypools/shared/once"
	"identitypools/shared/onetime"
	"identitypools/shared/otp"
	"identitypools/shared/password"
	"identitypools/shared/table"
)

// User redeems codes for users.
type User struct {
	Redeemer  *onetime.Redeemer
	Users     table.Users
	Codes     table.Codes
	Passwords *password.Hasher
	Now       func() time.Time
	NewID     func() string
}

// New returns a User of codes for users in a table.
func New(tools onetime.Tools, db *table.Table, now func() time.Time, newID func() string) *User {
	return &User{
		Redeemer: tools.NewRedeemer(db, now, newID), Users: db.Users, Codes: db.Codes,
		Passwords: password.NewHasher(), Now: now, NewID: newID,
	}
}

// Named is a code with the name of its user: an address or an identifier that the user has, or the id of
// the user. An extended code needs none of them.
type Named struct{ Code, Address, Identifier, User string }

// Proof returns the proof that somebody presents with a code for a reset. If a name leads to no user, the
// proof is for one who does not exist, and a short code costs as much. Errors: Invalid if both a user and
// an identifier are given, or no code.
func (u *User) Proof(ctx context.Context, p identity.Pool, n Named) (onetime.Proof, error) {
	var v identity.Violations
	if n.Code == "" {
		v.Add("/code", identity.Required())
	}
	if n.Identifier != "" && n.User != "" {
		v.Add("/identifier", identity.NotAllowed("must not be given together with userID"))
	}
	if err := v.Err(); err != nil {
		return onetime.Proof{}, err
	}
	proof := onetime.Proof{User: n.User, Code: n.Code}
	name := n.Identifier
	if name == "" && n.User == "" {
		name = n.Address
	}
	if name == "" {
		if n.User != "" {
			proof.Box = identity.NobodyRef(p.Tenant, "user#"+n.User)
		}
		return proof, nil
	}
	forms, err := p.LookupForms(name)
	if err != nil {
		forms = []string{identity.Nobody}
	}
	proof.Box = identity.NobodyRef(p.Tenant, forms[len(forms)-1])
	owner, err := u.Users.Claimant(ctx, p.Tenant, p.ID, forms)
	switch {
	case err == nil:
		proof.User = owner.ID
	case errors.As(err, new(identity.NotFound)):
		proof.User = identity.NobodyID
	default:
		return proof, err
	}
	return proof, nil
}

// ResetPassword gives a user a new password, if the proof has a code for that. All codes of the user die,
// and the user is told. A repeat of the same request, such as a double click, changes nothing and
// succeeds. The pointer names the field of the password. Errors: those of onetime.Redeemer for the code;
// Invalid for a password that the pool does not accept, after which the code can still be used.
func (u *User) ResetPassword(
	ctx context.Context, p identity.Pool, proof onetime.Proof, pointer, given string,
	reply once.Reply[once.None],
) error {
	return u.Redeemer.Redeem(ctx, p, identity.PurposeResetPassword, proof, reply.Request(),
		func(ctx context.Context, right onetime.Redemption) error {
			if right.Repeats != nil {
				return u.isSamePassword(ctx, right.User, given)
			}
			if right.User.Status != identity.StatusActive {
				return identity.InvalidCode{}
			}
			hash, err := u.Passwords.HashNew(ctx, p, right.User, pointer, given)
			if err != nil {
				return err
			}
			changed := p.WithPassword(right.User, hash, u.maker())
			effects := table.Effects{Spent: right.Spent, Messages: identity.Notices(identity.MessagePasswordSet, right.User, u.maker())}
			_, err = u.Users.Change(ctx, right.User, changed, effects, once.WithoutResult[identity.User](reply))
			return err
		})
}

// isSamePassword returns InvalidCode if a request that repeats a reset has another password.
func (u *User) isSamePassword(ctx context.Context, of identity.User, given string) error {
	result, err := u.Passwords.Verify(ctx, of.PasswordHash, given)
	if err == nil && !result.OK {
		err = identity.InvalidCode{}
	}
	return err
}

// ProveAddress makes an unverified address of a user a verified one, if the proof has a code that was made
// for it. The user is told at the addresses that they had before. Errors: those of onetime.Redeemer for
// the code; Invalid for what is no address; Conflict if another user has the address meanwhile.
func (u *User) ProveAddress(
	ctx context.Context, p identity.Pool, proof onetime.Proof, reply once.Reply[once.None],
) error {
	normalized, err := p.NormalizeAddress(proof.Address)
	if err != nil {
		return identity.InvalidField("/address", identity.RuleOf(err))
	}
	return u.prove(ctx, p, identity.Address{Normalized: normalized}, proof, reply)
}

// ProveByLink is like ProveAddress, for the link of a mail: see addressBy. Whatever is wrong with the
// link, the error is InvalidCode, and the calls are the same.
func (u *User) ProveByLink(
	ctx context.Context, p identity.Pool, proof onetime.Proof, digest string, reply once.Reply[once.None],
) error {
	address, err := u.addressBy(ctx, p, proof.Code, digest)
	if err != nil {
		return err
	}
	return u.prove(ctx, p, address, proof, reply)
}

// prove redeems a code that was made to verify an address.
func (u *User) prove(
	ctx context.Context, p identity.Pool, address identity.Address, proof onetime.Proof,
	reply once.Reply[once.None],
) error {
	err := u.Redeemer.Redeem(ctx, p, identity.PurposeVerifyAddress.For(address), proof, reply.Request(),
		func(ctx context.Context, right onetime.Redemption) error {
			if right.Repeats != nil {
				return nil
			}
			changed, err := right.User.WithProvedAddress(right.Code, u.maker())
			if err != nil {
				return err
			}
			effects := table.Effects{Spent: right.Spent, Messages: identity.AddressNotices(right.User, changed, u.maker())}
			_, err = u.Users.Change(ctx, right.User, changed, effects, once.WithoutResult[identity.User](reply))
			return err
		})
	if errors.As(err, new(identity.Conflict)) {
		err = identity.Conflict{Pointer: "/address", Reason: "the address is another user's"}
	}
	return err
}

// addressBy returns the address that the link of a mail is about. The link has an extended code, which
// names the user, and the digest of the address instead of the address itself. If the user does not have
// it, addressBy returns an address that nobody has, so that the code is looked for all the same. Errors:
// InvalidCode for what is no extended code.
func (u *User) addressBy(ctx context.Context, p identity.Pool, code, digest string) (identity.Address, error) {
	named, _, isExtended := otp.ParseExtended(code)
	if !isExtended {
		return identity.Address{}, identity.InvalidCode{}
	}
	of, err := u.Users.Get(ctx, identity.UserRef{Tenant: p.Tenant, Pool: p.ID, ID: named})
	if err != nil && !errors.As(err, new(identity.NotFound)) {
		return identity.Address{}, err
	}
	for _, a := range of.Addresses {
		if identity.AddressDigest(a.Normalized) == digest {
			return a, nil
		}
	}
	return identity.Address{Normalized: identity.Nobody}, nil
}

// ProvedBy returns the unverified address that the link of a mail proves. Errors: InvalidCode, whatever is
// wrong with the link; ExpiredCode.
func (u *User) ProvedBy(ctx context.Context, p identity.Pool, code, digest string) (address string, err error) {
	a, err := u.addressBy(ctx, p, code, digest)
	if err != nil {
		return "", err
	}
	_, err = u.Redeemer.Look(ctx, p, identity.PurposeVerifyAddress.For(a), onetime.Proof{Code: code})
	if err == nil && a.Verified {
		err = identity.InvalidCode{}
	}
	return a.Normalized, err
}

// ResetBy returns the address that the code of a link was mailed to, if the code resets a password.
// Errors: InvalidCode, also for the code of a user who is not active; ExpiredCode.
func (u *User) ResetBy(ctx context.Context, p identity.Pool, code string) (address string, err error) {
	found, err := u.Redeemer.Look(ctx, p, identity.PurposeResetPassword, onetime.Proof{Code: code})
	if err == nil && found.User.Status != identity.StatusActive {
		err = identity.InvalidCode{}
	}
	return found.Code.Address, err
}

// Answer redeems a code for a challenge or an authentication, and returns the id of its user, who must be
// active. Errors: those of onetime.Redeemer for the code.
func (u *User) Answer(
	ctx context.Context, p identity.Pool, purpose identity.CodePurpose, proof onetime.Proof,
	reply once.Reply[string],
) (id string, err error) {
	err = u.Redeemer.Redeem(ctx, p, purpose, proof, reply.Request(),
		func(ctx context.Context, right onetime.Redemption) error {
			if id = right.User.ID; right.Repeats != nil {
				return nil
			}
			if right.User.Status != identity.StatusActive {
				return identity.InvalidCode{}
			}
			stored := once.Map(reply, func(once.None) (string, error) { return id, nil })
			return u.Codes.Spend(ctx, right.Spent[0], stored)
		})
	return id, err
}

// SignIn redeems a code for an authentication of a person, and returns the user, who must be active,
// without the hash of the password. A repeat of the same request returns the user too, unless the user has
// changed since. Errors: those of onetime.Redeemer for the code.
func (u *User) SignIn(ctx context.Context, p identity.Pool, proof onetime.Proof) (of identity.User, err error) {
	err = u.Redeemer.Redeem(ctx, p, identity.PurposeAuthentication, proof, nil,
		func(ctx context.Context, right onetime.Redemption) error {
			if of = right.User; right.Repeats != nil {
				return nil
			}
			if right.User.Status != identity.StatusActive {
				return identity.InvalidCode{}
			}
			if used := right.Spent[0].Used; used != nil {
				used.Version = right.User.Version // the redemption leaves the user as it is
			}
			return u.Codes.Spend(ctx, right.Spent[0], once.Reply[once.None]{})
		})
	if err != nil {
		return identity.User{}, err
	}
	of.PasswordHash, of.EarlierHashes = "", nil
	return of, nil
}

// Inspect returns the extended code of any purpose, with its user, and leaves the code as it is. Errors:
// InvalidCode; ExpiredCode.
func (u *User) Inspect(ctx context.Context, p identity.Pool, code string) (onetime.Redemption, error) {
	user, base, isExtended := otp.ParseExtended(code)
	purpose, proof := identity.CodePurpose(base), onetime.Proof{Code: code}
	if !isExtended || purpose != identity.PurposeVerifyAddress {
		return u.Redeemer.Look(ctx, p, purpose, proof)
	}
	// The code does not tell which address it is for. The user has at most identity.MaxAddresses.
	of, err := u.Users.Get(ctx, identity.UserRef{Tenant: p.Tenant, Pool: p.ID, ID: user})
	if err != nil && !errors.As(err, new(identity.NotFound)) {
		return onetime.Redemption{}, err
	}
	for _, address := range of.UsableAddresses(purpose) {
		found, err := u.Redeemer.Look(ctx, p, purpose.For(address), proof)
		if !errors.As(err, new(identity.InvalidCode)) {
			return found, err
		}
	}
	return onetime.Redemption{}, identity.InvalidCode{}
}

func (u *User) maker() identity.Maker { return identity.Maker{Now: u.Now(), NewID: u.NewID} }
