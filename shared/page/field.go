package page

import (
	"strconv"
	"strings"

	"github.com/a-h/templ"
	"github.com/go-json-experiment/json/jsontext"

	"identitypools/shared/language"
)

// Control is a kind of form control.
type Control string

// The kinds of controls.
const (
	ControlInput  Control = "input"
	ControlSelect Control = "select"
	ControlCheck  Control = "check"
	ControlMany   Control = "many"  // a check box for each value of a list
	ControlLines  Control = "lines" // a text with one value in each line
	ControlGroup  Control = "group"
)

// Field is a field of a form, or a group of fields.
type Field struct {
	ID           string
	Name         string // for a part of a payload, its JSON Pointer
	Label, Hint  string
	Said         templ.Component // the hint in place of Hint, if it names something that was typed; may be nil
	Links        []Link          // after the label of a check box, such as the terms that it is about
	Control      Control
	Type         string // of an input element
	Autocomplete string
	InputMode    string
	Required     bool
	Focus        bool

	Min, Max, Step       string
	MinLength, MaxLength string
	Options              []Option
	Fields               []Field // the fields of a group

	Value   string
	Checked bool
	Error   string // describes what is wrong; "" if nothing is

	about  property
	isFree bool // the field is in a group that may be left empty, so that browsers must not require it
}

// Link is a link to another page, with its text.
type Link struct{ URL, Text string }

// Option is a value that can be selected. People see its label.
type Option struct {
	Value, Label string
	Selected     bool

	json jsontext.Value // the value as it is in the schema
}

// AddressField returns a required field for an email address.
func AddressField(words language.Words, name, hint string) Field {
	return Field{
		ID: name, Name: name, Label: words.Say("address"), Hint: hint, Control: ControlInput,
		Type: "email", Autocomplete: "username", Required: true,
	}
}

// CodeField returns the field for a one-time code, whose hint says where the code is. It has the focus.
func CodeField(words language.Words, hint templ.Component) Field {
	return Field{
		ID: codeName, Name: codeName, Label: words.Say("code"), Said: hint, Control: ControlInput,
		Type: "text", Autocomplete: "one-time-code", InputMode: "numeric", Required: true, Focus: true,
	}
}

// PasswordInput returns a required field for the password that somebody has.
func PasswordInput(words language.Words) Field {
	return Field{
		ID: "password", Name: "password", Label: words.Say("password"), Control: ControlInput,
		Type: "password", Autocomplete: "current-password", Required: true,
	}
}

// codeName is the name of the field for a one-time code.
const codeName = "code"

// mustFill reports whether the browser should require a value. A check box need not be checked,
// because unchecked means false, unless it stands for the only allowed value.
func (f Field) mustFill() bool {
	return f.Required && !f.isFree && (f.Control != ControlCheck || f.about.Const != nil) && f.Control != ControlMany
}

// checkedValue returns the value of a check box that is checked.
func (f Field) checkedValue() string {
	if f.about.Const != nil {
		return formText(f.about.Const)
	}
	return "true"
}

// class returns the class of the element that contains the field.
func (f Field) class() string {
	if f.Error != "" {
		return "field bad"
	}
	return "field"
}

// direction returns the attribute dir of the control: text that people type may be in any script.
func (f Field) direction() string {
	if f.Control == ControlLines || f.Control == ControlInput && f.Type == "text" {
		return "auto"
	}
	return ""
}

// controlAttributes returns the attributes that all controls have. They say whether the field must
// be filled in, whether its value is wrong, and which elements describe it.
func (f Field) controlAttributes() templ.OrderedAttributes {
	if f.Hint != "" || f.Said != nil {
		return f.describedBy(f.ID + "-hint")
	}
	return f.describedBy()
}

// describedBy returns the attributes of a control that the elements with the given ids describe,
// and the error of the field if it has one.
func (f Field) describedBy(ids ...string) templ.OrderedAttributes {
	attributes := templ.OrderedAttributes{
		{Key: "required", Value: f.mustFill()}, {Key: "autofocus", Value: f.Focus},
	}
	if f.Error != "" {
		attributes = append(attributes, templ.KeyValue[string, any]{Key: "aria-invalid", Value: "true"})
		ids = append(ids, f.ID+"-error")
	}
	if len(ids) > 0 {
		attributes = append(attributes, templ.KeyValue[string, any]{
			Key: "aria-describedby", Value: strings.Join(ids, " "),
		})
	}
	return attributes
}

// inputAttributes returns those attributes of an input element that are not empty.
func (f Field) inputAttributes() templ.OrderedAttributes {
	var attributes templ.OrderedAttributes
	for _, a := range []templ.KeyValue[string, string]{
		{Key: "autocomplete", Value: f.Autocomplete},
		{Key: "inputmode", Value: f.InputMode},
		{Key: "dir", Value: f.direction()},
		{Key: "min", Value: f.Min},
		{Key: "max", Value: f.Max},
		{Key: "step", Value: f.Step},
		{Key: "minlength", Value: f.MinLength},
		{Key: "maxlength", Value: f.MaxLength},
	} {
		if a.Value != "" {
			attributes = append(attributes, templ.KeyValue[string, any]{Key: a.Key, Value: a.Value})
		}
	}
	return attributes
}

// boundText returns a bound as the value of an attribute, or "" if there is none.
func boundText(bound *int64) string {
	if bound == nil {
		return ""
	}
	return strconv.FormatInt(*bound, 10)
}

// beforeLink and afterLink return the text around a link after the label: all links stand in brackets.
func (f *Field) beforeLink(i int) string {
	if i == 0 {
		return " ("
	}
	return " "
}

func (f *Field) afterLink(i int) string {
	if i == len(f.Links)-1 {
		return ")"
	}
	return ","
}
