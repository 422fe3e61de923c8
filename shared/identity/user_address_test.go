package identity_test

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"identitypools/shared/identity"
)

// named returns an active user with a user name, an e-mail identifier, a verified and another address.
func named() identity.User {
	return identity.User{
		Status: identity.StatusActive, StatusUpdatedAt: identity.At(start()), Epoch: "old",
		Identifiers: []identity.Identifier{
			{Normalized: "ann", Type: identity.TypeUID}, {Normalized: "id@example.com", Type: identity.TypeEmail},
		},
		Addresses: []identity.Address{
			{Normalized: ann, Type: identity.TypeEmail, Verified: true, VerifiedAt: identity.At(start())},
			{Normalized: other, Type: identity.TypeEmail},
		},
	}
}

// A code that may have been sent to an address is good no longer when the user loses the address or it is
// doubted. Other changes of addresses and identifiers kill no code.
func TestWhichRenamingsKillCodes(t *testing.T) {
	t.Parallel()
	p, m := caseInsensitive(), maker(at(time.Hour))
	set := func(address string, isVerified bool) (identity.User, error) {
		u, _, err := p.ChangeAddress(named(), identity.AddressChange{
			Address: address, Status: identity.StatusActive, Verified: isVerified,
		}, m)
		return u, err
	}
	remove := func(address string) (identity.User, error) { return p.RemoveAddress(named(), address, m) }
	forget := func(identifier string) (identity.User, error) { return p.RemoveIdentifier(named(), identifier, m) }
	for name, row := range map[string]struct {
		change func() (identity.User, error)
		kills  bool
	}{
		"removing a verified address":      {func() (identity.User, error) { return remove(ann) }, true},
		"removing another address":         {func() (identity.User, error) { return remove(other) }, true},
		"removing an address as a name":    {func() (identity.User, error) { return forget("ID@example.com") }, true},
		"removing a user name":             {func() (identity.User, error) { return forget("ann") }, false},
		"making an address unverified":     {func() (identity.User, error) { return set(ann, false) }, true},
		"leaving an address verified":      {func() (identity.User, error) { return set(ann, true) }, false},
		"leaving another address as it is": {func() (identity.User, error) { return set(other, false) }, false},
		"making an address verified":       {func() (identity.User, error) { return set(other, true) }, false},
		"adding a verified address": {func() (identity.User, error) {
			n := identity.NewAddress{Address: "new@example.com", Type: identity.TypeEmail, Verified: true}
			u, _, err := p.AddAddress(named(), n, m)
			return u, err
		}, false},
		"adding an identifier": {func() (identity.User, error) {
			u, _, err := p.AddIdentifier(named(), identity.NewIdentifier{Identifier: "b", Type: identity.TypeUID}, m)
			return u, err
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u, err := row.change()
			if err != nil {
				t.Fatal(err)
			}
			code := identity.Code{Epoch: "old"}
			if is := code.IsFor(u, identity.PurposeResetPassword); is == row.kills {
				t.Errorf("a code to reset the password is good: %t", is)
			}
			if isLater := u.CodesSince() == identity.At(at(time.Hour)); isLater != row.kills {
				t.Errorf("a message from before brings a code to life until %v", u.CodesSince())
			}
			if u.UpdatedAt != identity.At(at(time.Hour)) || u.StatusUpdatedAt != identity.At(start()) {
				t.Errorf("it was updated at %v, its status at %v", u.UpdatedAt, u.StatusUpdatedAt)
			}
		})
	}
}

// A change returns another user, and leaves the one that was read as it was.
func TestARenamingChangesACopy(t *testing.T) {
	t.Parallel()
	p, m, old := caseInsensitive(), maker(at(time.Hour)), named()
	_, changed, err := p.ChangeAddress(old, identity.AddressChange{Address: ann, Status: identity.StatusInactive}, m)
	if err != nil || changed.Verified || !changed.VerifiedAt.IsZero() || changed.UpdatedAt != identity.At(at(time.Hour)) {
		t.Errorf("changed to %+v, %v", changed, err)
	}
	if _, err := p.RemoveAddress(old, ann, m); err != nil {
		t.Error(err)
	}
	if _, err := p.RemoveIdentifier(old, "ann", m); err != nil {
		t.Error(err)
	}
	if !reflect.DeepEqual(old, named()) {
		t.Errorf("the old user is %+v", old)
	}
}

// An address belongs to a user if it is verified, or if it is an identifier of a type that is an address.
func TestOwnAddresses(t *testing.T) {
	t.Parallel()
	address := func(normalized string, isVerified bool, status identity.Status) identity.Address {
		return identity.Address{Normalized: normalized, Type: identity.TypeEmail, Verified: isVerified, Status: status}
	}
	u := identity.User{
		Identifiers: []identity.Identifier{
			{Normalized: "name@example.com", Type: identity.TypeUID},
			{Normalized: "own@example.com", Type: identity.TypeEmail},
			{Normalized: "listed@example.com", Type: identity.TypeEmail},
		},
		Addresses: []identity.Address{
			address("verified@example.com", true, identity.StatusActive), address("other@example.com", false, identity.StatusActive),
			address("name@example.com", false, identity.StatusActive), address("listed@example.com", false, identity.StatusActive),
			address("off@example.com", true, identity.StatusInactive),
		},
	}
	var own []string
	for _, a := range u.OwnAddresses() {
		own = append(own, a.Normalized)
	}
	if want := []string{"verified@example.com", "listed@example.com", "own@example.com"}; !slices.Equal(own, want) {
		t.Errorf("%v, want %v", own, want)
	}
}
