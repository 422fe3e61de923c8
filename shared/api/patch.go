package api

import (
	"bytes"
	"context"
	"fmt"
	"reflect"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"identitypools/shared/identity"
	"identitypools/shared/once"
)

// MergePatchType is the media type of merge patches (RFC 7396 §4). They may also come as
// application/json.
const MergePatchType = "application/merge-patch+json"

// MergePatch is the body of a PATCH (RFC 7396). B is the type of the body with which a PUT replaces the
// same thing. A member that the patch does not have stays, an object is merged with what is there, null
// deletes, and anything else replaces, lists as a whole.
type MergePatch[B any] struct {
	Given    B // what the patch gives; a member that is null is absent in it
	document jsontext.Value
	answers  []reflect.Type
}

// PatchCall is a request with a merge patch.
type PatchCall[B any] = BodyCall[MergePatch[B]]

// Patch returns an action that changes something by a merge patch, as Change does otherwise. It answers
// 200.
func Patch[B, T, A any](
	do func(context.Context, PatchCall[B], once.Reply[T]) (T, error), encode func(T) Answer[A],
) Action {
	action := Change(200, do, encode)
	action.body = typeOf[B]() // has the members of the patch
	return action
}

// decodePatch reads the patch. It refuses what Decode refuses in a body of the type B, so the pointers of
// violations name what the caller has sent.
func (p *MergePatch[B]) decodePatch(body []byte, answers []reflect.Type) error {
	p.document, p.answers = bytes.Clone(body), answers
	return decode(body, &p.Given, answers)
}

// Names reports whether the patch has a member, also if that is null.
func (p MergePatch[B]) Names(member string) bool {
	_, found := find(membersOf(p.document), member)
	return found
}

// Of returns the body that the patch makes of what GET answers now. ReadOnly are the members of answers
// that B has only so that they can be sent back. The error is Invalid if the patch gives one of these,
// or another member of answers that B does not have, and changes it.
func (p MergePatch[B]) Of(answer any, readOnly ...string) (b B, err error) {
	encoded, err := encode(answer)
	if err != nil {
		return b, fmt.Errorf("encode what is patched: %w", err)
	}
	current := jsontext.Value(encoded)
	merged := merge(current, p.document)
	var v identity.Violations
	for _, m := range membersOf(p.document) {
		if inside(reflect.TypeFor[B](), m.name) != nil && !slices.Contains(readOnly, m.name) {
			continue
		}
		before, _ := find(membersOf(current), m.name)
		after, _ := find(membersOf(merged), m.name)
		if !alike(before, after) {
			v.Add("/"+m.name, identity.Immutable("cannot be changed by this operation"))
		}
	}
	if err := v.Err(); err != nil {
		return b, err
	}
	return b, decode(merged, &b, p.answers)
}

// alike reports whether two values are the same JSON, in whatever order their members are.
func alike(a, b jsontext.Value) bool {
	a, b = a.Clone(), b.Clone()
	if len(a) == 0 || len(b) == 0 {
		return len(a) == len(b)
	}
	return a.Canonicalize() == nil && b.Canonicalize() == nil && bytes.Equal(a, b)
}

// member is a member of a JSON object.
type member struct {
	name  string
	value jsontext.Value
}

// find returns the value of the member with a name.
func find(members []member, name string) (jsontext.Value, bool) {
	i := slices.IndexFunc(members, func(m member) bool { return m.name == name })
	if i < 0 {
		return nil, false
	}
	return members[i].value, true
}

// membersOf returns the members of a valid JSON object in their order. Any other value has none.
func membersOf(value jsontext.Value) (members []member) {
	decoder := jsontext.NewDecoder(bytes.NewReader(value))
	if decoder.PeekKind() != '{' {
		return nil
	}
	_, _ = decoder.ReadToken() // the value is valid, so none of these calls can fail
	for decoder.PeekKind() == '"' {
		name, _ := decoder.ReadToken()
		m := member{name: name.String()}
		content, _ := decoder.ReadValue()
		m.value = content.Clone()
		members = append(members, m)
	}
	return members
}

// merge returns what the patch makes of a value (RFC 7396 §2). Both are valid JSON. Members that were
// there keep their order, and new ones follow.
func merge(target, patch jsontext.Value) jsontext.Value {
	if patch.Kind() != '{' {
		return patch
	}
	members := membersOf(target)
	at := make(map[string]int, len(members))
	for i, m := range members {
		at[m.name] = i
	}
	for _, change := range membersOf(patch) {
		i, known := at[change.name]
		if !known {
			i = len(members)
			members = append(members, member{name: change.name})
		}
		if change.value.Kind() == 'n' {
			members[i].value = nil
			continue
		}
		members[i].value = merge(members[i].value, change.value)
	}
	members = slices.DeleteFunc(members, func(m member) bool { return m.value == nil })
	return objectOf(members)
}

// objectOf returns the JSON object with the members.
func objectOf(members []member) jsontext.Value {
	object := []byte{'{'}
	for i, m := range members {
		if i > 0 {
			object = append(object, ',')
		}
		object, _ = jsontext.AppendQuote(object, m.name) // the name comes from valid JSON
		object = append(append(object, ':'), m.value...)
	}
	return append(object, '}')
}

// patcher is a body that is a merge patch.
type patcher interface {
	decodePatch(body []byte, answers []reflect.Type) error
}

var _ patcher = (*MergePatch[struct{}])(nil)
