package schema

import (
	"maps"
	"slices"
	"strings"
)

// node checks v against n.
func (r *run) node(n *node, v any, at *place) {
	if !r.spend(costVisit) || r.done() {
		return
	}
	if !n.kind.has(v) {
		r.add(at, n.kind.reason()) // and nothing else: of another type hardly anything can be right
		return
	}
	r.assertions(n, v, at)
	switch v := v.(type) {
	case map[string]any:
		r.object(n, v, at)
	case []any:
		r.list(n, v, at)
	}
	r.combinations(n, v, at)
}

func (r *run) assertions(n *node, v any, at *place) {
	text, isText := v.(string)
	if n.constant != nil && (!isText || text != *n.constant) {
		r.add(at, "must be the one value that the schema allows")
	}
	if n.enum != nil && (!isText || !n.enum.allows(text)) {
		r.add(at, n.enum.reason)
	}
	for _, c := range n.checks {
		if r.done() {
			return
		}
		if c.applies.has(v) && !r.check(c, v) {
			r.add(at, c.reason)
		}
	}
}

// check asks the library about a keyword that applies to v.
func (r *run) check(c check, v any) bool {
	units := costKeyword
	if text, ok := v.(string); ok {
		units += (costByte + c.program) * len(text)
	}
	return r.spend(units) && c.rule.Validate(v) == nil
}

// member and item check a part of a value.
func (r *run) member(n *node, v any, at *place, name string) {
	there := at.member(name)
	r.node(n, v, &there)
}

func (r *run) item(n *node, v any, at *place, index int) {
	there := at.item(index)
	r.node(n, v, &there)
}

// wrong records that a member is missing, or should not be there.
func (r *run) wrong(at *place, name, reason string) {
	there := at.member(name)
	r.add(&there, reason)
}

func (r *run) object(n *node, v map[string]any, at *place) {
	known := 0
	for _, p := range n.properties {
		if sub, ok := v[p.name]; ok {
			known++
			r.member(p.node, sub, at, p.name)
		}
	}
	r.required(n.required, v, at)
	r.dependent(n, v, at)
	if len(n.patterns) > 0 || n.names != nil || n.closed && known < len(v) {
		r.members(n, v, at)
	}
}

func (r *run) required(names []string, v map[string]any, at *place) {
	if !r.spend(len(names) * costMember) {
		return
	}
	for _, name := range names {
		if _, ok := v[name]; !ok {
			r.wrong(at, name, "must be given")
		}
	}
}

func (r *run) dependent(n *node, v map[string]any, at *place) {
	for _, d := range n.dependentRequired {
		if _, ok := v[d.name]; ok {
			r.required(d.needs, v, at)
		}
	}
	for _, d := range n.dependentSchemas {
		if _, ok := v[d.name]; ok {
			r.node(d.node, v, at)
		}
	}
}

// members checks what depends on the names of an object's members.
func (r *run) members(n *node, v map[string]any, at *place) {
	if !r.spend(len(v) * costMember) {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(v)) {
		if r.done() {
			return
		}
		if n.names != nil && !r.matches(n.names, name) {
			r.wrong(at, name, "has a name that the schema does not allow")
		}
		_, known := slices.BinarySearchFunc(n.properties, name, func(b branch, name string) int { return strings.Compare(b.name, name) })
		for _, p := range n.patterns {
			if r.check(p.pattern, name) {
				known = true
				r.member(p.node, v[name], at, name)
			}
		}
		if n.closed && !known {
			r.wrong(at, name, "is not a member that the schema allows")
		}
	}
}

func (r *run) list(n *node, v []any, at *place) {
	if n.unique {
		r.distinct(v, at)
	}
	if n.items != nil {
		for i, item := range v {
			if r.done() {
				return
			}
			r.item(n.items, item, at, i)
		}
	}
	if n.contains != nil {
		found := 0
		for _, item := range v {
			if r.done() {
				return
			}
			if r.matches(n.contains.node, item) {
				found++
			}
		}
		if found < n.contains.min || found > n.contains.max {
			r.add(at, n.contains.reason)
		}
	}
}

// combinations checks the schemas that speak of the same value. Those that must hold are walked, so that a violation is
// named where it is; of alternatives nobody knows which one was meant.
func (r *run) combinations(n *node, v any, at *place) {
	for _, sub := range n.allOf {
		r.node(sub, v, at)
	}
	if len(n.anyOf) > 0 && r.count(n.anyOf, v, 1) == 0 {
		r.add(at, "must have one of the forms that the schema allows")
	}
	if len(n.oneOf) > 0 && r.count(n.oneOf, v, 2) != 1 {
		r.add(at, "must have exactly one of the forms that the schema allows")
	}
	if n.not != nil && r.matches(n.not, v) {
		r.add(at, "has a form that the schema rules out")
	}
	if n.cond == nil {
		return
	}
	next := n.otherwise
	if r.matches(n.cond, v) {
		next = n.then
	}
	if next != nil {
		r.node(next, v, at)
	}
}

// count is how many of the alternatives v matches; it counts no further than enough.
func (r *run) count(alternatives []*node, v any, enough int) int {
	found := 0
	for _, sub := range alternatives {
		if found < enough && !r.done() && r.matches(sub, v) {
			found++
		}
	}
	return found
}
