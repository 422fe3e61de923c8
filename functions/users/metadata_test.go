package users_test

import (
	"testing"

	"identitypools/infra/check/systemtest"
)

// An administrator reads and replaces one kind of a user's metadata. The document must conform to the
// user's schema for it, and nothing else of the user changes.
func TestMetadataOfAUser(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	schema := tenant.Admin.Must(t, 201, "POST", "/schemas",
		`{"name":"s","schema":{"required":["level"],"properties":{"level":{"type":"string"}}}}`).Text(t, "id")
	gone := tenant.Admin.Must(t, 201, "POST", "/schemas", `{"name":"s","schema":{}}`).Text(t, "id")
	pool := tenant.NewPool(t, fields{"metadata_schema_id": schema})
	newUser := func(more fields) string {
		more["metadata"] = fields{"level": "gold"}
		return "/pools/" + pool + "/users/" + tenant.NewUser(t, pool, "active", systemtest.Address("ann"), more)
	}
	own, withBusiness := newUser(fields{}), newUser(fields{
		"business_metadata_schema_id": schema, "business_metadata": fields{"level": "b"},
	})
	withoutSchema := newUser(fields{"business_metadata_schema_id": gone})
	tenant.Admin.Must(t, 204, "DELETE", "/schemas/"+gone, nil)
	product.ExpireCaches()
	for _, c := range []struct {
		name, user, kind string
		body             any // nil to read
		status           int
		at               []string
		want             string // the body of the answer
	}{
		{"read", own, "admin", nil, 200, nil, `{"metadata":{"level":"gold"},"schema_id":"` + schema + `"}`},
		{"of a business, read", withBusiness, "business", nil, 200, nil, `{"metadata":{"level":"b"},"schema_id":"` + schema + `"}`},
		{"that is absent, read", own, "business", nil, 200, nil, `{"metadata":{}}`},
		{"of an unknown type, read", own, "payload", nil, 404, nil, ""},
		{"of nobody, read", "/pools/" + pool + "/users/nobody", "admin", nil, 404, nil, ""},
		{"replaced", own, "admin", fields{"metadata": fields{"level": "x", "n": 1}}, 200, nil, `{"metadata":{"level":"x","n":1},"schema_id":"` + schema + `"}`},
		{"replaced whole", own, "admin", fields{"metadata": fields{"level": "y"}, "schema_id": schema}, 200, nil, `{"metadata":{"level":"y"},"schema_id":"` + schema + `"}`},
		{"against the schema", own, "admin", fields{"metadata": fields{"level": 7}}, 422, []string{"/metadata/level"}, ""},
		{"without what the schema demands", own, "admin", fields{}, 422, []string{"/metadata/level"}, ""},
		{"that is null", own, "admin", fields{"metadata": nil}, 422, []string{"/metadata/level"}, ""},
		{"that is a list", own, "admin", fields{"metadata": []int{}}, 422, []string{"/metadata"}, ""},
		{"with an unknown member", own, "admin", fields{"metadata": fields{"level": "x"}, "status": "new"}, 422, []string{"/status"}, ""},
		{"of an unknown type", own, "payload", fields{"metadata": fields{}}, 404, nil, ""},
		{"of a business, against the schema", withBusiness, "business", fields{"metadata": fields{"level": 7}}, 422, []string{"/metadata/level"}, ""},
		{"of a business, replaced", withBusiness, "business", fields{"metadata": fields{"level": "c"}}, 200, nil, `{"metadata":{"level":"c"},"schema_id":"` + schema + `"}`},
		{"of a business without a schema", own, "business", fields{"metadata": fields{"a": 1}}, 422, []string{"/metadata"}, ""},
		{"of a business without a schema, empty", own, "business", fields{}, 200, nil, `{"metadata":{}}`},
		{"of a schema that is gone", withoutSchema, "business", fields{"metadata": fields{"a": 1}}, 422, []string{"/schema_id"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			path, before := c.user+"/metadata/"+c.kind, tenant.Admin.Call(t, "GET", c.user, nil)
			method := "PUT"
			if c.body == nil {
				method = "GET"
			}
			got := tenant.Admin.Call(t, method, path, c.body, "If-Match", "*")
			if c.status != 200 {
				systemtest.CheckRefusal(t, got, c.status, map[int]string{404: "not_found", 422: "invalid"}[c.status], c.at...)
				return
			}
			if got.Status != 200 || string(got.Body) != c.want {
				t.Fatalf("answered %d %s, want %s", got.Status, got.Body, c.want)
			}
			after := tenant.Admin.Must(t, 200, "GET", c.user, nil)
			if after.Header.Get("ETag") != got.Header.Get("ETag") {
				t.Errorf("the ETag is %s, and the user's is %s", got.Header.Get("ETag"), after.Header.Get("ETag"))
			}
			if c.body == nil {
				return
			}
			if stored := tenant.Admin.Must(t, 200, "GET", path, nil); string(stored.Body) != c.want {
				t.Errorf("stored %s, want %s", stored.Body, c.want)
			}
			tenant.Admin.Must(t, 412, "PUT", path, c.body, "If-Match", before.Header.Get("ETag"))
			tenant.Admin.Must(t, 412, "GET", path, nil, "If-Match", before.Header.Get("ETag"))
			other := map[string]string{"admin": "business_metadata", "business": "metadata"}[c.kind]
			if was, is := before.Fields(t)[other], after.Fields(t)[other]; len(is.(fields)) != len(was.(fields)) {
				t.Errorf("the %s was %v and is %v", other, was, is)
			}
		})
	}
}
