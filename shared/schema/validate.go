package schema

import (
	"fmt"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"identitypools/shared/identity"
)

// Validate checks a JSON object. The error is Invalid and names every violation, up to MaxViolations, with a pointer relative to
// the value; its reasons never repeat the value. A value that takes too much work to check is Invalid too.
func (s *Schema) Validate(text []byte) error {
	if jsontext.Value(text).Kind() != '{' {
		return identity.InvalidField("", "must be an object")
	}
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		return refusal(err)
	}
	if deeper(value, MaxValueDepth) {
		return identity.InvalidField("", fmt.Sprintf("must have at most %d objects and lists within each other", MaxValueDepth))
	}
	r := run{work: maxWork}
	r.node(s.root, value, nil)
	return r.result()
}

// run is one check of one value.
type run struct {
	work     int // that is left; negative is spent
	pointers int // bytes of all violations' pointers
	found    identity.Violations
	full     bool // there is no room for more violations

	probing bool // only whether the value matches is asked, as for the branches of anyOf
	failed  bool // it does not
}

// spend takes units of work and says whether there was enough left.
func (r *run) spend(units int) bool {
	r.work -= units
	return r.work >= 0
}

// done says that going on would change nothing.
func (r *run) done() bool { return r.work < 0 || r.full || r.probing && r.failed }

// add records that the value at a place is wrong. Verdicts reached after the work was spent count for nothing.
func (r *run) add(at *place, reason string) {
	if r.probing {
		r.failed = true
	}
	if r.probing || r.done() {
		return
	}
	v := identity.Violation{Pointer: at.pointer(), Reason: reason}
	for _, other := range r.found {
		if other == v {
			return
		}
	}
	r.pointers += len(v.Pointer)
	if len(r.found) == MaxViolations || r.pointers > maxPointers && len(r.found) > 0 {
		r.full = true
		return
	}
	r.found = append(r.found, v)
}

// matches says whether v matches n, and records nothing.
func (r *run) matches(n *node, v any) bool {
	probing, failed := r.probing, r.failed
	r.probing, r.failed = true, false
	r.node(n, v, nil)
	matched := !r.failed
	r.probing, r.failed = probing, failed
	return matched
}

func (r *run) result() error {
	if r.work < 0 {
		return identity.InvalidField("", "takes too much work to check against the schema")
	}
	return r.found.Err()
}

// deeper says whether v has more than the given number of objects and lists within each other.
func deeper(v any, levels int) bool {
	switch v := v.(type) {
	case map[string]any:
		if levels == 0 {
			return true
		}
		for _, sub := range v {
			if deeper(sub, levels-1) {
				return true
			}
		}
	case []any:
		return levels == 0 || slices.ContainsFunc(v, func(sub any) bool { return deeper(sub, levels-1) })
	}
	return false
}
