package schemas_test

import (
	"fmt"
	"strings"
	"testing"

	"identitypools/infra/check/systemtest"
)

// everyKeyword is a document with each keyword of the published subset.
const everyKeyword = `{"type":"object","title":"t","description":"d","minProperties":0,"maxProperties":20,"required":["given_name"],"additionalProperties":false,` +
	`"properties":{"given_name":{"type":"string","minLength":1,"maxLength":9,"pattern":"^[a-z]+$"},` +
	`"age":{"type":"integer","minimum":0,"maximum":150,"exclusiveMinimum":-1,"exclusiveMaximum":151,"multipleOf":1},` +
	`"tags":{"type":"array","items":{"enum":["a","b"]},"minItems":0,"maxItems":3,"uniqueItems":true,"contains":{"const":"a"},"minContains":0,"maxContains":1},` +
	`"note":{"hidden":true,"type":"string"}},` +
	`"patternProperties":{"^x-":{"type":"boolean"}},"propertyNames":{"maxLength":20},"dependentRequired":{"age":["tags"]},"dependentSchemas":{"note":{"minProperties":2}},` +
	`"allOf":[{}],"anyOf":[{}],"oneOf":[{}],"not":{"required":["never"]},"if":{"required":["age"]},"then":{"minProperties":1},"else":{"maxProperties":30}}`

// A document is stored as it was sent: in its order, but compact and without null members.
func TestADocumentIsKept(t *testing.T) {
	t.Parallel()
	tenant := systemtest.New(t).NewTenant(t)
	for _, c := range []struct{ name, sent, want string }{
		{"an empty one", `{}`, `{}`},
		{"one with every keyword", everyKeyword, everyKeyword},
		{"one with spaces, in its order", "{ \"title\" : \"b\",\n\t\"description\":\"a\" }", `{"title":"b","description":"a"}`},
		{"one with large numbers", `{"maximum":9223372036854775807,"minimum":-9223372036854775808}`, `{"maximum":9223372036854775807,"minimum":-9223372036854775808}`},
		{"one with odd names", `{"properties":{"a/b~c":{},"":{},"ž\u0000":{}}}`, `{"properties":{"a/b~c":{},"":{},"ž\u0000":{}}}`},
		{"one with nulls", `{"type":null,"properties":{"a":null,"b":{"type":null,"items":null}}}`, `{"properties":{"b":{}}}`},
		{"one with members called as keywords", `{"properties":{"enum":{"enum":["x"]},"required":{"required":null}}}`, `{"properties":{"enum":{"enum":["x"]},"required":{}}}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for _, client := range tenant.Trees() {
				made := client.Must(t, 201, "POST", "/schemas", body(c.sent))
				read := client.Must(t, 200, "GET", "/schemas/"+made.Text(t, "id"), nil)
				put := client.Must(t, 200, "PUT", "/schemas/"+made.Text(t, "id"), body(c.sent))
				for how, got := range map[string]systemtest.Response{"made": made, "read": read, "put": put} {
					if document(t, got) != c.want {
						t.Errorf("%s as %s\nwant %s", how, document(t, got), c.want)
					}
				}
			}
		})
	}
}

// empties is what the generated client adds at every level of a document; see "Conventions" in
// docs/api.md.
const empties = `"allOf":null,"anyOf":null,"oneOf":null,"enum":null,"required":null`

// The generated client cannot leave out lists and times. So null counts as absent, and read-only fields
// are ignored.
func TestASchemaAsTheGeneratedClientSendsIt(t *testing.T) {
	t.Parallel()
	tenant := systemtest.New(t).NewTenant(t)
	level := func(rest string) string { return `{` + empties + rest + `}` }
	sent := level(`,"type":"object","properties":{"name":` + level(`,"type":"string"`) + `,"list":` +
		level(`,"items":`+level(`,"not":`+level(`,"const":"x"`))+`,"contains":`+level(``)) + `},"dependentSchemas":{"name":` + level(``) +
		`},"patternProperties":{"^x":` + level(``) + `},"propertyNames":` + level(``) + `,"if":` + level(``) + `,"then":` + level(``) + `,"else":` + level(``))
	sent = strings.Replace(sent, `"allOf":null`, `"allOf":[`+level(``)+`]`, 1)
	const want = `{"allOf":[{}],"type":"object","properties":{"name":{"type":"string"},"list":{"items":{"not":{"const":"x"}},"contains":{}}},` +
		`"dependentSchemas":{"name":{}},"patternProperties":{"^x":{}},"propertyNames":{},"if":{},"then":{},"else":{}}`
	const zero = `"0001-01-01T00:00:00.000Z"`
	for tree, client := range tenant.Trees() {
		whole := `{"name":"s","tenant_id":"","created_at":` + zero + `,"updated_at":` + zero + `,"schema":` + sent + "}\n"
		made := client.Must(t, 201, "POST", "/schemas", whole)
		path := "/schemas/" + made.Text(t, "id")
		read := client.Must(t, 200, "GET", path, nil)
		put := client.Must(t, 200, "PUT", path, whole, "If-Match", read.Header.Get("ETag"))
		for how, got := range map[string]systemtest.Response{"made": made, "read": read, "put": put} {
			if document(t, got) != want {
				t.Errorf("%s, %s: %s\nwant %s", tree, how, document(t, got), want)
			}
			if created := got.Text(t, "created_at"); strings.HasPrefix(created, "0001") || created != made.Text(t, "created_at") {
				t.Errorf("%s, %s: created at %s", tree, how, created)
			}
		}
	}
	// If the client cannot read one schema, it cannot read the list. So no schema may have a null or
	// an unexpected type.
	if list := tenant.Admin.Must(t, 200, "GET", "/schemas", nil); strings.Contains(string(list.Body), "null") {
		t.Errorf("the list has nulls: %s", list.Body)
	}
}

// "Schemas outside the digest's subset are refused at creation, by pointer."
func TestADocumentOutsideTheSubset(t *testing.T) {
	t.Parallel()
	tenant := systemtest.New(t).NewTenant(t)
	deep := func(n int) string { return strings.Repeat(`{"not":`, n-1) + `{}` + strings.Repeat(`}`, n-1) }
	many := func(n int, of string) string {
		parts := make([]string, n)
		for i := range parts {
			parts[i] = fmt.Sprintf(of, i)
		}
		return strings.Join(parts, ",")
	}
	for _, c := range []struct {
		name, document string
		at             []string
	}{
		{"a list of types", `{"type":["string","null"]}`, []string{"/type"}},
		{"an unknown type", `{"properties":{"a":{"type":"date"}}}`, []string{"/properties/a/type"}},
		{"a schema for additional properties", `{"additionalProperties":{}}`, []string{"/additionalProperties"}},
		{"a bound with a fraction", `{"properties":{"a":{"minimum":0.5}}}`, []string{"/properties/a/minimum"}},
		{"a bound with an exponent", `{"maximum":1e3}`, []string{"/maximum"}},
		{"a bound that is too large", `{"maximum":9223372036854775808}`, []string{"/maximum"}},
		{"a length below zero", `{"minLength":-1}`, []string{"/minLength"}},
		{"a multiple of nothing", `{"multipleOf":0}`, []string{"/multipleOf"}},
		{"numbers in an enum", `{"enum":["a",1]}`, []string{"/enum/1"}},
		{"null in an enum", `{"enum":["a",null]}`, []string{"/enum/1"}},
		{"an empty enum", `{"enum":[]}`, []string{"/enum"}},
		{"a constant that is no string", `{"const":1}`, []string{"/const"}},
		{"a reference", `{"properties":{"a":{"$ref":"#/$defs/b"}}}`, []string{"/properties/a/$ref"}},
		{"a reference to elsewhere", `{"allOf":[{"$ref":"https://example.com/s.json"}]}`, []string{"/allOf/0/$ref"}},
		{"definitions", `{"$defs":{}}`, []string{"/$defs"}},
		{"a format", `{"properties":{"a/b":{"format":"email"}}}`, []string{"/properties/a~1b/format"}},
		{"a dialect", `{"$schema":"https://json-schema.org/draft/2020-12/schema"}`, []string{"/$schema"}},
		{"a default", `{"default":1}`, []string{"/default"}},
		{"no alternatives", `{"anyOf":[],"oneOf":[]}`, []string{"/anyOf", "/oneOf"}},
		{"alternatives that are none", `{"anyOf":[null,{}]}`, []string{"/anyOf/0"}},
		{"a boolean schema", `{"not":true}`, []string{"/not"}},
		{"required as a boolean", `{"properties":{"a":{"required":true}}}`, []string{"/properties/a/required"}},
		{"look-ahead", `{"pattern":"(?=a)"}`, []string{"/pattern"}},
		{"a back reference", `{"patternProperties":{"(a)\\1":{}}}`, []string{`/patternProperties/(a)\1`}},
		{"a broken pattern", `{"pattern":"("}`, []string{"/pattern"}},
		{"several faults", `{"type":"x","properties":{"a":{"pattern":"(","minItems":-1}},"required":["a",null]}`, []string{
			"/properties/a/minItems", "/properties/a/pattern", "/required/1", "/type",
		}},
		// Hostile documents are refused before they cost anything.
		{"a long pattern", `{"pattern":"` + strings.Repeat("a", 257) + `"}`, []string{"/pattern"}},
		{"a pattern with a large automaton", `{"pattern":"((a{1,100}){1,100}){1,100}"}`, []string{"/pattern"}},
		{"patterns with large automata together", `{"patternProperties":{"^a{1000}{1}$":{},` + many(19, `"(b%d?){300}":{}`) + `}}`, nil},
		{"too many patterns", `{"patternProperties":{` + many(51, `"^%d$":{}`) + `}}`, []string{""}},
		{"a deep one", deep(17), []string{strings.Repeat("/not", 16)}},
		{"one deeper than JSON may be", deep(100), nil},
		{"a wide one", `{"properties":{` + many(501, `"a%d":{}`) + `}}`, []string{""}},
		{"a large enum", `{"enum":[` + many(501, `"%d"`) + `]}`, []string{"/enum"}},
		{"a large one", `{"description":"` + strings.Repeat("x", 32<<10) + `"}`, []string{""}},
		{"one with a thousand faults", `{"allOf":[` + many(400, `{"pattern":"(%d","minLength":-1,"type":"x"}`) + `]}`, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := tenant.Admin.Call(t, "POST", "/schemas", body(c.document))
			if c.at == nil {
				if got.Status != 422 && got.Status != 400 || len(got.Body) > 64<<10 {
					t.Errorf("answered %d with %d bytes: %.300s", got.Status, len(got.Body), got.Body)
				}
				return
			}
			at := make([]string, len(c.at))
			for i, pointer := range c.at {
				at[i] = "/schema" + pointer
			}
			systemtest.CheckRefusal(t, got, 422, "invalid", at...)
		})
	}
	if got := listIDs(t, tenant.Admin); got != "metadata_v0 user_v0" {
		t.Errorf("refused schemas are stored: %q", got)
	}
	for _, document := range []string{deep(16), `{"properties":{` + many(499, `"a%d":{}`) + `}}`, `{"enum":[` + many(500, `"%d"`) + `]}`} {
		tenant.Admin.Must(t, 201, "POST", "/schemas", body(document)) // only just within the limits
	}
}
