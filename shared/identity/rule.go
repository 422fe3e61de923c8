package identity

import (
	"errors"
	"fmt"
	"strings"
)

// Rule is what a value must be and is not. Code is stable and in snake case, so that programs, and
// pages in other languages, can word the error themselves with Params. Reason is a sentence in
// English whose subject is the field. It never contains the value of the field, because that may be
// secret.
//
// A Rule is also an error, so that functions which check one value can return it.
type Rule struct {
	Reason string `json:"reason"`
	Code   string `json:"code"`
	Params Params `json:"params,omitempty"`
}

// Params are the parameters of a rule, by their names. The names are min and max (numbers, or
// durations as texts), unit (of min and max, such as "characters"), allowed (a list of values), type
// (of JSON), format, status (that the user must have), pattern, names (of fields), multiple_of and
// why.
type Params map[string]any

func (r Rule) Error() string { return r.Reason }

// The codes of rules that many fields have.
const (
	CodeRequired     = "required"      // the field must be given, and not be empty
	CodeTooShort     = "too_short"     // min, unit; also max if there is one
	CodeTooLong      = "too_long"      // max, unit; also min if there is one
	CodeTooMany      = "too_many"      // max, unit
	CodeOutOfRange   = "out_of_range"  // min, max
	CodeNotOneOf     = "not_one_of"    // allowed
	CodeUnknownField = "unknown_field" // nothing has this name
	CodeWrongType    = "wrong_type"    // type
	CodeWrongFormat  = "wrong_format"  // format
	CodeRepeated     = "repeated"      // the list has the value already
	CodeNotAllowed   = "not_allowed"   // the field must not be given here
	CodeImmutable    = "immutable"     // the value cannot change
	CodeNotServed    = "not_served"    // the product does not do this
	CodeNotFound     = "not_found"     // the field names something that does not exist
	CodeWrongStatus  = "wrong_status"  // what the request is about is not in a state for it
	CodeTaken        = "taken"         // another one has the value
	CodeNotMultiple  = "not_multiple"  // multiple_of
	CodeContains     = "contains"      // min, max: how many items must have the form in the schema
	CodeNotMailable  = "not_mailable"  // no mail can be sent to the address
	CodeInvalid      = "invalid"       // everything else

	CodeControlCharacters = "control_characters"   // the text has some
	CodeInvisible         = "invisible_characters" // the text has some
)

// Broken returns a rule with its code and its sentence.
func Broken(code, reason string) Rule { return Rule{Code: code, Reason: reason} }

// RuleOf returns the rule that err is about, or a general one with the sentence of err.
func RuleOf(err error) Rule {
	var rule Rule
	if !errors.As(err, &rule) {
		rule = Broken(CodeInvalid, err.Error())
	}
	return rule
}

// Wrong is a rule that has no code of its own. Its sentence says what the value must be.
func Wrong(reason string) Rule { return Broken(CodeInvalid, reason) }

// NotAllowed is the rule for a field that must not be given, or not with this value.
func NotAllowed(reason string) Rule { return Broken(CodeNotAllowed, reason) }

// Immutable is the rule for a value that cannot change.
func Immutable(reason string) Rule { return Broken(CodeImmutable, reason) }

// NotServed is the rule for something that the product does not do.
func NotServed(reason string) Rule { return Broken(CodeNotServed, reason) }

// NoSuch is the rule for a field that names something which does not exist.
func NoSuch(reason string) Rule { return Broken(CodeNotFound, reason) }

// WrongStatus is the rule for a request about something that is not in a state for it.
func WrongStatus(reason string) Rule { return Broken(CodeWrongStatus, reason) }

// Taken is the rule for a value that another one has.
func Taken(reason string) Rule { return Broken(CodeTaken, reason) }

// Required is the rule for a field that must be given.
func Required() Rule { return Broken(CodeRequired, "must be given") }

// RequiredOr is the rule for a field that must be given unless another one is.
func RequiredOr(other string) Rule {
	return Rule{
		Code: CodeRequired, Params: Params{"names": []string{other}},
		Reason: "must be given, or " + other + " instead",
	}
}

// Repeated is the rule for a value that is in a list twice.
func Repeated() Rule { return Broken(CodeRepeated, "is in the list twice") }

// UnknownField is the rule for a field of a body that does not exist.
func UnknownField() Rule { return Broken(CodeUnknownField, "is not a known field") }

// WrongType is the rule for a value that must be of a type of JSON, such as "object".
func WrongType(kind string) Rule {
	phrase := map[string]string{
		"integer": "a whole number", "boolean": "true or false", "array": "an array", "object": "an object",
		"null": "null",
	}[kind]
	if phrase == "" {
		phrase = "a " + kind
	}
	return Rule{Code: CodeWrongType, Params: Params{"type": kind}, Reason: "must be " + phrase}
}

// WrongFormat is the rule for a text that must have a format, which the sentence describes.
func WrongFormat(format, reason string) Rule {
	return Rule{Code: CodeWrongFormat, Params: Params{"format": format}, Reason: reason}
}

// TooShort is the rule for something that must have at least so many units.
func TooShort(least int, unit string) Rule {
	return Rule{
		Code: CodeTooShort, Params: Params{"min": least, "unit": unit},
		Reason: fmt.Sprintf("must have at least %s", count(least, unit)),
	}
}

// TooLong is the rule for something that may have at most so many units.
func TooLong(most int, unit string) Rule {
	return Rule{
		Code: CodeTooLong, Params: Params{"max": most, "unit": unit},
		Reason: fmt.Sprintf("must have at most %s", count(most, unit)),
	}
}

// TooMany is the rule for a list that may have at most so many units.
func TooMany(most int, unit string) Rule {
	rule := TooLong(most, unit)
	rule.Code = CodeTooMany
	return rule
}

// WrongLength is the rule for something that has n units and must have least to most. Its code is
// required, too_short or too_long.
func WrongLength(n, least, most int, unit string) Rule {
	code := CodeTooLong
	switch {
	case n == 0:
		return Required()
	case n < least:
		code = CodeTooShort
	}
	reason := fmt.Sprintf("must have %d to %s", least, count(most, unit))
	if least == most {
		reason = "must have " + count(most, unit)
	}
	return Rule{Code: code, Params: Params{"min": least, "max": most, "unit": unit}, Reason: reason}
}

// count returns a number of units, which are named in the plural.
func count(n int, unit string) string {
	if n == 1 {
		unit = strings.TrimSuffix(strings.Replace(unit, "entries", "entrys", 1), "s")
	}
	return fmt.Sprintf("%d %s", n, unit)
}

// tooMany is the rule for one more thing than a user may have.
func tooMany(things string, most int) Rule {
	rule := TooMany(most, things)
	rule.Reason = "is one too many: a user has at most " + count(most, things)
	return rule
}

// OutOfRange is the rule for a number or a duration that must be from least to most. A duration is
// given as its text.
func OutOfRange(least, most any) Rule {
	return Rule{
		Code: CodeOutOfRange, Params: Params{"min": least, "max": most},
		Reason: fmt.Sprintf("must be from %v to %v", least, most),
	}
}

// Choice is the rule for a value that must be given and be one of those that are allowed.
func Choice(value string, allowed ...string) Rule {
	if value == "" {
		return Required()
	}
	return NotOneOf(allowed...)
}

// NotOneOf is the rule for a value that must be one of those that are allowed.
func NotOneOf(allowed ...string) Rule {
	reason := "must be one of " + strings.Join(allowed, ", ")
	if len(allowed) <= 2 {
		reason = "must be " + strings.Join(allowed, " or ")
	}
	return Rule{Code: CodeNotOneOf, Params: Params{"allowed": allowed}, Reason: reason}
}
