package identity_test

import (
	"strings"
	"testing"

	"identitypools/shared/identity"
)

func TestMailAddresses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"ann@example.com":                  "ann@example.com",
		" ann@example.com\u2003":           "ann@example.com",
		"Ann.O'Hara+x@Example.COM":         "Ann.O'Hara+x@example.com",
		"ann@bücher.example":               "ann@xn--bcher-kva.example",
		"ann@example\u3002com":             "ann@example.com",
		"ａｎｎ＠ｅｘａｍｐｌｅ．ｃｏｍ":                  "ann@example.com",
		strings.Repeat("x", 64) + "@a.com": strings.Repeat("x", 64) + "@a.com",
	} {
		if got, err := identity.ParseMailAddress(text); err != nil || got.String() != want {
			t.Errorf("%+q is %q (%v), want %q", text, got, err, want)
		} else if again, err := identity.ParseMailAddress(want); err != nil || again != got {
			t.Errorf("%q is %q when it is parsed again (%v)", want, again, err)
		}
	}
}

// A mail goes to one recipient, and adds no line to its own headers.
func TestWhatIsNoMailAddress(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "a", "@example.com", "a@", "a@example.com,b@example.com", "a@example.com b@example.com",
		"A <a@example.com>",
		"<a@example.com>", "a@example.com\r\nBcc: b@example.com", "a\n@example.com", "a b@example.com",
		"a@example.com\x00", "a@example.com(b)", "a@exam ple.com", "a@example..com", "a..b@example.com",
		`"a b"@example.com`,
		"a@[127.0.0.1]", "a@exa_mple.com", strings.Repeat("x", 65) + "@example.com",
		"a@" + strings.Repeat("x.", 126) + "com",
		"jörg@example.com", "straße@example.com", "ящик@example.com", "a\u00adb@example.com",
	} {
		if got, err := identity.ParseMailAddress(text); err == nil {
			t.Errorf("%+q is %q", text, got)
		} else if len(text) > 1 && strings.Contains(err.Error(), text) {
			t.Errorf("the error repeats the address: %v", err)
		}
	}
}

// Only addresses to which no mail can be sent are refused, and not names and texts that are none.
func TestWhatIsNotMailable(t *testing.T) {
	t.Parallel()
	for value, refused := range map[string]bool{
		"jörg@example.com": true, "JÖRG@Example.com ": true, "straße@example.com": true,
		"ann@example.com": false, "ann@bücher.example": false, "jörg": false, "jörg@": false, "+15550100": false,
		"": false,
	} {
		if err := identity.CheckMailable("/address", value); (err != nil) != refused {
			t.Errorf("%q: %v", value, err)
		}
	}
}

func TestAUserWhoIsToBeActivatedCanReceiveMail(t *testing.T) {
	t.Parallel()
	id := func(kind identity.IdentifierType, value string) identity.NewIdentifier {
		return identity.NewIdentifier{Type: kind, Identifier: value}
	}
	address := func(kind identity.IdentifierType, value string) identity.NewAddress {
		return identity.NewAddress{Type: kind, Address: value}
	}
	for _, c := range []struct {
		name        string
		identifiers []identity.NewIdentifier
		addresses   []identity.NewAddress
		want        []string
	}{
		{"an identifier that is the only address", []identity.NewIdentifier{
			id("email", "jörg@example.com"),
		}, nil, []string{"/identifiers/0/identifier"}},
		{"an address", nil, []identity.NewAddress{
			address("email", "joerg@example.com"), address("email", "jörg@example.com"),
		}, []string{"/verifiable_addresses/1/address"}},
		{"an identifier beside an address", []identity.NewIdentifier{
			id("email", "jörg@example.com"),
		}, []identity.NewAddress{address("email", "joerg@example.com")}, nil},
		{"an identifier beside a phone number", []identity.NewIdentifier{
			id("email", "jörg@example.com"),
		}, []identity.NewAddress{address("mobile", "+15550100")}, nil},
		{"a user name", []identity.NewIdentifier{id("uid", "jörg@example.com")}, nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := identity.Pool{CaseInsensitive: true}
			n := identity.NewUser{Status: identity.StatusNew, Identifiers: c.identifiers, Addresses: c.addresses}
			_, err := p.Create(n, maker(start()))
			checkInvalid(t, err, c.want...)

			n.Status = identity.StatusActive
			u, err := p.Create(n, maker(start()))
			checkInvalid(t, err)
			becomes := func(status identity.Status) error {
				_, err := u.Changed(identity.UserChange{Status: status}, maker(start()))
				return err
			}
			var refused []string
			if c.want != nil {
				refused = []string{"/status"}
			}
			checkInvalid(t, becomes(identity.StatusNew), refused...)
			checkInvalid(t, becomes(identity.StatusInactive))
			u.Status = identity.StatusNew // as an earlier release may have stored it
			checkInvalid(t, becomes(identity.StatusNew))
		})
	}
}
