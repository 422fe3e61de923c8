package reference

import (
	"fmt"
	"maps"
	"strings"

	"identitypools/shared/identity"
	"identitypools/shared/oidc"
)

// described is what the tables say of a type. Like names a type whose entries this one has too, because its
// fields of the same names mean the same.
type described struct {
	title  string // of the type in the document
	about  string // a sentence below the title; may be empty
	like   string
	opaque bool // the type has no table, since a standard describes it
	fields map[string]field
}

// field is what the tables say of a field. The zero value of by is you.
type field struct {
	kind    string // the type, if the one in Go does not say it
	allowed string // bounds and values
	absent  string // what it means that the field is absent
	by      writer
	means   string
}

// writer says who writes a field.
type writer string

const (
	you         writer = "you"
	onlyAnswers writer = "only answers"
	nobody      writer = "nobody"
	hidden      writer = "hidden" // the field is never in an answer
)

// answered returns the entry of a field of a body that only answers write.
func answered(means string) field { return field{by: onlyAnswers, means: means} }

// ignored returns the entry of a field that is accepted and has no effect.
func ignored(means string) field { return field{by: nobody, means: means} }

// What absence means.
const (
	required  = "422: it is required"
	unchanged = "stays as it is; see below for new ones"
	stays     = "stays as it is"
	none      = "none"
)

// characters returns the bounds of a text of one line.
func characters(least, most int) string {
	if least == 0 {
		return fmt.Sprintf("at most %d characters, one line", most)
	}
	return fmt.Sprintf("%d to %d characters, one line", least, most)
}

// between returns the bounds of a number.
func between(least, most int) string { return fmt.Sprintf("%d to %d", least, most) }

// oneOf returns the values that a field may have.
func oneOf[T ~string](values ...T) string {
	var b strings.Builder
	for i, value := range values {
		switch {
		case i == 0:
		case i == len(values)-1:
			b.WriteString(" or ")
		default:
			b.WriteString(", ")
		}
		b.WriteString("`" + string(value) + "`")
	}
	return b.String()
}

// kb returns a number of bytes in KB.
func kb(bytes int) string { return fmt.Sprintf("%d KB", bytes>>10) }

// merged returns the union of tables.
func merged[V any](tables ...map[string]V) map[string]V {
	all := map[string]V{}
	for _, t := range tables {
		maps.Copy(all, t)
	}
	return all
}

// limits returns the entries of the limits of a pool.
func limits() map[string]field {
	var l identity.Limits
	all := map[string]field{}
	for _, limit := range l.All() {
		all[limit.Name] = field{
			allowed: limit.Text(limit.Least) + " to " + limit.Text(limit.Most), means: limit.Meaning,
			absent: stays + "; " + limit.Text(limit.Usual) + " for a new pool",
		}
	}
	return all
}

// lifetime returns the entry of a length of time among the settings of a workspace. The pointer is the one
// that violations have.
func lifetime(pointer, means string, isKept bool) field {
	var w oidc.Workspace
	for _, l := range w.Lifetimes() {
		if l.Pointer != pointer {
			continue
		}
		f := field{allowed: "whole seconds from " + l.Least.String() + " to " + l.Most.String(), absent: l.Usual.String(), means: means}
		if isKept {
			f.absent = stays + "; " + l.Usual.String() + " for a new workspace"
		}
		return f
	}
	return field{}
}
