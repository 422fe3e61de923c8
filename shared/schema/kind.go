package schema

import "math"

// kind is a sort of values. A keyword speaks about one of them and holds for all others.
type kind byte

const (
	anything kind = iota
	texts
	numbers
	wholes
	booleans
	lists
	objects
	nulls
)

// kindNamed is the kind that the keyword type names; anything where there is no such type.
func kindNamed(name string) kind {
	switch name {
	case "string":
		return texts
	case "number":
		return numbers
	case "integer":
		return wholes
	case "boolean":
		return booleans
	case "array":
		return lists
	case "object":
		return objects
	case "null":
		return nulls
	}
	return anything
}

// has says whether v is of the kind. A number without a fraction is an integer, however it is written.
func (k kind) has(v any) bool {
	switch v := v.(type) {
	case string:
		return k == texts || k == anything
	case float64:
		return k == numbers || k == wholes && v == math.Trunc(v) || k == anything
	case bool:
		return k == booleans || k == anything
	case []any:
		return k == lists || k == anything
	case map[string]any:
		return k == objects || k == anything
	}
	return k == nulls || k == anything
}

// reason tells people what a value of the kind is.
func (k kind) reason() string {
	switch k {
	case texts:
		return "must be a string"
	case numbers:
		return "must be a number"
	case wholes:
		return "must be a whole number"
	case booleans:
		return "must be true or false"
	case lists:
		return "must be a list"
	case objects:
		return "must be an object"
	}
	return "must be null"
}
