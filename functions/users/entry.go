package users

import (
	"identitypools/shared/identity"
	"identitypools/shared/wire"
)

// entry is a user in the published form ExtendedUser, in which lists have users. It has no
// credentials.
type entry struct {
	wire.Profile
	Identifiers       []string            `json:"identifiers"`
	IdentifierDetails []identifierDetails `json:"identifiers_with_details"`
	Addresses         []addressState      `json:"addresses"`
	VerifiedAddresses []string            `json:"verified addresses"` // the published name has a space
}

// identifierDetails is an identifier with its type.
type identifierDetails struct {
	Type  identity.IdentifierType `json:"type"`
	Value string                  `json:"value"`
}

// addressState is an address with whether it is verified.
type addressState struct {
	Address  string `json:"address"`
	Verified bool   `json:"verified"`
}

// entryOf returns the entry of a user in a list.
func entryOf(u identity.User) entry {
	e := entry{
		Profile: wire.ProfileOf(u), Identifiers: []string{}, IdentifierDetails: []identifierDetails{},
		Addresses: []addressState{}, VerifiedAddresses: []string{},
	}
	for _, i := range u.Identifiers {
		e.Identifiers = append(e.Identifiers, i.Value)
		e.IdentifierDetails = append(e.IdentifierDetails, identifierDetails{i.Type, i.Value})
	}
	for _, a := range u.Addresses {
		e.Addresses = append(e.Addresses, addressState{a.Value, a.Verified})
		if a.Verified {
			e.VerifiedAddresses = append(e.VerifiedAddresses, a.Value)
		}
	}
	return e
}
