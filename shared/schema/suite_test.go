package schema_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"identitypools/infra/check/golden"
	"identitypools/shared/identity"
	"identitypools/shared/schema"
)

// A group is a schema of the JSON Schema Test Suite, with values that are valid or not.
type group struct {
	Description string
	Schema      json.RawMessage
	Tests       []struct {
		Description string
		Data        json.RawMessage
		Valid       bool
	}
}

// suite returns the groups of a draft by file. It reads them from the library's module, so that
// this repository needs no copy.
func suite(t *testing.T, draft string) map[string][]group {
	t.Helper()
	const library = "github.com/google/jsonschema-go/jsonschema"
	out, err := exec.CommandContext(t.Context(), "go", "list", "-f", "{{.Dir}}", library).Output()
	if err != nil {
		t.Fatalf("find the library's source: %v", err)
	}
	files, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(out)), "testdata", draft, "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no groups of %s beside the library (%v)", draft, err)
	}
	all := map[string][]group{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var groups []group
		if err := json.Unmarshal(text, &groups); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		all[strings.TrimSuffix(filepath.Base(file), ".json")] = groups
	}
	return all
}

// TestSuite runs the JSON Schema Test Suite. The schema of each group is either refused, because it
// is outside the published subset, or gives the verdicts that the suite expects. A golden file
// counts what is refused and what differs, so that a change shows.
func TestSuite(t *testing.T) {
	t.Parallel()
	for _, draft := range []string{"draft7", "draft2020-12"} {
		t.Run(draft, func(t *testing.T) {
			t.Parallel()
			count := counter{}
			for file, groups := range suite(t, draft) {
				for _, g := range groups {
					count.group(t, file, g)
				}
			}
			golden.Same(t, filepath.Join("testdata", draft+".golden"), count.String())
		})
	}
}

// A counter counts groups and tests by their outcome.
type counter map[string]int

// String returns the counts, one per line.
func (c counter) String() string {
	var text strings.Builder
	for _, what := range slices.Sorted(maps.Keys(c)) {
		fmt.Fprintf(&text, "%4d %s\n", c[what], what)
	}
	return text.String()
}

// group compiles a group's schema as the schema of a member, since an identity schema describes an
// object, and checks the group's values.
func (c counter) group(t *testing.T, file string, g group) {
	t.Helper()
	document := `{"properties":{"v":` + string(withoutDraft(t, g.Schema)) + `}}`
	s, err := schema.Compile([]byte(document))
	if err != nil {
		c["groups refused: "+outside(t, document, err)]++
		return
	}
	c["groups accepted"]++
	for _, test := range g.Tests {
		err := s.Validate([]byte(`{"v":` + string(test.Data) + `}`))
		for _, pointer := range pointers(t, err) {
			if pointer != "/v" && !strings.HasPrefix(pointer, "/v/") {
				t.Errorf("%s, %s, %s: wrong at %q", file, g.Description, test.Description, pointer)
			}
		}
		if (err == nil) == test.Valid {
			c["verdicts as expected"]++
		} else {
			c[fmt.Sprintf("verdict differs, %s, %s, %s: %v", file, g.Description, test.Description, err)]++
		}
	}
}

// withoutDraft returns a schema without the keyword that names its draft, which every document of
// the suite has.
func withoutDraft(t *testing.T, text []byte) []byte {
	t.Helper()
	var members map[string]json.RawMessage
	if json.Unmarshal(text, &members) != nil {
		return text // a boolean
	}
	delete(members, "$schema")
	short, err := json.Marshal(members)
	if err != nil {
		t.Fatal(err)
	}
	return short
}

// outside returns why a document was refused, and fails the test if this is not true of the place
// that the error points at.
func outside(t *testing.T, document string, err error) string {
	t.Helper()
	var invalid identity.Invalid
	if !errors.As(err, &invalid) {
		t.Fatalf("%s: %v is not Invalid", document, err)
	}
	first := invalid.Violations[0]
	pointer := jsontext.Pointer(first.Pointer)
	value := at(t, document, pointer)
	switch keyword := pointer.LastToken(); {
	case first.Code == identity.CodeUnknownField:
		if slices.Contains(published(), keyword) {
			t.Errorf("%s: %s is a keyword", document, first.Pointer)
		}
		return "is not a keyword that identity schemas may use: " + keyword
	case strings.HasPrefix(first.Reason, "must be "):
		return first.Reason + ", not " + jsontext.Value(value).Kind().String() + under(pointer)
	default:
		return first.Reason + ": " + string(value)
	}
}

// at returns the value at a pointer in a document.
func at(t *testing.T, document string, pointer jsontext.Pointer) json.RawMessage {
	t.Helper()
	value := json.RawMessage(document)
	for token := range pointer.Tokens() {
		var members map[string]json.RawMessage
		var items []json.RawMessage
		if json.Unmarshal(value, &members) == nil {
			value = members[token]
		} else if err := json.Unmarshal(value, &items); err == nil {
			var i int
			if _, err := fmt.Sscan(token, &i); err != nil || i >= len(items) {
				t.Fatalf("%s has nothing at %s", document, pointer)
			}
			value = items[i]
		}
		if value == nil {
			t.Fatalf("%s has nothing at %s", document, pointer)
		}
	}
	return value
}

// under returns the keyword that a refused value belongs to, if there is one.
func under(pointer jsontext.Pointer) string {
	for ; pointer != ""; pointer = pointer.Parent() {
		if keyword := pointer.LastToken(); slices.Contains(published(), keyword) {
			return " in " + keyword
		}
	}
	return ""
}

// published returns the keywords of the published subset (SupportedJSONSchema).
func published() []string {
	return []string{
		"type", "title", "description", "hidden", "const", "enum", "pattern", "required", "properties", "patternProperties",
		"additionalProperties", "propertyNames", "dependentRequired", "dependentSchemas", "minimum", "maximum", "exclusiveMinimum",
		"exclusiveMaximum", "multipleOf", "minLength", "maxLength", "minItems", "maxItems", "uniqueItems", "items", "contains", "minContains",
		"maxContains", "minProperties", "maxProperties", "allOf", "anyOf", "oneOf", "not", "if", "then", "else",
	}
}
