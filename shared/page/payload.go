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
	return isNo || slices.ContainsFunc(typed[f.Name], func(value string) bool {
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
		_ = to.WriteToken(jsontext.String(fromForm(values[0], *f.about.Const)))
	case f.Control == ControlCheck:
		_ = to.WriteToken(jsontext.Bool(typed.Has(f.Name)))
	case f.Control == ControlSelect:
		_ = to.WriteToken(jsontext.String(f.chosen(values[0])))
	case f.Control == ControlMany:
		_ = to.WriteToken(jsontext.BeginArray)
		for _, value := range values {
			if value != "" {
				_ = to.WriteToken(jsontext.String(f.chosen(value)))
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

// chosen returns the value of the option that a form gives as value, or value if there is none.
func (f Field) chosen(value string) string {
	for _, o := range f.Options {
		if known := fromForm(value, o.Value); known != value {
			return known
		}
	}
	return value
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
