package schema

import (
	"fmt"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"identitypools/shared/identity"
)

// Validate checks a JSON object against the schema. The error is identity.Invalid with every
// violation, up to MaxViolations. Their pointers are relative to the object, and their reasons
// never repeat its values. An object that is nested too deeply, or takes too much work to check, is
// invalid too.
func (s *Schema) Validate(text []byte) error {
	if jsontext.Value(text).Kind() != '{' {
		return identity.InvalidField("", identity.WrongType("object"))
	}
	value, err := decodeValue(text)
	if err != nil {
		return invalidJSON(err)
	}
	if nestsDeeper(value, MaxValueDepth) {
		reason := fmt.Sprintf("must have at most %d objects and lists within each other", MaxValueDepth)
		return identity.InvalidField("", identity.Wrong(reason))
	}
	r := validation{workLeft: maxWork}
	r.checkNode(s.root, value, nil)
	return r.err()
}

// A validation is the state of checking one value against a schema.
type validation struct {
	workLeft     int // in units; negative once more was needed than there was
	pointerBytes int // length of the pointers of all violations together
	violations   identity.Violations
	full         bool // there is no room for more violations

	// While probing is set, a mismatch sets failed and records no violation. This answers whether
	// a value matches a schema, for example one of the schemas of anyOf.
	probing bool
	failed  bool
}

// spend takes units of work and reports whether enough was left.
func (r *validation) spend(units int) bool {
	r.workLeft -= units
	return r.workLeft >= 0
}

// stopped reports whether further checks cannot change the result.
func (r *validation) stopped() bool { return r.workLeft < 0 || r.full || r.probing && r.failed }

// add records that the value at a location is wrong, unless this was recorded before. It ignores
// what is found after the work was spent, since that is not reliable.
func (r *validation) add(at *location, rule identity.Rule) {
	if r.probing {
		r.failed = true
	}
	if r.probing || r.stopped() {
		return
	}
	v := identity.Violation{Pointer: at.pointer(), Rule: rule}
	for _, other := range r.violations {
		if other.Pointer == v.Pointer && other.Reason == v.Reason {
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

// matches reports whether v matches n, and records no violation.
func (r *validation) matches(n *node, v any) bool {
	probing, failed := r.probing, r.failed
	r.probing, r.failed = true, false
	r.checkNode(n, v, nil)
	matched := !r.failed
	r.probing, r.failed = probing, failed
	return matched
}

// err returns the result of the validation.
func (r *validation) err() error {
	if r.workLeft < 0 {
		return identity.InvalidField("", identity.Wrong("takes too much work to check against the schema"))
	}
	return r.violations.Err()
}

// nestsDeeper reports whether v has more than the given levels of nested objects and arrays.
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
