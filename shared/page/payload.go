package page

import (
	"bytes"
	"net/url"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"identitypools/shared/identity"
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
		if f.isGiven(typed) || f.isImplied() {
			_ = to.WriteToken(jsontext.String(f.about.name))
			f.write(to, typed)
		}
	}
	_ = to.WriteToken(jsontext.EndObject)
}

// isImplied reports whether an object that is given has a value for f even if nothing was typed: a box that
// is not checked means false, and a group contains what is in it.
func (f Field) isImplied() bool {
	return f.Required && (f.Control == ControlGroup || f.Control == ControlCheck && f.about.Const == nil)
}

// isGiven reports whether something was typed for f, or for a part of it.
func (f Field) isGiven(typed url.Values) bool {
	if f.Control == ControlGroup {
		return slices.ContainsFunc(f.Fields, func(sub Field) bool { return sub.isGiven(typed) })
	}
	return slices.ContainsFunc(typed[f.Name], func(value string) bool {
		return value != "" && (f.isChosen() || strings.TrimSpace(value) != "")
	})
}

// isChosen reports whether a value of f is chosen from those of the schema, and so counts as it is. The
// spaces around a value that is typed do not count.
func (f Field) isChosen() bool {
	return f.Control == ControlSelect || f.Control == ControlMany || f.about.Const != nil
}

// write writes the value of f.
func (f Field) write(to *jsontext.Encoder, typed url.Values) {
	values := typed[f.Name]
	switch {
	case f.Control == ControlGroup:
		writeObject(to, f.Fields, typed)
	case f.about.Const != nil:
		known := Field{Options: []Option{{Value: f.checkedValue(), json: f.about.Const}}}
		known.writeChosen(to, values[0])
	case f.Control == ControlCheck:
		_ = to.WriteToken(jsontext.Bool(typed.Has(f.Name)))
	case f.Control == ControlSelect:
		f.writeChosen(to, values[0])
	case f.Control == ControlMany:
		_ = to.WriteToken(jsontext.BeginArray)
		for _, value := range values {
			if value != "" {
				f.writeChosen(to, value)
			}
		}
		_ = to.WriteToken(jsontext.EndArray)
	case f.Control == ControlLines:
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

// writeChosen writes the value of the option that a form gives as value. If there is none, it writes value as
// a string, which the schema then refuses.
func (f Field) writeChosen(to *jsontext.Encoder, value string) {
	written := -1
	for i, o := range f.Options {
		if value == o.Value || written < 0 && fromForm(value, o.Value) == o.Value {
			written = i
		}
	}
	if written < 0 {
		_ = to.WriteToken(jsontext.String(value))
		return
	}
	_ = to.WriteValue(f.Options[written].json)
}

// fromForm returns known if value is what a form makes of it, and value otherwise: a form writes line
// breaks in its own way.
func fromForm(value, known string) string {
	if identity.WithLineFeeds(value) == identity.WithLineFeeds(known) {
		return known
	}
	return value
}

// writeValue writes a value as a number if its kind is a kind of number and it is one, and as a
// string otherwise.
func writeValue(to *jsontext.Encoder, kind, value string) {
	if kind == "integer" || kind == "number" {
		if number := number(value); number.Kind() == '0' && number.IsValid() && identity.IsDouble(string(number)) {
			_ = to.WriteValue(number)
			return
		}
	}
	_ = to.WriteToken(jsontext.String(value))
}

// number returns a number as JSON writes it. Browsers submit numbers as they were typed: with zeros
// before them, as in 05, and without one before the point, as in .5 (WHATWG HTML, "valid floating-point
// number"). People also type a plus sign. What is no number is returned in some form that is no number
// either.
func number(typed string) jsontext.Value {
	digits, isNegative := strings.CutPrefix(typed, "-")
	if !isNegative {
		digits = strings.TrimPrefix(digits, "+")
	}
	if digits == "" || !strings.Contains(".0123456789", digits[:1]) {
		return jsontext.Value("null")
	}
	digits = strings.TrimLeft(digits, "0")
	if digits == "" || digits[0] < '0' || digits[0] > '9' {
		digits = "0" + digits
	}
	if isNegative {
		digits = "-" + digits
	}
	return jsontext.Value(digits)
}
