package schema_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"identitypools/shared/identity"
	"identitypools/shared/schema"
)

// nested returns a document of n levels of schemas.
func nested(n int) string {
	return strings.Repeat(`{"not":`, n-1) + `{}` + strings.Repeat(`}`, n-1)
}

// many returns the results of row for 0 to n-1, separated by commas.
func many(n int, row func(i int) string) string {
	rows := make([]string, n)
	for i := range rows {
		rows[i] = row(i)
	}
	return strings.Join(rows, ",")
}

func TestCompileRefuses(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ name, document, wrong string }{
		{"nothing", ``, ""},
		{"a boolean schema", `true`, ""},
		{"malformed JSON", `{"type":`, "/type"},
		{"text after the document", `{} {}`, ""},
		{"a keyword twice", `{"type":"object","type":"string"}`, "/type"},
		{"a member twice", `{"properties":{"a":{},"a":{}}}`, "/properties/a"},
		{"invalid UTF-8", "{\"title\":\"\xff\"}", "/title"},
		{"a reference", `{"properties":{"a":{"$ref":"http://169.254.169.254/latest"}}}`, "/properties/a/$ref"},
		{"definitions", `{"$defs":{"a":{}}}`, "/$defs"},
		{"a format", `{"items":{"format":"email"}}`, "/items/format"},
		{"a default", `{"default":"x"}`, "/default"},
		{"a keyword in other letters", `{"Type":"string"}`, "/Type"},
		{"a list of types", `{"type":["string","null"]}`, "/type"},
		{"an unknown type", `{"allOf":[{},{"type":"text"}]}`, "/allOf/1/type"},
		{"an empty type", `{"type":""}`, "/type"},
		{"a schema for additional properties", `{"additionalProperties":{}}`, "/additionalProperties"},
		{"a number in an enum", `{"enum":["a",1]}`, "/enum/1"},
		{"null in an enum", `{"enum":["a",null]}`, "/enum/1"},
		{"an empty enum", `{"enum":[]}`, "/enum"},
		{"a constant number", `{"const":1}`, "/const"},
		{"a fractional bound", `{"properties":{"a":{"minimum":0.5}}}`, "/properties/a/minimum"},
		{"a bound with an exponent", `{"maximum":1e3}`, "/maximum"},
		{"a bound over 64 bits", `{"maximum":9223372036854775808}`, "/maximum"},
		{"a boolean as exclusive bound", `{"exclusiveMinimum":true}`, "/exclusiveMinimum"},
		{"negative lengths", `{"minLength":-1,"maxItems":-1}`, "/minLength /maxItems"},
		{"multiples of zero", `{"multipleOf":0}`, "/multipleOf"},
		{"required as boolean", `{"properties":{"a":{"required":true}}}`, "/properties/a/required"},
		{"null in required", `{"required":[null]}`, "/required/0"},
		{"null in a dependency", `{"dependentRequired":{"a":["b",null]}}`, "/dependentRequired/a/1"},
		{"an empty allOf", `{"allOf":[]}`, "/allOf"},
		{"null in anyOf", `{"anyOf":[{},null]}`, "/anyOf/1"},
		{"a list of item schemas", `{"items":[{}]}`, "/items"},
		{"a pattern with look-ahead", `{"pattern":"^(?=a)b"}`, "/pattern"},
		{"a pattern with a back reference", `{"patternProperties":{"(a)\\1":{}}}`, `/patternProperties/(a)\1`},
		{"a long pattern", `{"pattern":"` + strings.Repeat("a", schema.MaxPattern+1) + `"}`, "/pattern"},
		{"a pattern that unfolds", `{"pattern":"` + strings.Repeat("[ab]{1000}", 12) + `"}`, "/pattern"},
		{"patterns that unfold together", `{"allOf":[` + many(12, func(int) string { return `{"pattern":"(?:ab){450}"}` }) + `]}`, "/allOf/11/pattern"},
		{"many patterns", `{"allOf":[` + many(schema.MaxPatterns+2, func(int) string { return `{"pattern":"a"}` }) + `]}`, ""},
		{"a large enum", `{"enum":[` + many(schema.MaxEnum+1, func(i int) string { return fmt.Sprintf(`"%d"`, i) }) + `]}`, "/enum"},
		{"many schemas", `{"properties":{` + many(schema.MaxNodes, func(i int) string { return fmt.Sprintf(`"%d":{}`, i) }) + `}}`, ""},
		{"depth", nested(schema.MaxDepth + 1), strings.Repeat("/not", schema.MaxDepth)},
		{"depth of a bomb", strings.Repeat(`{"not":`, schema.MaxDocument/8) + `{}`, ""},
		{"a large document", `{"title":"` + strings.Repeat("a", schema.MaxDocument) + `"}`, ""},
		{"all mistakes of meaning at once", `{"type":"x","enum":[],"properties":{"a":{"type":"y"},"b":{"pattern":"("}}}`, "/type /enum /properties/a/type /properties/b/pattern"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			s, err := schema.Compile([]byte(row.document))
			if err == nil || s != nil {
				t.Fatalf("compiled to %v, %v", s, err)
			}
			if got := strings.Join(pointers(t, err), " "); got != row.wrong && row.name != "depth of a bomb" {
				t.Errorf("wrong at %q, want %q (%v)", got, row.wrong, err)
			}
		})
	}
}

func TestCompileAcceptsTheLimits(t *testing.T) {
	t.Parallel()
	for name, document := range map[string]string{
		"depth":    nested(schema.MaxDepth),
		"nodes":    `{"properties":{` + many(schema.MaxNodes-1, func(i int) string { return fmt.Sprintf(`"%d":{}`, i) }) + `}}`,
		"enum":     `{"enum":[` + many(schema.MaxEnum, func(i int) string { return fmt.Sprintf(`"%d"`, i) }) + `]}`,
		"patterns": `{"allOf":[` + many(schema.MaxPatterns, func(int) string { return `{"pattern":"a"}` }) + `]}`,
		"pattern":  `{"pattern":"` + strings.Repeat("a", schema.MaxPattern) + `"}`,
		"size":     `{"title":"` + strings.Repeat("a", schema.MaxDocument-12) + `"}`,
		"bounds":   `{"minimum":-9223372036854775808,"maximum":9223372036854775807,"minLength":0}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mustCompile(t, document)
		})
	}
}

// TestDefaultSchemas checks that the schemas that every tenant has are in the published subset, and
// in the form in which they are answered.
func TestDefaultSchemas(t *testing.T) {
	t.Parallel()
	for _, s := range identity.DefaultSchemas("t") {
		got, err := schema.Normalize(s.Document)
		if err != nil || string(got) != string(s.Document) {
			t.Errorf("%s is answered as %s, %v", s.ID, got, err)
		}
	}
}

func TestNormalize(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ name, document, want string }{
		{"compact, in the order given", "{ \"type\" : \"object\",\n\"properties\": {\"b\":{}, \"a\":{}} }\n", `{"type":"object","properties":{"b":{},"a":{}}}`},
		{"null at every level", `{"allOf":null,"items":{"enum":null,"type":"string"},"required":null}`, `{"items":{"type":"string"}}`},
		{"null of a map", `{"properties":{"a":null,"b":{"properties":null}},"dependentRequired":{"x":null}}`, `{"properties":{"b":{}},"dependentRequired":{}}`},
		{"only null", `{"type":null}`, `{}`},
		{"a member called null", `{"properties":{"null":{"const":"null"}}}`, `{"properties":{"null":{"const":"null"}}}`},
		{"empty lists and bounds stay", `{"required":[],"minimum":0,"additionalProperties":false,"title":""}`, `{"required":[],"minimum":0,"additionalProperties":false,"title":""}`},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			got, err := schema.Normalize([]byte(row.document))
			if err != nil || string(got) != row.want {
				t.Errorf("got %s, %v, want %s", got, err, row.want)
			}
			again, err := schema.Normalize(got)
			if err != nil || !slices.Equal(again, got) {
				t.Errorf("again %s, %v: not stable", again, err)
			}
		})
	}
	t.Run("a refused document", func(t *testing.T) {
		t.Parallel()
		_, err := schema.Normalize([]byte(`{"format":"email"}`))
		if got := pointers(t, err); !slices.Equal(got, []string{"/format"}) {
			t.Errorf("wrong at %q", got)
		}
	})
}
