package schema

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"identitypools/shared/identity"
)

// Schema is a compiled identity schema. It is immutable and safe for use by several goroutines.
type Schema struct {
	root    *node
	program int // instructions of all patterns' automata
}

// node is a compiled schema or subschema. Lists made from maps are sorted, so that the same value gets the same answer.
type node struct {
	kind     kind
	constant *string
	checks   []check
	enum     *enum
	unique   bool

	properties        []branch
	patterns          []patternBranch
	closed            bool // no other members
	names             *node
	required          []string
	dependentRequired []dependency
	dependentSchemas  []branch

	items    *node
	contains *occurrence

	allOf, anyOf, oneOf        []*node
	not, cond, then, otherwise *node
}

// branch is the schema of one member, or the schema that one member brings with it.
type branch struct {
	name string
	node *node
}

type patternBranch struct {
	pattern check
	node    *node
}

// dependency says which members one member needs beside it.
type dependency struct {
	name  string
	needs []string
}

// occurrence says how many items must match.
type occurrence struct {
	node     *node
	min, max int
	reason   string
}

// Compile checks a schema document and prepares it for checking values. The error is Invalid, its pointers relative to the
// document: a mistake of form is reported alone, then everything else at once.
func Compile(text []byte) (*Schema, error) {
	d, err := decode(text)
	if err != nil {
		return nil, err
	}
	var c compiler
	root := c.node(d, nil, 1)
	if err := c.found.Err(); err != nil {
		return nil, err
	}
	return &Schema{root, c.program}, nil
}

// compiler makes nodes and counts what is limited in a whole document.
type compiler struct {
	found    identity.Violations
	nodes    int
	patterns int
	program  int
}

// add records a violation; beyond MaxViolations it only counts on somebody having read the first ones.
func (c *compiler) add(at *place, reason string) {
	if len(c.found) < MaxViolations {
		c.found.Add(at.pointer(), reason)
	}
}

// node compiles d. It returns an empty node, and records why, where d is one too many.
func (c *compiler) node(d *document, at *place, depth int) *node {
	n := &node{}
	if d == nil {
		c.add(at, "must be an object")
		return n
	}
	if depth > MaxDepth {
		c.add(at, fmt.Sprintf("is nested too deeply: at most %d schemas within each other", MaxDepth))
		return n
	}
	if c.nodes++; c.nodes > MaxNodes {
		if c.nodes == MaxNodes+1 {
			c.add(nil, fmt.Sprintf("must have at most %d schemas", MaxNodes))
		}
		return n
	}
	c.assertions(n, d, at)
	c.object(n, d, at, depth+1)
	c.array(n, d, at, depth+1)
	c.combinations(n, d, at, depth+1)
	return n
}

func (c *compiler) object(n *node, d *document, at *place, depth int) {
	n.properties = c.branches(d.Properties, at, "properties", depth)
	n.closed = d.AdditionalProperties != nil && !*d.AdditionalProperties
	n.names = c.optional(d.PropertyNames, at, "propertyNames", depth)
	n.required = c.strings(d.Required, at, "required")
	n.dependentSchemas = c.branches(d.DependentSchemas, at, "dependentSchemas", depth)

	within := at.member("dependentRequired")
	for _, name := range slices.Sorted(maps.Keys(d.DependentRequired)) {
		n.dependentRequired = append(n.dependentRequired, dependency{name, c.strings(d.DependentRequired[name], &within, name)})
	}
	within = at.member("patternProperties")
	for _, text := range slices.Sorted(maps.Keys(d.PatternProperties)) {
		if sub := d.PatternProperties[text]; sub != nil {
			there := within.member(text)
			n.patterns = append(n.patterns, patternBranch{c.pattern(text, &there), c.node(sub, &there, depth)})
		}
	}
}

func (c *compiler) array(n *node, d *document, at *place, depth int) {
	n.unique = d.UniqueItems != nil && *d.UniqueItems
	n.items = c.optional(d.Items, at, "items", depth)
	if d.Contains == nil {
		return
	}
	n.contains = &occurrence{node: c.optional(d.Contains, at, "contains", depth), min: 1, max: math.MaxInt}
	if d.MinContains != nil {
		n.contains.min = int(*d.MinContains)
	}
	if d.MaxContains != nil {
		n.contains.max = int(*d.MaxContains)
	}
	n.contains.reason = occurrences(n.contains.min, n.contains.max)
}

func (c *compiler) combinations(n *node, d *document, at *place, depth int) {
	n.allOf = c.list(d.AllOf, at, "allOf", depth)
	n.anyOf = c.list(d.AnyOf, at, "anyOf", depth)
	n.oneOf = c.list(d.OneOf, at, "oneOf", depth)
	n.not = c.optional(d.Not, at, "not", depth)
	n.cond = c.optional(d.If, at, "if", depth)
	n.then = c.optional(d.Then, at, "then", depth)
	n.otherwise = c.optional(d.Else, at, "else", depth)
}

func (c *compiler) optional(d *document, at *place, keyword string, depth int) *node {
	if d == nil {
		return nil
	}
	there := at.member(keyword)
	return c.node(d, &there, depth)
}

func (c *compiler) list(ds []*document, at *place, keyword string, depth int) []*node {
	within := at.member(keyword)
	if ds != nil && len(ds) == 0 {
		c.add(&within, "must not be empty")
	}
	nodes := make([]*node, len(ds))
	for i, d := range ds {
		there := within.item(i)
		nodes[i] = c.node(d, &there, depth)
	}
	return nodes
}

func (c *compiler) branches(ds map[string]*document, at *place, keyword string, depth int) []branch {
	within := at.member(keyword)
	var branches []branch
	for _, name := range slices.Sorted(maps.Keys(ds)) {
		if ds[name] != nil {
			there := within.member(name)
			branches = append(branches, branch{name, c.node(ds[name], &there, depth)})
		}
	}
	return branches
}

// strings are the values of a list of strings, each once and in the order given.
func (c *compiler) strings(texts []*string, at *place, keyword string) []string {
	within := at.member(keyword)
	seen := map[string]bool{}
	var list []string
	for i, text := range texts {
		if text == nil {
			there := within.item(i)
			c.add(&there, "must be a string")
		} else if !seen[*text] {
			seen[*text] = true
			list = append(list, *text)
		}
	}
	return list
}
