package schema

import "identitypools/shared/identity"

// A kind is a set of JSON values, such as the strings. A keyword applies to the values of one kind;
// all other values satisfy it.
type kind byte

const (
	anyKind kind = iota
	stringKind
	numberKind
	integerKind
	booleanKind
	arrayKind
	objectKind
	nullKind
)

// parseKind returns the kind for a value of the keyword type, or anyKind if there is no such type.
func parseKind(name string) kind {
	switch name {
	case "string":
		return stringKind
	case "number":
		return numberKind
	case "integer":
		return integerKind
	case "boolean":
		return booleanKind
	case "array":
		return arrayKind
	case "object":
		return objectKind
	case "null":
		return nullKind
	}
	return anyKind
}

// includes reports whether v is of kind k. A number without a fractional part is an integer,
// however it is written.
func (k kind) includes(v any) bool {
	switch v := v.(type) {
	case string:
		return k == stringKind || k == anyKind
	case number:
		return k == numberKind || k == integerKind && v.isInteger() || k == anyKind
	case bool:
		return k == booleanKind || k == anyKind
	case []any:
		return k == arrayKind || k == anyKind
	case map[string]any:
		return k == objectKind || k == anyKind
	}
	return k == nullKind || k == anyKind
}

// demand says what a value must be to be of kind k.
func (k kind) demand() identity.Rule {
	switch k {
	case stringKind:
		return identity.WrongType("string")
	case numberKind:
		return identity.WrongType("number")
	case integerKind:
		return identity.WrongType("integer")
	case booleanKind:
		return identity.WrongType("boolean")
	case arrayKind:
		return identity.WrongType("array")
	case objectKind:
		return identity.WrongType("object")
	}
	return identity.WrongType("null")
}
