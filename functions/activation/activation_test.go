package activation_test

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"identitypools/infra/check/systemtest"
	"identitypools/shared/identity"
	"identitypools/shared/once"
)

type fields = systemtest.Fields

// An administrator makes a user and sends the invitation, and the person with the code sets a password.
func TestAnAdministratorInvites(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	pool := tenant.NewPool(t, nil)
	email := systemtest.Address("ann")
	id := tenant.NewUser(t, pool, "new", email, nil)

	tenant.Admin.Must(t, 204, "POST", "/pools/"+pool+"/users/"+id+"/activation/send?code_type_in_message=code&mode=invitation", nil)
	mail := product.Inbox.Await(t, email, 1)[0]
	if mail.Subject != "You are invited to Partners" {
		t.Errorf("subject %q", mail.Subject)
	}
	limited := tenant.Admin.Must(t, 429, "POST", "/pools/"+pool+"/users/"+id+"/activation/send", nil)
	if limited.Header.Get("Retry-After") == "" {
		t.Error("429 without Retry-After")
	}
	activate := func(want int, body fields) systemtest.Response {
		t.Helper()
		return tenant.System.Must(t, want, "POST", "/pools/"+pool+"/users/"+id+"/activate", body)
	}
	code := systemtest.CodeIn(t, mail)
	if got := activate(422, fields{"code": code, "password": "short"}); !bytes.Contains(got.Body, []byte(`"/password"`)) {
		t.Errorf("a failing password is not named: %s", got.Body)
	}
	activate(422, fields{"code": code, "otp_address": "other@example.com"})
	user := activate(201, fields{"code": code, "otp_address": strings.ToUpper(email), "password": systemtest.Password}).Fields(t)
	if user["status"] != "active" || len(user["credentials"].([]any)) != 1 {
		t.Errorf("activated: %v", user)
	}
	if hash := user["credentials"].([]any)[0].(fields)["payload"].(fields)["hashed_password"]; hash != "###" {
		t.Errorf("credential shows %v", hash)
	}
	activate(422, fields{"code": code}) // without the password it is another request
	tenant.System.Must(t, 200, "POST", "/pools/"+pool+"/user/password/verify", fields{"identifier": email, "password": systemtest.Password})
	if got := product.Inbox.Await(t, email, 2)[1].Subject; got != "Welcome to Partners" {
		t.Errorf("whoever has just chosen a password is told %q", got)
	}
}

func TestSendingIsRefused(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	pool := tenant.NewPool(t, nil)
	owned := systemtest.Address("owner")
	tenant.NewUser(t, pool, "active", owned, nil)
	active := tenant.NewUser(t, pool, "active", systemtest.Address("bea"), nil)
	fresh := tenant.NewUser(t, pool, "new", systemtest.Address("bob"), nil)
	nameless := tenant.Admin.Must(t, 201, "POST", "/pools/"+pool+"/users", fields{
		"status": "new", "identifiers": []fields{{"identifier": "bob-" + systemtest.Unique(), "type": "uid"}},
	}).Text(t, "id")
	two := tenant.Admin.Must(t, 201, "POST", "/pools/"+pool+"/users", fields{"status": "new", "verifiable_addresses": []fields{
		{"address": systemtest.Address("x"), "type": "email", "verified": false, "status": "active"},
		{"address": systemtest.Address("y"), "type": "email", "verified": false, "status": "active"},
	}}).Text(t, "id")
	rival := tenant.Admin.Must(t, 201, "POST", "/pools/"+pool+"/users", fields{"status": "new", "verifiable_addresses": []fields{
		{"address": owned, "type": "email", "verified": false, "status": "active"},
	}}).Text(t, "id")
	// Earlier releases took a new user with such an address.
	const unmailable = "jörg@example.com"
	stored := storeNewUser(t, product, tenant, pool, unmailable)
	for _, c := range []struct {
		name, user, query string
		body              any
		admin, system     int
	}{
		{"a user who is not new", active, "", nil, 422, 204},
		{"a user without an address", nameless, "", nil, 422, 204},
		{"a user with two addresses and none named", two, "", nil, 422, 204},
		{"an address of nobody", fresh, "", fields{"address": "nobody@example.com"}, 422, 204},
		{"somebody else's address", fresh, "", fields{"address": owned}, 422, 204},
		{"an address that somebody else has proved", rival, "", nil, 422, 204},
		{"a user who does not exist", "nobody", "", nil, 404, 404},
		{"a user whose address receives no mail", stored, "", nil, 422, 204},
		{"an address that receives no mail", stored, "", fields{"address": unmailable}, 422, 422},
		{"another's address that receives no mail", fresh, "", fields{"address": unmailable}, 422, 422},
		{"an unknown kind of code", fresh, "?code_type_in_message=pigeon", nil, 422, 422},
		{"an unknown wording", fresh, "?mode=poem", nil, 422, 422},
		{"a foreign page to return to", fresh, "?post_activation_url=https://evil.example.com/", nil, 422, 422},
		{"a page to return to that is not https", fresh, "?post_activation_url=http://app.example.com/", nil, 422, 422},
		{"an unknown field", fresh, "", fields{"adress": "x"}, 422, 422},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := "/pools/" + pool + "/users/" + c.user + "/activation/send" + c.query
			tenant.Admin.Must(t, c.admin, "POST", path, c.body)
			tenant.System.Must(t, c.system, "POST", path, c.body)
		})
	}
	product.Inbox.Await(t, owned, 1)
	if got := product.Inbox.Mails(t, owned); len(got) > 1 {
		t.Errorf("the owner of a taken address gets %d notices", len(got))
	}
}

// storeNewUser stores a new user with an e-mail address as the identifier, without the product's checks.
func storeNewUser(tb testing.TB, product *systemtest.Product, tenant *systemtest.Tenant, pool, email string) string {
	tb.Helper()
	id := tenant.NewUser(tb, pool, "active", email, nil)
	old, err := product.Table.Users.Get(tb.Context(), identity.UserRef{Tenant: tenant.ID, Pool: pool, ID: id})
	if err != nil {
		tb.Fatal(err)
	}
	changed := old
	changed.Status = identity.StatusNew
	if _, err := product.Table.Users.Replace(tb.Context(), old, changed, once.Reply[identity.User]{}); err != nil {
		tb.Fatal(err)
	}
	return id
}

// A code bears five guesses, which are paid for before they are compared, also if they are made at once
// (63B §3.2.2).
func TestCodesCannotBeGuessed(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	pool := tenant.NewPool(t, nil)
	id := tenant.NewUser(t, pool, "new", systemtest.Address("cat"), nil)
	generate := func() (code, extended string) {
		t.Helper()
		made := tenant.System.Must(t, 201, "POST", "/pools/"+pool+"/users/"+id+"/code/generate", fields{"type": "activation"})
		return made.Text(t, "code"), made.Text(t, "extended_code")
	}
	guess := func(code string) systemtest.Response {
		return tenant.System.Call(t, "POST", "/pools/"+pool+"/users/"+id+"/activate", fields{"code": code})
	}
	first, _ := generate()
	code, _ := generate()
	if got := guess(first); first != code && got.Status != 422 {
		t.Errorf("a code that was replaced answers %d (V6.5.1)", got.Status)
	}
	var wrong sync.WaitGroup
	for range 200 {
		wrong.Go(func() { guess(systemtest.WrongCode(code)) })
	}
	wrong.Wait()
	if got := guess(code); got.Status != 422 || string(got.Body) != string(guess("999999").Body) {
		t.Errorf("after its tries the right code answers %d %s", got.Status, got.Body)
	}
	code, extended := generate()
	if got := guess(code); got.Status != 422 {
		t.Errorf("a new code answers %d though the budget of the day is spent", got.Status)
	}
	product.Clock.Advance(25 * time.Hour)
	tenant.RenewTokens(t)
	code, _ = generate()
	tenant.System.Must(t, 422, "POST", "/pools/"+pool+"/users/"+id+"/activate", fields{"code": extended})
	for range 10 { // a client that repeats a call under its idempotency key guesses once
		tenant.System.Must(t, 422, "POST", "/pools/"+pool+"/users/"+id+"/activate", fields{"code": systemtest.WrongCode(code)},
			"Idempotency-Key", "8e03978e-40d5-43dd-bc93-6894a57f9324")
	}
	if got := guess(code); got.Status != 201 {
		t.Errorf("a day later the right code answers %d %s", got.Status, got.Body)
	}
}

// The extended code of a link cannot be guessed, so guesses at the short code never lock its holder
// out.
func TestALinkWorksWhenTheTriesAreSpent(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	pool := tenant.NewPool(t, nil)
	id := tenant.NewUser(t, pool, "new", systemtest.Address("dog"), nil)
	made := tenant.System.Must(t, 201, "POST", "/pools/"+pool+"/users/"+id+"/code/generate", fields{"type": "activation"})
	for range 25 {
		tenant.System.Must(t, 422, "POST", "/pools/"+pool+"/users/"+id+"/activate", fields{"code": systemtest.WrongCode(made.Text(t, "code"))})
	}
	tenant.System.Must(t, 201, "POST", "/pools/"+pool+"/user/activate", fields{"code": made.Text(t, "extended_code")})
}

func TestOnlyTheHolderOfACodeLearnsThatItExpired(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	pool := tenant.NewPool(t, fields{"otp_settings": fields{"activation": fields{"length": 8, "ttl": "10m"}}})
	id := tenant.NewUser(t, pool, "new", systemtest.Address("eli"), nil)
	path := "/pools/" + pool + "/users/" + id
	code := tenant.System.Must(t, 201, "POST", path+"/code/generate", fields{"type": "activation"}).Text(t, "code")
	if len(code) != 8 {
		t.Errorf("the pool asks for 8 digits, the code has %d", len(code))
	}
	product.Clock.Advance(11 * time.Minute)
	if got := tenant.System.Must(t, 422, "POST", path+"/activate", fields{"code": code}).Text(t, "error_code"); got != "code_expired" {
		t.Errorf("the right code answers %s", got)
	}
	if got := tenant.System.Must(t, 422, "POST", path+"/activate", fields{"code": systemtest.WrongCode(code)}).Text(t, "error_code"); got != "invalid_code" {
		t.Errorf("a wrong code answers %s", got)
	}
}

// A code activates once. All of twenty requests at once are answered as the one that has activated.
func TestACodeActivatesOnce(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	pool := tenant.NewPool(t, nil)
	id := tenant.NewUser(t, pool, "new", systemtest.Address("fox"), nil)
	extended := tenant.System.Must(t, 201, "POST", "/pools/"+pool+"/users/"+id+"/code/generate", fields{"type": "activation"}).Text(t, "extended_code")
	var (
		calls   sync.WaitGroup
		mu      sync.Mutex
		answers = map[string]int{}
	)
	for range 20 {
		calls.Go(func() {
			got := tenant.System.Call(t, "POST", "/pools/"+pool+"/user/activate", fields{"code": extended})
			mu.Lock()
			defer mu.Unlock()
			answers[fmt.Sprint(got.Status, got.Header.Get("ETag"), string(got.Body))]++
		})
	}
	calls.Wait()
	if len(answers) != 1 {
		t.Errorf("twenty at once answer %v", answers)
	}
	user := tenant.Admin.Must(t, 200, "GET", "/pools/"+pool+"/users/"+id, nil)
	if got := fmt.Sprint(201, user.Header.Get("ETag"), string(user.Body)); answers[got] != 20 {
		t.Errorf("the user is %s, and %d answers say so", got, answers[got])
	}
}

// An administrator's change never leaves a user who can't be activated, and old codes die with the status.
func TestAnAdministratorMakesAUserNewAgain(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	pool := tenant.NewPool(t, nil)
	id := tenant.NewUser(t, pool, "new", systemtest.Address("ida"), nil)
	path := "/pools/" + pool + "/users/" + id
	generate := func() string {
		return tenant.System.Must(t, 201, "POST", path+"/code/generate", fields{"type": "activation"}).Text(t, "code")
	}
	old := generate()
	tenant.Admin.Must(t, 200, "PUT", path, fields{"status": "inactive"})
	tenant.Admin.Must(t, 200, "PUT", path, fields{"status": "new"})
	tenant.System.Must(t, 422, "POST", path+"/activate", fields{"code": old})
	tenant.System.Must(t, 201, "POST", path+"/activate", fields{"code": generate()})
}
