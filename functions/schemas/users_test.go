package schemas_test

import (
	"strings"
	"testing"

	"identitypools/infra/check/systemtest"
)

// staff is a schema of users that has properties of every kind.
const staff = `{"type":"object","required":["given_name"],"additionalProperties":false,"dependentRequired":{"age":["plan"]},
	"properties":{
		"given_name":{"type":"string","minLength":1,"maxLength":10,"pattern":"^[A-Z]"},
		"age":{"type":"integer","minimum":18,"maximum":150},
		"plan":{"enum":["free","paid"]},
		"tags":{"type":"array","maxItems":3,"uniqueItems":true,"items":{"type":"string","pattern":"^[a-z]+$"}},
		"home":{"type":"object","required":["city"],"properties":{"city":{"type":"string"},"a/b~c":{"type":"boolean"}}},
		"contact":{"oneOf":[{"required":["phone"]},{"required":["email"]}]}
	}}`

// Every violation in a user's documents has its pointer, on every route that takes them.
func TestUsersAreChecked(t *testing.T) {
	t.Parallel()
	tenant := systemtest.New(t).NewTenant(t)
	schema := newSchema(t, tenant, staff)
	pool := tenant.NewPool(t, fields{"payload_schema_id": schema})
	users := "/pools/" + pool + "/users"
	good := fields{"given_name": "Ann"}
	user := tenant.NewUser(t, pool, "active", systemtest.Address("ann"), fields{"payload": good})
	for _, c := range []struct {
		name, payload string
		at            []string
	}{
		{"nothing wrong", `{"given_name":"Ann","age":18,"plan":"paid","tags":["a","b"],"home":{"city":"Brno","a/b~c":true},"contact":{"phone":1}}`, nil},
		{"a whole number written with a fraction", `{"given_name":"Ann","age":20.0,"plan":"free"}`, nil},
		{"nothing given", `{}`, []string{"/given_name"}},
		{"another type", `{"given_name":1,"age":"18","plan":"free"}`, []string{"/given_name", "/age"}},
		{"null for a string", `{"given_name":null}`, []string{"/given_name"}},
		{"an empty name", `{"given_name":""}`, []string{"/given_name", "/given_name"}},
		{"a name that is too long in characters", `{"given_name":"Žžžžžžžžžžž"}`, []string{"/given_name", "/given_name"}},
		{"out of bounds", `{"given_name":"Ann","age":17,"plan":"free"}`, []string{"/age"}},
		{"a fraction", `{"given_name":"Ann","age":18.5,"plan":"free"}`, []string{"/age"}},
		{"a value that is not allowed", `{"given_name":"Ann","plan":"gold"}`, []string{"/plan"}},
		{"one member without the other", `{"given_name":"Ann","age":20}`, []string{"/plan"}},
		{"faults in a list", `{"given_name":"Ann","tags":["a","B",3]}`, []string{"/tags/1", "/tags/2"}},
		{"too long a list with the same twice", `{"given_name":"Ann","tags":["a","b","a","c"]}`, []string{"/tags", "/tags/2"}},
		{"faults further in", `{"given_name":"Ann","home":{"a/b~c":"yes"}}`, []string{"/home/city", "/home/a~1b~0c"}},
		{"both of two forms", `{"given_name":"Ann","contact":{"phone":1,"email":2}}`, []string{"/contact"}},
		{"a member that is not known", `{"given_name":"Ann","x/y":1}`, []string{"/x~1y"}},
		{"several", `{"age":1,"plan":"x","tags":{},"home":[],"z":0}`, []string{"/given_name", "/age", "/plan", "/tags", "/home", "/z"}},
		{"no object", `"Ann"`, []string{""}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			at := make([]string, len(c.at))
			for i, pointer := range c.at {
				at[i] = "/payload" + pointer
			}
			email := systemtest.Address("ben")
			calls := map[string]func() systemtest.Response{
				"create": func() systemtest.Response {
					return tenant.Admin.Call(t, "POST", users, `{"status":"new","payload":`+c.payload+`}`)
				},
				"update": func() systemtest.Response {
					return tenant.System.Call(t, "PUT", users+"/"+user, `{"payload":`+c.payload+`}`)
				},
				"register": func() systemtest.Response {
					return tenant.Public.Call(t, "POST", "/pools/"+pool+"/register", `{"identifier":"`+email+`","payload":`+c.payload+`}`)
				},
			}
			for how, call := range calls {
				t.Run(how, func(t *testing.T) {
					got := call()
					if len(at) > 0 {
						systemtest.CheckRefusal(t, got, 422, "invalid", at...)
						return
					}
					if got.Status >= 300 {
						t.Errorf("answered %d %s", got.Status, got.Body)
					}
				})
			}
		})
	}
}

// Each of a user's documents has its own schema: the pool's, or the one that the user names.
func TestTheDocumentsOfAUser(t *testing.T) {
	t.Parallel()
	tenant := systemtest.New(t).NewTenant(t)
	numbers := newSchema(t, tenant, `{"additionalProperties":false,"patternProperties":{"^n":{"type":"number"}}}`)
	texts := newSchema(t, tenant, `{"additionalProperties":false,"patternProperties":{"^t":{"type":"string"}}}`)
	pool := tenant.NewPool(t, fields{"payload_schema_id": numbers, "metadata_schema_id": texts})
	users := "/pools/" + pool + "/users"
	both := `"payload":{"t":"x"},"metadata":{"n":1}`
	for _, c := range []struct {
		name, body string
		at         []string
	}{
		{"by the pool's schemas", `{"status":"new","payload":{"n":1},"metadata":{"t":"x"}}`, nil},
		{"the other way round", `{"status":"new",` + both + `}`, []string{"/payload/t", "/metadata/n"}},
		{"by schemas of its own", `{"status":"new",` + both + `,"payload_schema_id":"` + texts + `","metadata_schema_id":"` + numbers + `"}`, nil},
		{"by schemas that do not exist", `{"status":"new","payload_schema_id":"none","metadata_schema_id":"none"}`, []string{"/payload_schema_id", "/metadata_schema_id"}},
		{"by none", `{"status":"new","business_metadata":{"n":1}}`, []string{"/business_metadata"}},
		{"by one where the pool has none", `{"status":"new","business_metadata":{"t":1},"business_metadata_schema_id":"` + texts + `"}`, []string{"/business_metadata/t"}},
		{"with all of them wrong", `{"status":"new","payload":[],"metadata":1,"business_metadata":"x"}`, []string{"/payload", "/metadata", "/business_metadata"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := tenant.Admin.Call(t, "POST", users, c.body)
			if c.at == nil {
				if got.Status != 201 {
					t.Errorf("answered %d %s", got.Status, got.Body)
				}
				return
			}
			systemtest.CheckRefusal(t, got, 422, "invalid", c.at...)
		})
	}
}

// A user who does not conform to its schema any more is left unchanged until that document is changed.
func TestASchemaChangesUnderItsUsers(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	schema := newSchema(t, tenant, `{"properties":{"a":{"type":"string"}}}`)
	pool := tenant.NewPool(t, fields{"payload_schema_id": schema})
	email := systemtest.Address("ann")
	user := tenant.NewUser(t, pool, "active", email, fields{
		"payload": fields{"a": "x"}, "credentials": []fields{{"type": "password", "password": systemtest.Password}},
	})
	path := "/pools/" + pool + "/users/" + user
	tenant.Admin.Must(t, 200, "PUT", "/schemas/"+schema, body(`{"properties":{"a":{"type":"number"}}}`))
	product.ExpireCaches()
	if got := tenant.Admin.Must(t, 200, "GET", path, nil).Fields(t)["payload"].(fields)["a"]; got != "x" {
		t.Errorf("the user's payload has become %v", got)
	}
	tenant.System.Must(t, 200, "POST", "/pools/"+pool+"/user/password/verify", fields{"identifier": email, "password": systemtest.Password})
	tenant.Admin.Must(t, 200, "PUT", path, fields{"metadata": fields{}})
	systemtest.CheckRefusal(t, tenant.Admin.Call(t, "PUT", path, fields{"payload_schema_id": schema}),
		422, "invalid", "/payload/a")
	tenant.Admin.Must(t, 200, "PUT", path, fields{"payload": fields{"a": 1}})
	systemtest.CheckRefusal(t, tenant.Admin.Call(t, "POST", "/pools/"+pool+"/users", fields{"status": "new", "payload": fields{"a": "x"}}), 422, "invalid", "/payload/a")
}

// No combination of a schema and a user can stop the service, or make an answer very large.
func TestHostileUsers(t *testing.T) {
	t.Parallel()
	tenant := systemtest.New(t).NewTenant(t)
	for _, c := range []struct {
		name, document, payload string
		at                      []string
	}{
		{"a pattern that backtracks elsewhere", `{"properties":{"a":{"pattern":"^(a+)+$"}}}`, `{"a":"` + strings.Repeat("a", 60_000) + `!"}`, []string{"/payload/a"}},
		{"too much work", `{"properties":{"a":{"pattern":"(?:[ab]{500}[ac]{500}){1}x"}}}`, `{"a":"` + strings.Repeat("a", 60_000) + `"}`, []string{"/payload"}},
		{"a fault in each of many items", `{"properties":{"a":{"items":{"type":"string"}}}}`, `{"a":[` + strings.Repeat("1,", 20_000) + `1]}`, nil},
		{"many long names", `{"additionalProperties":false}`, `{"` + strings.Repeat("a", 30_000) + `":1,"` + strings.Repeat("b", 30_000) + `":2}`, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			pool := tenant.NewPool(t, fields{"payload_schema_id": newSchema(t, tenant, c.document)})
			got := tenant.Admin.Call(t, "POST", "/pools/"+pool+"/users", `{"status":"new","payload":`+c.payload+`}`)
			if c.at != nil {
				systemtest.CheckRefusal(t, got, 422, "invalid", c.at...)
				return
			}
			if n := len(systemtest.ViolationPointers(t, got)); got.Status != 422 || n < 1 || n > 50 || len(got.Body) > 128<<10 {
				t.Errorf("answered %d with %d faults in %d bytes", got.Status, n, len(got.Body))
			}
		})
	}
}
