package users

import (
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"identitypools/shared/identity"
)

// Filter is the published filter of lists. A user must match all of its members. UserKey is the
// user's id, or the beginning or the end of an identifier or verified address, as the list shows it
// or in its normalized form. Payload and Metadata are objects that the user's documents must
// contain: see contains.
type Filter struct {
	UserKey  string  `json:"user_key"`
	Payload  members `json:"payload"`
	Metadata members `json:"metadata"`
}

// members are the members of an object. Their values are kept as they are written, because a float64
// cannot tell integers above 2^53 apart.
type members map[string]jsontext.Value

// isEmpty reports whether every user matches the filter.
func (f Filter) isEmpty() bool { return f.UserKey == "" && len(f.Payload) == 0 && len(f.Metadata) == 0 }

// matcher returns a function that reports whether a user of the pool p matches the filter.
func (f Filter) matcher(p identity.Pool) func(identity.User) bool {
	forms, _ := p.LookupForms(f.UserKey) // a part of an identifier may be none
	keys := append(forms, f.UserKey)
	return func(u identity.User) bool {
		return (f.UserKey == "" || hasKey(p, u, keys)) &&
			f.Payload.in(u.Payload) && f.Metadata.in(u.Metadata)
	}
}

// hasKey reports whether one of the keys is the user's id, or the beginning or end of one of the
// user's identifiers or verified addresses, in one of these forms: normalized, as it was given, or
// normalized as a user name, in which the domain of an e-mail address is as it was given.
func hasKey(p identity.Pool, u identity.User, keys []string) bool {
	var names []string
	add := func(normalized, value string) {
		name, _ := p.Normalize(identity.TypeUID, value)
		names = append(names, normalized, value, name)
	}
	for _, i := range u.Identifiers {
		add(i.Normalized, i.Value)
	}
	for _, a := range u.Addresses {
		if a.Verified {
			add(a.Normalized, a.Value)
		}
	}
	for _, key := range keys {
		if u.ID == key {
			return true
		}
		for _, name := range names {
			if strings.HasPrefix(name, key) || strings.HasSuffix(name, key) {
				return true
			}
		}
	}
	return false
}

// in reports whether an object, which may be absent, contains the members: each of them is in it and
// contains the wanted value.
func (m members) in(object jsontext.Value) bool {
	if len(m) == 0 {
		return true
	}
	all := decoded[members](object)
	for name, wanted := range m {
		if value, ok := all[name]; !ok || !contains(value, wanted) {
			return false
		}
	}
	return true
}

// contains reports whether value contains what is wanted. An object contains the members of an
// object. An array contains an array if it contains each of the wanted elements, and any other value
// if one of its elements contains that. Simple values must be equal; numbers are equal if their
// values are, however they are written.
func contains(value, wanted jsontext.Value) bool {
	kind := wanted.Kind()
	switch {
	case value.Kind() == '[':
		list, each := decoded[[]jsontext.Value](value), []jsontext.Value{wanted}
		if kind == '[' {
			each = decoded[[]jsontext.Value](wanted)
		}
		return !slices.ContainsFunc(each, func(want jsontext.Value) bool {
			return !slices.ContainsFunc(list, func(v jsontext.Value) bool {
				return (v.Kind() == '[') == (want.Kind() == '[') && contains(v, want)
			})
		})
	case value.Kind() != kind:
		return false
	case kind == '{':
		return decoded[members](wanted).in(value)
	case kind == '"':
		return decoded[string](value) == decoded[string](wanted)
	case kind == '0':
		return identity.CanonicalNumber(string(value)) == identity.CanonicalNumber(string(wanted))
	}
	return true
}

// decoded returns a JSON value that is known to be of the type.
func decoded[T any](value jsontext.Value) (v T) {
	_ = json.Unmarshal(value, &v)
	return v
}
