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

// DecodeQuery reads the query of r into the struct that v points to. A field with a tag such as
// `query:"limit"` takes the parameter of that name: it is a string, a *bool, which stays nil where
// the parameter is absent, or an encoding.TextUnmarshaler, whose error says what the value must be.
// An empty parameter counts as absent, and one that no field takes is ignored. Embedded structs
// belong to the struct. Errors: identity.Invalid, which names all faulty parameters.
func DecodeQuery(r *http.Request, v any) error {
	var faults identity.Violations
	decodeQuery(r.URL.Query(), reflect.ValueOf(v).Elem(), &faults)
	return faults.Err()
}

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

// Lengths of a page.
const (
	DefaultLimit = 20
	MaxLimit     = 100
)

// Limit is the parameter that says how many items a page has at most; its zero value is the default.
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

// Items returns how many items the page has at most.
func (l Limit) Items() int {
	if l == 0 {
		return DefaultLimit
	}
	return int(l)
}

// ID is a parameter that names an item by its id; "" where it is absent.
type ID string

// UnmarshalText reads an id.
func (id *ID) UnmarshalText(text []byte) error {
	if !identity.ValidID(string(text)) {
		return errors.New(identity.IDRule)
	}
	*id = ID(text)
	return nil
}

// Order is the parameter that gives the order of a list: "asc", the published "acs", or "desc".
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
