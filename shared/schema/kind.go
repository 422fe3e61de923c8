package schema

import "math"

// kind is a sort of values. A keyword speaks about one of them and holds for all others.
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

// kindNamed is the kind that the keyword type names; anything where there is no such type.
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

// has says whether v is of the kind. A number without a fraction is an integer, however it is written.
func (k kind) includes(v any) bool {
	switch v := v.(type) {
	case string:
		return k == stringKind || k == anyKind
	case float64:
		return k == numberKind || k == integerKind && v == math.Trunc(v) || k == anyKind
	case bool:
		return k == booleanKind || k == anyKind
	case []any:
		return k == arrayKind || k == anyKind
	case map[string]any:
		return k == objectKind || k == anyKind
	}
	return k == nullKind || k == anyKind
}

// reason tells people what a value of the kind is.
func (k kind) reason() string {
	switch k {
	case stringKind:
		return "must be a string"
	case numberKind:
		return "must be a number"
	case integerKind:
		return "must be a whole number"
	case booleanKind:
		return "must be true or false"
	case arrayKind:
		return "must be a list"
	case objectKind:
		return "must be an object"
	}
	return "must be null"
}
