package schemas_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"identitypools/infra/check/systemtest"
)

func TestASchemaFromCreateToDelete(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	for tree, client := range tenant.Trees() {
		made := client.Must(t, 201, "POST", "/schemas", `{"name":"Staff","description":"of ours","schema":{"type":"object"}}`)
		first := made.Fields(t)
		want := fields{
			"id": first["id"], "tenant_id": tenant.ID, "name": "Staff", "description": "of ours", "system": false, "schema": fields{"type": "object"},
			"created_at": first["created_at"], "updated_at": first["created_at"],
		}
		if !reflect.DeepEqual(first, want) {
			t.Errorf("%s: made %v, want %v", tree, first, want)
		}
		path := "/schemas/" + made.Text(t, "id")
		read := client.Must(t, 200, "GET", path, nil)
		if string(read.Body) != string(made.Body) || read.Header.Get("ETag") != made.Header.Get("ETag") {
			t.Errorf("%s: made %s, stored %s", tree, made.Body, read.Body)
		}

		product.Clock.Advance(time.Second)
		changed := client.Must(t, 200, "PUT", path, read.Body) // "what GET answers can be PUT"
		if changed.Header.Get("ETag") == made.Header.Get("ETag") {
			t.Errorf("%s: a change leaves the version", tree)
		}
		second := changed.Fields(t)
		if second["updated_at"].(string) <= second["created_at"].(string) || second["created_at"] != first["created_at"] {
			t.Errorf("%s: made at %v, of %v to %v", tree, first["created_at"], second["created_at"], second["updated_at"])
		}
		second["updated_at"] = first["updated_at"]
		if !reflect.DeepEqual(second, first) {
			t.Errorf("%s: put back as %v, was %v", tree, second, first)
		}
		replaced := client.Must(t, 200, "PUT", path, body(`{"type":"object","title":"new"}`))
		if _, ok := replaced.Fields(t)["description"]; ok || document(t, replaced) != `{"type":"object","title":"new"}` {
			t.Errorf("%s: replaced by %s", tree, replaced.Body)
		}
		if got := client.Must(t, 200, "GET", path, nil); string(got.Body) != string(replaced.Body) {
			t.Errorf("%s: replaced by %s, stored %s", tree, replaced.Body, got.Body)
		}

		if gone := client.Must(t, 204, "DELETE", path, nil); len(gone.Body) > 0 {
			t.Errorf("204 with a body: %s", gone.Body)
		}
		for _, method := range []string{"GET", "PUT", "DELETE"} {
			systemtest.CheckRefusal(t, client.Call(t, method, path, body(`{}`)), 404, "not_found")
		}
		again := client.Must(t, 201, "POST", "/schemas", `{"id":"`+made.Text(t, "id")+`","name":"s","schema":{}}`)
		if again.Header.Get("ETag") == made.Header.Get("ETag") {
			t.Errorf("%s: a schema that is made again has the version of the old one", tree)
		}
	}
}

// Every tenant has the default schemas, and nobody can change them.
func TestTheDefaultSchemas(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	for _, client := range tenant.Trees() {
		if got := listIDs(t, client); got != "metadata_v0 user_v0" {
			t.Errorf("a new tenant has %q", got)
		}
		for id, members := range map[string][]string{"metadata_v0": nil, "user_v0": {"family_name", "given_name", "name"}} {
			got := client.Must(t, 200, "GET", "/schemas/"+id, nil)
			schema := got.Fields(t)
			properties, _ := schema["schema"].(fields)["properties"].(fields)
			if schema["system"] != true || schema["tenant_id"] != tenant.ID || !slices.Equal(slices.Sorted(maps.Keys(properties)), members) {
				t.Errorf("%s is %s", id, got.Body)
			}
			for _, method := range []string{"PUT", "DELETE"} {
				systemtest.CheckRefusal(t, client.Call(t, method, "/schemas/"+id, body(`{}`)), 403, "system_schema")
			}
			systemtest.CheckRefusal(t, client.Call(t, "POST", "/schemas", `{"id":"`+id+`","name":"s","schema":{}}`), 409, "conflict", "/id")
		}
	}
	tenant.NewPool(t, fields{"payload_schema_id": "metadata_v0", "metadata_schema_id": "user_v0"})
}

// "`system` is settable on create; then neither changed nor deleted."
func TestASystemSchema(t *testing.T) {
	t.Parallel()
	tenant := systemtest.New(t).NewTenant(t)
	for _, client := range tenant.Trees() {
		made := client.Must(t, 201, "POST", "/schemas", `{"name":"s","schema":{},"system":true}`)
		path := "/schemas/" + made.Text(t, "id")
		if made.Fields(t)["system"] != true {
			t.Errorf("made %s", made.Body)
		}
		systemtest.CheckRefusal(t, client.Call(t, "PUT", path, `{"name":"s","schema":{},"system":false}`), 403, "system_schema")
		systemtest.CheckRefusal(t, client.Call(t, "DELETE", path, nil), 403, "system_schema")
		systemtest.CheckRefusal(t, client.Call(t, "DELETE", path, nil, "If-Match", "*"), 403, "system_schema")
		if got := client.Must(t, 200, "GET", path, nil); string(got.Body) != string(made.Body) {
			t.Errorf("made %s, stored %s", made.Body, got.Body)
		}
		tenant.NewPool(t, fields{"payload_schema_id": made.Text(t, "id")})

		plain := client.Must(t, 201, "POST", "/schemas", body(`{}`)).Text(t, "id")
		if got := client.Must(t, 200, "PUT", "/schemas/"+plain, `{"name":"s","schema":{},"system":true}`); got.Fields(t)["system"] != false {
			t.Errorf("a change makes a schema one of the system: %s", got.Body)
		}
		client.Must(t, 204, "DELETE", "/schemas/"+plain, nil)
	}
}

// listIDs returns the ids in the answer to a list.
func listIDs(tb testing.TB, client *systemtest.Client) string {
	tb.Helper()
	var ids []string
	for _, schema := range client.Must(tb, 200, "GET", "/schemas", nil).Fields(tb)["schemas"].([]any) {
		ids = append(ids, schema.(fields)["id"].(string))
	}
	return strings.Join(ids, " ")
}

// The published list has no pages: all schemas are in one answer, in the order of their ids.
func TestTheListOfSchemas(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant, stranger := product.NewTenant(t), product.NewTenant(t)
	want := []string{"metadata_v0", "user_v0"}
	long := strings.Repeat("x", 31<<10)
	for i := range 40 { // more than one answer of DynamoDB has, and more than the limit of other lists
		id := fmt.Sprintf("%c-%02d", "abcdz"[i%5], i)
		want = append(want, id)
		tenant.Admin.Must(t, 201, "POST", "/schemas", `{"id":"`+id+`","name":"s","schema":{"description":"`+long+`"}}`)
	}
	slices.Sort(want)
	for tree, client := range tenant.Trees() {
		if got := listIDs(t, client); got != strings.Join(want, " ") {
			t.Errorf("%s lists %q, want %q", tree, got, want)
		}
	}
	all := tenant.Admin.Must(t, 200, "GET", "/schemas", nil).Fields(t)["schemas"].([]any)
	if one := tenant.Admin.Must(t, 200, "GET", "/schemas/"+want[0], nil).Fields(t); !reflect.DeepEqual(all[0], any(one)) {
		t.Errorf("the list has %.300v, alone it is %.300v", all[0], one)
	}
	if got := listIDs(t, stranger.Admin); got != "metadata_v0 user_v0" {
		t.Errorf("another tenant sees %q", got)
	}
	for _, method := range []string{"GET", "PUT", "DELETE"} {
		systemtest.CheckRefusal(t, stranger.Admin.Call(t, method, "/schemas/"+want[0], body(`{}`)), 404, "not_found")
	}
}

// RFC 9110 §13.1.1.
func TestPreconditionsOfASchema(t *testing.T) {
	t.Parallel()
	tenant := systemtest.New(t).NewTenant(t)
	path := "/schemas/" + newSchema(t, tenant, `{}`)
	old := tenant.Admin.Must(t, 200, "GET", path, nil).Header.Get("ETag")
	current := tenant.Admin.Must(t, 200, "PUT", path, body(`{}`), "If-Match", old).Header.Get("ETag")
	for _, match := range []string{old, `"nonsense"`, strings.Trim(current, `"`), "W/" + current} {
		for _, method := range []string{"GET", "PUT", "DELETE"} {
			systemtest.CheckRefusal(t, tenant.Admin.Call(t, method, path, body(`{"type":"array"}`), "If-Match", match), 412, "precondition_failed")
		}
	}
	if got := document(t, tenant.Admin.Must(t, 200, "GET", path, nil, "If-Match", current)); got != `{}` {
		t.Errorf("a refused change left %s", got)
	}
	tenant.Admin.Must(t, 200, "PUT", path, body(`{}`), "If-Match", "*")
	tenant.Admin.Must(t, 204, "DELETE", path, nil, "If-Match", "*")
	systemtest.CheckRefusal(t, tenant.Admin.Call(t, "PUT", path, body(`{}`), "If-Match", "*"), 404, "not_found")
}

// Exactly one of several simultaneous calls takes effect. A schema is never deleted if a pool that uses
// it is created at the same time.
func TestSchemasAtOnce(t *testing.T) {
	t.Parallel()
	tenant := systemtest.New(t).NewTenant(t)
	statuses := map[int]int{}
	var mu sync.Mutex
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			got := tenant.Admin.Call(t, "POST", "/schemas", `{"id":"one","name":"s","schema":{}}`)
			mu.Lock()
			defer mu.Unlock()
			statuses[got.Status]++
		})
	}
	group.Wait()
	if statuses[201] != 1 || statuses[409] != 7 {
		t.Errorf("made at once: %v", statuses)
	}
	for range 10 {
		id := newSchema(t, tenant, `{}`)
		var pool, gone systemtest.Response
		group.Go(func() { pool = tenant.Admin.Call(t, "POST", "/pools", fields{"name": "x", "payload_schema_id": id}) })
		group.Go(func() { gone = tenant.Admin.Call(t, "DELETE", "/schemas/"+id, nil) })
		group.Wait()
		switch {
		case pool.Status == 201 && gone.Status == 409:
		case pool.Status == 422 && gone.Status == 204:
		default:
			t.Errorf("the pool answers %d, the delete %d", pool.Status, gone.Status)
		}
	}
}

func TestASchemaIsRefused(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t, withoutCourier)
	tenant := product.NewTenant(t)
	const at = "/schemas/mine"
	tenant.Admin.Must(t, 201, "POST", "/schemas", `{"id":"mine","name":"s","schema":{}}`)
	before := storedItems(t, product)
	for _, c := range []struct {
		name, body string
		status     int
		code       string
		at         []string
	}{
		{"without anything", `{}`, 422, "invalid", []string{"/name", "/schema"}},
		{"without a document", `{"name":"s","schema":null}`, 422, "invalid", []string{"/schema"}},
		{"with a document that is a list", body(`[]`), 422, "invalid", []string{"/schema"}},
		{"with a document that is true", body(`true`), 422, "invalid", []string{"/schema"}},
		{"with a name of two lines", `{"name":"a\nb","schema":{}}`, 422, "invalid", []string{"/name"}},
		{"with a long description", `{"name":"s","description":"` + strings.Repeat("x", 1025) + `","schema":{}}`, 422, "invalid", []string{"/description"}},
		{"with another tenant", `{"name":"s","tenant_id":"other","schema":{}}`, 422, "invalid", []string{"/tenant_id"}},
		{"with an odd id", `{"id":"a/b","name":"s","schema":{}}`, 422, "invalid", []string{"/id"}},
		{"with an unknown field", `{"name":"s","schema":{},"colour":1}`, 422, "invalid", []string{"/colour"}},
		{"with a boolean in quotes", `{"name":"s","schema":{},"system":"true"}`, 422, "invalid", []string{"/system"}},
		{"with an empty body", ` `, 400, "malformed", nil},
		{"with half a body", `{"name":"s","schema":{`, 400, "malformed", nil},
		{"with a field twice", `{"name":"s","schema":{"type":"object","type":"array"}}`, 400, "malformed", nil},
		{"with a document outside the subset", body(`{"$ref":"#"}`), 422, "invalid", []string{"/schema/$ref"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, client := range tenant.Trees() {
				systemtest.CheckRefusal(t, client.Call(t, "POST", "/schemas", c.body), c.status, c.code, c.at...)
				systemtest.CheckRefusal(t, client.Call(t, "PUT", at, c.body), c.status, c.code, c.at...)
			}
		})
	}
	systemtest.CheckRefusal(t, tenant.Admin.Call(t, "POST", "/schemas", `{"id":"mine","name":"s","schema":{}}`), 409, "conflict", "/id")
	systemtest.CheckRefusal(t, tenant.Admin.Call(t, "PUT", at, `{"id":"other","name":"s","schema":{}}`), 422, "invalid", "/id")
	if after := storedItems(t, product); !reflect.DeepEqual(before, after) {
		t.Errorf("stored before %v\nand after %v", before, after)
	}
}

// storedItems returns the whole table.
func storedItems(tb testing.TB, product *systemtest.Product) map[string]systemtest.Item {
	tb.Helper()
	all := map[string]systemtest.Item{}
	for _, it := range product.Items(tb) {
		all[it["pk"]+" "+it["sk"]] = it
	}
	return all
}

// A patch changes a part of a schema's document, which is then checked as a whole.
func TestAPatchOfASchema(t *testing.T) {
	t.Parallel()
	tenant := systemtest.New(t).NewTenant(t)
	made := tenant.Admin.Must(t, 201, "POST", "/schemas",
		`{"name":"Own","description":"x","schema":{"type":"object","required":["a"],"properties":{"a":{"type":"string"}}}}`)
	path := "/schemas/" + made.Text(t, "id")
	got := tenant.Admin.Must(t, 200, "PATCH", path,
		`{"description":null,"schema":{"required":null,"properties":{"b":{"type":"integer"}}}}`).Fields(t)
	document, _ := json.Marshal(got["schema"])
	const want = `{"properties":{"a":{"type":"string"},"b":{"type":"integer"}},"type":"object"}`
	if got["name"] != "Own" || got["description"] != nil || string(document) != want {
		t.Errorf("the schema is %v with %s", got, document)
	}
	for patch, pointer := range map[string]string{
		`{"schema":{"properties":{"a":{"type":"coffee"}}}}`: `"/schema/properties/a/type"`,
		`{"schema":null}`: `"/schema"`, `{"name":null}`: `"/name"`, `{"nam":null}`: `"/nam"`,
		`{"system":true}`: `"/system"`, `{"created_at":null}`: `"/created_at"`, `{"id":"other"}`: `"/id"`,
	} {
		if got := tenant.Admin.Call(t, "PATCH", path, patch); got.Status != 422 || !strings.Contains(string(got.Body), pointer) {
			t.Errorf("%s is answered %d %s", patch, got.Status, got.Body)
		}
	}
	tenant.Admin.Must(t, 412, "PATCH", path, `{"name":"x"}`, "If-Match", made.Header.Get("ETag"))
	tenant.Admin.Must(t, 403, "PATCH", "/schemas/user_v0", `{"name":"x"}`)
}
