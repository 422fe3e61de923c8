package schema

import (
	"encoding/binary"
	"maps"
	"slices"

	"identitypools/shared/identity"
)

// checkUnique checks uniqueItems. The library is not used here: it hashes items without marking
// where their parts end, so that a stranger can make thousands of different items that all collide
// and are then compared pairwise. Instead, checkUnique compares the canonical forms of the items.
func (r *validation) checkUnique(items []any, at *location) {
	seen := make(map[string]struct{}, min(len(items), 64))
	var form []byte
	for i, item := range items {
		form = appendCanonical(form[:0], item)
		if !r.spend(costItem+len(form)) || r.stopped() {
			return
		}
		if _, ok := seen[string(form)]; ok {
			there := at.item(i)
			r.add(&there, identity.Broken(identity.CodeRepeated, "must not be the same as an earlier item"))
		}
		seen[string(form)] = struct{}{}
	}
}

// appendCanonical appends the canonical form of v to form. Two values have the same form if and
// only if they are equal (JSON Schema Core, section 4.2.2), and no form is a prefix of another.
func appendCanonical(form []byte, v any) []byte {
	switch v := v.(type) {
	case bool:
		if v {
			return append(form, 't')
		}
		return append(form, 'f')
	case number:
		text := identity.CanonicalNumber(string(v))
		return append(binary.AppendUvarint(append(form, 'n'), uint64(len(text))), text...)
	case string:
		return append(binary.AppendUvarint(append(form, 's'), uint64(len(v))), v...)
	case []any:
		form = binary.AppendUvarint(append(form, 'a'), uint64(len(v)))
		for _, item := range v {
			form = appendCanonical(form, item)
		}
		return form
	case map[string]any:
		form = binary.AppendUvarint(append(form, 'o'), uint64(len(v)))
		for _, name := range slices.Sorted(maps.Keys(v)) {
			form = appendCanonical(appendCanonical(form, name), v[name])
		}
		return form
	}
	return append(form, '0')
}
