package identity_test

import (
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"identitypools/shared/identity"
)

// A name comes from the payload, and is nothing that could be markup, a link or an address.
func TestHowAMailCallsAUser(t *testing.T) {
	t.Parallel()
	for payload, want := range map[string]string{
		``: "", `null`: "", `[]`: "", `{}`: "", `{"given_name":7,"name":null}`: "",
		`{"given_name":"Ann","first_name":"Bea","name":"Ann Nowak"}`: "Ann",
		`{"first_name":"Bea","name":"Bea Nowak"}`:                    "Bea",
		`{"name":" Bea Nowak "}`:                                     "Bea Nowak",
		`{"given_name":"","name":"Ann"}`:                             "Ann",
		`{"given_name":"evil.example","name":"Ann"}`:                 "Ann",
		`{"given_name":"Żółć-Ann"}`:                                  "Żółć-Ann",
		`{"given_name":"D’Arcy O'Neil"}`:                             "D’Arcy O'Neil",
		`{"given_name":"J. R. Ann Jr."}`:                             "J. R. Ann Jr.",
		`{"given_name":"N\u0303ina"}`:                                "N\u0303ina",
		`{"given_name":"李小龙"}`:                                       "李小龙",
		`{"given_name":"example.com"}`:                               "",
		`{"given_name":"Ann. Visit example.com"}`:                    "",
		`{"given_name":"https://example.com"}`:                       "",
		`{"given_name":"ann@example.com"}`:                           "",
		`{"given_name":"Ann\nBcc: b"}`:                               "",
		`{"given_name":"Ann\u202e"}`:                                 "",
		`{"given_name":"Ann\u200b"}`:                                 "",
		`{"given_name":"<b>Ann</b>"}`:                                "",
		`{"given_name":"{code}"}`:                                    "",
		`{"given_name":"Ann, call 555 1234"}`:                        "",
		`{"given_name":".Ann"}`:                                      "",
		`{"given_name":"-"}`:                                         "",
		`{"given_name":"` + strings.Repeat("ż", 64) + `"}`:           strings.Repeat("ż", 64),
		`{"given_name":"` + strings.Repeat("ż", 65) + `"}`:           "",
	} {
		if got := (identity.User{Payload: jsontext.Value(payload)}).CallName(); got != want {
			t.Errorf("%s: %q, want %q", payload, got, want)
		}
	}
}

// A mail calls its receiver by name only if the receiver is the user, and if no stranger chose the name.
func TestWhomAMailCallsByName(t *testing.T) {
	t.Parallel()
	const address = "ann@example.com"
	email := func(verified bool) []identity.Address {
		return []identity.Address{{Value: address, Normalized: address, Type: identity.TypeEmail, Verified: verified}}
	}
	identifier := []identity.Identifier{{Value: address, Normalized: address, Type: identity.TypeEmail}}
	for name, row := range map[string]struct {
		user identity.User
		to   string
		want bool
	}{
		"an invited user":                                  {identity.User{Status: identity.StatusNew, Identifiers: identifier}, address, true},
		"an invited user's other address":                  {identity.User{Status: identity.StatusNew, Addresses: email(false)}, address, true},
		"an address that an invited user does not have":    {identity.User{Status: identity.StatusNew, Identifiers: identifier}, "bea@example.com", false},
		"somebody who registers":                           {identity.User{Status: identity.StatusNew, SelfRegistered: true, Identifiers: identifier}, address, false},
		"somebody who registered, made new again":          {identity.User{Status: identity.StatusNew, SelfRegistered: true, Addresses: email(true)}, address, false},
		"a verified address":                               {identity.User{Status: identity.StatusActive, SelfRegistered: true, Addresses: email(true)}, address, true},
		"an address that somebody added":                   {identity.User{Status: identity.StatusActive, SelfRegistered: true, Addresses: email(false)}, address, false},
		"an identifier that nobody proved":                 {identity.User{Status: identity.StatusActive, SelfRegistered: true, Identifiers: identifier}, address, false},
		"an identifier that an administrator gave":         {identity.User{Status: identity.StatusActive, Identifiers: identifier}, address, true},
		"an address that is added to an administrator's":   {identity.User{Status: identity.StatusActive, Addresses: email(false)}, address, false},
		"a verified address of somebody who is not active": {identity.User{Status: identity.StatusInactive, Addresses: email(true)}, address, false},
	} {
		row.user.Payload = jsontext.Value(`{"given_name":"Ann"}`)
		if got := row.user.MailName(row.to); (got == "Ann") != row.want || got != "" && got != "Ann" {
			t.Errorf("%s: %q", name, got)
		}
	}
}
