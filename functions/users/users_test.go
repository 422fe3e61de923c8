package users_test

import (
	"bytes"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"identitypools/infra/check/systemtest"
)

type fields = systemtest.Fields

func TestAUserFromCreateToDelete(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	for name, client := range map[string]*systemtest.Client{"admin": tenant.Admin, "system": tenant.System} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pool, email := tenant.NewPool(t, nil), systemtest.Address("ann")
			users := "/pools/" + pool + "/users"
			created := client.Must(t, 201, "POST", users, fields{
				"status": "active", "identifiers": []fields{{"identifier": email, "type": "email"}},
				"credentials": []fields{{"type": "password", "password": systemtest.Password}}, "payload": fields{"given_name": "Ann"}, "metadata": fields{"role": "boss"},
			})
			if bytes.Contains(created.Body, []byte("argon2")) || bytes.Contains(created.Body, []byte(systemtest.Password)) {
				t.Errorf("the answer has the password: %s", created.Body)
			}
			path, etag := users+"/"+created.Text(t, "id"), created.Header.Get("ETag")
			tenant.System.Must(t, 200, "POST", "/pools/"+pool+"/user/password/verify", fields{"identifier": email, "password": systemtest.Password})

			client.Must(t, 412, "PUT", path, fields{"payload": fields{"name": "x"}}, "If-Match", `"1"`)
			changed := client.Must(t, 200, "PUT", path, fields{"payload": fields{"name": "Ann B."}}, "If-Match", etag)
			if got := changed.Fields(t); got["metadata"].(fields)["role"] != "boss" || got["payload"].(fields)["given_name"] != nil {
				t.Errorf("an absent field stays, a given one is replaced whole: %v", got)
			}
			client.Must(t, 412, "GET", path, nil, "If-Match", etag)
			client.Must(t, 200, "GET", path, nil, "If-Match", "*")
			client.Must(t, 409, "POST", users, fields{"status": "new", "identifiers": []fields{{"identifier": strings.ToUpper(email), "type": "email"}}})
			tenant.System.Must(t, 200, "POST", "/pools/"+pool+"/user/password/verify", fields{"identifier": email, "password": systemtest.Password})
			client.Must(t, 204, "DELETE", path, nil)
			client.Must(t, 404, "GET", path, nil)
			client.Must(t, 404, "DELETE", path, nil)
			client.Must(t, 201, "POST", users, fields{"status": "new", "identifiers": []fields{{"identifier": email, "type": "email"}}})
		})
	}
}

func TestCreateIsRefused(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	pool := tenant.NewPool(t, nil)
	id := func(value, kind string) fields { return fields{"identifier": value, "type": kind} }
	taken := systemtest.Address("taken")
	tenant.NewUser(t, pool, "new", taken, fields{"id": "taken"})
	for _, c := range []struct {
		name   string
		body   any
		status int
		at     string
	}{
		{"without a status", fields{}, 422, "/status"},
		{"with an unknown status", fields{"status": "asleep"}, 422, "/status"},
		{"with the id of a schema that is too long", fields{
			"status": "new", "payload_schema_id": strings.Repeat("a", 3000),
		}, 422, "/payload_schema_id"},
		{"with an odd id of a schema", fields{
			"status": "new", "metadata_schema_id": "a#b",
		}, 422, "/metadata_schema_id"},
		{"with an odd id", fields{"status": "new", "id": "a/b"}, 422, "/id"},
		{"with an id that is taken", fields{"status": "new", "id": "taken"}, 409, "/id"},
		{"with an identifier that is taken", fields{"status": "new", "identifiers": []fields{id("free", "uid"), id(taken, "email")}}, 409, "/identifiers/1/identifier"},
		{"with an identifier twice", fields{"status": "new", "identifiers": []fields{id("Twice", "uid"), id("twice", "uid")}}, 422, "/identifiers/1/identifier"},
		{"with an address that is none", fields{"status": "new", "identifiers": []fields{id("a@b@", "email")}}, 422, "/identifiers/0/identifier"},
		{"with a line break in an address", fields{"status": "new", "identifiers": []fields{id("a@example.com\nBcc: x", "email")}}, 422, "/identifiers/0/identifier"},
		{"to be activated at an identifier that receives no mail", fields{
			"status": "new", "identifiers": []fields{id("jörg@example.com", "email")},
		}, 422, "/identifiers/0/identifier"},
		{
			"to be activated at an address that receives no mail",
			fields{"status": "new", "verifiable_addresses": []fields{
				{"address": "jörg@example.com", "type": "email", "verified": false, "status": "active"},
			}},
			422, "/verifiable_addresses/0/address",
		},
		{"with an unknown type", fields{"status": "new", "identifiers": []fields{id("x", "pigeon")}}, 422, "/identifiers/0/type"},
		{"with a wrong type", fields{"status": "new", "identifiers": []any{7}}, 422, "/identifiers/0"},
		{"with an unknown field", fields{"status": "new", "identifiers": []fields{{"identifier": "x", "type": "uid", "colour": "red"}}}, 422, "/identifiers/0/colour"},
		{"with a verified address that is taken", fields{"status": "new", "verifiable_addresses": []fields{{"address": taken, "type": "email", "verified": true, "status": "active"}}}, 409, "/verifiable_addresses/0/address"},
		{"with a short password", fields{"status": "active", "credentials": []fields{{"type": "password", "password": "short"}}}, 422, "/credentials/0/password"},
		{"with a credential of another kind", fields{"status": "active", "credentials": []fields{{"type": "magic"}}}, 422, "/credentials/0/type"},
		{"with a short secret", fields{"status": "active", "credentials": []fields{{"type": "totp", "totp_secret": "x"}}}, 422, "/credentials/0/totp_secret"},
		{"with passkeys that are null", fields{"status": "active", "credentials": []fields{{"type": "webauthn", "webauthn_credentials": nil}}}, 422, "/credentials/0/webauthn_credentials"},
		{
			"with a short password behind a secret",
			fields{"status": "active", "credentials": []fields{
				{"type": "totp", "totp_secret": "BLEXAM6OPBBZTCFUOPVHDQ2HVG7PTMK3"}, {"type": "password", "password": "short"},
			}},
			422, "/credentials/1/password",
		},
		{"with a payload against the schema", fields{"status": "new", "payload": fields{"given_name": 7, "name": true}}, 422, "/payload/name"},
		{"with business metadata and no schema for it", fields{"status": "new", "business_metadata": fields{"x": 1}}, 422, "/business_metadata"},
		{"with a schema that does not exist", fields{"status": "new", "payload_schema_id": "nope"}, 422, "/payload_schema_id"},
		{"with a payload that is no object", fields{"status": "new", "payload": "text"}, 422, "/payload"},
		{"with broken JSON", `{"status":`, 400, ""},
		{"with invalid UTF-8", "{\"status\":\"\xff\"}", 400, ""},
		{"with too much", `{"status":"new","id":"` + strings.Repeat("x", 130<<10) + `"}`, 413, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := tenant.Admin.Must(t, c.status, "POST", "/pools/"+pool+"/users", c.body)
			if c.at != "" && !bytes.Contains(got.Body, []byte(`"pointer":"`+c.at+`"`)) {
				t.Errorf("does not name %s: %s", c.at, got.Body)
			}
		})
	}
	if n := len(list(t, tenant, pool, "")); n != 1 {
		t.Errorf("refused calls have left %d users, want the one before them", n)
	}
}

func TestOneOfManyGetsAnIdentifier(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	pool, email := tenant.NewPool(t, nil), systemtest.Address("race")
	var (
		calls    sync.WaitGroup
		mu       sync.Mutex
		statuses = map[int]int{}
	)
	for range 20 {
		calls.Go(func() {
			got := tenant.Admin.Call(t, "POST", "/pools/"+pool+"/users", fields{"status": "new", "identifiers": []fields{{"identifier": email, "type": "email"}}})
			mu.Lock()
			defer mu.Unlock()
			statuses[got.Status]++
		})
	}
	calls.Wait()
	if statuses[201] != 1 || statuses[409] != 19 {
		t.Errorf("twenty at once answer %v", statuses)
	}
	if n := len(list(t, tenant, pool, "")); n != 1 {
		t.Errorf("%d users with one identifier", n)
	}
}

func TestListsArePaged(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	pool := tenant.NewPool(t, nil)
	var all []string
	for i := range 7 {
		id := fmt.Sprintf("u%d", i)
		tenant.NewUser(t, pool, "new", fmt.Sprintf("user%d@%s.example.com", i, []string{"even", "odd"}[i%2]), fields{
			"id": id, "payload": fields{"name": "N", "team": []string{"a", id}}, "metadata": fields{"level": i},
		})
		all = append(all, id)
	}
	falling := slices.Clone(all)
	slices.Reverse(falling)
	query := func(text string) string { return "&query=" + url.QueryEscape(text) }
	for _, c := range []struct {
		name, query string
		want        []string
	}{
		{"everything", "limit=100", all},
		{"the first page", "limit=3", all[:3]},
		{"after an id", "limit=3&after_user_id=u2", all[3:6]},
		{"after an id that does not exist", "limit=2&after_user_id=u2x", all[3:5]},
		{"the last page", "limit=3&after_user_id=u5", all[6:]},
		{"directly before an id", "limit=2&before_user_id=u5", all[3:5]},
		{"between two ids", "limit=9&after_user_id=u1&before_user_id=u4", all[2:4]},
		{"in falling order", "limit=3&order=desc", falling[:3]},
		{"in falling order after an id", "limit=3&order=desc&after_user_id=u5", falling[2:5]},
		{"in falling order before an id", "limit=2&order=desc&before_user_id=u1", falling[3:5]},
		{"by the end of an identifier", "limit=2" + query(`{"user_key":"@odd.example.com"}`), []string{"u1", "u3"}},
		{"by the end of an identifier, going on", "limit=2&after_user_id=u3" + query(`{"user_key":"@ODD.example.com"}`), []string{"u5"}},
		{"by id", "limit=9" + query(`{"user_key":"u4"}`), []string{"u4"}},
		{"by a member of the metadata", "limit=9" + query(`{"metadata":{"level":3}}`), []string{"u3"}},
		{"by an element of an array and more", "limit=9" + query(`{"payload":{"team":"u2","name":"N"}}`), []string{"u2"}},
		{"by what nobody has", "limit=9" + query(`{"payload":{"name":"M"}}`), []string{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := list(t, tenant, pool, c.query); !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
	for _, bad := range []string{"limit=0", "limit=101", "limit=x", "sort=name", "order=up", "query=%7B", "query=%7B%22x%22%3A1%7D"} {
		got := tenant.Admin.Must(t, 422, "GET", "/pools/"+pool+"/users?"+bad, nil)
		if name, _, _ := strings.Cut(bad, "="); !bytes.Contains(got.Body, []byte(`"pointer":"`+name+`"`)) {
			t.Errorf("%s is not named: %s", bad, got.Body)
		}
	}
}

func list(t *testing.T, tenant *systemtest.Tenant, pool, query string) []string {
	t.Helper()
	ids := []string{}
	for _, user := range tenant.Admin.Must(t, 200, "GET", "/pools/"+pool+"/users?"+query, nil).Fields(t)["users"].([]any) {
		ids = append(ids, user.(fields)["id"].(string))
	}
	return ids
}

func TestFindingAUserByKey(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	pool, email, verified, unverified := tenant.NewPool(t, nil), systemtest.Address("key"), systemtest.Address("v"), systemtest.Address("u")
	tenant.NewUser(t, pool, "new", email, fields{"id": "found", "verifiable_addresses": []fields{
		{"address": verified, "type": "email", "verified": true, "status": "active"}, {"address": unverified, "type": "email", "verified": false, "status": "active"},
	}})
	for _, c := range []struct {
		name   string
		body   fields
		status int
	}{
		{"an identifier in another case", fields{"identifier": strings.ToUpper(email)}, 200},
		{"a verified address", fields{"address": verified}, 200},
		{"an address that is not verified", fields{"address": unverified}, 404},
		{"a verified address as an identifier", fields{"identifier": verified}, 404},
		{"an identifier as an address", fields{"address": email}, 404},
		{"nothing", fields{}, 422},
		{"both", fields{"identifier": email, "address": verified}, 422},
		{"what nobody has", fields{"identifier": "nobody"}, 404},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			tenant.System.Must(t, c.status, "POST", "/pools/"+pool+"/users/by_key", c.body)
		})
	}
}

func TestUsersOfAnotherTenantAreOutOfReach(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	ours, theirs := product.NewTenant(t), product.NewTenant(t)
	pool := ours.NewPool(t, nil)
	id := ours.NewUser(t, pool, "new", systemtest.Address("ours"), nil)
	theirs.Admin.Must(t, 404, "GET", "/pools/"+pool+"/users/"+id, nil)
	theirs.Admin.Must(t, 404, "DELETE", "/pools/"+pool, nil)
	ours.Admin.Must(t, 200, "GET", "/pools/"+pool+"/users/"+id, nil)
}

// An e-mail address to which SES sends nothing is an identifier like any other, but nobody can be
// activated with it.
func TestAnIdentifierNeedsNoMail(t *testing.T) {
	t.Parallel()
	tenant := systemtest.New(t).NewTenant(t)
	pool := tenant.NewPool(t, nil)
	const email = "jörg@example.com"
	user := "/pools/" + pool + "/users/" + tenant.NewUser(t, pool, "active", email, nil)
	tenant.System.Must(t, 200, "POST", "/pools/"+pool+"/users/by_key", fields{"identifier": email})
	refused := tenant.Admin.Must(t, 422, "PUT", user, fields{"status": "new"})
	systemtest.CheckRefusal(t, refused, 422, "invalid", "/status")
	if !bytes.Contains(refused.Body, []byte("only ASCII before")) {
		t.Errorf("the refusal does not say why: %s", refused.Body)
	}
	tenant.Admin.Must(t, 200, "PUT", user, fields{"status": "inactive"})
}
