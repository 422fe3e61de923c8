package identity

import (
	"slices"
)

// AddIdentifier returns u with one more identifier, and that identifier. The caller claims it. The
// error is Invalid, also if u has MaxIdentifiers, or Conflict if u has the identifier.
func (p Pool) AddIdentifier(u User, n NewIdentifier, m Maker) (User, Identifier, error) {
	var v Violations
	// As in Create, whoever is to be activated gets the mail at an identifier if there is no address.
	added := p.identifierOf(&v, "", n, u.Status == StatusNew && len(u.Addresses) == 0, m)
	switch {
	case len(v) > 0:
		return u, added, v.Err()
	case u.hasIdentifier(added.Normalized):
		return u, added, Conflict{Pointer: "/identifier", Reason: "the user has this identifier already"}
	case len(u.Identifiers) >= MaxIdentifiers:
		return u, added, InvalidField("/identifier",
			tooMany("identifiers", MaxIdentifiers))
	}
	u.rename(m)
	u.Identifiers = append(u.Identifiers, added)
	u.checkFurther(&v, "/metadata")
	return u, added, v.Err()
}

// RemoveIdentifier returns u without an identifier, which is named in any spelling. The last one may be
// removed, too. If the identifier is an address, the codes of u are killed, since some may have been
// sent there. The error is NotFound if u has no such identifier, or Invalid if none is named.
func (p Pool) RemoveIdentifier(u User, identifier string, m Maker) (User, error) {
	if identifier == "" {
		return u, InvalidField("/identifier", Required())
	}
	forms, _ := p.LookupForms(identifier) // there are none if it can't be an identifier
	for _, form := range forms {
		i := slices.IndexFunc(u.Identifiers, func(known Identifier) bool { return known.Normalized == form })
		if i < 0 {
			continue
		}
		isAddress := u.Identifiers[i].Type.isAddress()
		u.rename(m)
		u.Identifiers = slices.Delete(u.Identifiers, i, i+1)
		if isAddress {
			u.killCodes(m)
		}
		return u, nil
	}
	return u, NotFound{Thing: "identifier", ID: "of this user with this value"}
}
