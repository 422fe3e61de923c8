package api

import (
	"bytes"
	"reflect"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Ignoring returns the action of a route that comes after others. Its body may also have the members of
// what these have answered, of which samples are given. Every route that changes something ignores the
// members of its own answer, so that what was read can be sent back with a change.
func (a Action) Ignoring(answers ...any) Action {
	for _, sample := range answers {
		a.ignored = append(a.ignored, reflect.TypeOf(sample))
	}
	return a
}

// withoutAnswers returns a JSON object without the members that a value of the type body does not have
// and one of the answers has, in objects of all levels. The object must be valid JSON.
func withoutAnswers(object []byte, body reflect.Type, answers []reflect.Type) ([]byte, error) {
	var out bytes.Buffer
	err := copyKnown(jsontext.NewEncoder(&out), jsontext.NewDecoder(bytes.NewReader(object)), body, answers)
	return out.Bytes(), err
}

// copyKnown copies a value without those members.
func copyKnown(to *jsontext.Encoder, from *jsontext.Decoder, body reflect.Type, answers []reflect.Type) error {
	body = pointedTo(body)
	kind := from.PeekKind()
	isObject := kind == '{' && (body.Kind() == reflect.Struct || body.Kind() == reflect.Map)
	isArray := kind == '[' && body.Kind() == reflect.Slice && body != reflect.TypeFor[jsontext.Value]()
	if !isObject && !isArray {
		value, err := from.ReadValue()
		if err != nil {
			return err
		}
		return to.WriteValue(value)
	}
	copyToken := func() error {
		token, err := from.ReadToken()
		if err != nil {
			return err
		}
		return to.WriteToken(token)
	}
	if err := copyToken(); err != nil {
		return err
	}
	for from.PeekKind() != '}' && from.PeekKind() != ']' {
		name := "" // of a member; an item of an array has none
		if isObject {
			token, err := from.ReadToken()
			if err != nil {
				return err
			}
			name = token.String()
		}
		known := inside(body, name)
		var answered []reflect.Type
		for _, a := range answers {
			if t := inside(pointedTo(a), name); t != nil {
				answered = append(answered, t)
			}
		}
		switch {
		case isObject && known == nil && len(answered) > 0:
			if err := from.SkipValue(); err != nil {
				return err
			}
			continue
		case known == nil: // the decoder refuses it
			known = reflect.TypeFor[jsontext.Value]()
		}
		if isObject {
			if err := to.WriteToken(jsontext.String(name)); err != nil {
				return err
			}
		}
		if err := copyKnown(to, from, known, answered); err != nil {
			return err
		}
	}
	return copyToken()
}

// inside returns the type of a member of an object, or that of the items of an array, or nil if there
// is none.
func inside(t reflect.Type, member string) reflect.Type {
	switch t.Kind() {
	case reflect.Map, reflect.Slice:
		return t.Elem()
	case reflect.Struct:
		fields := reflect.VisibleFields(t)
		i := slices.IndexFunc(fields, func(f reflect.StructField) bool {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			return f.IsExported() && !f.Anonymous && name == member
		})
		if i >= 0 {
			return fields[i].Type
		}
	}
	return nil
}

// pointedTo returns the type to which pointers of type t lead.
func pointedTo(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}
