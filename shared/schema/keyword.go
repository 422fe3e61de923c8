package schema

import (
	"fmt"
	"regexp/syntax"
	"strings"
	"unicode/utf8"

	"github.com/google/jsonschema-go/jsonschema"
)

// check is one keyword that the library decides.
type keywordCheck struct {
	kind         kind
	rule         *jsonschema.Resolved
	instructions int    // instructions of a pattern's automaton, 0 without one
	reason       string // for people; says what the schema asks, never what the value is
}

// enum is a list of allowed strings. It is not left to the library, which compares each in turn, at 0.1 µs and two allocations apiece.
type enum struct {
	allowed map[string]struct{}
	reason  string
}

func (e *enum) allows(text string) bool {
	_, ok := e.allowed[text]
	return ok
}

// longestEnum is how many bytes of allowed values a reason repeats.
const maxEnumReason = 200

type rule = jsonschema.Schema

// bound is a keyword whose value is a whole number.
type bound struct {
	name   string
	value  *int64
	min    int64 // that the value may be
	kind   kind
	rule   func(value int64) *rule
	reason string
}

// anyNumber is the least value of a bound that may be negative.
const unbounded = -1 << 63

// bounds are the keywords of d whose value is a whole number. Numbers are compared as IEEE 754 doubles, which is what JSON's are
// in practice (RFC 8259 section 6): bounds beyond 2^53 are inexact.
func bounds(d *document) []bound {
	return []bound{
		{"minimum", d.Minimum, unbounded, numberKind, func(v int64) *rule { return &rule{Minimum: new(float64(v))} }, "must be at least %s"},
		{"maximum", d.Maximum, unbounded, numberKind, func(v int64) *rule { return &rule{Maximum: new(float64(v))} }, "must be at most %s"},
		{"exclusiveMinimum", d.ExclusiveMinimum, unbounded, numberKind, func(v int64) *rule { return &rule{ExclusiveMinimum: new(float64(v))} }, "must be greater than %s"},
		{"exclusiveMaximum", d.ExclusiveMaximum, unbounded, numberKind, func(v int64) *rule { return &rule{ExclusiveMaximum: new(float64(v))} }, "must be less than %s"},
		{"multipleOf", d.MultipleOf, 1, numberKind, func(v int64) *rule { return &rule{MultipleOf: new(float64(v))} }, "must be a multiple of %s"},
		{"minLength", d.MinLength, 0, stringKind, func(v int64) *rule { return &rule{MinLength: new(int(v))} }, "must have at least %s character"},
		{"maxLength", d.MaxLength, 0, stringKind, func(v int64) *rule { return &rule{MaxLength: new(int(v))} }, "must have at most %s character"},
		{"minItems", d.MinItems, 0, arrayKind, func(v int64) *rule { return &rule{MinItems: new(int(v))} }, "must have at least %s item"},
		{"maxItems", d.MaxItems, 0, arrayKind, func(v int64) *rule { return &rule{MaxItems: new(int(v))} }, "must have at most %s item"},
		{"minProperties", d.MinProperties, 0, objectKind, func(v int64) *rule { return &rule{MinProperties: new(int(v))} }, "must have at least %s member"},
		{"maxProperties", d.MaxProperties, 0, objectKind, func(v int64) *rule { return &rule{MaxProperties: new(int(v))} }, "must have at most %s member"},
		{"minContains", d.MinContains, 0, arrayKind, nil, ""}, // part of contains
		{"maxContains", d.MaxContains, 0, arrayKind, nil, ""},
	}
}

// assertions compiles the keywords that look at a value as a whole.
func (c *compiler) compileAssertions(n *node, d *document, at *location) {
	c.compileType(n, d, at)
	c.compileEnum(n, d, at)
	n.constant = d.Const
	for _, b := range bounds(d) {
		switch {
		case b.value == nil:
		case *b.value < b.min:
			there := at.member(b.name)
			c.add(&there, fmt.Sprintf("must be at least %d", b.min))
		case b.rule != nil:
			n.checks = append(n.checks, keywordCheck{b.kind, c.resolve(b.rule(*b.value), at), 0, formatReason(b.reason, *b.value)})
		}
	}
	if d.Pattern != nil {
		there := at.member("pattern")
		n.checks = append(n.checks, c.compilePattern(*d.Pattern, &there))
	}
}

// plural puts a number into a reason that may end with the thing counted.
func formatReason(reason string, n int64) string {
	text := fmt.Sprintf(reason, fmt.Sprint(n))
	if n != 1 && !strings.HasSuffix(reason, "%s") {
		text += "s"
	}
	return text
}

func (c *compiler) compileType(n *node, d *document, at *location) {
	if d.Type == nil {
		return
	}
	n.kind = parseKind(*d.Type)
	if n.kind == anyKind {
		there := at.member("type")
		c.add(&there, "must be one of string, number, integer, boolean, array, object, null")
	}
}

func (c *compiler) compileEnum(n *node, d *document, at *location) {
	if d.Enum == nil {
		return
	}
	values, there := c.uniqueStrings(d.Enum, at, "enum"), at.member("enum")
	if len(d.Enum) == 0 || len(d.Enum) > MaxEnum {
		c.add(&there, fmt.Sprintf("must have from 1 to %d values", MaxEnum))
		return
	}
	n.enum = &enum{map[string]struct{}{}, "must be one of the values that the schema allows"}
	for _, value := range values {
		n.enum.allowed[value] = struct{}{}
	}
	if all := strings.Join(values, ", "); len(all) <= maxEnumReason {
		n.enum.reason = "must be one of " + all
	}
}

// pattern compiles a regular expression. RE2's take time linear in the text (no backtracking), so that only their size is to be
// bounded; ECMA 262's look-around and back references have no RE2 form and are refused.
func (c *compiler) compilePattern(text string, at *location) keywordCheck {
	if c.patterns++; c.patterns > MaxPatterns {
		if c.patterns == MaxPatterns+1 {
			c.add(nil, fmt.Sprintf("must have at most %d patterns", MaxPatterns))
		}
		return keywordCheck{}
	}
	if utf8.RuneCountInString(text) > MaxPattern {
		c.add(at, fmt.Sprintf("must have at most %d characters", MaxPattern))
		return keywordCheck{}
	}
	size, err := programSize(text)
	if err != nil {
		c.add(at, "must be a regular expression that RE2 knows, without look-around and back references")
		return keywordCheck{}
	}
	if c.instructions += size; c.instructions > MaxProgram {
		c.add(at, "is too complex together with the patterns before it: lower its repeat counts")
		return keywordCheck{}
	}
	return keywordCheck{stringKind, c.resolve(&rule{Pattern: text}, at), size, "must match the pattern " + text}
}

// programSize is the number of instructions of the automaton that the expression compiles to.
func programSize(text string) (int, error) {
	parsed, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return 0, err
	}
	program, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return 0, err
	}
	return len(program.Inst), nil
}

// resolve has the library prepare one keyword. There is nothing that it could load: the document has no references.
func (c *compiler) resolve(r *rule, at *location) *jsonschema.Resolved {
	resolved, err := r.Resolve(nil)
	if err != nil {
		c.add(at, "is not a schema that can be checked")
	}
	return resolved
}

// occurrences words contains: how many items must match.
func containsReason(least, most int) string {
	switch {
	case most < least:
		return "cannot match: the schema asks for more items of a form than it allows"
	case least == most:
		return fmt.Sprintf("must have exactly %d of the items that the schema describes", least)
	case least > 0 && most < 1<<62:
		return fmt.Sprintf("must have from %d to %d of the items that the schema describes", least, most)
	case least > 0:
		return fmt.Sprintf("must have at least %d of the items that the schema describes", least)
	}
	return fmt.Sprintf("must have at most %d of the items that the schema describes", most)
}
