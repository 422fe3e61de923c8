package schema_test

import (
	"strings"
	"testing"

	"identitypools/shared/schema"
)

// Where a word or a value is not allowed, the reason names what is.
func TestReasonsNameWhatIsAllowed(t *testing.T) {
	t.Parallel()
	for document, want := range map[string]string{
		`{"titel":"x"}`:                          "/titel: is not a keyword that identity schemas may use. These are ",
		`{"properties":{"a":{"const":true}}}`:    "/properties/a/const: must be a string, which is all that the published clients",
		`{"properties":{"a":{"enum":[1,2]}}}`:    "/properties/a/enum/0: must be a string, which is all that the published clients",
		`{"properties":{"const":{"pattern":1}}}`: "/properties/const/pattern: must be a string",
		`{"type":"text"}`:                        "/type: must be one of string, number",
	} {
		_, err := schema.Compile([]byte(document))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", document, err)
		}
	}
	_, err := schema.Compile([]byte(`{"titel":"x"}`))
	for _, keyword := range []string{"type", "properties", "required", "enum", "const", "pattern", "dependentSchemas", "else"} {
		if !strings.Contains(err.Error(), keyword) {
			t.Errorf("%s is not named: %v", keyword, err)
		}
	}
}
