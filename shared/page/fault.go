package page

import (
	"errors"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"identitypools/shared/identity"
	"identitypools/shared/language"
)

// ErrIncomplete is the reason for refusing a form that lacks something that a form must have, though the API can do
// without. Whoever refuses the form has said beside the field what is missing.
var ErrIncomplete = errors.New("the form is not complete")

// Fault is a line of what is wrong with a form, which leads to the field that it is about.
type Fault struct {
	ID, Label string // of the field; "" where it is about none in particular
	Text      string
}

// href returns the link to the field. Ids have no characters but those of identity.ValidID and colons, which would end
// the scheme of an address that did not begin with "#".
func (f Fault) href() templ.SafeURL { return templ.SafeURL("#" + f.ID) }

// Fault records what is wrong with a field, of which the first counts, or with none in particular if field is nil.
func (f *Form) Fault(field *Field, text string) {
	switch {
	case field == nil:
		f.Faults = append(f.Faults, Fault{Text: text})
	case field.Error == "":
		field.Error = text
	}
}

// arrange lists what is wrong with fields in the order of the page, and puts the focus to the first of them.
func (f *Form) arrange() {
	var ordered []Fault
	list := func(field *Field) bool {
		field.Focus = field.Error != "" && len(ordered) == 0
		if field.Error != "" {
			ordered = append(ordered, Fault{field.ID, field.Label, field.Error})
		}
		return true
	}
	eachOf(f.Fields, list)
	if f.Password != nil {
		list(&f.Password.Field)
	}
	eachOf(f.More, list)
	f.Faults = append(ordered, f.Faults...)
}

// explain says beside the fields what is wrong with them. It returns an error that is not about the form.
func (f *Form) explain(err error) error {
	var invalid identity.Invalid
	code := f.named(codeName)
	switch {
	case errors.Is(err, ErrIncomplete):
		return nil
	case code != nil && errors.As(err, new(identity.ExpiredCode)):
		f.Fault(code, f.words.Say("error.code.expired"))
		return nil
	case code != nil && errors.As(err, new(identity.InvalidCode)):
		f.Fault(code, f.words.Say("error.code"))
		return nil
	case !errors.As(err, &invalid):
		return err
	}
	for _, violation := range invalid.Violations {
		if !f.explainViolation(violation) {
			why := strings.TrimSpace(violation.Pointer + " " + violation.Reason)
			f.Fault(nil, f.words.Say("error.other", "reason", why))
		}
	}
	return nil
}

// explainViolation says beside the field that a violation is about what is wrong with it. It reports whether there is
// such a field.
func (f *Form) explainViolation(v identity.Violation) bool {
	if v.Pointer == "/password" && f.Password != nil {
		f.Fault(&f.Password.Field, f.passwordFault(v))
		return true
	}
	if pointer, isPayload := strings.CutPrefix(v.Pointer, "/payload"); isPayload {
		return f.explainPayload(pointer)
	}
	for field := range f.all() {
		if field.isAddressOf(v.Pointer) {
			f.Fault(field, f.words.Say("error.address"))
			return true
		}
	}
	return false
}

// isAddressOf reports whether f is the field for the address that the API calls by the pointer. One address on a page
// may be several things to the API.
func (f *Field) isAddressOf(pointer string) bool {
	switch pointer {
	case "/identifier", "/otp_address", "/address":
		return f.Type == "email" && !strings.HasPrefix(f.Name, "/")
	}
	return false
}

// explainPayload says what is wrong with the field that has the value at a pointer into the payload, or holds it.
func (f *Form) explainPayload(pointer string) bool {
	for strings.HasPrefix(pointer, "/") {
		if field := f.named(pointer); field != nil && field.Control != ControlGroup {
			f.Fault(field, field.fault(f.words))
			return true
		}
		pointer = pointer[:strings.LastIndexByte(pointer, '/')]
	}
	return false
}

// named returns the field with the given name, or nil.
func (f *Form) named(name string) *Field {
	for field := range f.all() {
		if field.Name == name {
			return field
		}
	}
	return nil
}

// fault returns what to say of a value that the schema does not allow: what it asks for.
func (f *Field) fault(words language.Words) string {
	least, most, kind := f.Min, f.Max, "error.number"
	if f.Type != "number" {
		least, most, kind = f.MinLength, f.MaxLength, "error.length"
	}
	switch {
	case strings.TrimSpace(f.Value) == "" && f.Required:
		return words.Say("error.required")
	case f.Control == ControlSelect:
		return words.Say("error.choice")
	case least != "" && most != "":
		return words.Say(kind+".between", "least", least, "most", most)
	case least != "":
		return words.Say(kind+".least", "least", least)
	case most != "":
		return words.Say(kind+".most", "most", most)
	case f.Type == "number":
		return words.Say("error.number")
	}
	return words.Say("error.form")
}

func (f *Form) passwordFault(violation identity.Violation) string {
	key := "error.password." + violation.Rule
	if _, known := f.words[key]; !known {
		key = "error.password.missing"
	}
	return f.words.Say(key, "n", strconv.Itoa(violation.Bound))
}
