package registration

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"identitypools/shared/identity"
)

// errIncomplete is a form that lacks something that a form must have, though the API can do without.
var errIncomplete = errors.New("the form is not complete")

// lacksPassword says whether a password is asked for and not given, and says so beside the field.
func (v *view) lacksPassword(r *http.Request) bool {
	if v.Password == nil || r.PostForm.Get("password") != "" {
		return false
	}
	v.fault(v.Password, v.Say("error.password.missing"))
	return true
}

// refused is the form with what is wrong with it. An error that is not about what was typed is returned too.
func (v *view) refused(why error) (shown, error) {
	if err := v.explain(why); err != nil {
		return shown{view: *v}, err
	}
	v.arrange()
	return shown{view: *v, status: http.StatusUnprocessableEntity, why: why}, nil
}

// explain says beside the fields what is wrong with them. An error that is not about the form is returned.
func (v *view) explain(err error) error {
	var invalid identity.Invalid
	switch {
	case errors.Is(err, errIncomplete):
		return nil
	case errors.As(err, new(identity.ExpiredCode)):
		v.fault(&v.Fields[0], v.Say("error.code.expired"))
		return nil
	case errors.As(err, new(identity.InvalidCode)):
		v.fault(&v.Fields[0], v.Say("error.code"))
		return nil
	case !errors.As(err, &invalid):
		return err
	}
	fields := map[string]*field{}
	v.each(func(f *field) { fields[f.Name] = f })
	for _, violation := range invalid.Violations {
		name, isPayload := strings.CutPrefix(violation.Pointer, "/payload")
		switch {
		case violation.Pointer == "/password" && v.Password != nil:
			v.fault(v.Password, v.passwordFault(violation))
		case violation.Pointer == "/identifier", violation.Pointer == "/otp_address", violation.Pointer == "/address":
			v.fault(&v.Fields[0], v.Say("error.address"))
		case isPayload && v.explainField(fields, name):
		default:
			v.fault(nil, v.Say("error.other", "reason", strings.TrimSpace(violation.Pointer+" "+violation.Reason)))
		}
	}
	return nil
}

// explainField says what is wrong with the field that has the value at a pointer, or holds it.
func (v *view) explainField(fields map[string]*field, pointer string) bool {
	for pointer != "" {
		if f := fields[pointer]; f != nil && f.Control != controlGroup {
			v.fault(f, f.fault())
			return true
		}
		pointer = pointer[:strings.LastIndexByte(pointer, '/')]
	}
	return false
}

// fault is what to say of a value that the schema does not allow: what it asks for.
func (f field) fault() string {
	least, most, kind := f.Min, f.Max, "error.number"
	if f.Type != "number" {
		least, most, kind = f.MinLength, f.MaxLength, "error.length"
	}
	switch {
	case strings.TrimSpace(f.Value) == "" && f.Required:
		return f.Say("error.required")
	case f.Control == controlSelect:
		return f.Say("error.choice")
	case least != "" && most != "":
		return f.Say(kind+".between", "least", least, "most", most)
	case least != "":
		return f.Say(kind+".least", "least", least)
	case most != "":
		return f.Say(kind+".most", "most", most)
	case f.Type == "number":
		return f.Say("error.number")
	}
	return f.Say("error.form")
}

func (v *view) passwordFault(violation identity.Violation) string {
	key := "error.password." + violation.Rule
	if _, known := v.Words[key]; !known {
		key = "error.password.missing"
	}
	return v.Say(key, "n", strconv.Itoa(violation.Bound))
}
