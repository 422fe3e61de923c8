package schema

import (
	"encoding/binary"
	"maps"
	"math"
	"slices"
)

// distinct checks uniqueItems. The library hashes each item without marking where its parts end, so that a stranger can make
// thousands of unlike items that all collide and are compared pairwise; here they are compared by a form that is the same for equal
// items alone.
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
			r.add(&there, "must not be the same as an earlier item")
		}
		seen[string(form)] = struct{}{}
	}
}

// appendForm appends a prefix code of v: equal values have equal forms (JSON Schema core, section 4.2.2), others never.
func appendCanonical(form []byte, v any) []byte {
	switch v := v.(type) {
	case bool:
		if v {
			return append(form, 't')
		}
		return append(form, 'f')
	case float64:
		return binary.BigEndian.AppendUint64(append(form, 'n'), math.Float64bits(v+0)) // -0 becomes 0
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
