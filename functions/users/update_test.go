package users_test

import (
	"testing"

	"identitypools/infra/check/systemtest"
)

// A change checks only the documents that it changes. So a user whose documents do not conform to their
// schemas can still be deactivated, activated and deleted.
func TestAChangeChecksWhatItChanges(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	newSchema := func(document string) string {
		return tenant.Admin.Must(t, 201, "POST", "/schemas", `{"name":"s","schema":`+document+`}`).Text(t, "id")
	}
	payload, metadata, gone := newSchema(`{}`), newSchema(`{}`), newSchema(`{}`)
	pool := tenant.NewPool(t, fields{"payload_schema_id": payload, "metadata_schema_id": metadata})
	users := "/pools/" + pool + "/users"
	registerAnn := func() string {
		email := systemtest.Address("ann")
		tenant.Public.Must(t, 201, "POST", "/pools/"+pool+"/register",
			fields{"identifier": email, "password": systemtest.Password})
		return tenant.System.Must(t, 200, "POST", users+"/by_key", fields{"identifier": email}).Text(t, "id")
	}
	kinds := map[string][]string{}
	for range 9 {
		kinds["self-registered"] = append(kinds["self-registered"], registerAnn())
		kinds["of a schema that is gone"] = append(kinds["of a schema that is gone"],
			tenant.NewUser(t, pool, "active", systemtest.Address("ben"), fields{
				"payload": fields{"a": 1}, "metadata": fields{"b": 1},
				"business_metadata": fields{"c": 1}, "business_metadata_schema_id": gone,
			}))
	}
	tenant.Admin.Must(t, 200, "PUT", "/schemas/"+payload,
		`{"name":"s","schema":{"required":["name"],"properties":{"name":{"type":"string"}}}}`)
	tenant.Admin.Must(t, 200, "PUT", "/schemas/"+metadata, `{"name":"s","schema":{"required":["level"]}}`)
	tenant.Admin.Must(t, 204, "DELETE", "/schemas/"+gone, nil)
	product.ExpireCaches()
	for kind, ids := range kinds {
		for i, c := range []struct {
			name   string
			change fields
			at     []string // the invalid fields; none if the change is made
		}{
			{"disabling", fields{"status": "inactive"}, nil},
			{"a soft delete", fields{"status": "deleted"}, nil},
			{"a good payload", fields{"payload": fields{"name": "Ann"}}, nil},
			{"a good payload and disabling", fields{"payload": fields{"name": "Ann"}, "status": "inactive"}, nil},
			{
				"a bad payload and disabling",
				fields{"payload": fields{"name": 1}, "status": "inactive"},
				[]string{"/payload/name"},
			},
			{"bad metadata alone", fields{"metadata": fields{}}, []string{"/metadata/level"}},
			{"another schema of the metadata", fields{"metadata_schema_id": payload}, []string{"/metadata/name"}},
			{
				"a schema that is gone",
				fields{"business_metadata_schema_id": gone},
				[]string{"/business_metadata_schema_id"},
			},
			{"nulls, which are absent", fields{"payload": nil, "metadata": nil, "status": "inactive"}, nil},
		} {
			t.Run(kind+"/"+c.name, func(t *testing.T) {
				t.Parallel()
				for tree, client := range tenant.Trees() {
					got := client.Call(t, "PUT", users+"/"+ids[i], c.change)
					switch {
					case c.at != nil:
						systemtest.CheckRefusal(t, got, 422, "invalid", c.at...)
					case got.Status != 200:
						t.Errorf("%s answers %d %s", tree, got.Status, got.Body)
					}
				}
				tenant.Admin.Must(t, 204, "DELETE", users+"/"+ids[i], nil)
			})
		}
	}
}
