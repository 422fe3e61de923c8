package schema

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"identitypools/shared/identity"
)

// A Schema is a compiled identity schema. It is immutable and safe for concurrent use.
type Schema struct {
	root         *node
	instructions int // of the automata of all patterns
}

// A node is a compiled schema or subschema. Lists that are made from maps are sorted, so that the
// same value always gets the same answer.
type node struct {
	kind     kind
	constant *string
	checks   []keywordCheck
	enum     *enum
	unique   bool

	properties        []memberSchema
	patterns          []patternSchema
	closed            bool // members other than these are not allowed
	names             *node
	required          []string
	dependentRequired []dependency
	dependentSchemas  []memberSchema

	items    *node
	contains *containsRule

	allOf, anyOf, oneOf        []*node
	not, cond, then, otherwise *node
}

// A memberSchema is the schema of a member of an object, or, for dependentSchemas, the schema of an
// object that has the member.
type memberSchema struct {
	name string
	node *node
}

// A patternSchema is the schema of the members whose name matches a pattern.
type patternSchema struct {
	pattern keywordCheck
	node    *node
}

// A dependency lists the members that an object must have if it has the named one.
type dependency struct {
	name  string
	needs []string
}

// A containsRule says how many items of an array must match a schema.
type containsRule struct {
	node     *node
	min, max int
	demand   identity.Rule
}

// Compile checks a schema document and prepares it for checking values. The error is
// identity.Invalid with pointers relative to the document. A document that is not in the published
// subset is reported with its first mistake only; all other mistakes are reported together.
func Compile(text []byte) (*Schema, error) {
	d, err := decodeDocument(text)
	if err != nil {
		return nil, err
	}
	var c compiler
	root := c.compileNode(d, nil, 1)
	if err := c.violations.Err(); err != nil {
		return nil, err
	}
	return &Schema{root, c.instructions}, nil
}

// A compiler makes nodes. It counts what is limited in a whole document.
type compiler struct {
	violations   identity.Violations
	nodes        int
	patterns     int
	instructions int
}

// add records a violation. It ignores those beyond MaxViolations.
func (c *compiler) add(at *location, rule identity.Rule) {
	if len(c.violations) < MaxViolations {
		c.violations.Add(at.pointer(), rule)
	}
}

// compileNode compiles d. If d is missing, nested too deeply or one subschema too many, it records
// a violation and returns an empty node.
func (c *compiler) compileNode(d *document, at *location, depth int) *node {
	n := &node{}
	if d == nil {
		c.add(at, identity.WrongType("object"))
		return n
	}
	if depth > MaxDepth {
		c.add(at, identity.Wrong(
			fmt.Sprintf("is nested too deeply: at most %d schemas within each other", MaxDepth)))
		return n
	}
	if c.nodes++; c.nodes > MaxNodes {
		if c.nodes == MaxNodes+1 {
			c.add(nil, identity.TooMany(MaxNodes, "schemas"))
		}
		return n
	}
	c.compileAssertions(n, d, at)
	c.compileObject(n, d, at, depth+1)
	c.compileArray(n, d, at, depth+1)
	c.compileCombinations(n, d, at, depth+1)
	return n
}

func (c *compiler) compileObject(n *node, d *document, at *location, depth int) {
	n.properties = c.compileMembers(d.Properties, at, "properties", depth)
	n.closed = d.AdditionalProperties != nil && !*d.AdditionalProperties
	n.names = c.compileOptional(d.PropertyNames, at, "propertyNames", depth)
	n.required = c.uniqueStrings(d.Required, at, "required")
	n.dependentSchemas = c.compileMembers(d.DependentSchemas, at, "dependentSchemas", depth)

	within := at.member("dependentRequired")
	for _, name := range slices.Sorted(maps.Keys(d.DependentRequired)) {
		needs := c.uniqueStrings(d.DependentRequired[name], &within, name)
		n.dependentRequired = append(n.dependentRequired, dependency{name, needs})
	}
	within = at.member("patternProperties")
	for _, text := range slices.Sorted(maps.Keys(d.PatternProperties)) {
		if sub := d.PatternProperties[text]; sub != nil {
			there := within.member(text)
			pattern := c.compilePattern(text, &there)
			n.patterns = append(n.patterns, patternSchema{pattern, c.compileNode(sub, &there, depth)})
		}
	}
}

func (c *compiler) compileArray(n *node, d *document, at *location, depth int) {
	n.unique = d.UniqueItems != nil && *d.UniqueItems
	n.items = c.compileOptional(d.Items, at, "items", depth)
	if d.Contains == nil {
		return
	}
	n.contains = &containsRule{
		node: c.compileOptional(d.Contains, at, "contains", depth), min: 1, max: math.MaxInt,
	}
	if d.MinContains != nil {
		n.contains.min = int(*d.MinContains)
	}
	if d.MaxContains != nil {
		n.contains.max = int(*d.MaxContains)
	}
	n.contains.demand = containsDemand(n.contains.min, n.contains.max)
}

func (c *compiler) compileCombinations(n *node, d *document, at *location, depth int) {
	n.allOf = c.compileList(d.AllOf, at, "allOf", depth)
	n.anyOf = c.compileList(d.AnyOf, at, "anyOf", depth)
	n.oneOf = c.compileList(d.OneOf, at, "oneOf", depth)
	n.not = c.compileOptional(d.Not, at, "not", depth)
	n.cond = c.compileOptional(d.If, at, "if", depth)
	n.then = c.compileOptional(d.Then, at, "then", depth)
	n.otherwise = c.compileOptional(d.Else, at, "else", depth)
}

func (c *compiler) compileOptional(d *document, at *location, keyword string, depth int) *node {
	if d == nil {
		return nil
	}
	there := at.member(keyword)
	return c.compileNode(d, &there, depth)
}

func (c *compiler) compileList(ds []*document, at *location, keyword string, depth int) []*node {
	within := at.member(keyword)
	if ds != nil && len(ds) == 0 {
		c.add(&within, identity.Required())
	}
	nodes := make([]*node, len(ds))
	for i, d := range ds {
		there := within.item(i)
		nodes[i] = c.compileNode(d, &there, depth)
	}
	return nodes
}

func (c *compiler) compileMembers(
	ds map[string]*document, at *location, keyword string, depth int,
) []memberSchema {
	within := at.member(keyword)
	var branches []memberSchema
	for _, name := range slices.Sorted(maps.Keys(ds)) {
		if ds[name] != nil {
			there := within.member(name)
			branches = append(branches, memberSchema{name, c.compileNode(ds[name], &there, depth)})
		}
	}
	return branches
}

// uniqueStrings returns the strings of a list in the given order, without repetitions.
func (c *compiler) uniqueStrings(texts []*string, at *location, keyword string) []string {
	within := at.member(keyword)
	seen := map[string]bool{}
	var list []string
	for i, text := range texts {
		if text == nil {
			there := within.item(i)
			c.add(&there, identity.WrongType("string"))
		} else if !seen[*text] {
			seen[*text] = true
			list = append(list, *text)
		}
	}
	return list
}
