package page

import (
	"fmt"
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

// property is a member of a payload's schema. It has only the keywords that a form can show. The
// other keywords are checked when the form is submitted.
type property struct {
	name string

	Type        string           `json:"type"`
	Title       string           `json:"title"`
	Description string           `json:"description"`
	Hidden      bool             `json:"hidden"`
	Const       jsontext.Value   `json:"const"`
	Enum        []jsontext.Value `json:"enum"`
	OneOf       []property       `json:"oneOf"`
	Minimum     *int64           `json:"minimum"`
	Maximum     *int64           `json:"maximum"`
	MinLength   *int64           `json:"minLength"`
	MaxLength   *int64           `json:"maxLength"`
	Items       *property        `json:"items"`
	Properties  properties       `json:"properties"`
	Required    []string         `json:"required"`
}

// formText returns a value of a schema as a form has it: a string as it is, and anything else as JSON.
func formText(value jsontext.Value) string {
	var text string
	if value.Kind() != '"' || json.Unmarshal(value, &text, jsontext.AllowInvalidUTF8(true)) != nil {
		return string(value)
	}
	return text
}

// options returns the values that the property may have, if the schema lists them: as an enum, or as
// constants with titles, of which each is an alternative. A value is called by the pool's own label for it,
// which has the name of the property, "=" and the value, or else by its title.
func (p property) options(name string, n namer) []Option {
	values := make([]property, len(p.Enum))
	for i, value := range p.Enum {
		values[i].Const = value
	}
	if p.Enum == nil {
		values = p.OneOf
	}
	var all []Option
	for _, v := range values {
		if v.Const == nil || !strings.ContainsRune(`"0tf`, rune(v.Const.Kind())) {
			return nil
		}
		o := Option{Value: formText(v.Const), json: v.Const}
		o.Label = o.Value
		for _, label := range []string{v.Title, n.own[name+"="+o.Value]} {
			if label != "" {
				o.Label = label
			}
		}
		all = append(all, o)
	}
	return all
}

// properties are the members of a schema in their order.
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

// claim has the attributes of an input element for a claim of OpenID Connect Core §5.1: what to
// complete automatically, and the type.
type claim struct{ autocomplete, inputType string }

// claimOf returns the claim with the given name, or the zero value if there is none.
func claimOf(name string) claim {
	return map[string]claim{
		"given_name":         {"given-name", "text"},
		"family_name":        {"family-name", "text"},
		"middle_name":        {"additional-name", "text"},
		"name":               {"name", "text"},
		"nickname":           {"nickname", "text"},
		"preferred_username": {"off", "text"},
		"website":            {"url", "url"},
		"profile":            {"off", "url"},
		"picture":            {"off", "url"},
		"birthdate":          {"bday", "date"},
		"phone_number":       {"tel", "tel"},
		"locale":             {"language", "text"},
		"zoneinfo":           {"off", "text"},
		"gender":             {"sex", "text"},
		"street_address":     {"street-address", "text"},
		"locality":           {"address-level2", "text"},
		"region":             {"address-level1", "text"},
		"postal_code":        {"postal-code", "text"},
		"country":            {"country-name", "text"},
		"organization":       {"organization", "text"},
		"email":              {"email", "email"},
	}[name]
}

// namer chooses the labels of fields.
type namer struct {
	words language.Words    // has words for claims
	own   map[string]string // the pool's own labels, by the name of the property
}

// PayloadFields returns the fields for a payload that a JSON Schema describes. They have the pool's
// own labels, if there are any. PayloadFields leaves out properties that a form cannot show, such
// as a list of objects. It fails if the schema cannot be decoded.
func PayloadFields(schema []byte, words language.Words, labels map[string]string) ([]Field, error) {
	var root property
	if err := json.Unmarshal(schema, &root); err != nil {
		return nil, fmt.Errorf("read payload schema: %w", err)
	}
	fields := fieldsOf(root, Field{ID: "payload"}, namer{words, labels})
	has := func(name string) bool {
		return slices.ContainsFunc(fields, func(f Field) bool { return f.Name == name })
	}
	if has("/given_name") && has("/family_name") { // a name need not be typed twice
		fields = slices.DeleteFunc(fields, func(f Field) bool { return f.Name == "/name" && !f.Required })
	}
	return fields, nil
}

// fieldsOf returns the fields for the properties of an object, which are parts of the given field.
func fieldsOf(object property, of Field, n namer) []Field {
	var fields []Field
	for _, p := range object.Properties {
		f := Field{
			Name:  of.Name + "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(p.name),
			Label: n.label(p), Hint: p.Description, about: p,
			Required: slices.Contains(object.Required, p.name),
			isFree:   of.isFree || of.Control == ControlGroup && !of.Required,
		}
		f.ID = of.ID + "-" + idPart(p.name, len(fields))
		if p.Hidden || p.name == "" || !f.setControl(n) {
			continue
		}
		fields = append(fields, f)
	}
	return fields
}

// idPart returns the part of an element's id for a property: its name if that can be part of an id,
// and otherwise its place in the form.
func idPart(name string, place int) string {
	if identity.ValidID(name) {
		return name
	}
	return ":" + strconv.Itoa(place) // no name has a colon
}

// label returns the label of a property. It is the pool's, or else the schema's, or else the
// reader's word for a claim, or else the name of the property.
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
	parts := strings.FieldsFunc(p.name, func(r rune) bool { return r == '_' || r == '-' || unicode.IsSpace(r) })
	words := strings.Join(parts, " ")
	if words == "" {
		return p.name
	}
	first, size := utf8.DecodeRuneInString(words)
	return string(unicode.ToUpper(first)) + words[size:]
}

// setControl gives f the control that suits its property. It reports false if there is none.
func (f *Field) setControl(n namer) bool {
	p := f.about
	if f.Options = p.options(p.name, n); p.Items != nil && p.Type == "array" {
		f.Options = p.Items.options(p.name, n)
	}
	switch {
	case p.Const != nil:
		f.Control = ControlCheck
	case p.Type == "array" && f.Options != nil:
		f.Control = ControlMany
	case f.Options != nil:
		f.Control = ControlSelect
	case p.Type == "string":
		f.setTextControl()
	case p.Type == "integer" || p.Type == "number":
		f.Control, f.Type, f.Step = ControlInput, "number", "any"
		f.Min, f.Max = boundText(p.Minimum), boundText(p.Maximum)
		if p.Type == "integer" {
			f.Step = "1"
		}
	case p.Type == "boolean":
		f.Control = ControlCheck
	case p.Type == "array" && p.Items != nil && slices.Contains([]string{"string", "integer", "number"}, p.Items.Type):
		f.Control = ControlLines
		f.Hint = strings.TrimSpace(f.Hint + "\n" + n.words.Say("lines"))
	case p.Type == "object":
		f.Control = ControlGroup
		f.Fields = fieldsOf(p, *f, n)
		return len(f.Fields) > 0
	default:
		return false
	}
	return true
}

// setTextControl gives f the control for text.
func (f *Field) setTextControl() {
	known := claimOf(f.about.name)
	f.Control, f.Type, f.Autocomplete = ControlInput, known.inputType, known.autocomplete
	f.MinLength, f.MaxLength = boundText(f.about.MinLength), boundText(f.about.MaxLength)
	if f.Type == "" {
		f.Type = "text"
	}
}

// isTerms reports whether f is a box that must be checked to accept terms.
func (f *Field) isTerms() bool {
	if !f.isConsent() {
		return false
	}
	name := strings.ToLower(f.about.name)
	return len(f.Links) > 0 || slices.ContainsFunc([]string{
		"term", "tos", "condition", "privacy", "agree", "accept", "consent",
	}, func(part string) bool { return strings.Contains(name, part) })
}

// isConsent reports whether f is a box that must be checked.
func (f *Field) isConsent() bool {
	return f.Control == ControlCheck && f.Required && f.about.Const != nil
}

// AddPayload adds the fields of PayloadFields to the form, after the password. A box that must be checked
// has links to the pool's terms: the only one has them all, and of several each has those that its name is
// about. Errors: those of PayloadFields.
func (p *Page) AddPayload(schema []byte, labels map[string]string) (err error) {
	if p.Form.More, err = PayloadFields(schema, p.Words, labels); err != nil {
		return err
	}
	var boxes []*Field
	for i := range p.Form.More {
		if f := &p.Form.More[i]; f.isConsent() {
			boxes = append(boxes, f)
		}
	}
	for _, f := range boxes {
		name := strings.ToLower(f.about.name)
		for _, l := range []struct{ part, url, key string }{
			{"term", p.terms, "footer.terms"}, {"privacy", p.privacy, "footer.privacy"},
		} {
			if l.url != "" && (len(boxes) == 1 || strings.Contains(name, l.part)) {
				f.Links = append(f.Links, Link{l.url, p.Words.Say(l.key)})
			}
		}
	}
	return nil
}
