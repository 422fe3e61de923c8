package schema

import (
	"fmt"
	"regexp/syntax"
	"strings"
	"unicode/utf8"

	"github.com/google/jsonschema-go/jsonschema"

	"identitypools/shared/identity"
)

// check is one keyword that the library decides.
type check struct {
	applies kind
	rule    *jsonschema.Resolved
	weight  int    // instructions of a pattern's automaton, 0 without one
	reason  string // for people; says what the schema asks, never what the value is
}

// kind is the sort of values that a keyword speaks about; it ignores all others.
type kind byte

const (
	anything kind = iota
	numbers
	texts
	lists
	objects
)

// enum is a list of allowed strings. The library would compare each in turn, 0.1 µs and two allocations apiece.
type enum struct {
	allowed map[string]struct{}
	reason  string
}

// longestEnum is how many characters of allowed values a reason repeats.
const longestEnum = 200

// assertions compiles the keywords that look at a value as a whole.
func (c *compiler) assertions(n *node, d *document, at *place) {
	n.kind = c.kind(d, at)
	n.enum = c.enum(d, at)
	c.notNegative(d, at)
	if d.MultipleOf != nil && *d.MultipleOf <= 0 {
		there := at.member("multipleOf")
		c.add(&there, "must be greater than 0")
	}
	if d.Pattern != nil {
		there := at.member("pattern")
		n.checks = append(n.checks, c.pattern(*d.Pattern, &there))
	}
	for _, k := range simple(d) {
		if k.given {
			n.checks = append(n.checks, c.resolve(at, check{applies: k.applies, reason: k.reason}, k.rule))
		}
	}
}

// keyword is a keyword of a document with the rule that the library knows for it.
type keyword struct {
	given   bool
	applies kind
	rule    jsonschema.Schema
	reason  string
}

// simple are the keywords whose value is one number or string. Numbers are compared as IEEE 754 doubles, as JSON's are in
// practice (RFC 8259 section 6), so bounds above 2^53 are inexact.
func simple(d *document) []keyword {
	type rule = jsonschema.Schema
	return []keyword{
		{d.Const != nil, anything, rule{Const: constant(d.Const)}, "must be the one value that the schema allows"},
		{d.Minimum != nil, numbers, rule{Minimum: double(d.Minimum)}, fmt.Sprintf("must be at least %d", at(d.Minimum))},
		{d.Maximum != nil, numbers, rule{Maximum: double(d.Maximum)}, fmt.Sprintf("must be at most %d", at(d.Maximum))},
		{d.ExclusiveMinimum != nil, numbers, rule{ExclusiveMinimum: double(d.ExclusiveMinimum)}, fmt.Sprintf("must be greater than %d", at(d.ExclusiveMinimum))},
		{d.ExclusiveMaximum != nil, numbers, rule{ExclusiveMaximum: double(d.ExclusiveMaximum)}, fmt.Sprintf("must be less than %d", at(d.ExclusiveMaximum))},
		{d.MultipleOf != nil, numbers, rule{MultipleOf: double(d.MultipleOf)}, fmt.Sprintf("must be a multiple of %d", at(d.MultipleOf))},
		{d.MinLength != nil, texts, rule{MinLength: whole(d.MinLength)}, "must have at least " + count(d.MinLength, "character")},
		{d.MaxLength != nil, texts, rule{MaxLength: whole(d.MaxLength)}, "must have at most " + count(d.MaxLength, "character")},
		{d.MinItems != nil, lists, rule{MinItems: whole(d.MinItems)}, "must have at least " + count(d.MinItems, "item")},
		{d.MaxItems != nil, lists, rule{MaxItems: whole(d.MaxItems)}, "must have at most " + count(d.MaxItems, "item")},
		{d.MinProperties != nil, objects, rule{MinProperties: whole(d.MinProperties)}, "must have at least " + count(d.MinProperties, "member")},
		{d.MaxProperties != nil, objects, rule{MaxProperties: whole(d.MaxProperties)}, "must have at most " + count(d.MaxProperties, "member")},
	}
}
