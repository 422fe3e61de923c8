package page

import (
	"errors"
	"fmt"
	"strings"

	"github.com/a-h/templ"

	"identitypools/shared/identity"
	"identitypools/shared/language"
)

// ErrIncomplete is the reason to refuse a form that lacks something which the API does not require,
// but the page does. The caller of Page.Refuse has recorded an error at the field that is missing.
var ErrIncomplete = errors.New("the form is not complete")

// Fault describes an error of a form. It links to the field that is at fault.
type Fault struct {
	ID   string // of the field; "" if the error is about no single field
	Text string
}

// href returns the link to the field. Ids contain only the characters of identity.ValidID and
// colons. A colon would end the scheme of an address, but this address begins with "#".
func (f Fault) href() templ.SafeURL { return templ.SafeURL("#" + f.ID) }

// AddFault records an error of a field, or of the whole form if field is nil. A field keeps its
// first error.
func (f *Form) AddFault(field *Field, text string) {
	switch {
	case field == nil:
		f.Faults = append(f.Faults, Fault{Text: text})
	case field.Error == "":
		field.Error = text
	}
}

// arrange lists the errors of all fields in the order of the page. No field has the focus then, because the
// list has it.
func (f *Form) arrange() {
	var ordered []Fault
	list := func(field *Field) bool {
		field.Focus = false
		if field.Error != "" {
			ordered = append(ordered, Fault{field.ID, field.Error})
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

// explain records the errors of a form at its fields. It returns errors that are not about the
// form.
func (f *Form) explain(err error) error {
	var invalid identity.Invalid
	code := f.named(codeName)
	switch {
	case errors.Is(err, ErrIncomplete):
		return nil
	case code != nil && errors.As(err, new(identity.ExpiredCode)):
		f.AddFault(code, f.words.Say(f.codeKey(".expired")))
		return nil
	case code != nil && errors.As(err, new(identity.InvalidCode)):
		f.tries = min(f.tries+1, maxTries)
		key := f.codeKey("")
		if f.tries >= identity.CodeTries {
			key = f.codeKey(".tries")
		}
		f.AddFault(code, f.words.Say(key))
		return nil
	case !errors.As(err, &invalid):
		return err
	}
	for _, violation := range invalid.Violations {
		if !f.explainViolation(violation) {
			why := strings.TrimSpace(violation.Pointer + " " + violation.Reason)
			f.AddFault(nil, f.words.Say("error.other", "reason", why))
		}
	}
	return nil
}

// codeKey returns the key of a message about a code that is not accepted.
func (f *Form) codeKey(about string) string {
	if f.WrongCode != "" {
		return f.WrongCode + about
	}
	return "error.code" + about
}

// explainViolation records a violation at the field that it is about. It reports whether there is
// such a field.
func (f *Form) explainViolation(v identity.Violation) bool {
	if v.Pointer == "/password" && f.Password != nil {
		f.AddFault(&f.Password.Field, f.passwordFault(v))
		return true
	}
	if pointer, isPayload := strings.CutPrefix(v.Pointer, "/payload"); isPayload {
		return f.explainPayload(pointer, v.Code)
	}
	for field := range f.all() {
		if field.isAddressOf(v.Pointer) {
			key := "error.address"
			if identity.CheckMailable("", field.Value) != nil {
				key = "error.address.mailable"
			}
			f.AddFault(field, f.words.Say(key))
			return true
		}
	}
	return false
}

// isAddressOf reports whether f is the field of the address to which the API refers by pointer. One
// address of a page may have several names in the API.
func (f *Field) isAddressOf(pointer string) bool {
	switch pointer {
	case "/identifier", "/otp_address", "/address":
		return f.Type == "email" && !strings.HasPrefix(f.Name, "/")
	}
	return false
}

// explainPayload records the error with a code of a value in the payload at the field of the value, or at the
// field that contains it. It reports whether there is such a field.
func (f *Form) explainPayload(pointer, code string) bool {
	for strings.HasPrefix(pointer, "/") {
		if field := f.named(pointer); field != nil && field.Control != ControlGroup {
			f.AddFault(field, field.fault(f.words, code))
			return true
		}
		pointer = pointer[:strings.LastIndexByte(pointer, '/')]
	}
	return false
}

// named returns the field with the given name, or nil if there is none.
func (f *Form) named(name string) *Field {
	for field := range f.all() {
		if field.Name == name {
			return field
		}
	}
	return nil
}

// fault returns a message for a value that breaks a rule of the schema with the given code. It names the field
// and says what the schema requires.
func (f *Field) fault(words language.Words, code string) string {
	say := func(key string, pairs ...string) string {
		return words.Say(key, append([]string{"label", f.Label}, pairs...)...)
	}
	least, most, kind := f.Min, f.Max, "error.number"
	switch {
	case f.Type != "number":
		least, most, kind = f.MinLength, f.MaxLength, "error.length"
	case f.about.Type == "integer":
		kind = "error.whole"
	}
	isMissing := strings.TrimSpace(f.Value) == "" && f.Required
	switch {
	case f.isTerms():
		return say("error.terms")
	case f.Control == ControlCheck:
		return say("error.tick")
	case f.Control == ControlSelect, f.Control == ControlMany:
		return say("error.choice")
	case isMissing:
		return say("error.required")
	case f.Control == ControlInput && f.Type == "email":
		return say("error.address")
	case f.Control == ControlInput && f.Type == "url":
		return say("error.url")
	case code == identity.CodeWrongFormat, code == identity.CodeNotMultiple, code == identity.CodeInvalid:
		return say("error.form") // the value is as long, or as large, as it may be
	case least != "" && least == most:
		return say(kind+".exact", "n", least)
	case least != "" && most != "":
		return say(kind+".between", "least", least, "most", most)
	case least != "":
		return say(kind+".least", "least", least)
	case most != "":
		return say(kind+".most", "most", most)
	case f.Type == "number":
		return say(kind)
	}
	return say("error.form")
}

// passwordFault returns a message for a password that is refused.
func (f *Form) passwordFault(violation identity.Violation) string {
	key := "error.password." + violation.Code
	if why, ok := violation.Params["why"].(string); ok {
		key += "." + why
	}
	if _, known := f.words[key]; !known {
		key = "error.password.missing"
	}
	bound := violation.Params["min"]
	if bound == nil {
		bound = violation.Params["max"]
	}
	return f.words.Say(key, "n", fmt.Sprint(bound))
}
