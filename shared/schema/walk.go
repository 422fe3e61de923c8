package schema

import (
	"maps"
	"slices"
	"strings"

	"identitypools/shared/identity"
)

// checkNode checks v against n.
func (r *validation) checkNode(n *node, v any, at *location) {
	if !r.spend(costVisit) || r.stopped() {
		return
	}
	if !n.kind.includes(v) {
		r.add(at, n.kind.demand()) // other violations would only follow from the wrong type
		return
	}
	r.checkAssertions(n, v, at)
	switch v := v.(type) {
	case map[string]any:
		r.checkObject(n, v, at)
	case []any:
		r.checkArray(n, v, at)
	}
	r.checkCombinations(n, v, at)
}

func (r *validation) checkAssertions(n *node, v any, at *location) {
	text, isText := v.(string)
	if n.constant != nil && (!isText || text != *n.constant) {
		r.add(at, oneOf([]string{*n.constant}))
	}
	if n.enum != nil && (!isText || !n.enum.allows(text)) {
		r.add(at, n.enum.demand)
	}
	for _, c := range n.checks {
		if r.stopped() {
			return
		}
		if c.kind.includes(v) && !r.holds(c, v) {
			r.add(at, c.demand)
		}
	}
}

// holds reports whether a keyword that applies to v holds for it, as the library decides.
func (r *validation) holds(c keywordCheck, v any) bool {
	units := costKeyword
	switch v := v.(type) {
	case string:
		units += (costByte + c.instructions) * len(v)
	case number:
		return r.spend(units+costDigit*len(v)) && c.compare(v.value())
	}
	return r.spend(units) && c.rule.Validate(v) == nil
}

func (r *validation) checkMember(n *node, v any, at *location, name string) {
	there := at.member(name)
	r.checkNode(n, v, &there)
}

func (r *validation) checkItem(n *node, v any, at *location, index int) {
	there := at.item(index)
	r.checkNode(n, v, &there)
}

// addMember records that a member of the object at a location is missing or not allowed.
func (r *validation) addMember(at *location, name string, rule identity.Rule) {
	there := at.member(name)
	r.add(&there, rule)
}

func (r *validation) checkObject(n *node, v map[string]any, at *location) {
	known := 0
	for _, p := range n.properties {
		if sub, ok := v[p.name]; ok {
			known++
			r.checkMember(p.node, sub, at, p.name)
		}
	}
	r.checkRequired(n.required, v, at)
	r.checkDependents(n, v, at)
	if len(n.patterns) > 0 || n.names != nil || n.closed && known < len(v) {
		r.checkMemberNames(n, v, at)
	}
}

func (r *validation) checkRequired(names []string, v map[string]any, at *location) {
	if !r.spend(len(names) * costMember) {
		return
	}
	for _, name := range names {
		if _, ok := v[name]; !ok {
			r.addMember(at, name, identity.Required())
		}
	}
}

func (r *validation) checkDependents(n *node, v map[string]any, at *location) {
	for _, d := range n.dependentRequired {
		if _, ok := v[d.name]; ok {
			r.checkRequired(d.needs, v, at)
		}
	}
	for _, d := range n.dependentSchemas {
		if _, ok := v[d.name]; ok {
			r.checkNode(d.node, v, at)
		}
	}
}

// checkMemberNames checks the keywords that depend on the names of members: propertyNames,
// patternProperties and additionalProperties.
func (r *validation) checkMemberNames(n *node, v map[string]any, at *location) {
	if !r.spend(len(v) * costMember) {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(v)) {
		if r.stopped() {
			return
		}
		if n.names != nil && !r.matches(n.names, name) {
			r.addMember(at, name, identity.Broken(identity.CodeUnknownField, "has a name that the schema does not allow"))
		}
		_, known := slices.BinarySearchFunc(n.properties, name, func(m memberSchema, name string) int {
			return strings.Compare(m.name, name)
		})
		for _, p := range n.patterns {
			if r.holds(p.pattern, name) {
				known = true
				r.checkMember(p.node, v[name], at, name)
			}
		}
		if n.closed && !known {
			r.addMember(at, name, identity.Broken(identity.CodeUnknownField, "is not a member that the schema allows"))
		}
	}
}

func (r *validation) checkArray(n *node, v []any, at *location) {
	if n.unique {
		r.checkUnique(v, at)
	}
	if n.items != nil {
		for i, item := range v {
			if r.stopped() {
				return
			}
			r.checkItem(n.items, item, at, i)
		}
	}
	if n.contains != nil {
		found := 0
		for _, item := range v {
			if r.stopped() {
				return
			}
			if r.matches(n.contains.node, item) {
				found++
			}
		}
		if found < n.contains.min || found > n.contains.max {
			r.add(at, n.contains.demand)
		}
	}
}

// checkCombinations checks the keywords that apply further schemas to the same value. Where a
// schema must hold, its violations are recorded with their own locations. Where it is one of
// several alternatives, it is unknown which one was meant, so there is only one violation for all.
func (r *validation) checkCombinations(n *node, v any, at *location) {
	for _, sub := range n.allOf {
		r.checkNode(sub, v, at)
	}
	if len(n.anyOf) > 0 && r.countMatches(n.anyOf, v, 1) == 0 {
		r.add(at, identity.Wrong("must have one of the forms that the schema allows"))
	}
	if len(n.oneOf) > 0 && r.countMatches(n.oneOf, v, 2) != 1 {
		r.add(at, identity.Wrong("must have exactly one of the forms that the schema allows"))
	}
	if n.not != nil && r.matches(n.not, v) {
		r.add(at, identity.NotAllowed("has a form that the schema rules out"))
	}
	if n.cond == nil {
		return
	}
	next := n.otherwise
	if r.matches(n.cond, v) {
		next = n.then
	}
	if next != nil {
		r.checkNode(next, v, at)
	}
}

// countMatches returns how many of the alternatives v matches. It stops counting at enough.
func (r *validation) countMatches(alternatives []*node, v any, enough int) int {
	found := 0
	for _, sub := range alternatives {
		if found < enough && !r.stopped() && r.matches(sub, v) {
			found++
		}
	}
	return found
}
