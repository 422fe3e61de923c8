package schema

import (
	"errors"
	"reflect"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"identitypools/shared/identity"
)

// A document is a schema in its published form (SupportedJSONSchema). A field is nil if the keyword
// is absent or null, which mean the same.
type document struct {
	Type        *string   `json:"type"`
	Title       *string   `json:"title"`
	Description *string   `json:"description"`
	Hidden      *bool     `json:"hidden"` // a member of metadata is not shown to the user
	Const       *string   `json:"const"`
	Enum        []*string `json:"enum"`

	Minimum          *int64 `json:"minimum"`
	Maximum          *int64 `json:"maximum"`
	ExclusiveMinimum *int64 `json:"exclusiveMinimum"`
	ExclusiveMaximum *int64 `json:"exclusiveMaximum"`
	MultipleOf       *int64 `json:"multipleOf"`

	MinLength *int64  `json:"minLength"`
	MaxLength *int64  `json:"maxLength"`
	Pattern   *string `json:"pattern"`

	Items       *document `json:"items"`
	MinItems    *int64    `json:"minItems"`
	MaxItems    *int64    `json:"maxItems"`
	UniqueItems *bool     `json:"uniqueItems"`
	Contains    *document `json:"contains"`
	MinContains *int64    `json:"minContains"`
	MaxContains *int64    `json:"maxContains"`

	Properties           map[string]*document `json:"properties"`
	PatternProperties    map[string]*document `json:"patternProperties"`
	AdditionalProperties *bool                `json:"additionalProperties"`
	PropertyNames        *document            `json:"propertyNames"`
	MinProperties        *int64               `json:"minProperties"`
	MaxProperties        *int64               `json:"maxProperties"`
	Required             []*string            `json:"required"`
	DependentRequired    map[string][]*string `json:"dependentRequired"`
	DependentSchemas     map[string]*document `json:"dependentSchemas"`

	AllOf []*document `json:"allOf"`
	AnyOf []*document `json:"anyOf"`
	OneOf []*document `json:"oneOf"`
	Not   *document   `json:"not"`
	If    *document   `json:"if"`
	Then  *document   `json:"then"`
	Else  *document   `json:"else"`
}

// decodeDocument decodes a schema document strictly. The error is identity.Invalid and names the
// first thing that is not in the published subset.
func decodeDocument(text []byte) (*document, error) {
	if len(text) > MaxDocument {
		return nil, identity.InvalidField("", identity.TooLong(MaxDocument>>10, "KB"))
	}
	if jsontext.Value(text).Kind() != '{' {
		return nil, identity.InvalidField("", identity.WrongType("object"))
	}
	var d document
	if err := json.Unmarshal(text, &d, json.RejectUnknownMembers(true)); err != nil {
		return nil, invalidJSON(err)
	}
	return &d, nil
}

// invalidJSON converts an error of the JSON decoder to identity.Invalid. It does not use the text
// of the error, which may repeat the input and name Go types.
func invalidJSON(err error) error {
	var semantic *json.SemanticError
	if errors.As(err, &semantic) {
		return identity.InvalidField(safePointer(semantic.JSONPointer), typeDemand(semantic))
	}
	var syntactic *jsontext.SyntacticError
	if errors.As(err, &syntactic) {
		rule := identity.Wrong("is not valid JSON")
		if errors.Is(err, jsontext.ErrDuplicateName) {
			rule = identity.Broken(identity.CodeRepeated, "is given more than once")
		}
		return identity.InvalidField(safePointer(syntactic.JSONPointer), rule)
	}
	return identity.InvalidField("", identity.Wrong("is not valid JSON"))
}

// safePointer returns a pointer that is safe to send in an answer. The last name of a pointer may
// be invalid UTF-8, or very long.
func safePointer(p jsontext.Pointer) string {
	if len(p) > maxPointers {
		return ""
	}
	return strings.ToValidUTF8(string(p), "\uFFFD")
}

// typeDemand says what the decoder expected where it found something else.
func typeDemand(err *json.SemanticError) identity.Rule {
	if errors.Is(err, json.ErrUnknownName) {
		return unknownKeyword()
	}
	goType := err.GoType
	for goType != nil && goType.Kind() == reflect.Pointer {
		goType = goType.Elem()
	}
	if goType == nil {
		return identity.Wrong("is not valid")
	}
	switch goType.Kind() {
	case reflect.String:
		return identity.WrongType("string")
	case reflect.Bool:
		return identity.WrongType("boolean")
	case reflect.Int64:
		return identity.Rule{
			Code: identity.CodeWrongType, Params: identity.Params{"type": "integer"},
			Reason: "must be a whole number of at most 64 bits, written without fraction and exponent",
		}
	case reflect.Slice:
		return identity.WrongType("array")
	case reflect.Float64, reflect.Interface:
		return identity.NoDouble()
	}
	return identity.WrongType("object")
}

// unknownKeyword returns the violation of a keyword that is not in the published subset. It lists
// those that are.
func unknownKeyword() identity.Rule {
	var names []string
	for field := range reflect.TypeFor[document]().Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		names = append(names, name)
	}
	slices.Sort(names)
	return identity.Rule{
		Code: identity.CodeUnknownField, Params: identity.Params{"allowed": names},
		Reason: "is not a keyword that identity schemas may use. These are " + strings.Join(names, ", "),
	}
}
