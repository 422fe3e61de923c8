package identity_test

import (
	"slices"
	"testing"
	"time"

	"identitypools/shared/identity"
)

func TestNewSuppression(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 2, 10, 13, 45, 3, 0, time.UTC)
	for _, row := range []struct{ address, box, reported string }{
		{"ann@example.com", "ann@example.com", ""},
		{" ann@example.com ", "ann@example.com", ""},
		{"Ann@Example.com", "ann@example.com", "Ann@Example.com"},
		{"ann@bücher.example", "ann@xn--bcher-kva.example", "ann@bücher.example"},
		{"no address", "", ""},
	} {
		got, err := identity.NewSuppression(row.address, identity.SuppressedByBounce, now)
		if got.Address != row.box || got.Reported != row.reported || (err == nil) != (row.box != "") {
			t.Errorf("%q: %+v, %v", row.address, got, err)
		}
		if err == nil && (got.Reason != identity.SuppressedByBounce || !got.CreatedAt.Equal(now)) {
			t.Errorf("%q: %+v", row.address, got)
		}
	}
}

// SES tells the spellings of an address apart, and must be asked in each.
func TestTheSpellingsOfAMailbox(t *testing.T) {
	t.Parallel()
	address := func(text string) identity.Address {
		return identity.Address{Value: text, Normalized: text, Type: identity.TypeEmail}
	}
	u := identity.User{Addresses: []identity.Address{
		address("Ann@example.com"), address("ann@example.com"), address("jörg@example.com"),
		{Value: "+15550100", Normalized: "+15550100", Type: identity.TypeMobile},
	}}
	if boxes := u.Mailboxes(nil, time.Time{}); !slices.Equal(boxes, []string{"ann@example.com", "jörg@example.com"}) {
		t.Errorf("the mailboxes are %q", boxes)
	}
	for box, want := range map[string][]string{
		"ann@example.com":  {"Ann@example.com", "ann@example.com"},
		"jörg@example.com": nil, // SES sends nothing to it
		"ben@example.com":  nil,
	} {
		if got := u.Spellings(box, nil, time.Time{}); !slices.Equal(got, want) {
			t.Errorf("%s is spelt %q, want %q", box, got, want)
		}
	}
	if len(u.Addresses) != 4 || u.Addresses[3].Type != identity.TypeMobile {
		t.Errorf("the user has changed: %+v", u.Addresses)
	}
}
