package page

import (
	"bytes"
	"net/url"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Payload returns the payload that was typed into the fields of PayloadFields, as a JSON object.
// Empty fields are left out. Text in a field for a number that is not a number becomes a JSON
// string, which the schema then refuses.
func Payload(fields []Field, typed url.Values) jsontext.Value {
	var out bytes.Buffer
	writeObject(jsontext.NewEncoder(&out, jsontext.AllowInvalidUTF8(true)), fields, typed)
	return bytes.TrimSpace(out.Bytes())
}

// writeObject writes an object with the values of fields. It cannot fail, because it writes into
// memory, and the names are those of a schema.
func writeObject(to *jsontext.Encoder, fields []Field, typed url.Values) {
	_ = to.WriteToken(jsontext.BeginObject)
	for _, f := range fields {
		if f.isGiven(typed) {
			_ = to.WriteToken(jsontext.String(f.about.name))
			f.write(to, typed)
		}
	}
	_ = to.WriteToken(jsontext.EndObject)
}

// isGiven reports whether the payload has a value for f.
func (f Field) isGiven(typed url.Values) bool {
	if f.Control == ControlGroup {
		return f.Required || slices.ContainsFunc(f.Fields, func(sub Field) bool { return sub.isGiven(typed) })
	}
	isNo := f.Control == ControlCheck && f.Required && f.about.Const == nil
	return isNo || strings.TrimSpace(strings.Join(typed[f.Name], "")) != ""
}

// write writes the value of f.
func (f Field) write(to *jsontext.Encoder, typed url.Values) {
	values := typed[f.Name]
	switch f.Control {
	case ControlGroup:
		writeObject(to, f.Fields, typed)
	case ControlCheck:
		if f.about.Const != nil {
			_ = to.WriteToken(jsontext.String(values[0]))
			return
		}
		_ = to.WriteToken(jsontext.Bool(typed.Has(f.Name)))
	case ControlMany, ControlLines:
		_ = to.WriteToken(jsontext.BeginArray)
		for line := range strings.SplitSeq(strings.Join(values, "\n"), "\n") {
			if line = strings.TrimSpace(line); line != "" {
				writeValue(to, f.about.Items.Type, line)
			}
		}
		_ = to.WriteToken(jsontext.EndArray)
	default:
		writeValue(to, f.about.Type, strings.TrimSpace(values[0]))
	}
}

// writeValue writes a value as a number if its kind is a kind of number and it is one, and as a
// string otherwise.
func writeValue(to *jsontext.Encoder, kind, value string) {
	if kind == "integer" || kind == "number" {
		if number := jsontext.Value(value); number.Kind() == '0' && number.IsValid() {
			_ = to.WriteValue(number)
			return
		}
	}
	_ = to.WriteToken(jsontext.String(value))
}
