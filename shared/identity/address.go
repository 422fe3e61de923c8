package identity

import "slices"

// TakenAddress is returned for an address that belongs to another user of the pool.
type TakenAddress struct {
	Invalid
	Owner UserRef
}

// Unwrap returns what is wrong with the request.
func (e TakenAddress) Unwrap() error { return e.Invalid }

// Named returns those of the addresses, at most one, that somebody names in any spelling which the
// pool takes for the same.
func (p Pool) Named(addresses []Address, name string) []Address {
	normalized, err := p.NormalizeAddress(name)
	return slices.DeleteFunc(slices.Clone(addresses), func(a Address) bool {
		return err != nil || a.Normalized != normalized
	})
}

// OwnAddresses returns the addresses that belong to u alone: the verified ones, and the identifiers whose
// type is that of an address. It leaves out addresses that an administrator has made inactive.
func (u User) OwnAddresses() []Address {
	return slices.DeleteFunc(u.CandidateAddresses(), func(a Address) bool {
		isIdentifier := slices.ContainsFunc(u.Identifiers, func(i Identifier) bool {
			return i.Normalized == a.Normalized && i.Type.isAddress()
		})
		return a.Status == StatusInactive || !a.Verified && !isIdentifier
	})
}

// WithProvedAddress returns the user after the unverified address that the code proves has become a
// verified one. Errors: InvalidCode if the user has no such address any more.
func (u User) WithProvedAddress(c Code, m Maker) (User, error) {
	i := slices.IndexFunc(u.Addresses, func(a Address) bool { return a.Normalized == c.Normalized && !a.Verified })
	if i < 0 {
		return u, InvalidCode{}
	}
	u.Addresses = slices.Clone(u.Addresses)
	a := &u.Addresses[i]
	a.Verified, a.VerifiedAt, a.UpdatedAt, u.UpdatedAt = true, At(m.Now), At(m.Now), At(m.Now)
	return u, nil
}

// UsableAddresses returns the addresses of u that a code for the purpose may be for: those that are
// not verified if the code is to verify one, and OwnAddresses for every other purpose but activation,
// for which see CandidateAddresses.
func (u User) UsableAddresses(purpose CodePurpose) []Address {
	if purpose != PurposeVerifyAddress {
		return u.OwnAddresses()
	}
	return slices.DeleteFunc(slices.Clone(u.Addresses), func(a Address) bool { return a.Verified })
}
