package oidc_test

import (
	"reflect"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"identitypools/shared/identity"
	"identitypools/shared/oidc"
)

// OpenID Connect Core §5.1 and §5.4.
func TestClaimsOf(t *testing.T) {
	t.Parallel()
	identifier := func(kind identity.IdentifierType, value string) identity.Identifier {
		return identity.Identifier{Type: kind, Value: value, Normalized: value}
	}
	address := func(kind identity.IdentifierType, value string, verified bool) identity.Address {
		return identity.Address{Type: kind, Value: value, Normalized: value, Verified: verified, Status: identity.StatusActive}
	}
	const full = `{"name":"Ann","given_name":1,"family_name":null,"locale":"de-AT","updated_at":"x","role":"admin",` +
		`"email":"payload@example.com","phone_number":"+15550199","sub":"evil","address":{"locality":"Graz","country":5,"x":"y"}}`
	type claims = map[string]any
	for _, c := range []struct {
		name          string
		payload       string
		identifiers   []identity.Identifier
		addresses     []identity.Address
		scopes, names []string
		want          claims
	}{
		{"nothing is asked for", full, nil, nil, []string{"openid", "orders"}, nil, claims{}},
		{
			"the profile has what has the right type", full,
			[]identity.Identifier{identifier(identity.TypeUID, "ann")},
			nil,
			[]string{"profile"},
			nil,
			claims{"name": "Ann", "locale": "de-AT", "preferred_username": "ann", "updated_at": start.Unix()},
		},
		{"no payload", "", nil, nil, []string{"profile", "email", "phone", "address"}, nil, claims{"locale": "pl", "updated_at": start.Unix()}},
		{"a payload that is no object", `[1]`, nil, nil, []string{"email"}, nil, claims{}},
		{
			"the verified address", full,
			[]identity.Identifier{identifier(identity.TypeEmail, "a@example.com")},
			[]identity.Address{address(identity.TypeEmail, "b@example.com", false), address(identity.TypeEmail, "c@example.com", true)},
			[]string{"email"},
			nil,
			claims{"email": "c@example.com", "email_verified": true},
		},
		{
			"an identifier that was proved", full,
			[]identity.Identifier{identifier(identity.TypeEmail, "a@example.com")},
			[]identity.Address{address(identity.TypeEmail, "a@example.com", true)},
			[]string{"email"},
			nil,
			claims{"email": "a@example.com", "email_verified": true},
		},
		{
			"an identifier that nobody has proved", full,
			[]identity.Identifier{identifier(identity.TypeEmail, "a@example.com")},
			nil,
			[]string{"email"},
			nil,
			claims{"email": "a@example.com", "email_verified": false},
		},
		{
			"an address that nobody has proved is another's, perhaps", full, nil,
			[]identity.Address{address(identity.TypeEmail, "b@example.com", false)},
			[]string{"email"},
			nil,
			claims{"email": "payload@example.com", "email_verified": false},
		},
		{
			"phone", full, nil,
			[]identity.Address{address(identity.TypeMobile, "+15550100", true)},
			[]string{"phone"},
			nil,
			claims{"phone_number": "+15550100", "phone_number_verified": true},
		},
		{"phone of the payload", full, nil, nil, []string{"phone"}, nil, claims{"phone_number": "+15550199", "phone_number_verified": false}},
		{"address", full, nil, nil, []string{"address"}, nil, claims{"address": map[string]string{"locality": "Graz"}}},
		{"address as a text", `{"address":"Graz"}`, nil, nil, []string{"address"}, nil, claims{"address": map[string]string{"formatted": "Graz"}}},
		{"address that is none", `{"address":5}`, nil, nil, []string{"address"}, nil, claims{}},
		{"names", full, nil, nil, nil, []string{"name", "role", "sub", "unknown"}, claims{"name": "Ann"}},
	} {
		u := identity.User{
			Payload: jsontext.Value(c.payload), Identifiers: c.identifiers, Addresses: c.addresses, Language: "pl",
			UpdatedAt: identity.At(start),
		}
		if got := oidc.ClaimsOf(u, c.scopes, c.names); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}
