package identity

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// DataPart names one of the three documents of a user. It is also the name of the document's field
// in the API.
type DataPart string

// The three documents. Users may edit their payload. The metadata is for administrators, and the
// business metadata for administrators of partners.
const (
	Payload          DataPart = "payload"
	Metadata         DataPart = "metadata"
	BusinessMetadata DataPart = "business_metadata"
)

// DataParts returns all parts.
func DataParts() []DataPart { return []DataPart{Payload, Metadata, BusinessMetadata} }

// MaxDocument is the maximum size of each document of a user and of a pool, in bytes.
const MaxDocument = 64 << 10

// MaxFurther is the maximum size of all that callers may store with a user besides the three documents:
// the metadata of all identifiers and addresses, and the type of the user, in bytes. With it, a user
// stays below 400 KB, which is the limit for an item of DynamoDB, also with as many identifiers,
// addresses and passkeys as a user may have, and with the hashes of earlier passwords.
const MaxFurther = 48 << 10

// checkFurther records a violation at the pointer if u has more than MaxFurther.
func (u User) checkFurther(v *Violations, pointer string) {
	size := len(u.UserType)
	for _, i := range u.Identifiers {
		size += len(i.Metadata)
	}
	for _, a := range u.Addresses {
		size += len(a.Metadata)
	}
	if size > MaxFurther {
		v.Add(pointer, tooMuchFurther())
	}
}

// tooMuchFurther returns the rule for MaxFurther.
func tooMuchFurther() Rule {
	rule := TooLong(MaxFurther>>10, "KB")
	rule.Reason = "must have, with the metadata of all identifiers and addresses and with user_type, at most 48 KB"
	return rule
}

// isGiven reports whether a caller sent a value. JSON's null counts as absent.
func isGiven(value jsontext.Value) bool { return len(value) > 0 && value.Kind() != 'n' }

// checkObject records a violation if value is given and is not an object of at most MaxDocument
// bytes.
func checkObject(v *Violations, pointer string, value jsontext.Value) {
	if !isGiven(value) {
		return
	}
	if value.Kind() != '{' {
		v.Add(pointer, WrongType("object"))
	}
	if len(value) > MaxDocument {
		v.Add(pointer, TooLong(64, "KB"))
	}
}

// checkLine records a violation unless text is a single line that has from shortest to longest
// characters.
func checkLine(v *Violations, pointer, text string, shortest, longest int) {
	switch n := utf8.RuneCountInString(text); {
	case shortest > 0 && strings.TrimSpace(text) == "":
		v.Add(pointer, Required())
	case n < shortest:
		v.Add(pointer, TooShort(shortest, "characters"))
	case n > longest:
		v.Add(pointer, TooLong(longest, "characters"))
	case strings.ContainsFunc(text, unicode.IsControl):
		v.Add(pointer, Broken(CodeControlCharacters, "must not contain control characters"))
	}
}

// CheckLine records a violation unless text is a single line that has from shortest to longest
// characters.
func (v *Violations) CheckLine(pointer, text string, shortest, longest int) {
	checkLine(v, pointer, text, shortest, longest)
}
