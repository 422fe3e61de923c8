package api

import (
	"encoding"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"identitypools/shared/identity"
)

// DecodeQuery decodes the query of r into the struct to which v points. A field with a tag such as
// `query:"limit"` gets the parameter of that name. It must be a string, a *bool, which is nil if
// the parameter is absent, or an encoding.TextUnmarshaler, whose error says what the value must be.
// The fields of embedded structs count as fields of the struct. An empty parameter counts as
// absent. If v is nil, there are no parameters. The error is identity.Invalid, which names all
// parameters that are not valid, and the first one that has no field.
func DecodeQuery(r *http.Request, v any) error {
	var faults identity.Violations
	values := r.URL.Query()
	if v != nil {
		decodeQuery(values, reflect.ValueOf(v).Elem(), &faults)
	}
	if unknown := slices.Sorted(maps.Keys(values)); len(unknown) > 0 {
		faults.Add(strings.ToValidUTF8(unknown[0], "\uFFFD"), unknownParameter(v))
	}
	return faults.Err()
}

// unknownParameter is the rule for a parameter that has no field in the struct to which v points.
func unknownParameter(v any) identity.Rule {
	names := []string{}
	if v != nil {
		names = parameters(reflect.TypeOf(v).Elem())
	}
	rule := identity.Broken(identity.CodeUnknownField, "is not a parameter of this operation, which has none")
	if len(names) > 0 {
		rule.Reason = "is not a parameter of this operation, which has " + strings.Join(names, ", ")
		rule.Params = identity.Params{"allowed": names}
	}
	return rule
}

// parameters returns the names of the parameters in a struct, sorted.
func parameters(t reflect.Type) []string {
	var names []string
	for field := range t.Fields() {
		if field.Anonymous {
			names = append(names, parameters(field.Type)...)
		} else if name, has := field.Tag.Lookup("query"); has {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// decodeQuery decodes the values into the fields of a struct, and takes them out of values.
func decodeQuery(values url.Values, into reflect.Value, faults *identity.Violations) {
	for i := range into.NumField() {
		field := into.Type().Field(i)
		name, has := field.Tag.Lookup("query")
		if field.Anonymous {
			decodeQuery(values, into.Field(i), faults)
			continue
		}
		text := values.Get(name)
		values.Del(name)
		if !has || text == "" {
			continue
		}
		if err := setField(into.Field(i), text); err != nil {
			faults.Add(name, identity.RuleOf(err))
		}
	}
}

// setField sets a field to the value that text represents.
func setField(field reflect.Value, text string) error {
	if u, ok := field.Addr().Interface().(encoding.TextUnmarshaler); ok {
		return u.UnmarshalText([]byte(text))
	}
	if flag, ok := field.Addr().Interface().(**bool); ok {
		if text != "true" && text != "false" {
			return identity.WrongType("boolean")
		}
		is := text == "true"
		*flag = &is
		return nil
	}
	field.SetString(text)
	return nil
}

// The default and the maximum number of items in a page.
const (
	DefaultLimit = 20
	MaxLimit     = 100
)

// Limit is the parameter for the maximum number of items in a page. Its zero value stands for the
// default.
type Limit int

// UnmarshalText reads a number from 1 to MaxLimit.
func (l *Limit) UnmarshalText(text []byte) error {
	n, err := strconv.Atoi(string(text))
	if err != nil || n < 1 || n > MaxLimit {
		return identity.OutOfRange(1, MaxLimit)
	}
	*l = Limit(n)
	return nil
}

// Items returns the maximum number of items in the page.
func (l Limit) Items() int {
	if l == 0 {
		return DefaultLimit
	}
	return int(l)
}

// Order is the parameter for the order of a list. It is "asc" or "desc"; "acs" is a published
// spelling of "asc".
type Order struct{ Descending bool }

// UnmarshalText reads an order.
func (o *Order) UnmarshalText(text []byte) error {
	switch string(text) {
	case "asc", "acs":
	case "desc":
		o.Descending = true
	default:
		return identity.NotOneOf("asc", "desc")
	}
	return nil
}
