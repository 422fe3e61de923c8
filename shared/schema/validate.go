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
		return invalidJSON(err)
	}
	if nestsDeeper(value, MaxValueDepth) {
		return identity.InvalidField("", fmt.Sprintf("must have at most %d objects and lists within each other", MaxValueDepth))
	}
	r := validation{workLeft: maxWork}
	r.checkNode(s.root, value, nil)
	return r.err()
}

// run is one check of one value.
type validation struct {
	workLeft     int // that is left; negative is spent
	pointerBytes int // bytes of all violations' pointers
	violations   identity.Violations
	full         bool // there is no room for more violations

	probing bool // only whether the value matches is asked, as for the branches of anyOf
	failed  bool // it does not
}

// spend takes units of work and says whether there was enough left.
func (r *validation) spend(units int) bool {
	r.workLeft -= units
	return r.workLeft >= 0
}

// done says that going on would change nothing.
func (r *validation) stopped() bool { return r.workLeft < 0 || r.full || r.probing && r.failed }

// add records that the value at a place is wrong. Verdicts reached after the work was spent count for nothing.
func (r *validation) add(at *location, reason string) {
	if r.probing {
		r.failed = true
	}
	if r.probing || r.stopped() {
		return
	}
	v := identity.Violation{Pointer: at.pointer(), Reason: reason}
	for _, other := range r.violations {
		if other == v {
			return
		}
	}
	r.pointerBytes += len(v.Pointer)
	if len(r.violations) == MaxViolations || r.pointerBytes > maxPointers && len(r.violations) > 0 {
		r.full = true
		return
	}
	r.violations = append(r.violations, v)
}

// matches says whether v matches n, and records nothing.
func (r *validation) matches(n *node, v any) bool {
	probing, failed := r.probing, r.failed
	r.probing, r.failed = true, false
	r.checkNode(n, v, nil)
	matched := !r.failed
	r.probing, r.failed = probing, failed
	return matched
}

func (r *validation) err() error {
	if r.workLeft < 0 {
		return identity.InvalidField("", "takes too much work to check against the schema")
	}
	return r.violations.Err()
}

// deeper says whether v has more than the given number of objects and lists within each other.
func nestsDeeper(v any, levels int) bool {
	switch v := v.(type) {
	case map[string]any:
		if levels == 0 {
			return true
		}
		for _, sub := range v {
			if nestsDeeper(sub, levels-1) {
				return true
			}
		}
	case []any:
		return levels == 0 || slices.ContainsFunc(v, func(sub any) bool { return nestsDeeper(sub, levels-1) })
	}
	return false
}
