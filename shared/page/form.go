package page

import (
	"net/url"
	"slices"
	"strconv"

	"identitypools/shared/identity"
	"identitypools/shared/language"
)

// Form is the form of a page. A zero one has no fields.
type Form struct {
	Fields   []Field
	Password *NewPassword // nil where none is asked for
	More     []Field      // after the password
	Faults   []Fault      // what is wrong, in the order of the page
	// SendsMail says that a mail is sent for whoever submits the form. Then it may ask for a proof of work: Challenge,
	// as JSON, "" for none.
	SendsMail bool
	Challenge string

	words language.Words
}

// NewPassword is the field for a password that somebody chooses, with the rules for it.
type NewPassword struct {
	Field Field
	Rules []PasswordRule
}

// PasswordRule is a rule for passwords: the script ticks it off while somebody types, by its name and bound.
type PasswordRule struct {
	Name  string
	Bound int
	Text  string
}

// AskPassword adds a field for a new password, with the rules of the policy.
func (f *Form) AskPassword(policy identity.PasswordPolicy) {
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
		password.Rules = append(password.Rules, PasswordRule{Name: "strength", Text: f.words.Say("rule.strength")})
	}
	password.Rules = append(password.Rules, PasswordRule{Name: "guessable", Text: f.words.Say("rule.guessable")})
	f.Password = &password
}

// LacksPassword reports whether a password is asked for and not given, and says so beside the field.
func (f *Form) LacksPassword(typed url.Values) bool {
	if f.Password == nil || typed.Get("password") != "" {
		return false
	}
	f.Fault(&f.Password.Field, f.words.Say("error.password.missing"))
	return true
}

// Fill shows what was typed. The values of a field are those of a form: a box that isn't checked has none. A password
// is never shown again.
func (f *Form) Fill(typed url.Values) {
	for field := range f.all() {
		field.Value, field.Checked = typed.Get(field.Name), typed.Has(field.Name)
		for i := range field.Options {
			field.Options[i].Selected = slices.Contains(typed[field.Name], field.Options[i].Value)
		}
	}
}

// Typed returns the values of the fields, without the password: what Fill shows again.
func (f *Form) Typed(form url.Values) url.Values {
	typed := url.Values{}
	for field := range f.all() {
		if values := form[field.Name]; len(values) > 0 {
			typed[field.Name] = values
		}
	}
	return typed
}

// all yields the fields in the order of the page, with those of groups, but without the password.
func (f *Form) all() func(yield func(*Field) bool) {
	return func(yield func(*Field) bool) {
		_ = eachOf(f.Fields, yield) && eachOf(f.More, yield)
	}
}

// eachOf yields the fields and those within them. It reports whether it was not stopped.
func eachOf(fields []Field, yield func(*Field) bool) bool {
	for i := range fields {
		if !yield(&fields[i]) || !eachOf(fields[i].Fields, yield) {
			return false
		}
	}
	return true
}
