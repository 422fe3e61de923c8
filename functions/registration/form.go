package registration

import (
	"bytes"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"identitypools/shared/identity"
	"identitypools/shared/language"
)

// property is a member of a payload's schema as far as a form looks at it. Whatever else the schema says is checked when the form comes.
type property struct {
	name string

	Type        string     `json:"type"`
	Title       string     `json:"title"`
	Description string     `json:"description"`
	Hidden      bool       `json:"hidden"`
	Const       *string    `json:"const"`
	Enum        []string   `json:"enum"`
	Minimum     *int64     `json:"minimum"`
	Maximum     *int64     `json:"maximum"`
	MultipleOf  *int64     `json:"multipleOf"`
	MinLength   *int64     `json:"minLength"`
	MaxLength   *int64     `json:"maxLength"`
	Items       *property  `json:"items"`
	Properties  properties `json:"properties"`
	Required    []string   `json:"required"`
}

// properties are the members of a schema in the order in which it has them.
type properties []property

// UnmarshalJSONFrom reads an object of schemas.
func (ps *properties) UnmarshalJSONFrom(from *jsontext.Decoder) error {
	if _, err := from.ReadToken(); err != nil {
		return err
	}
	for from.PeekKind() == '"' {
		name, err := from.ReadToken()
		if err != nil {
			return err
		}
		p := property{name: name.String()}
		if err := json.UnmarshalDecode(from, &p); err != nil {
			return err
		}
		*ps = append(*ps, p)
	}
	_, err := from.ReadToken()
	return err
}

// Controls of a form.
const (
	controlInput  = "input"
	controlSelect = "select"
	controlCheck  = "check"
	controlMany   = "many"  // a box for each value of a list
	controlLines  = "lines" // a text of one value a line
	controlGroup  = "group"
)

// field is a field of a form, or a group of them.
type field struct {
	language.Words

	ID, Name     string // Name is the JSON pointer into the payload, or what it is called in the body of a registration
	Label, Hint  string
	Control      string
	Type         string // of an input
	Autocomplete string
	InputMode    string
	Required     bool
	Focus        bool

	Min, Max, Step       string
	MinLength, MaxLength string
	Options              []option
	Fields               []field // of a group

	Value   string
	Checked bool
	Error   string

	about property
}

type option struct {
	Value    string
	Selected bool
}

// claim is how browsers know an attribute that OpenID Connect Core §5.1 has a name for.
type claim struct{ autocomplete, inputType string }

func claimOf(name string) claim {
	return map[string]claim{
		"given_name": {"given-name", "text"}, "family_name": {"family-name", "text"}, "middle_name": {"additional-name", "text"}, "name": {"name", "text"},
		"nickname": {"nickname", "text"}, "preferred_username": {"off", "text"}, "website": {"url", "url"}, "profile": {"off", "url"}, "picture": {"off", "url"},
		"birthdate": {"bday", "date"}, "phone_number": {"tel", "tel"}, "locale": {"language", "text"}, "zoneinfo": {"off", "text"}, "gender": {"sex", "text"},
		"street_address": {"street-address", "text"}, "locality": {"address-level2", "text"}, "region": {"address-level1", "text"},
		"postal_code": {"postal-code", "text"}, "country": {"country-name", "text"}, "organization": {"organization", "text"}, "email": {"email", "email"},
	}[name]
}

// MustFill says whether the browser may insist on a value. A box may stay empty, which says no, unless it stands for the one value that there is.
func (f field) MustFill() bool {
	return f.Required && (f.Control != controlCheck || f.about.Const != nil) && f.Control != controlMany
}

// Box is the value of a box that is checked.
func (f field) Box() string {
	if f.about.Const != nil {
		return *f.about.Const
	}
	return "true"
}

// namer has what fields are called: the pool's own labels, by the name of the property, and the words for claims.
type namer struct {
	words language.Words
	own   map[string]string
}

// payloadFields are the fields for a payload that a schema describes. What a form can't show, such as a list of objects, is left out.
func payloadFields(schema []byte, n namer) ([]field, error) {
	var root property
	if err := json.Unmarshal(schema, &root); err != nil {
		return nil, fmt.Errorf("read payload schema: %w", err)
	}
	fields := fieldsOf(root, "", "payload", n)
	has := func(name string) bool {
		return slices.ContainsFunc(fields, func(f field) bool { return f.Name == name })
	}
	if has("/given_name") && has("/family_name") { // nobody should have to write a name twice
		fields = slices.DeleteFunc(fields, func(f field) bool { return f.Name == "/name" && !f.Required })
	}
	return fields, nil
}

func fieldsOf(object property, pointer, id string, n namer) []field {
	var fields []field
	for _, p := range object.Properties {
		f := field{
			Words: n.words, Name: pointer + "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(p.name), Label: n.label(p), Hint: p.Description,
			Required: slices.Contains(object.Required, p.name), about: p,
		}
		f.ID = id + "-" + idPart(p.name, len(fields))
		if p.Hidden || p.name == "" || !f.shape(n) {
			continue
		}
		fields = append(fields, f)
	}
	return fields
}

// idPart is a name as a part of an element's id: names of plain characters stay, any other is its place in the form.
func idPart(name string, place int) string {
	if identity.ValidID(name) {
		return name
	}
	return ":" + strconv.Itoa(place) // which no name is
}

// label is what a property is called: by the pool, by the schema, by OpenID Connect in the reader's language, or by its name.
func (n namer) label(p property) string {
	if own := n.own[p.name]; own != "" {
		return own
	}
	if p.Title != "" {
		return p.Title
	}
	if text, known := n.words["claim."+p.name]; known {
		return text
	}
	words := strings.Join(strings.FieldsFunc(p.name, func(r rune) bool { return r == '_' || r == '-' || unicode.IsSpace(r) }), " ")
	if words == "" {
		return p.name
	}
	first, size := utf8.DecodeRuneInString(words)
	return string(unicode.ToUpper(first)) + words[size:]
}

// shape gives f the control that fits its property; false where none does.
func (f *field) shape(n namer) bool {
	p := f.about
	switch {
	case p.Const != nil:
		f.Control = controlCheck
	case p.Enum != nil && (p.Type == "string" || p.Type == ""):
		f.Control, f.Options = controlSelect, choices(p.Enum)
	case p.Type == "string":
		f.shapeText()
	case p.Type == "integer" || p.Type == "number":
		f.Control, f.Type, f.Step = controlInput, "number", "any"
		f.Min, f.Max = text(p.Minimum), text(p.Maximum)
		if p.Type == "integer" {
			f.Step = "1"
		}
	case p.Type == "boolean":
		f.Control = controlCheck
	case p.Type == "array" && p.Items != nil && p.Items.Enum != nil:
		f.Control, f.Options = controlMany, choices(p.Items.Enum)
	case p.Type == "array" && p.Items != nil && (p.Items.Type == "string" || p.Items.Type == "integer" || p.Items.Type == "number"):
		f.Control = controlLines
	case p.Type == "object":
		f.Control, f.Fields = controlGroup, fieldsOf(p, f.Name, f.ID, n)
		return len(f.Fields) > 0
	default:
		return false
	}
	return true
}

func (f *field) shapeText() {
	known := claimOf(f.about.name)
	f.Control, f.Type, f.Autocomplete = controlInput, known.inputType, known.autocomplete
	f.MinLength, f.MaxLength = text(f.about.MinLength), text(f.about.MaxLength)
	if f.Type == "" {
		f.Type = "text"
	}
}

func choices(values []string) []option {
	all := make([]option, len(values))
	for i, value := range values {
		all[i].Value = value
	}
	return all
}

// text is a bound as an attribute has it; "" where there is none.
func text(bound *int64) string {
	if bound == nil {
		return ""
	}
	return strconv.FormatInt(*bound, 10)
}

// each visits f and the fields within it.
func each(fields []field, visit func(*field)) {
	for i := range fields {
		visit(&fields[i])
		each(fields[i].Fields, visit)
	}
}

// payloadOf is the payload that the fields come to, an object. What was left empty is absent. A number that is none goes as it was typed, and is
// refused where all is checked.
func payloadOf(fields []field, typed url.Values) jsontext.Value {
	var out bytes.Buffer
	writeObject(jsontext.NewEncoder(&out, jsontext.AllowInvalidUTF8(true)), fields, typed)
	return bytes.TrimSpace(out.Bytes())
}

// writeObject writes into memory, of names that are a schema's: it can't fail.
func writeObject(to *jsontext.Encoder, fields []field, typed url.Values) {
	_ = to.WriteToken(jsontext.BeginObject)
	for _, f := range fields {
		if f.isGiven(typed) {
			_ = to.WriteToken(jsontext.String(f.about.name))
			f.write(to, typed)
		}
	}
	_ = to.WriteToken(jsontext.EndObject)
}

// isGiven says whether there is anything to send for f.
func (f field) isGiven(typed url.Values) bool {
	if f.Control == controlGroup {
		return f.Required || slices.ContainsFunc(f.Fields, func(sub field) bool { return sub.isGiven(typed) })
	}
	return strings.TrimSpace(strings.Join(typed[f.Name], "")) != "" || f.Control == controlCheck && f.Required && f.about.Const == nil
}

func (f field) write(to *jsontext.Encoder, typed url.Values) {
	values := typed[f.Name]
	switch f.Control {
	case controlGroup:
		writeObject(to, f.Fields, typed)
	case controlCheck:
		if f.about.Const != nil {
			_ = to.WriteToken(jsontext.String(values[0]))
			return
		}
		_ = to.WriteToken(jsontext.Bool(typed.Has(f.Name)))
	case controlMany, controlLines:
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

func writeValue(to *jsontext.Encoder, kind, value string) {
	if kind == "integer" || kind == "number" {
		if number := jsontext.Value(value); number.Kind() == '0' && number.IsValid() {
			_ = to.WriteValue(number)
			return
		}
	}
	_ = to.WriteToken(jsontext.String(value))
}
