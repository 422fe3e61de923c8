package schema

import (
	"fmt"
	"math/big"
	"regexp/syntax"
	"strings"
	"unicode/utf8"

	"github.com/google/jsonschema-go/jsonschema"

	"identitypools/shared/identity"
)

// A keywordCheck is the check of one keyword, by the library or, if the keyword is about numbers, by
// compare: the library compares numbers as doubles, to which neighbours beyond 2^53 are the same.
type keywordCheck struct {
	kind         kind
	rule         *jsonschema.Resolved
	compare      func(v *big.Rat) bool
	instructions int           // of the automaton, if the keyword is a pattern
	demand       identity.Rule // what the schema demands
}

// An enum is a set of allowed strings. The library is not used here: it compares the strings one
// after another, which takes 0.1 µs and two allocations for each.
type enum struct {
	allowed map[string]struct{}
	demand  identity.Rule
}

func (e *enum) allows(text string) bool {
	_, ok := e.allowed[text]
	return ok
}

// maxAllowed is the largest number of bytes of allowed values that a violation lists.
const maxAllowed = 200

type rule = jsonschema.Schema

// A bound is a keyword whose value is a whole number.
type bound struct {
	name    string
	value   *int64
	min     int64 // the least value that a schema may give
	kind    kind
	demand  func(value int) identity.Rule // what the schema demands
	rule    func(value int64) *rule
	compare func(v, bound *big.Rat) bool // instead of rule, for numbers
}

// unbounded is the min of a bound that may have any value.
const unbounded = -1 << 63

// bounds returns the keywords of d whose value is a whole number.
func bounds(d *document) []bound {
	return []bound{
		{
			name: "minimum", value: d.Minimum, min: unbounded, kind: numberKind, demand: atLeast,
			compare: func(v, bound *big.Rat) bool { return v.Cmp(bound) >= 0 },
		},
		{
			name: "maximum", value: d.Maximum, min: unbounded, kind: numberKind, demand: atMost,
			compare: func(v, bound *big.Rat) bool { return v.Cmp(bound) <= 0 },
		},
		{
			name: "exclusiveMinimum", value: d.ExclusiveMinimum, min: unbounded, kind: numberKind,
			demand:  greaterThan,
			compare: func(v, bound *big.Rat) bool { return v.Cmp(bound) > 0 },
		},
		{
			name: "exclusiveMaximum", value: d.ExclusiveMaximum, min: unbounded, kind: numberKind,
			demand:  lessThan,
			compare: func(v, bound *big.Rat) bool { return v.Cmp(bound) < 0 },
		},
		{
			name: "multipleOf", value: d.MultipleOf, min: 1, kind: numberKind, demand: multipleOf,
			compare: func(v, bound *big.Rat) bool { return new(big.Rat).Quo(v, bound).IsInt() },
		},
		{
			name: "minLength", value: d.MinLength, kind: stringKind, demand: in(identity.TooShort, "characters"),
			rule: func(v int64) *rule { return &rule{MinLength: new(int(v))} },
		},
		{
			name: "maxLength", value: d.MaxLength, kind: stringKind, demand: in(identity.TooLong, "characters"),
			rule: func(v int64) *rule { return &rule{MaxLength: new(int(v))} },
		},
		{
			name: "minItems", value: d.MinItems, kind: arrayKind, demand: in(identity.TooShort, "items"),
			rule: func(v int64) *rule { return &rule{MinItems: new(int(v))} },
		},
		{
			name: "maxItems", value: d.MaxItems, kind: arrayKind, demand: in(identity.TooMany, "items"),
			rule: func(v int64) *rule { return &rule{MaxItems: new(int(v))} },
		},
		{
			name: "minProperties", value: d.MinProperties, kind: objectKind, demand: in(identity.TooShort, "members"),
			rule: func(v int64) *rule { return &rule{MinProperties: new(int(v))} },
		},
		{
			name: "maxProperties", value: d.MaxProperties, kind: objectKind, demand: in(identity.TooMany, "members"),
			rule: func(v int64) *rule { return &rule{MaxProperties: new(int(v))} },
		},
		// These have no rule of their own, because they only count for contains.
		{name: "minContains", value: d.MinContains, kind: arrayKind},
		{name: "maxContains", value: d.MaxContains, kind: arrayKind},
	}
}

// compileAssertions compiles the keywords that look at a value as a whole.
func (c *compiler) compileAssertions(n *node, d *document, at *location) {
	c.compileType(n, d, at)
	c.compileEnum(n, d, at)
	n.constant = d.Const
	for _, b := range bounds(d) {
		switch {
		case b.value == nil:
		case *b.value < b.min:
			there := at.member(b.name)
			c.add(&there, atLeast(int(b.min)))
		case b.compare != nil:
			value := new(big.Rat).SetInt64(*b.value)
			n.checks = append(n.checks, keywordCheck{
				kind: b.kind, demand: b.demand(int(*b.value)),
				compare: func(v *big.Rat) bool { return b.compare(v, value) },
			})
		case b.rule != nil:
			rule, demand := c.resolve(b.rule(*b.value), at), b.demand(int(*b.value))
			n.checks = append(n.checks, keywordCheck{kind: b.kind, rule: rule, demand: demand})
		}
	}
	if d.Pattern != nil {
		there := at.member("pattern")
		n.checks = append(n.checks, c.compilePattern(*d.Pattern, &there))
	}
}

// in returns the demand of a keyword that counts things, which are named in the plural.
func in(rule func(int, string) identity.Rule, unit string) func(int) identity.Rule {
	return func(n int) identity.Rule { return rule(n, unit) }
}

// numeric returns the demand of a keyword that compares a number with n.
func numeric(code, parameter, reason string, n int) identity.Rule {
	return identity.Rule{
		Code: code, Params: identity.Params{parameter: n}, Reason: fmt.Sprintf("must be %s %d", reason, n),
	}
}

func atLeast(n int) identity.Rule { return numeric(identity.CodeOutOfRange, "min", "at least", n) }

func atMost(n int) identity.Rule { return numeric(identity.CodeOutOfRange, "max", "at most", n) }

func greaterThan(n int) identity.Rule {
	return numeric(identity.CodeOutOfRange, "exclusive_min", "greater than", n)
}

func lessThan(n int) identity.Rule {
	return numeric(identity.CodeOutOfRange, "exclusive_max", "less than", n)
}

func multipleOf(n int) identity.Rule {
	return numeric(identity.CodeNotMultiple, "multiple_of", "a multiple of", n)
}

func (c *compiler) compileType(n *node, d *document, at *location) {
	if d.Type == nil {
		return
	}
	n.kind = parseKind(*d.Type)
	if n.kind == anyKind {
		there := at.member("type")
		c.add(&there, identity.NotOneOf("string", "number", "integer", "boolean", "array", "object", "null"))
	}
}

func (c *compiler) compileEnum(n *node, d *document, at *location) {
	if d.Enum == nil {
		return
	}
	values, there := c.uniqueStrings(d.Enum, at, "enum"), at.member("enum")
	if len(d.Enum) == 0 || len(d.Enum) > MaxEnum {
		c.add(&there, identity.WrongLength(len(d.Enum), 1, MaxEnum, "values"))
		return
	}
	n.enum = &enum{map[string]struct{}{}, oneOf(values)}
	for _, value := range values {
		n.enum.allowed[value] = struct{}{}
	}
}

// oneOf returns the demand that a value is one of those that are allowed. It lists them unless they
// are too long.
func oneOf(values []string) identity.Rule {
	if len(strings.Join(values, ", ")) <= maxAllowed {
		return identity.NotOneOf(values...)
	}
	return identity.Broken(identity.CodeNotOneOf, "must be one of the values that the schema allows")
}

// compilePattern compiles a regular expression. Matching in RE2 takes time linear in the length of
// the text, without backtracking, so it is enough to limit the size of the automaton. The
// look-around and back references of ECMA 262 do not exist in RE2 and are refused.
func (c *compiler) compilePattern(text string, at *location) keywordCheck {
	if c.patterns++; c.patterns > MaxPatterns {
		if c.patterns == MaxPatterns+1 {
			c.add(nil, identity.TooMany(MaxPatterns, "patterns"))
		}
		return keywordCheck{}
	}
	if utf8.RuneCountInString(text) > MaxPattern {
		c.add(at, identity.TooLong(MaxPattern, "characters"))
		return keywordCheck{}
	}
	size, err := programSize(text)
	if err != nil {
		c.add(at, identity.WrongFormat(
			"regex", "must be a regular expression that RE2 knows, without look-around and back references"))
		return keywordCheck{}
	}
	if c.instructions += size; c.instructions > MaxProgram {
		c.add(at, identity.Wrong("is too complex together with the patterns before it: lower its repeat counts"))
		return keywordCheck{}
	}
	return keywordCheck{
		kind: stringKind, rule: c.resolve(&rule{Pattern: text}, at), instructions: size,
		demand: identity.Rule{
			Code: identity.CodeWrongFormat, Params: identity.Params{"pattern": text},
			Reason: "must match the pattern " + text,
		},
	}
}

// programSize returns the number of instructions of the automaton that an expression compiles to.
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

// resolve prepares a schema of one keyword for the library. The schema has no references, so the
// library loads nothing.
func (c *compiler) resolve(r *rule, at *location) *jsonschema.Resolved {
	resolved, err := r.Resolve(nil)
	if err != nil {
		c.add(at, identity.Wrong("is not a schema that can be checked"))
	}
	return resolved
}

// containsDemand says how many items must match the schema of contains.
func containsDemand(least, most int) identity.Rule {
	rule := identity.Rule{Code: identity.CodeContains, Params: identity.Params{"min": least, "max": most}}
	switch {
	case most < least:
		rule.Reason = "cannot match: the schema asks for more items of a form than it allows"
	case least == most:
		rule.Reason = fmt.Sprintf("must have exactly %d of the items that the schema describes", least)
	case least > 0 && most < 1<<62:
		rule.Reason = fmt.Sprintf("must have from %d to %d of the items that the schema describes", least, most)
	case least > 0:
		delete(rule.Params, "max")
		rule.Reason = fmt.Sprintf("must have at least %d of the items that the schema describes", least)
	default:
		rule.Reason = fmt.Sprintf("must have at most %d of the items that the schema describes", most)
	}
	return rule
}
