package api

import (
	"encoding"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"strconv"

	"identitypools/shared/identity"
)

// DecodeQuery decodes the query of r into the struct to which v points. A field with a tag such as
// `query:"limit"` gets the parameter of that name. It must be a string, a *bool, which is nil if
// the parameter is absent, or an encoding.TextUnmarshaler, whose error says what the value must be.
// The fields of embedded structs count as fields of the struct. An empty parameter counts as
// absent, and a parameter without a field is ignored. The error is identity.Invalid, which names
// all parameters that are not valid.
func DecodeQuery(r *http.Request, v any) error {
	var faults identity.Violations
	decodeQuery(r.URL.Query(), reflect.ValueOf(v).Elem(), &faults)
	return faults.Err()
}

// decodeQuery decodes the values into the fields of a struct.
func decodeQuery(values url.Values, into reflect.Value, faults *identity.Violations) {
	for i := range into.NumField() {
		field := into.Type().Field(i)
		name, has := field.Tag.Lookup("query")
		if field.Anonymous {
			decodeQuery(values, into.Field(i), faults)
			continue
		}
		text := values.Get(name)
		if !has || text == "" {
			continue
		}
		if err := setField(into.Field(i), text); err != nil {
			faults.Add(name, err.Error())
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
			return errors.New("must be true or false")
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
		return fmt.Errorf("must be a number from 1 to %d", MaxLimit)
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
		return errors.New("must be asc or desc")
	}
	return nil
}
