package users_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"identitypools/infra/check/systemtest"
)

// The cases are those of RFC 7396, Appendix A, that are about objects.
func TestAPatchMergesDocuments(t *testing.T) {
	t.Parallel()
	tenant := systemtest.New(t).NewTenant(t)
	user := "/pools/" + tenant.NewPool(t, nil) + "/users/" + "ann"
	pool, _, _ := strings.Cut(user, "/users/")
	tenant.NewUser(t, strings.TrimPrefix(pool, "/pools/"), "active", systemtest.Address("ann"), fields{"id": "ann"})
	for i, c := range []struct{ before, patch, after string }{
		{`{"a":"b"}`, `{"a":"c"}`, `{"a":"c"}`},
		{`{"a":"b"}`, `{"b":"c"}`, `{"a":"b","b":"c"}`},
		{`{"a":"b"}`, `{"a":null}`, `{}`},
		{`{"a":"b","b":"c"}`, `{"a":null}`, `{"b":"c"}`},
		{`{"a":["b"]}`, `{"a":"c"}`, `{"a":"c"}`},
		{`{"a":"c"}`, `{"a":["b"]}`, `{"a":["b"]}`},
		{`{"a":{"b":"c"}}`, `{"a":{"b":"d","c":null}}`, `{"a":{"b":"d"}}`},
		{`{"a":[{"b":"c"}]}`, `{"a":[1]}`, `{"a":[1]}`},
		{`{"e":null}`, `{"a":1}`, `{"e":null,"a":1}`},
		{`{}`, `{"a":{"bb":{"ccc":null}}}`, `{"a":{"bb":{}}}`},
		{`{"a":1}`, `null`, `{}`},
		{`{"n":123456789012345678,"\u0061\"":1}`, `{"a\"":2.50}`, `{"n":123456789012345678,"a\"":2.50}`},
	} {
		client := []*systemtest.Client{tenant.Admin, tenant.System}[i%2]
		client.Must(t, 200, "PUT", user, `{"metadata":`+c.before+`}`)
		got := client.Must(t, 200, "PATCH", user, `{"metadata":`+c.patch+`}`, "Content-Type", "application/merge-patch+json")
		var answer struct {
			Metadata json.RawMessage `json:"metadata"`
		}
		if err := json.Unmarshal(got.Body, &answer); err != nil {
			t.Fatal(err)
		}
		if string(answer.Metadata) != c.after {
			var a, b any
			_, _ = json.Unmarshal(answer.Metadata, &a), json.Unmarshal([]byte(c.after), &b)
			if !reflect.DeepEqual(a, b) || strings.Contains(c.after, "123456789") {
				t.Errorf("%s with the patch %s is %s", c.before, c.patch, answer.Metadata)
			}
		}
	}
}

// A patch checks the documents that it names, and no others. What a user has by other operations can be
// sent along, but not changed.
func TestAPatchOfAUser(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	schema := tenant.Admin.Must(t, 201, "POST", "/schemas", `{"name":"s","schema":{}}`).Text(t, "id")
	pool := tenant.NewPool(t, fields{"payload_schema_id": schema})
	user := "/pools/" + pool + "/users/" + tenant.NewUser(t, pool, "active", systemtest.Address("ann"), fields{
		"payload": fields{"age": 7}, "metadata": fields{"role": "buyer"}, "business_metadata_schema_id": schema,
	})
	tenant.Admin.Must(t, 200, "PATCH", "/schemas/"+schema,
		`{"schema":{"required":["name"],"properties":{"name":{"type":"string"}}}}`)
	product.ExpireCaches()
	before := tenant.Admin.Must(t, 200, "GET", user, nil)
	for _, c := range []struct {
		patch, pointer string // the pointer is "" if the patch is made
	}{
		{`{"status":"inactive"}`, ""},
		{`{"metadata":{"team":"a"}}`, ""},
		{`{"payload":{"age":8}}`, "/payload/name"},
		{`{"payload":{"name":"Ann"}}`, ""},
		{`{"payload":{"name":null}}`, "/payload/name"},
		{`{"payload":null}`, "/payload/name"},
		{`{"payload_schema_id":"user_v0"}`, ""},
		{`{"payload":null}`, ""},
		{`{"payload_schema_id":null}`, "/payload/name"},
		{`{"business_metadata_schema_id":null}`, "/business_metadata_schema_id"},
		{`{"status":null}`, "/status"},
		{`{"status":"asleep"}`, "/status"},
		{`{"payload":7}`, "/payload"},
		{`{"identifiers":[]}`, "/identifiers"},
		{`{"credentials":null}`, "/credentials"},
		{`{"id":"other"}`, "/id"},
		{`{"surname":null}`, "/surname"},
	} {
		got := tenant.Admin.Call(t, "PATCH", user, c.patch)
		made := got.Status == 200 && c.pointer == ""
		refused := got.Status == 422 && c.pointer != "" && strings.Contains(string(got.Body), `"`+c.pointer+`"`)
		if !made && !refused {
			t.Errorf("%s is answered %d %s", c.patch, got.Status, got.Body)
		}
	}
	after := tenant.Admin.Must(t, 200, "GET", user, nil).Fields(t)
	want := fields{"role": "buyer", "team": "a"}
	if !reflect.DeepEqual(after["metadata"], want) || after["status"] != "inactive" || after["payload_schema_id"] != "user_v0" {
		t.Errorf("the user is %v", after)
	}
	tenant.Admin.Must(t, 412, "PATCH", user, fields{"status": "active"}, "If-Match", before.Header.Get("ETag"))
	tenant.System.Must(t, 200, "PATCH", user, `{"business_metadata":{"name":"Ann"}}`)
	back := tenant.Admin.Must(t, 200, "GET", user, nil)
	tenant.System.Must(t, 200, "PATCH", user, back.Body, "If-Match", back.Header.Get("ETag"))
}
