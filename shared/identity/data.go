package identity

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// DataPart is one of the three documents that a user carries; it is also their field name on the wire.
type DataPart string

// The parts: users may edit their payload; metadata is for administrators, business metadata for partners' administrators.
const (
	Payload          DataPart = "payload"
	Metadata         DataPart = "metadata"
	BusinessMetadata DataPart = "business_metadata"
)

// DataParts are all parts.
func DataParts() []DataPart { return []DataPart{Payload, Metadata, BusinessMetadata} }

// MaxDocument bounds each document of a user and of a pool, in bytes, so that a user stays far below the 400 KB of an item.
const MaxDocument = 64 << 10

// given says whether a caller sent a value: null is absent.
func given(value jsontext.Value) bool { return len(value) > 0 && value.Kind() != 'n' }

func checkObject(v *Violations, pointer string, value jsontext.Value) {
	if !given(value) {
		return
	}
	if value.Kind() != '{' {
		v.Add(pointer, "must be an object")
	}
	if len(value) > MaxDocument {
		v.Add(pointer, "must have at most 64 KB")
	}
}

// checkLine records a text that is not one line of at least shortest and at most longest characters.
func checkLine(v *Violations, pointer, text string, shortest, longest int) {
	switch n := utf8.RuneCountInString(text); {
	case n < shortest || strings.TrimSpace(text) == "" && shortest > 0:
		v.Add(pointer, "must not be empty")
	case n > longest:
		v.Add(pointer, "is too long")
	case strings.ContainsFunc(text, unicode.IsControl):
		v.Add(pointer, "must not contain control characters")
	}
}
