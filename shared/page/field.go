package page

import (
	"strconv"

	"github.com/a-h/templ"

	"identitypools/shared/language"
)

// Control is the kind of control with which a field is filled in.
type Control string

// Controls of a form.
const (
	ControlInput  Control = "input"
	ControlSelect Control = "select"
	ControlCheck  Control = "check"
	ControlMany   Control = "many"  // a box for each value of a list
	ControlLines  Control = "lines" // a text of one value a line
	ControlGroup  Control = "group"
)

// Field is a field of a form, or a group of them.
type Field struct {
	ID           string
	Name         string // for a part of a payload its JSON pointer into the payload
	Label, Hint  string
	Control      Control
	Type         string // of an input
	Autocomplete string
	InputMode    string
	Required     bool
	Focus        bool

	Min, Max, Step       string
	MinLength, MaxLength string
	Options              []Option
	Fields               []Field // of a group

	Value   string
	Checked bool
	Error   string // what is wrong with it; "" for nothing

	about property
}

// Option is a value that may be chosen.
type Option struct {
	Value    string
	Selected bool
}

// AddressField returns a field for an e-mail address that is required.
func AddressField(words language.Words, name, hint string) Field {
	return Field{
		ID: name, Name: name, Label: words.Say("address"), Hint: hint, Control: ControlInput, Type: "email",
		Autocomplete: "username", Required: true,
	}
}

// CodeField returns the field for a one-time code, which has the focus.
func CodeField(words language.Words, hint string) Field {
	return Field{
		ID: codeName, Name: codeName, Label: words.Say("code"), Hint: hint, Control: ControlInput, Type: "text",
		Autocomplete: "one-time-code", InputMode: "numeric", Required: true, Focus: true,
	}
}

// codeName is the name of the field for a one-time code.
const codeName = "code"

// mustFill reports whether the browser may insist on a value. A box may stay empty, which says no, unless it stands for
// the one value that there is.
func (f Field) mustFill() bool {
	return f.Required && (f.Control != ControlCheck || f.about.Const != nil) && f.Control != ControlMany
}

// box returns the value of a box that is checked.
func (f Field) box() string {
	if f.about.Const != nil {
		return *f.about.Const
	}
	return "true"
}

// described returns the attributes that all controls have: whether the field must be filled in, what is wrong with it,
// and which elements describe it.
func (f Field) described() templ.OrderedAttributes {
	described := ""
	if f.Hint != "" {
		described = f.ID + "-hint"
	}
	return f.state(described)
}

// state returns the attributes of a control that the elements with the given ids describe.
func (f Field) state(described string) templ.OrderedAttributes {
	attributes := templ.OrderedAttributes{{Key: "required", Value: f.mustFill()}, {Key: "autofocus", Value: f.Focus}}
	if f.Error != "" {
		attributes = append(attributes, templ.KeyValue[string, any]{Key: "aria-invalid", Value: "true"})
		if described != "" {
			described += " "
		}
		described += f.ID + "-error"
	}
	if described != "" {
		attributes = append(attributes, templ.KeyValue[string, any]{Key: "aria-describedby", Value: described})
	}
	return attributes
}

// optional returns the attributes of an input that are left out where they are empty.
func (f Field) optional() templ.OrderedAttributes {
	var attributes templ.OrderedAttributes
	for _, a := range []templ.KeyValue[string, string]{
		{Key: "autocomplete", Value: f.Autocomplete},
		{Key: "inputmode", Value: f.InputMode},
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

// text returns a bound as an attribute has it; "" where there is none.
func text(bound *int64) string {
	if bound == nil {
		return ""
	}
	return strconv.FormatInt(*bound, 10)
}
