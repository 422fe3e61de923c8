package users_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"identitypools/infra/check/systemtest"
)

// register registers a user through a back end that sends no mail, and returns the user's id.
func register(t *testing.T, tenant *systemtest.Tenant, pool, identifier string) (id string) {
	t.Helper()
	path := "/pools/" + pool + "/user/register?send_activation_message=false"
	return tenant.System.Must(t, 201, "POST", path,
		fields{"identifier": identifier, "password": systemtest.Password}).Text(t, "id")
}

// codeFor returns a code that activates a user.
func codeFor(t *testing.T, tenant *systemtest.Tenant, pool, id string) string {
	t.Helper()
	return tenant.System.Must(t, 201, "POST", "/pools/"+pool+"/users/"+id+"/code/generate",
		fields{"type": "activation"}).Text(t, "code")
}

// withIdentifiers returns a new user that has e-mail addresses as identifiers.
func withIdentifiers(emails ...string) fields {
	identifiers := make([]fields, len(emails))
	for i, email := range emails {
		identifiers[i] = fields{"identifier": email, "type": "email"}
	}
	return fields{"status": "new", "identifiers": identifiers}
}

// A user whom an administrator creates takes over an identifier that nobody has proved, and what waited
// for it is deleted.
func TestAnUnprovedUserGivesWay(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	pool := tenant.NewPool(t, nil)
	users, proved := "/pools/"+pool+"/users", map[string]bool{}
	for tree, client := range tenant.Trees() {
		t.Run(tree, func(t *testing.T) {
			email := systemtest.Address("ann")
			ticket := tenant.Public.Must(t, 201, "POST", "/pools/"+pool+"/register?code_type_in_message=code",
				fields{"identifier": email, "password": "a stranger's password"}).Text(t, "ticket")
			mail := product.Inbox.Await(t, email, 1)[0]
			product.AwaitEmptyOutbox(t)
			before := tenant.System.Must(t, 200, "POST", users+"/by_key", fields{"identifier": email}).Text(t, "id")
			code := codeFor(t, tenant, pool, register(t, tenant, pool, email))

			made := client.Must(t, 201, "POST", users, withIdentifiers(email)).Text(t, "id")
			got := tenant.System.Must(t, 200, "POST", users+"/by_key",
				fields{"identifier": email}).Text(t, "id")
			if got != made || made == before {
				t.Errorf("the identifier is that of user %s, want %s, which is not %s", got, made, before)
			}
			client.Must(t, 404, "GET", users+"/"+before, nil)
			tenant.System.Must(t, 422, "POST", users+"/"+before+"/activate", fields{"code": code})
			tenant.System.Must(t, 422, "POST", users+"/"+made+"/activate", fields{"code": code})
			tenant.Public.Must(t, 422, "POST", "/pools/"+pool+"/activate",
				fields{"ticket": ticket, "code": systemtest.CodeIn(t, mail)})
			// of a user whom an administrator created, who is new but not unproved
			client.Must(t, 409, "POST", users, withIdentifiers(email))

			tenant.System.Must(t, 201, "POST", users+"/"+made+"/activate",
				fields{"code": codeFor(t, tenant, pool, made), "password": systemtest.Password})
			proof := func(password string) fields { return fields{"identifier": email, "password": password} }
			tenant.System.Must(t, 200, "POST", "/pools/"+pool+"/user/password/verify", proof(systemtest.Password))
			tenant.System.Must(t, 401, "POST", "/pools/"+pool+"/user/password/verify", proof("a stranger's password"))
			product.AwaitEmptyOutbox(t)
			proved[made] = true
			checkInvariants(t, product, tenant, proved)
		})
	}
}

// Which users are replaced, and which are not.
func TestWhoseIdentifierIsTaken(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	pool := tenant.NewPool(t, nil)
	users := "/pools/" + pool + "/users"
	set := func(id, status string) { tenant.Admin.Must(t, 200, "PUT", users+"/"+id, fields{"status": status}) }
	proved := map[string]bool{}
	unproved := func() (email, id string) {
		email = systemtest.Address("ann")
		return email, register(t, tenant, pool, email)
	}
	active := func() (email, id string) {
		email, id = unproved()
		proved[id] = true
		tenant.System.Must(t, 201, "POST", users+"/"+id+"/activate", fields{"code": codeFor(t, tenant, pool, id)})
		return email, id
	}
	for _, c := range []struct {
		name  string
		given func() (user fields, old []string)
		at    string // the field that is taken; "" if the user replaces the old ones
	}{
		{"several unproved users", func() (fields, []string) {
			a, first := unproved()
			b, second := unproved()
			return withIdentifiers(systemtest.Address("free"), a, b), []string{first, second}
		}, ""},
		{"an unproved user, of a verified address", func() (fields, []string) {
			email, id := unproved()
			user := withIdentifiers()
			user["verifiable_addresses"] = []fields{{"address": email, "type": "email", "verified": true}}
			return user, []string{id}
		}, ""},
		{"an unproved user, of a phone number", func() (fields, []string) {
			id := register(t, tenant, pool, "+49301234567")
			return fields{"status": "active", "identifiers": []fields{
				{"identifier": "+49301234567", "type": "mobile"},
			}}, []string{id}
		}, ""},
		{"one unproved user and one who is active", func() (fields, []string) {
			a, first := unproved()
			b, second := active()
			return withIdentifiers(a, b), []string{first, second}
		}, "/identifiers/1/identifier"},
		{"an active user and one unproved", func() (fields, []string) {
			a, first := active()
			b, second := unproved()
			return withIdentifiers(a, b), []string{first, second}
		}, "/identifiers/0/identifier"},
		{"a user who has been active", func() (fields, []string) {
			email, id := active()
			set(id, "new")
			return withIdentifiers(email), []string{id}
		}, "/identifiers/0/identifier"},
		{"an unproved user who is disabled", func() (fields, []string) {
			email, id := unproved()
			set(id, "inactive")
			return withIdentifiers(email), []string{id}
		}, "/identifiers/0/identifier"},
		{"an administrator's user", func() (fields, []string) {
			email := systemtest.Address("ann")
			return withIdentifiers(email), []string{tenant.NewUser(t, pool, "new", email, nil)}
		}, "/identifiers/0/identifier"},
		{"an unproved user, whose id is taken too", func() (fields, []string) {
			email, id := unproved()
			user := withIdentifiers(email)
			user["id"] = id
			return user, []string{id}
		}, "/id"},
	} {
		t.Run(c.name, func(t *testing.T) {
			user, old := c.given()
			got := tenant.Admin.Call(t, "POST", users, user)
			want := 200
			if c.at == "" {
				want = 404
				if got.Status != 201 {
					t.Errorf("answered %d %s", got.Status, got.Body)
				} else if user["status"] == "active" {
					proved[got.Text(t, "id")] = true
				}
			} else {
				systemtest.CheckRefusal(t, got, 409, "conflict", c.at)
			}
			for _, id := range old {
				if is := tenant.Admin.Call(t, "GET", users+"/"+id, nil).Status; is != want {
					t.Errorf("the old user answers %d, want %d", is, want)
				}
			}
			checkInvariants(t, product, tenant, proved)
		})
	}
}

// One transaction replaces a limited number of users, and never only some of them.
func TestAsManyGiveWayAsATransactionHolds(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	for n, status := range map[int]int{32: 201, 33: 409} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			pool := tenant.NewPool(t, nil)
			var emails []string
			var addresses []fields
			for i := range n {
				email := systemtest.Address("ann")
				register(t, tenant, pool, email)
				if i < 20 {
					emails = append(emails, email)
				} else {
					addresses = append(addresses, fields{"address": email, "type": "email", "verified": true})
				}
			}
			user := withIdentifiers(emails...)
			user["verifiable_addresses"] = addresses
			tenant.Admin.Must(t, status, "POST", "/pools/"+pool+"/users", user, "Idempotency-Key",
				"k-"+systemtest.Unique()+systemtest.Unique()+systemtest.Unique())
			want := 1
			if status != 201 {
				want = n
			}
			if got := len(product.Stored(t, "USERS#"+tenant.ID+"#"+pool)); got != want {
				t.Errorf("%d users, want %d", got, want)
			}
		})
	}
}

// Of several simultaneous calls that want the identifier of an unproved user, one gets it.
func TestOneOfManyReplacesAnUnprovedUser(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	for range 5 {
		pool, email := tenant.NewPool(t, nil), systemtest.Address("race")
		register(t, tenant, pool, email)
		statuses := callSimultaneously(20, func(i int) string {
			client := []*systemtest.Client{tenant.Admin, tenant.System}[i%2]
			return fmt.Sprint(client.Call(t, "POST", "/pools/"+pool+"/users", withIdentifiers(email)).Status)
		})
		if statuses["201"] != 1 || statuses["409"] != 19 {
			t.Errorf("twenty at once answer %v", statuses)
		}
	}
	checkInvariants(t, product, tenant, nil)
}

// If a user is activated while administrators and strangers want its identifier, either the activation
// comes first and nobody else gets it, or the activation is refused.
func TestActivationAgainstReplacement(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	outcomes := map[bool]int{}
	proved := map[string]bool{}
	for round := range 20 {
		pool, email := tenant.NewPool(t, nil), systemtest.Address("race")
		proof := fields{}
		if round%2 == 0 {
			proof["password"] = systemtest.Password // it must be hashed, so the other calls are usually faster
		}
		id := register(t, tenant, pool, email)
		path := "/pools/" + pool
		proof["code"] = codeFor(t, tenant, pool, id)
		answers := callSimultaneously(20, func(i int) string {
			switch i % 4 {
			case 0:
				return fmt.Sprint("activate ",
					tenant.System.Call(t, "POST", path+"/users/"+id+"/activate", proof).Status)
			case 1:
				return fmt.Sprint("register ",
					tenant.System.Call(t, "POST", path+"/user/register?send_activation_message=false",
						fields{"identifier": email}).Status)
			}
			return fmt.Sprint("create ", tenant.Admin.Call(t, "POST", path+"/users", withIdentifiers(email)).Status)
		})
		// Whoever repeats what has activated the user gets the same answer.
		isActivated := answers["activate 201"] > 0
		if isActivated == (answers["create 201"] > 0) || answers["create 201"] > 1 {
			t.Errorf("the user is activated and replaced: %v", answers)
		}
		for answer := range answers {
			if !slices.Contains([]string{
				"activate 201", "activate 422", "create 201", "create 409", "register 201",
			}, answer) {
				t.Errorf("an answer is %s", answer)
			}
		}
		proved[id] = isActivated
		outcomes[isActivated]++
	}
	t.Logf("%d users were activated and %d replaced", outcomes[true], outcomes[false])
	product.AwaitEmptyOutbox(t)
	checkInvariants(t, product, tenant, proved)
}

// callSimultaneously makes n simultaneous calls and counts their answers.
func callSimultaneously(n int, call func(i int) (answer string)) map[string]int {
	var (
		calls   sync.WaitGroup
		mu      sync.Mutex
		answers = map[string]int{}
	)
	for i := range n {
		calls.Go(func() {
			answer := call(i)
			mu.Lock()
			defer mu.Unlock()
			answers[answer]++
		})
	}
	calls.Wait()
	return answers
}

// checkInvariants fails the test if an invariant of the table does not hold for the tenant. The
// users whose ids are in proved may be active.
func checkInvariants(t *testing.T, product *systemtest.Product, tenant *systemtest.Tenant, proved map[string]bool) {
	t.Helper()
	for _, broken := range product.BrokenInvariants(t, tenant.ID, proved) {
		t.Error(broken)
	}
}
