package users_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"identitypools/infra/check/systemtest"
	"identitypools/infra/local/system"
)

// quietly keeps the courier from taking the messages of a product out of the outbox.
func quietly(c *system.Config) { c.Quiet = true }

// checkFound checks that a user is found by exactly those names whose value is true. Member says what
// the names are: identifier or address.
func checkFound(t *testing.T, tenant *systemtest.Tenant, pool, member, id string, names map[string]bool) {
	t.Helper()
	for name, isFound := range names {
		got := tenant.System.Call(t, "POST", "/pools/"+pool+"/users/by_key", fields{member: name})
		if isFound && (got.Status != 200 || got.Text(t, "id") != id) || !isFound && got.Status != 404 {
			t.Errorf("%s %s finds %d %.200s, want user %s: %t", member, name, got.Status, got.Body, id, isFound)
		}
	}
}

// notice is a message in the outbox.
type notice struct{ Kind, User, Normalized string }

// notices returns the messages of a user in the outbox as "kind to address", and deletes them.
func notices(t *testing.T, product *systemtest.Product, user string) []string {
	t.Helper()
	found := []string{}
	for _, it := range product.Stored(t, "MESSAGE#") {
		n := notice{}
		if err := json.Unmarshal([]byte(it["doc"]), &n); err != nil {
			t.Fatal(err)
		}
		if n.User != user {
			continue
		}
		found = append(found, n.Kind+" to "+n.Normalized)
		if err := product.Table.Outbox.Delete(t.Context(), strings.TrimPrefix(it["pk"], "MESSAGE#")); err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(found)
	return found
}

// An address is added, proved by an administrator, found, doubted and removed, in both trees. Each
// answer has the ETag of the user, and the user has what was answered.
func TestAnAddressOfAUser(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t, quietly)
	tenant := product.NewTenant(t)
	pool, active := tenant.NewPool(t, nil), map[string]bool{}
	for tree, client := range tenant.Trees() {
		t.Run(tree, func(t *testing.T) {
			email, other := systemtest.Address("Ann"), systemtest.Address("Other")
			id := tenant.NewUser(t, pool, "active", email, nil)
			path := "/pools/" + pool + "/users/" + id
			check := func(got systemtest.Response, want fields) {
				t.Helper()
				user := client.Must(t, 200, "GET", path, nil)
				if got.Header.Get("ETag") != user.Header.Get("ETag") {
					t.Errorf("the ETag is %s, and the user's is %s", got.Header.Get("ETag"), user.Header.Get("ETag"))
				}
				answered := got.Fields(t)
				if stored := user.Fields(t)["verifiable_addresses"].([]any)[0]; fmt.Sprint(stored) != fmt.Sprint(answered) {
					t.Errorf("answered %v, stored %v", answered, stored)
				}
				for name, value := range want {
					if fmt.Sprint(answered[name]) != fmt.Sprint(value) {
						t.Errorf("%s is %v, want %v", name, answered[name], value)
					}
				}
			}
			added := client.Must(t, 200, "POST", path+"/addresses/add", fields{
				"address": other, "type": "email", "metadata": fields{"from": "crm"},
			})
			check(added, fields{
				"address": other, "address_lc": strings.ToLower(other), "type": "email", "status": "active",
				"verified": false, "user_id": id, "user_pool_id": pool, "metadata": fields{"from": "crm"},
			})
			checkFound(t, tenant, pool, "address", id, map[string]bool{other: false})
			stale := `"1"`
			client.Must(t, 412, "POST", path+"/addresses/update",
				fields{"address": other, "status": "active", "verified": true}, "If-Match", stale)
			proved := client.Must(t, 200, "POST", path+"/addresses/update", fields{
				"address": strings.ToUpper(other), "status": "inactive", "verified": true, "preferred_contact_method": "sms",
			}, "If-Match", added.Header.Get("ETag"))
			check(proved, fields{
				"address": other, "status": "inactive", "verified": true, "preferred_contact_method": "sms",
				"id": added.Text(t, "id"), "metadata": fields{"from": "crm"},
			})
			checkFound(t, tenant, pool, "address", id, map[string]bool{other: true, email: false})
			// What was answered can be sent back. Without the member the address is not verified.
			again := proved.Fields(t)
			delete(again, "verified")
			doubted := client.Must(t, 200, "POST", path+"/addresses/update", again)
			check(doubted, fields{"verified": false, "preferred_contact_method": "sms", "status": "inactive"})
			if doubted.Fields(t)["verified_at"] != nil {
				t.Errorf("it is not verified, and was so at %v", doubted.Fields(t)["verified_at"])
			}
			checkFound(t, tenant, pool, "address", id, map[string]bool{other: false})
			client.Must(t, 412, "POST", path+"/addresses/remove", fields{"address": other}, "If-Match", stale)
			client.Must(t, 204, "POST", path+"/addresses/remove", fields{"address": strings.ToUpper(other)})
			client.Must(t, 404, "POST", path+"/addresses/remove", fields{"address": other})
			client.Must(t, 200, "POST", path+"/addresses/add", fields{"address": other, "type": "email", "verified": true})
			client.Must(t, 204, "POST", path+"/addresses/remove", fields{"address": other})
			next := tenant.NewUser(t, pool, "active", other, nil) // it is free at once
			checkFound(t, tenant, pool, "identifier", next, map[string]bool{other: true})
			active[id], active[next] = true, true
			checkInvariants(t, product, tenant, active)
		})
	}
}

// An identifier is added, finds its user, and is removed, in both trees; also the last one.
func TestAnIdentifierOfAUser(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t, quietly)
	tenant := product.NewTenant(t)
	folding, exact := tenant.NewPool(t, nil), tenant.NewPool(t, fields{"identifier_case_insensitive": false})
	for tree, client := range tenant.Trees() {
		for _, c := range []struct{ pool, kind, value, spelling string }{
			{folding, "uid", "Ann-" + tree, "ANN-" + tree},
			{folding, "email", systemtest.Address("Ann"), ""},
			{folding, "mobile", map[string]string{"admin": "+49301234567", "system": "+49301234568"}[tree], ""},
			{folding, "external", "crm@" + tree, "CRM@" + tree},
			{exact, "email", "Ann@" + tree + ".example", "Ann@" + strings.ToUpper(tree) + ".Example"},
			{exact, "federated", "A@" + tree + ".Example", ""},
		} {
			t.Run(tree+" "+c.kind, func(t *testing.T) {
				t.Parallel()
				email := systemtest.Address("first")
				id := tenant.NewUser(t, c.pool, "active", email, nil)
				path := "/pools/" + c.pool + "/users/" + id
				added := client.Must(t, 200, "POST", path+"/identifiers/add",
					fields{"identifier": c.value, "type": c.kind, "metadata": fields{"n": 1}})
				user := client.Must(t, 200, "GET", path, nil)
				stored := user.Fields(t)["identifiers"].([]any)[1]
				if fmt.Sprint(stored) != fmt.Sprint(added.Fields(t)) || added.Header.Get("ETag") != user.Header.Get("ETag") {
					t.Errorf("answered %s, stored %v", added.Body, stored)
				}
				checkFound(t, tenant, c.pool, "identifier", id, map[string]bool{c.value: true, email: true})
				spelling := c.spelling
				if spelling == "" {
					spelling = c.value
				}
				client.Must(t, 409, "POST", path+"/identifiers/add", fields{"identifier": spelling, "type": c.kind})
				client.Must(t, 412, "POST", path+"/identifiers/remove", fields{"identifier": spelling}, "If-Match", `"1"`)
				client.Must(t, 204, "POST", path+"/identifiers/remove", fields{"identifier": spelling},
					"If-Match", added.Header.Get("ETag"))
				client.Must(t, 404, "POST", path+"/identifiers/remove", fields{"identifier": c.value})
				client.Must(t, 204, "POST", path+"/identifiers/remove", fields{"identifier": email})
				checkFound(t, tenant, c.pool, "identifier", id, map[string]bool{c.value: false, email: false})
				if left := client.Must(t, 200, "GET", path, nil).Fields(t)["identifiers"].([]any); len(left) > 0 {
					t.Errorf("it still has %v", left)
				}
				next := tenant.NewUser(t, c.pool, "active", email, nil) // it is free at once
				checkFound(t, tenant, c.pool, "identifier", next, map[string]bool{email: true})
			})
		}
	}
}

// What an owner of the address or the identifier prevents, and which fields are refused.
func TestARenamingIsRefused(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t, quietly)
	tenant := product.NewTenant(t)
	pool := tenant.NewPool(t, nil)
	users := "/pools/" + pool + "/users"
	taken, proved, email, fresh := systemtest.Address("taken"), systemtest.Address("proved"), systemtest.Address("ann"),
		systemtest.Address("fresh")
	owner := tenant.NewUser(t, pool, "active", taken, fields{"verifiable_addresses": []fields{
		{"address": proved, "type": "email", "verified": true},
	}})
	var addresses, identifiers []fields
	for i := range 20 {
		addresses = append(addresses, fields{"address": fmt.Sprintf("+4930%07d", i), "type": "mobile", "verified": false})
		identifiers = append(identifiers, fields{"identifier": fmt.Sprint("full", i), "type": "uid"})
	}
	full := tenant.NewUser(t, pool, "active", "", fields{"identifiers": identifiers, "verifiable_addresses": addresses})
	ann := tenant.NewUser(t, pool, "active", email, fields{"verifiable_addresses": []fields{
		{"address": proved, "type": "email", "verified": false}, {"address": email, "type": "email", "verified": true},
	}})
	added := tenant.NewUser(t, pool, "new", fresh, fields{"verifiable_addresses": []fields{
		{"address": fresh, "type": "email", "verified": false},
	}})
	bare := tenant.NewUser(t, pool, "new", systemtest.Address("bare"), nil)
	address := func(value string, more fields) fields {
		body := fields{"address": value, "type": "email", "verified": true, "status": "active"}
		maps.Copy(body, more)
		return body
	}
	const unmailable = "jörg@example.com"
	for _, c := range []struct {
		name, user, path string
		body             any
		status           int
		code             string
		at               []string
	}{
		{"an identifier of another user", ann, "addresses/add", address(taken, nil), 409, "conflict", []string{"/address"}},
		{"a verified address of another user, in another spelling", ann, "identifiers/add", fields{"identifier": strings.ToUpper(proved), "type": "email"}, 409, "conflict", []string{"/identifier"}},
		{"making an address verified that is another user's", ann, "addresses/update", address(proved, nil), 409, "conflict", []string{"/address"}},
		{"an address twice", ann, "addresses/add", address(strings.ToUpper(proved), fields{"verified": false}), 409, "conflict", []string{"/address"}},
		{"an identifier twice", ann, "identifiers/add", fields{"identifier": email, "type": "email"}, 409, "conflict", []string{"/identifier"}},
		{"one address too many", full, "addresses/add", address(systemtest.Address("x"), nil), 422, "invalid", []string{"/address"}},
		{"one identifier too many", full, "identifiers/add", fields{"identifier": "x", "type": "uid"}, 422, "invalid", []string{"/identifier"}},
		{"no address", ann, "addresses/add", fields{"type": "email"}, 422, "invalid", []string{"/address"}},
		{"no type", ann, "addresses/add", fields{"address": "x"}, 422, "invalid", []string{"/type"}},
		{"all of it wrong", ann, "addresses/add", fields{"address": "x", "type": "email", "status": "new", "preferred_contact_method": "pigeon", "metadata": []int{1}}, 422, "invalid", []string{"/address", "/metadata", "/preferred_contact_method", "/status"}},
		{"an unknown member", ann, "addresses/add", address("x@example.com", fields{"colour": "red"}), 422, "invalid", []string{"/colour"}},
		{"no identifier", ann, "identifiers/add", fields{"type": "uid"}, 422, "invalid", []string{"/identifier"}},
		{"an unknown type", ann, "identifiers/add", fields{"identifier": "x", "type": "pigeon", "metadata": 1}, 422, "invalid", []string{"/metadata", "/type"}},
		{"another type", ann, "addresses/update", address(email, fields{"type": "mobile"}), 422, "invalid", []string{"/type"}},
		{"no status", ann, "addresses/update", fields{"address": email}, 422, "invalid", []string{"/status"}},
		{"an odd status and more", ann, "addresses/update", fields{"address": email, "status": "new", "preferred_contact_method": "x", "metadata": 1}, 422, "invalid", []string{"/metadata", "/preferred_contact_method", "/status"}},
		{"a change of no address", ann, "addresses/update", fields{"status": "active"}, 422, "invalid", []string{"/address"}},
		{"a change of another's address", ann, "addresses/update", address(taken, nil), 404, "not_found", nil},
		{"removing no address", ann, "addresses/remove", fields{}, 422, "invalid", []string{"/address"}},
		{"removing what is no address", ann, "addresses/remove", fields{"address": "a@b@"}, 404, "not_found", nil},
		{"removing another's address", ann, "addresses/remove", fields{"address": taken}, 404, "not_found", nil},
		{"removing no identifier", ann, "identifiers/remove", fields{"identifier": nil}, 422, "invalid", []string{"/identifier"}},
		{"removing what is no identifier", ann, "identifiers/remove", fields{"identifier": "\u200b"}, 404, "not_found", nil},
		{"removing another's identifier", ann, "identifiers/remove", fields{"identifier": taken}, 404, "not_found", nil},
		{"removing an address as an identifier", ann, "identifiers/remove", fields{"identifier": proved}, 404, "not_found", nil},
		{"an address for activation that receives no mail", bare, "addresses/add", address(unmailable, nil), 422, "invalid", []string{"/address"}},
		{"an identifier for activation that receives no mail", bare, "identifiers/add", fields{"identifier": unmailable, "type": "email"}, 422, "invalid", []string{"/identifier"}},
		{"an identifier beside an address for activation", added, "identifiers/add", fields{"identifier": unmailable, "type": "email"}, 200, "", nil},
		{"nobody", "nobody", "addresses/add", address("x@example.com", nil), 404, "not_found", nil},
		{"nobody's identifier", "nobody", "identifiers/remove", fields{"identifier": taken}, 404, "not_found", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := tenant.Admin.Call(t, "POST", users+"/"+c.user+"/"+c.path, c.body)
			if c.status == 200 {
				if got.Status != 200 {
					t.Errorf("answered %d %s", got.Status, got.Body)
				}
				return
			}
			systemtest.CheckRefusal(t, got, c.status, c.code, c.at...)
		})
	}
	checkInvariants(t, product, tenant, map[string]bool{owner: true, full: true, ann: true})
}

// Who has an address or identifier because somebody typed it gives way to whom an administrator gives it.
func TestAnUnprovedUserGivesWayToARenaming(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t, quietly)
	tenant := product.NewTenant(t)
	pool := tenant.NewPool(t, nil)
	users := "/pools/" + pool + "/users"
	first := systemtest.Address("first")
	id := tenant.NewUser(t, pool, "active", first, nil)
	for path, body := range map[string]func(email string) fields{
		"/addresses/add":   func(email string) fields { return fields{"address": email, "type": "email", "verified": true} },
		"/identifiers/add": func(email string) fields { return fields{"identifier": email, "type": "email"} },
	} {
		email := systemtest.Address("ann")
		old := register(t, tenant, pool, email)
		tenant.Admin.Must(t, 200, "POST", users+"/"+id+path, body(email))
		tenant.Admin.Must(t, 404, "GET", users+"/"+old, nil)
	}
	// A user whose names an administrator changes is unproved no longer, and gives way to nobody.
	email := systemtest.Address("ben")
	kept := register(t, tenant, pool, email)
	tenant.Admin.Must(t, 200, "POST", users+"/"+kept+"/identifiers/add", fields{"identifier": "ben", "type": "uid"})
	tenant.Admin.Must(t, 409, "POST", users+"/"+id+"/identifiers/add", fields{"identifier": email, "type": "email"})
	checkInvariants(t, product, tenant, map[string]bool{id: true})
}

// A code that was mailed to an address does not activate the user once the address is removed, and the
// registration that the code is of does not bring the address back.
func TestACodeDiesWithItsAddress(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t, quietly)
	tenant := product.NewTenant(t)
	pool := tenant.NewPool(t, nil)
	users := "/pools/" + pool + "/users"
	invited, email := systemtest.Address("ann"), systemtest.Address("ben")
	ann := tenant.NewUser(t, pool, "new", "", fields{
		"identifiers":          []fields{{"identifier": "ann", "type": "uid"}},
		"verifiable_addresses": []fields{{"address": invited, "type": "email", "verified": false}},
	})
	ben := register(t, tenant, pool, email)
	for id, removed := range map[string]fields{ann: {"address": invited}, ben: {"identifier": email}} {
		code := codeFor(t, tenant, pool, id)
		path := users + "/" + id + "/addresses/remove"
		if removed["address"] == nil {
			path = users + "/" + id + "/identifiers/remove"
		}
		tenant.System.Must(t, 204, "POST", path, removed)
		refused := tenant.System.Call(t, "POST", users+"/"+id+"/activate",
			fields{"code": code, "password": systemtest.Password})
		systemtest.CheckRefusal(t, refused, 422, "invalid_code")
	}
	checkInvariants(t, product, tenant, nil)
}

// NIST SP 800-63B-4 §4.6: a user is told that an address was added or removed, at all addresses that were
// the user's own before.
func TestTheUserIsToldOfAddresses(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t, quietly)
	tenant := product.NewTenant(t)
	pool := tenant.NewPool(t, nil)
	email, other := systemtest.Address("ann"), systemtest.Address("other")
	const phone = "+49301234567"
	verified := func(a string) fields { return fields{"address": a, "type": "email", "verified": true} }
	unverified := func(a string) fields { return fields{"address": a, "type": "email", "verified": false} }
	set := func(isVerified bool) fields {
		return fields{"address": other, "status": "active", "verified": isVerified}
	}
	for _, c := range []struct {
		name, status, identifier string // the only one; "" for none but a user name
		addresses                []fields
		path                     string
		body                     fields
		want                     []string
	}{
		{"a verified address", "active", email, nil, "addresses/add", verified(other), []string{"address_added to " + email}},
		{"a verified phone number", "active", email, nil, "addresses/add", fields{"address": phone, "type": "mobile", "verified": true}, []string{"address_added to " + email}},
		{"of a user who is disabled", "inactive", email, nil, "addresses/add", verified(other), []string{"address_added to " + email}},
		{"an address that is not verified", "active", email, nil, "addresses/add", unverified(other), nil},
		{"the first address", "active", "", nil, "addresses/add", verified(other), nil},
		{"beside an address that is not verified", "active", "", []fields{unverified(email)}, "addresses/add", verified(other), nil},
		{"of a user who was never active", "new", email, nil, "addresses/add", verified(other), nil},
		{"of a user who is deleted", "deleted", email, nil, "addresses/add", verified(other), nil},
		{"a user whose mailbox receives no mail", "active", "", []fields{verified("jörg@example.com")}, "addresses/add", verified(other), nil},
		{"making an address verified", "active", email, []fields{unverified(other)}, "addresses/update", set(true), []string{"address_added to " + email}},
		{"leaving an address verified", "active", email, []fields{verified(other)}, "addresses/update", set(true), nil},
		{"making an address unverified", "active", email, []fields{verified(other)}, "addresses/update", set(false), []string{"address_removed to " + email, "address_removed to " + other}},
		{"removing a verified address", "active", email, []fields{verified(other)}, "addresses/remove", fields{"address": other}, []string{"address_removed to " + email, "address_removed to " + other}},
		{"removing the last address", "active", "", []fields{verified(other), unverified(email)}, "addresses/remove", fields{"address": other}, []string{"address_removed to " + other}},
		{"removing an address that is an identifier", "active", other, []fields{verified(other)}, "addresses/remove", fields{"address": other}, []string{"address_removed to " + other}},
		{"removing an address that is not verified", "active", email, []fields{unverified(other)}, "addresses/remove", fields{"address": other}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			identifiers := []fields{{"identifier": "ann", "type": "uid"}}
			if c.identifier != "" {
				identifiers = []fields{{"identifier": c.identifier, "type": "email"}}
			}
			id := tenant.NewUser(t, pool, c.status, "", fields{
				"identifiers": identifiers, "verifiable_addresses": c.addresses,
			})
			got := tenant.Admin.Call(t, "POST", "/pools/"+pool+"/users/"+id+"/"+c.path, c.body)
			if got.Status != 200 && got.Status != 204 {
				t.Fatalf("answered %d %s", got.Status, got.Body)
			}
			if found := notices(t, product, id); !slices.Equal(found, c.want) {
				t.Errorf("the messages are %q, want %q", found, c.want)
			}
			tenant.Admin.Must(t, 204, "DELETE", "/pools/"+pool+"/users/"+id, nil)
		})
	}
}

// Of many users to whom one address or identifier is added at once, one gets it.
func TestOneOfManyGetsAName(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t, quietly)
	tenant := product.NewTenant(t)
	pool := tenant.NewPool(t, nil)
	const many = 20
	var ids []string
	active := map[string]bool{}
	for i := range many {
		id := tenant.NewUser(t, pool, "active", "", fields{"identifiers": []fields{
			{"identifier": fmt.Sprint("user", i), "type": "uid"},
		}})
		ids, active[id] = append(ids, id), true
	}
	for _, gave := range []string{"added", "added as an identifier or address", "made verified"} {
		email := systemtest.Address("race")
		if gave == "made verified" {
			for _, id := range ids {
				tenant.Admin.Must(t, 200, "POST", "/pools/"+pool+"/users/"+id+"/addresses/add",
					fields{"address": email, "type": "email"})
			}
		}
		answers := callSimultaneously(many, func(i int) string {
			path, body := "/addresses/add", fields{"address": email, "type": "email", "verified": true}
			switch {
			case gave == "made verified":
				path, body = "/addresses/update", fields{"address": email, "status": "active", "verified": true}
			case gave != "added" && i%2 == 0:
				path, body = "/identifiers/add", fields{"identifier": email, "type": "email"}
			}
			client := []*systemtest.Client{tenant.Admin, tenant.System}[i%2]
			return fmt.Sprint(client.Call(t, "POST", "/pools/"+pool+"/users/"+ids[i]+path, body).Status)
		})
		if answers["200"] != 1 || answers["409"] != many-1 {
			t.Errorf("an address is %s: %v", gave, answers)
		}
	}
	checkInvariants(t, product, tenant, active)
}

// Many changes of one user at once leave the user and its claims in accord.
func TestManyRenamingsOfOneUser(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t, quietly)
	tenant := product.NewTenant(t)
	pool, email := tenant.NewPool(t, nil), systemtest.Address("ann")
	id := tenant.NewUser(t, pool, "active", email, nil)
	answers := callSimultaneously(20, func(i int) string {
		other := fmt.Sprintf("a%d@example.com", i/4%2)
		path := []string{"/addresses/add", "/addresses/remove", "/identifiers/add", "/identifiers/remove"}[i%4]
		return fmt.Sprint(tenant.Admin.Call(t, "POST", "/pools/"+pool+"/users/"+id+path, map[int]fields{
			0: {"address": other, "type": "email", "verified": true},
			1: {"address": other},
			2: {"identifier": other, "type": "email"},
			3: {"identifier": other},
		}[i%4]).Status)
	})
	for status := range answers {
		if !slices.Contains([]string{"200", "204", "404", "409"}, status) {
			t.Errorf("the answers are %v", answers)
		}
	}
	checkInvariants(t, product, tenant, map[string]bool{id: true})
}
