package oidc

import (
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"identitypools/shared/identity"
)

// The claims about a user (OpenID Connect Core §5.1) by the scope that asks for them (§5.4).
func claimsOfScope(scope string) []string {
	switch scope {
	case ScopeProfile:
		return []string{
			"name", "family_name", "given_name", "middle_name", "nickname", "preferred_username", "profile", "picture",
			"website", "gender", "birthdate", "zoneinfo", "locale", "updated_at",
		}
	case ScopeEmail:
		return []string{"email", "email_verified"}
	case ScopePhone:
		return []string{"phone_number", "phone_number_verified"}
	case ScopeAddress:
		return []string{"address"}
	}
	return nil
}

// UserClaims returns the names of all claims about a user that can be asked for.
func UserClaims() []string {
	var all []string
	for _, scope := range Scopes() {
		all = append(all, claimsOfScope(scope)...)
	}
	return all
}

// ClaimsOf returns those claims about a user that the scopes ask for, and those with the given names.
// A claim of which nothing is known is left out (OpenID Connect Core §5.3.2).
func ClaimsOf(u identity.User, scopes, names []string) map[string]any {
	wanted := slices.Clone(names)
	for _, scope := range scopes {
		wanted = append(wanted, claimsOfScope(scope)...)
	}
	claims := map[string]any{}
	if len(wanted) == 0 {
		return claims
	}
	for name, value := range knownOf(u) {
		if slices.Contains(wanted, name) {
			claims[name] = value
		}
	}
	return claims
}

// knownOf returns all that is known of a user. Claims come from the payload, if they have the type there that
// the specification gives them. The e-mail address and the phone number come from the payload only if the user
// has none that the product knows.
func knownOf(u identity.User) map[string]any {
	var payload map[string]jsontext.Value
	_ = json.Unmarshal(u.Payload, &payload) // an absent payload has no members
	known := map[string]any{"updated_at": u.UpdatedAt.Unix()}
	if u.Language != "" {
		known["locale"] = u.Language
	}
	if i := slices.IndexFunc(u.Identifiers, func(i identity.Identifier) bool { return i.Type == identity.TypeUID }); i >= 0 {
		known["preferred_username"] = u.Identifiers[i].Value
	}
	for _, name := range claimsOfScope(ScopeProfile) {
		if text := textOf(payload[name]); text != "" && name != "updated_at" {
			known[name] = text
		}
	}
	reach(known, u, payload, identity.TypeEmail, "email", "email_verified")
	reach(known, u, payload, identity.TypeMobile, "phone_number", "phone_number_verified")
	if address := postalAddress(payload["address"]); len(address) > 0 {
		known["address"] = address
	}
	return known
}

// reach adds the claims about how to reach a user: the first verified address of a type, or else the first
// other one that belongs to the user alone, or else what the payload says. An identifier that nobody has
// proved is not verified: an administrator may have made the user active.
func reach(
	known map[string]any, u identity.User, payload map[string]jsontext.Value, kind identity.IdentifierType,
	claim, verified string,
) {
	own := slices.DeleteFunc(u.OwnAddresses(), func(a identity.Address) bool { return a.Type != kind })
	best := slices.IndexFunc(own, func(a identity.Address) bool { return a.Verified })
	switch {
	case best >= 0:
		known[claim], known[verified] = own[best].Value, true
	case len(own) > 0:
		known[claim], known[verified] = own[0].Value, false
	default:
		if text := textOf(payload[claim]); text != "" {
			known[claim], known[verified] = text, false
		}
	}
}

// textOf returns a JSON string, or "" for any other value.
func textOf(value jsontext.Value) (text string) {
	if value.Kind() != '"' || json.Unmarshal(value, &text) != nil {
		return ""
	}
	return text
}

// postalAddress returns the claim address (OpenID Connect Core §5.1.1). A payload has it as an object, or as
// one text.
func postalAddress(value jsontext.Value) map[string]string {
	if text := textOf(value); text != "" {
		return map[string]string{"formatted": text}
	}
	var parts map[string]jsontext.Value
	if json.Unmarshal(value, &parts) != nil {
		return nil
	}
	address := map[string]string{}
	for _, name := range []string{"formatted", "street_address", "locality", "region", "postal_code", "country"} {
		if text := textOf(parts[name]); text != "" {
			address[name] = text
		}
	}
	return address
}
