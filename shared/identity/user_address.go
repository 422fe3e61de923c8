package identity

import (
	"slices"
)

// AddressChange is the body of a request that changes an address of a user. Address says which one,
// in any spelling; it stays as it was given first. Type may be repeated and cannot change. Status is
// required. Without Verified the address is not verified afterwards. Absent other members leave what
// is stored.
type AddressChange NewAddress

// AddAddress returns u with one more address, and that address. The caller claims the address if it is
// verified. The error is Invalid, also if u has MaxAddresses, or Conflict if u has the address.
func (p Pool) AddAddress(u User, n NewAddress, m Maker) (User, Address, error) {
	var v Violations
	added := p.addressOf(&v, "", n, u.Status, m)
	switch {
	case len(v) > 0:
		return u, added, v.Err()
	case u.hasAddress(added.Normalized):
		return u, added, Conflict{Pointer: "/address", Reason: "the user has this address already"}
	case len(u.Addresses) >= MaxAddresses:
		return u, added, InvalidField("/address", tooMany("addresses", MaxAddresses))
	}
	u.rename(m)
	u.Addresses = append(u.Addresses, added)
	u.checkFurther(&v, "/metadata")
	return u, added, v.Err()
}

// ChangeAddress returns u with one of its addresses changed, and that address. If the address is not
// verified any more, the codes of u are killed, since some may have been sent there because it was.
// The error is NotFound if u has no such address, or Invalid.
func (p Pool) ChangeAddress(u User, c AddressChange, m Maker) (User, Address, error) {
	i, err := p.addressNamed(u, c.Address)
	if err != nil {
		return u, Address{}, err
	}
	a, now := u.Addresses[i], At(m.Now)
	var v Violations
	if c.Type != "" && c.Type != a.Type {
		v.Add("/type", Immutable("must be "+string(a.Type)+": the type of an address cannot change"))
	}
	if c.Status == "" {
		v.Add("/status", Required())
	}
	c.Type = a.Type
	NewAddress(c).check(&v, "")
	if err := v.Err(); err != nil {
		return u, a, err
	}
	u.rename(m)
	switch {
	case c.Verified && !a.Verified:
		a.Verified, a.VerifiedAt = true, now
	case !c.Verified && a.Verified:
		a.Verified, a.VerifiedAt = false, Time{}
		u.killCodes(m)
	}
	a.Status, a.PreferredContact = c.Status, firstNonEmpty(a.PreferredContact, c.PreferredContact)
	if isGiven(c.Metadata) {
		a.Metadata = c.Metadata
	}
	a.UpdatedAt = now
	u.Addresses[i] = a
	if isGiven(c.Metadata) {
		u.checkFurther(&v, "/metadata")
	}
	return u, a, v.Err()
}

// RemoveAddress returns u without an address, which is named in any spelling. The codes of u are
// killed, since some may have been sent there. The error is NotFound if u has no such address, or
// Invalid if none is named.
func (p Pool) RemoveAddress(u User, address string, m Maker) (User, error) {
	i, err := p.addressNamed(u, address)
	if err != nil {
		return u, err
	}
	u.rename(m)
	u.Addresses = slices.Delete(u.Addresses, i, i+1)
	u.killCodes(m)
	return u, nil
}

// addressNamed returns the index of the address of u that somebody names in any spelling.
func (p Pool) addressNamed(u User, name string) (int, error) {
	if name == "" {
		return 0, InvalidField("/address", Required())
	}
	normalized, err := p.NormalizeAddress(name)
	i := slices.IndexFunc(u.Addresses, func(a Address) bool { return err == nil && a.Normalized == normalized })
	if i < 0 {
		return 0, NotFound{Thing: "address", ID: "of this user with this value"}
	}
	return i, nil
}

// rename prepares u for a change of its identifiers or addresses by an administrator or a back end. The
// lists of u can be changed afterwards without a change of the user that was copied.
func (u *User) rename(m Maker) {
	u.takeOver()
	u.Identifiers, u.Addresses = slices.Clone(u.Identifiers), slices.Clone(u.Addresses)
	u.UpdatedAt = At(m.Now)
}

// AddressNotices returns the messages that tell a user of a change of verified addresses, from old to
// u. They go to all addresses that were the user's own before, also to one that is not any more: see
// Notices. There are none for a user who has never been active or is deleted, since they have no account
// that somebody could take over.
func AddressNotices(old, u User, m Maker) (notices []Message) {
	if old.Status != StatusActive && old.Status != StatusInactive {
		return nil
	}
	if len(u.verifiedBeside(old)) > 0 {
		notices = append(notices, Notices(MessageAddressAdded, old, m)...)
	}
	if len(old.verifiedBeside(u)) > 0 {
		notices = append(notices, Notices(MessageAddressRemoved, old, m)...)
	}
	return notices
}

// verifiedBeside returns the verified addresses of u, normalized, that are no verified ones of other.
func (u User) verifiedBeside(other User) (addresses []string) {
	for _, a := range u.Addresses {
		if a.Verified && !slices.ContainsFunc(other.Addresses, func(o Address) bool {
			return o.Verified && o.Normalized == a.Normalized
		}) {
			addresses = append(addresses, a.Normalized)
		}
	}
	return addresses
}
