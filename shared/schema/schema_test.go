package schema_test

import (
	"errors"
	"strings"
	"testing"

	"identitypools/shared/identity"
	"identitypools/shared/schema"
)

func mustCompile(tb testing.TB, document string) *schema.Schema {
	tb.Helper()
	s, err := schema.Compile([]byte(document))
	if err != nil {
		tb.Fatalf("compile %s: %v", document, err)
	}
	return s
}

// pointers returns the pointers of the violations in err, or nil if err is nil.
func pointers(tb testing.TB, err error) []string {
	tb.Helper()
	if err == nil {
		return nil
	}
	var invalid identity.Invalid
	if !errors.As(err, &invalid) || len(invalid.Violations) == 0 {
		tb.Fatalf("error is %T (%v), want Invalid with violations", err, err)
	}
	var all []string
	for _, v := range invalid.Violations {
		if v.Reason == "" {
			tb.Errorf("no reason at %q", v.Pointer)
		}
		all = append(all, v.Pointer)
	}
	return all
}

type keyword struct{ name, document, valid, invalid, wrong string }

// keywords returns for each keyword a value that satisfies it and one that does not, with all
// pointers that must be reported for the latter.
func keywords() []keyword {
	return []keyword{
		{"type string", `{"properties":{"a":{"type":"string"}}}`, `{"a":""}`, `{"a":1}`, "/a"},
		{"type number", `{"properties":{"a":{"type":"number"}}}`, `{"a":1.5}`, `{"a":"1"}`, "/a"},
		{"type integer", `{"properties":{"a":{"type":"integer"}}}`, `{"a":2.0}`, `{"a":1.5}`, "/a"},
		{"type boolean", `{"properties":{"a":{"type":"boolean"}}}`, `{"a":false}`, `{"a":null}`, "/a"},
		{"type array", `{"properties":{"a":{"type":"array"}}}`, `{"a":[]}`, `{"a":{}}`, "/a"},
		{"type object", `{"properties":{"a":{"type":"object"}}}`, `{"a":{}}`, `{"a":[]}`, "/a"},
		{"type null", `{"properties":{"a":{"type":"null"}}}`, `{"a":null}`, `{"a":false}`, "/a"},
		{"const", `{"properties":{"a":{"const":"x"}}}`, `{"a":"x"}`, `{"a":"y"}`, "/a"},
		{"const of another type", `{"properties":{"a":{"const":"1"}}}`, `{"a":"1"}`, `{"a":1}`, "/a"},
		{"enum", `{"properties":{"a":{"enum":["x","y"]}}}`, `{"a":"y"}`, `{"a":"z"}`, "/a"},
		{"enum of another type", `{"properties":{"a":{"enum":["","x"]}}}`, `{"a":""}`, `{"a":null}`, "/a"},
		{"minimum", `{"properties":{"a":{"minimum":2}}}`, `{"a":2}`, `{"a":1.9}`, "/a"},
		{"maximum", `{"properties":{"a":{"maximum":2}}}`, `{"a":2}`, `{"a":2.1}`, "/a"},
		{"exclusiveMinimum", `{"properties":{"a":{"exclusiveMinimum":-2}}}`, `{"a":-1.9}`, `{"a":-2}`, "/a"},
		{"exclusiveMaximum", `{"properties":{"a":{"exclusiveMaximum":2}}}`, `{"a":1}`, `{"a":2}`, "/a"},
		{"multipleOf", `{"properties":{"a":{"multipleOf":5}}}`, `{"a":15}`, `{"a":16}`, "/a"},
		{"bounds hold for other types", `{"properties":{"a":{"minimum":5,"minLength":3,"minItems":4}}}`, `{"a":true}`, `{"a":"ab"}`, "/a"},
		{"minLength counts characters", `{"properties":{"a":{"minLength":3}}}`, `{"a":"žluť"}`, `{"a":"žl"}`, "/a"},
		{"maxLength counts characters", `{"properties":{"a":{"maxLength":2}}}`, `{"a":"žl"}`, `{"a":"abc"}`, "/a"},
		{"pattern", `{"properties":{"a":{"pattern":"^[a-z]+$"}}}`, `{"a":"abc"}`, `{"a":"aBc"}`, "/a"},
		{"pattern is not anchored", `{"properties":{"a":{"pattern":"b"}}}`, `{"a":"abc"}`, `{"a":"ac"}`, "/a"},
		{"items", `{"properties":{"a":{"items":{"type":"string"}}}}`, `{"a":["x"]}`, `{"a":["x",1,"y",2]}`, "/a/1 /a/3"},
		{"minItems", `{"properties":{"a":{"minItems":1}}}`, `{"a":[1]}`, `{"a":[]}`, "/a"},
		{"maxItems", `{"properties":{"a":{"maxItems":1}}}`, `{"a":[1]}`, `{"a":[1,2]}`, "/a"},
		{"uniqueItems", `{"properties":{"a":{"uniqueItems":true}}}`, `{"a":[1,"1",true,null,[1],{"x":1}]}`, `{"a":[{"x":1,"y":2},0,{"y":2,"x":1.0},-0.0]}`, "/a/2 /a/3"},
		{"uniqueItems looks at boundaries", `{"properties":{"a":{"uniqueItems":true}}}`, `{"a":[["a","bc"],["ab","c"],[],[[]]]}`, `{"a":[[[]],[[]]]}`, "/a/1"},
		{"contains", `{"properties":{"a":{"contains":{"const":"x"}}}}`, `{"a":["y","x"]}`, `{"a":["y"]}`, "/a"},
		{"minContains", `{"properties":{"a":{"contains":{"const":"x"},"minContains":2}}}`, `{"a":["x","x"]}`, `{"a":["x"]}`, "/a"},
		{"minContains of none", `{"properties":{"a":{"contains":{"const":"x"},"minContains":0,"maxContains":1}}}`, `{"a":[]}`, `{"a":["x","x"]}`, "/a"},
		{"maxContains", `{"properties":{"a":{"contains":{"const":"x"},"maxContains":1}}}`, `{"a":["x"]}`, `{"a":["x","x"]}`, "/a"},
		{"properties", `{"properties":{"a/b":{"properties":{"~c":{"type":"string"}}}}}`, `{"a/b":{"~c":""}}`, `{"a/b":{"~c":1}}`, "/a~1b/~0c"},
		{"patternProperties", `{"patternProperties":{"^n_":{"type":"number"}}}`, `{"n_a":1,"s":""}`, `{"n_b":"","n_a":""}`, "/n_a /n_b"},
		{"additionalProperties", `{"properties":{"a":{}},"patternProperties":{"^x-":{}},"additionalProperties":false}`, `{"a":1,"x-b":2}`, `{"a":1,"c":2,"b":3}`, "/b /c"},
		{"additionalProperties true", `{"properties":{"a":{}},"additionalProperties":true,"maxProperties":2}`, `{"b":1}`, `{"a":1,"b":2,"c":3}`, ""},
		{"propertyNames", `{"propertyNames":{"maxLength":2}}`, `{"ab":1}`, `{"abc":1,"a":2}`, "/abc"},
		{"minProperties", `{"minProperties":1}`, `{"a":1}`, `{}`, ""},
		{"maxProperties", `{"maxProperties":1}`, `{"a":1}`, `{"a":1,"b":2}`, ""},
		{"required", `{"required":["a","b","a"]}`, `{"a":null,"b":1}`, `{}`, "/a /b"},
		{"required below", `{"properties":{"a":{"required":["b"]}}}`, `{"a":{"b":1}}`, `{"a":{}}`, "/a/b"},
		{"dependentRequired", `{"dependentRequired":{"a":["b","c"]}}`, `{"b":1}`, `{"a":1,"c":1}`, "/b"},
		{"dependentSchemas", `{"dependentSchemas":{"a":{"required":["b"]}}}`, `{"c":1}`, `{"a":1}`, "/b"},
		{"allOf", `{"allOf":[{"required":["a"]},{"properties":{"b":{"type":"string"}}}]}`, `{"a":1,"b":""}`, `{"b":1}`, "/a /b"},
		{"anyOf", `{"properties":{"x":{"anyOf":[{"type":"string"},{"minimum":5}]}}}`, `{"x":6}`, `{"x":4}`, "/x"},
		{"oneOf none", `{"properties":{"x":{"oneOf":[{"type":"string"},{"minimum":5}]}}}`, `{"x":6}`, `{"x":4}`, "/x"},
		{"oneOf two", `{"properties":{"x":{"oneOf":[{"type":"number"},{"minimum":5}]}}}`, `{"x":4}`, `{"x":6}`, "/x"},
		{"not", `{"properties":{"x":{"not":{"type":"string"}}}}`, `{"x":1}`, `{"x":""}`, "/x"},
		{"if then", `{"if":{"required":["a"]},"then":{"required":["b"]}}`, `{}`, `{"a":1}`, "/b"},
		{"if else", `{"if":{"required":["a"]},"else":{"required":["b"]}}`, `{"a":1}`, `{}`, "/b"},
		{"then without if", `{"then":{"required":["b"]},"required":["a"]}`, `{"a":1}`, `{}`, "/a"},
		{"null is absent", `{"type":"object","allOf":null,"anyOf":null,"enum":null,"required":null,"items":null,"properties":{"a":{"type":"string","oneOf":null,"enum":null},"b":null}}`, `{"a":"","b":1}`, `{"a":1}`, "/a"},
		{"texts say nothing", `{"title":"t","description":"d","properties":{"a":{"hidden":true,"type":"string"}}}`, `{"a":""}`, `{"a":1}`, "/a"},
		{"everything at once", `{"required":["a"],"properties":{"b":{"type":"string","minLength":2},"c":{"minLength":4,"pattern":"x"}},"additionalProperties":false}`, "", `{"b":1,"c":"","d":1}`, "/b /c /c /a /d"},
	}
}

func TestKeywords(t *testing.T) {
	t.Parallel()
	for _, row := range keywords() {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			s := mustCompile(t, row.document)
			if row.valid != "" {
				if err := s.Validate([]byte(row.valid)); err != nil {
					t.Errorf("%s: %v, want valid", row.valid, err)
				}
			}
			err := s.Validate([]byte(row.invalid))
			if err == nil {
				t.Fatalf("%s is valid", row.invalid)
			}
			if got := strings.Join(pointers(t, err), " "); got != row.wrong {
				t.Errorf("%s: wrong at %q, want %q", row.invalid, got, row.wrong)
			}
		})
	}
}
