package schema

import (
	"errors"
	"fmt"
	"reflect"
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
		return nil, identity.InvalidField("", fmt.Sprintf("must have at most %d KB", MaxDocument>>10))
	}
	if jsontext.Value(text).Kind() != '{' {
		return nil, identity.InvalidField("", "must be an object")
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
		return identity.InvalidField(safePointer(semantic.JSONPointer), typeReason(semantic))
	}
	var syntactic *jsontext.SyntacticError
	if errors.As(err, &syntactic) {
		reason := "is not valid JSON"
		if errors.Is(err, jsontext.ErrDuplicateName) {
			reason = "is given more than once"
		}
		return identity.InvalidField(safePointer(syntactic.JSONPointer), reason)
	}
	return identity.InvalidField("", "is not valid JSON")
}

// safePointer returns a pointer that is safe to send in an answer. The last name of a pointer may
// be invalid UTF-8, or very long.
func safePointer(p jsontext.Pointer) string {
	if len(p) > maxPointers {
		return ""
	}
	return strings.ToValidUTF8(string(p), "\uFFFD")
}

// typeReason says in plain words what the decoder expected where it found something else.
func typeReason(err *json.SemanticError) string {
	if errors.Is(err, json.ErrUnknownName) {
		return "is not a keyword that identity schemas may use, which are " + strings.Join(keywords(), ", ")
	}
	if name := err.JSONPointer.LastToken(); name == "const" || err.JSONPointer.Parent().LastToken() == "enum" {
		if goType := err.GoType; goType != nil && goType.Kind() == reflect.String {
			return "must be a string, which is all that the published clients can read back; a number can be fixed " +
				"with minimum and maximum"
		}
	}
	goType := err.GoType
	for goType != nil && goType.Kind() == reflect.Pointer {
		goType = goType.Elem()
	}
	if goType == nil {
		return "is not valid"
	}
	switch goType.Kind() {
	case reflect.String:
		return "must be a string"
	case reflect.Bool:
		return "must be true or false"
	case reflect.Int64:
		return "must be a whole number of at most 64 bits, written without fraction and exponent"
	case reflect.Slice:
		return "must be a list"
	case reflect.Float64, reflect.Interface:
		return identity.NoDouble
	}
	return "must be an object"
}

// keywords returns the names of all keywords of a document, in their order.
func keywords() []string {
	var names []string
	for _, field := range reflect.VisibleFields(reflect.TypeFor[document]()) {
		if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); name != "" {
			names = append(names, name)
		}
	}
	return names
}
