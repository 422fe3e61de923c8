package oidc

import (
	"maps"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"identitypools/shared/identity"
)

// members are the members of a body that are not settings of the product, by their names. Most of them
// are of the published API, whose clients send them empty or as they were answered.
type members = map[string]jsontext.Value

// published says which values a member of the published API may have that the product does not keep.
// A member without values may only say nothing, such as null, "", false, 0, an empty array, or an object
// whose members say nothing. Everything else would promise what the product does not do.
type published map[string][]string

// anything is the value of a member that may have any value, because nothing depends on it: it only
// describes something, or only the product sets it.
const anything = "*"

// described returns the rules for members that may have any value.
func described(names ...string) published {
	p := published{}
	for _, name := range names {
		p[name] = []string{anything}
	}
	return p
}

// unserved adds the members that may only say nothing.
func (p published) unserved(names ...string) published {
	for _, name := range names {
		p[name] = nil
	}
	return p
}

// only adds a member that may also have one of the values, or an array of them.
func (p published) only(name string, values ...string) published {
	p[name] = values
	return p
}

// check records the members that have values which the rules refuse, and the first one that has no
// rule. The members are those of the object at a pointer.
func (p published) check(v *identity.Violations, at jsontext.Pointer, in members) {
	isKnown := true
	for _, name := range slices.Sorted(maps.Keys(in)) {
		allowed, known := p[name]
		pointer := string(at.AppendToken(name))
		switch {
		case !known && isKnown:
			v.Add(pointer, identity.UnknownField())
			isKnown = false
		case !known, slices.Contains(allowed, anything), saysNothing(in[name]), hasOnly(in[name], allowed):
		case len(allowed) > 0:
			v.Add(pointer, identity.NotOneOf(allowed...))
		default:
			v.Add(pointer, identity.NotServed("is not served: leave it out"))
		}
	}
}

// saysNothing reports whether a value is null, "", false, 0, the zero time of generated clients, an
// empty array, or an object all of whose members say nothing.
func saysNothing(value jsontext.Value) bool {
	switch value.Kind() {
	case 'n', 'f':
		return true
	case '0':
		return string(value) == "0"
	case '"':
		const zeroTime = `"0001-01-01T00:00:00.000Z"`
		return string(value) == `""` || string(value) == zeroTime
	case '[':
		var items []jsontext.Value
		return json.Unmarshal(value, &items) == nil && len(items) == 0
	case '{':
		var in members
		if json.Unmarshal(value, &in) != nil {
			return false
		}
		for _, member := range in {
			if !saysNothing(member) {
				return false
			}
		}
		return true
	}
	return false
}

// hasOnly reports whether a value is one of the allowed texts, or an array of them.
func hasOnly(value jsontext.Value, allowed []string) bool {
	var texts []string
	if json.Unmarshal(value, &texts) != nil {
		texts = []string{""}
		if json.Unmarshal(value, &texts[0]) != nil {
			return false
		}
	}
	return !slices.ContainsFunc(texts, func(text string) bool { return !slices.Contains(allowed, text) })
}

// orList returns the values as a list whose last members are divided by "or".
func orList(values []string) string {
	list := values[0]
	for i, value := range values[1:] {
		if i == len(values)-2 {
			list += " or " + value
		} else {
			list += ", " + value
		}
	}
	return list
}

// orElse returns the value, or other if it is the zero value.
func orElse[T comparable](value, other T) T {
	var zero T
	if value == zero {
		return other
	}
	return value
}

// setIfGiven sets a field to a value unless the value is nil.
func setIfGiven[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}

// checkIDs records an id that is none, and a tenant or an id that differs from those of the path.
func checkIDs(v *identity.Violations, pointer, given, id, tenantGiven, tenant string) {
	if tenantGiven != "" && tenantGiven != tenant {
		v.Add("/tenant_id", identity.Immutable("must be the tenant of the path"))
	}
	if given != "" && given != id {
		v.Add(pointer, identity.Immutable("must be the id of the path: the id cannot change"))
	}
	if !identity.ValidID(id) {
		v.Add(pointer, identity.WrongFormat("id", identity.IDRule))
	}
}
