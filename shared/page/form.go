package page

import (
	"iter"
	"net/url"
	"slices"
	"strconv"

	"identitypools/shared/identity"
	"identitypools/shared/language"
)

// Form is the form of a page. The zero value has no fields.
type Form struct {
	Fields   []Field
	Password *NewPassword // nil if the form has no new password
	More     []Field      // the fields after the password
	Faults   []Fault      // the errors, in the order of the page
	// SendsMail says that submitting the form causes a mail. The form may then require a proof of
	// work, for the Challenge, which is JSON, or "" if none is required.
	SendsMail bool
	Challenge string
	// WrongCode is the key of the message for a code that is not right, or "" for the usual one. With ".expired"
	// after it, it is that for a code that is too old, and with ".tries" that for a code that is not right after
	// so many others that the right one has died (identity.CodeTries).
	WrongCode string

	words language.Words
	tries int // how many wrong codes were typed into the form
}

// triesName is the name of the hidden field that counts wrong codes. Whoever changes it deceives only
// themselves: the number only chooses a message.
const triesName = "tries"

// maxTries is the number up to which wrong codes are counted.
const maxTries = 99

// NewPassword is the field for a new password, with the rules for the password.
type NewPassword struct {
	Field Field
	Rules []PasswordRule
}

// PasswordRule is a rule for passwords. The script marks it as satisfied during typing, by its name
// and its bound.
type PasswordRule struct {
	Name  string
	Bound int
	Text  string
}

// AddPassword adds a field for a new password, with the rules of the policy.
func (f *Form) AddPassword(policy identity.PasswordPolicy) {
	password := NewPassword{Field: Field{
		ID: "password", Name: "password", Label: f.words.Say("password"), Required: true,
	}}
	for _, r := range []PasswordRule{
		{Name: "min_length", Bound: policy.MinLength},
		{Name: "capital_letters", Bound: policy.Capitals},
		{Name: "lowercase_letters", Bound: policy.Lowercase},
		{Name: "digits", Bound: policy.Digits},
		{Name: "special_characters", Bound: policy.Special},
	} {
		if r.Bound > 0 {
			r.Text = f.words.Say("rule."+r.Name, "n", strconv.Itoa(r.Bound))
			password.Rules = append(password.Rules, r)
		}
	}
	if policy.Strength != "any" {
		strength := PasswordRule{Name: "strength", Text: f.words.Say("rule.strength")}
		password.Rules = append(password.Rules, strength)
	}
	guessable := PasswordRule{Name: "guessable", Text: f.words.Say("rule.guessable")}
	password.Rules = append(password.Rules, guessable)
	f.Password = &password
}

// LacksPassword reports whether the form requires a password that was not given. In that case, it
// records an error at the field.
func (f *Form) LacksPassword(typed url.Values) bool {
	if f.Password == nil || typed.Get("password") != "" {
		return false
	}
	f.AddFault(&f.Password.Field, f.words.Say("error.password.missing"))
	return true
}

// Fill sets the values of the fields to what was typed. The values are those of a form, in which an
// unchecked box is absent. A password is never shown again.
func (f *Form) Fill(typed url.Values) {
	for field := range f.all() {
		field.Value, field.Checked = typed.Get(field.Name), typed.Has(field.Name)
		if field.Type == "password" {
			field.Value = ""
		}
		for i := range field.Options {
			field.Options[i].Selected = slices.ContainsFunc(typed[field.Name], func(value string) bool {
				return fromForm(value, field.Options[i].Value) == field.Options[i].Value
			})
		}
	}
	if n, err := strconv.Atoi(typed.Get(triesName)); err == nil && n > 0 {
		f.tries = min(n, maxTries)
	}
}

// Typed returns the values of the fields, without the password. These are the values that Fill
// shows.
func (f *Form) Typed(form url.Values) url.Values {
	typed := url.Values{}
	for field := range f.all() {
		if values := form[field.Name]; len(values) > 0 && field.Type != "password" {
			typed[field.Name] = values
		}
	}
	return typed
}

// all yields the fields in the order of the page. It includes those of groups, but not the
// password.
func (f *Form) all() iter.Seq[*Field] {
	return func(yield func(*Field) bool) {
		_ = eachOf(f.Fields, yield) && eachOf(f.More, yield)
	}
}

// eachOf yields the fields, each followed by the fields in it. It reports whether it was not
// stopped.
func eachOf(fields []Field, yield func(*Field) bool) bool {
	for i := range fields {
		if !yield(&fields[i]) || !eachOf(fields[i].Fields, yield) {
			return false
		}
	}
	return true
}
