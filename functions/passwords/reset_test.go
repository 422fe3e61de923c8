package passwords_test

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"identitypools/infra/check/systemtest"
)

// The passwords that users get in these tests.
const (
	second = "a second password for tests"
	third  = "a third password for tests"
)

// owner is an active user with a password and a verified address, in a pool of a tenant.
type owner struct {
	*systemtest.Tenant
	product         *systemtest.Product
	pool, id, email string
}

func newOwner(t *testing.T, settings fields) owner {
	t.Helper()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	o := owner{Tenant: tenant, product: product, pool: "/pools/" + tenant.NewPool(t, settings), email: systemtest.Address("ann")}
	o.id = o.newUser(t, "active", o.email)
	return o
}

// newUser creates a user with a password and a verified address.
func (o owner) newUser(t *testing.T, status, email string) string {
	t.Helper()
	return o.NewUser(t, strings.TrimPrefix(o.pool, "/pools/"), status, email, fields{
		"credentials":          []fields{{"type": "password", "password": systemtest.Password}},
		"verifiable_addresses": []fields{{"address": email, "type": "email", "verified": true, "status": "active"}},
	})
}

// result returns the result of verifying the owner's password.
func (o owner) result(t *testing.T, password string) string {
	t.Helper()
	return o.System.Must(t, 200, "POST", o.pool+"/user/password/v2/verify",
		fields{"userID": o.id, "password": password}).Text(t, "result")
}

// ask asks for a mail to the owner's address and returns it. It is the n-th mail to the address.
func (o owner) ask(t *testing.T, query string, n int) (code, link string) {
	t.Helper()
	o.System.Must(t, 204, "POST", o.pool+"/user/password/reset/request"+query, fields{"address": o.email})
	mail := o.product.Inbox.Await(t, o.email, n)[n-1]
	if strings.Contains(query, "=code") {
		return systemtest.CodeIn(t, mail), ""
	}
	return "", systemtest.LinkIn(t, mail).Query().Get("code")
}

func TestAPasswordIsReset(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		door string
		by   func(o owner) fields // what names the user, besides the code
		link bool
	}{
		"by address":             {"complete", func(o owner) fields { return fields{"address": strings.ToUpper(o.email)} }, false},
		"by identifier":          {"complete", func(o owner) fields { return fields{"identifier": o.email} }, false},
		"by id":                  {"complete", func(o owner) fields { return fields{"userID": o.id} }, false},
		"by link":                {"complete", func(owner) fields { return fields{} }, true},
		"at the other door":      {"confirm", func(o owner) fields { return fields{"identifier": o.email} }, false},
		"by link, at that door":  {"confirm", func(owner) fields { return fields{} }, true},
		"by link, with the name": {"confirm", func(o owner) fields { return fields{"userID": o.id} }, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOwner(t, nil)
			query := "?code_type_in_message=code"
			if c.link {
				query = ""
			}
			code, link := o.ask(t, query, 1)
			body := c.by(o)
			body["code"], body["new_password"] = code+link, second
			o.System.Must(t, 204, "POST", o.pool+"/user/password/reset/"+c.door, body)
			if o.result(t, second) != "password_correct" || o.result(t, systemtest.Password) == "password_correct" {
				t.Error("the new password is not the password")
			}
			o.product.Inbox.Await(t, o.email, 2) // the owner is told
			body["new_password"] = third
			o.System.Must(t, 401, "POST", o.pool+"/user/password/reset/"+c.door, body)
		})
	}
}

// A code is wrong for whoever is not its user, and each refusal is the same.
func TestARefusedResetTellsNothing(t *testing.T) {
	t.Parallel()
	o := newOwner(t, nil)
	other := systemtest.Address("bob")
	otherID := o.newUser(t, "active", other)
	code, _ := o.ask(t, "?code_type_in_message=code", 1)
	complete := o.pool + "/user/password/reset/complete"
	var bodies []string
	for _, body := range []fields{
		{"code": code, "userID": otherID},
		{"code": code, "identifier": other},
		{"code": code, "address": other},
		{"code": code, "userID": "nobody"},
		{"code": code, "address": "nobody@example.com"},
		{"code": code},
		{"code": code, "identifier": " "},
		{"code": systemtest.WrongCode(code), "userID": o.id},
		{"code": "x", "userID": o.id},
	} {
		body["new_password"] = second
		bodies = append(bodies, string(o.System.Must(t, 401, "POST", complete, body).Body))
	}
	for _, body := range bodies[1:] {
		if body != bodies[0] {
			t.Errorf("refused with %s and with %s", bodies[0], body)
		}
	}
	for name, body := range map[string]fields{
		"/code":         {"new_password": second, "userID": o.id},
		"/new_password": {"code": code, "userID": o.id},
		"/identifier":   {"code": code, "userID": o.id, "identifier": o.email, "new_password": second},
	} {
		if got := o.System.Must(t, 422, "POST", complete, body); !strings.Contains(string(got.Body), name) {
			t.Errorf("%s is missing or too much, and the answer is %s", name, got.Body)
		}
	}
	o.System.Must(t, 422, "POST", complete, fields{"code": code, "userID": o.id, "new_password": "short"})
	o.System.Must(t, 204, "POST", complete, fields{"code": code, "userID": o.id, "new_password": second})
}

// The published client sends a refused request twice. The second one costs no guess.
func TestARefusedResetThatIsSentTwiceCostsOneGuess(t *testing.T) {
	t.Parallel()
	o := newOwner(t, nil)
	code, _ := o.ask(t, "?code_type_in_message=code", 1)
	complete := o.pool + "/user/password/reset/complete"
	wrong := systemtest.WrongCode(code)
	for _, typo := range []string{wrong, "1" + wrong[1:], "2" + wrong[1:], "3" + wrong[1:]} {
		if typo == code {
			continue
		}
		for range 2 {
			o.System.Must(t, 401, "POST", complete, fields{"code": typo, "userID": o.id, "new_password": second})
		}
	}
	o.System.Must(t, 204, "POST", complete, fields{"code": code, "userID": o.id, "new_password": second})
}

func TestACodeResetsOnce(t *testing.T) {
	t.Parallel()
	o := newOwner(t, nil)
	code, _ := o.ask(t, "?code_type_in_message=code", 1)
	var done atomic.Int64
	var group sync.WaitGroup
	for i := range 20 {
		group.Go(func() {
			password := second + string(rune('a'+i))
			got := o.System.Call(t, "POST", o.pool+"/user/password/reset/complete",
				fields{"code": code, "userID": o.id, "new_password": password})
			if got.Status == 204 {
				done.Add(1)
			}
		})
	}
	group.Wait()
	if done.Load() != 1 {
		t.Errorf("%d of 20 resets with one code succeeded", done.Load())
	}
}

// A mail comes only where somebody may get a password: an active user at an address of theirs. A new user
// gets the mail that activates, and all others get none. Nobody who asks sees a difference.
func TestWhoGetsAMailForAReset(t *testing.T) {
	t.Parallel()
	o := newOwner(t, nil)
	request := o.pool + "/user/password/reset/request"
	name := strings.TrimPrefix(o.pool, "/pools/")
	unverified, of := systemtest.Address("second"), systemtest.Address("zoe")
	zoe := o.NewUser(t, name, "active", of, fields{"verifiable_addresses": []fields{{"address": unverified, "type": "email"}}})
	fresh, inactive, deleted := systemtest.Address("new"), systemtest.Address("inactive"), systemtest.Address("deleted")
	o.NewUser(t, name, "new", fresh, nil)
	o.newUser(t, "inactive", inactive)
	o.newUser(t, "deleted", deleted)
	for _, c := range []struct {
		body fields
		to   string
		mail string // a part of its link, or "" if none is sent
	}{
		{fields{"address": o.email}, o.email, "/reset?"},
		{fields{"address": unverified}, unverified, ""},
		{fields{"address": unverified, "userID": zoe}, unverified, "/reset?"},
		{fields{"address": of}, of, "/reset?"},
		{fields{"address": o.email, "userID": zoe}, "", ""},
		{fields{"address": fresh}, fresh, "/activate?"},
		{fields{"address": inactive}, inactive, ""},
		{fields{"address": deleted}, deleted, ""},
		{fields{"address": "nobody@example.com"}, "nobody@example.com", ""},
		{fields{"address": "nobody@example.com", "userID": o.id}, "nobody@example.com", ""},
		{fields{"address": "nobody@example.com", "identifier": of}, "nobody@example.com", ""},
		{fields{"address": "+15550100"}, "", ""},
	} {
		if got := o.System.Must(t, 204, "POST", request, c.body); len(got.Body) > 0 {
			t.Errorf("%v: answered %s", c.body, got.Body)
		}
		o.product.AwaitEmptyOutbox(t)
		if c.to == "" {
			continue
		}
		switch mails := o.product.Inbox.Mails(t, c.to); {
		case c.mail == "" && len(mails) > 0:
			t.Errorf("%v: got the mail %s", c.body, mails[0].Text)
		case c.mail != "" && (len(mails) == 0 || !strings.Contains(systemtest.LinkIn(t, mails[len(mails)-1]).String(), c.mail)):
			t.Errorf("%v: got %d mails", c.body, len(mails))
		}
		o.product.Clock.Advance(2 * time.Minute)
	}
	if mails := o.product.Inbox.Mails(t, o.email); len(mails) != 1 {
		t.Errorf("the owner got %d mails", len(mails))
	}
	for pointer, body := range map[string]any{
		"/address":    fields{"address": "not an address"},
		"/identifier": fields{"address": o.email, "identifier": o.email, "userID": o.id},
	} {
		if got := o.System.Must(t, 422, "POST", request, body); !strings.Contains(string(got.Body), pointer) {
			t.Errorf("%v: answered %s", body, got.Body)
		}
	}
}

func TestAnAdministratorIsToldWhyNoMailIsSent(t *testing.T) {
	t.Parallel()
	o := newOwner(t, nil)
	name := strings.TrimPrefix(o.pool, "/pools/")
	inactive := o.newUser(t, "inactive", systemtest.Address("inactive"))
	fresh := systemtest.Address("new")
	freshID := o.NewUser(t, name, "new", fresh, nil)
	for _, c := range []struct {
		user    string
		address any
		status  int
	}{
		{"nobody", o.email, 404},
		{inactive, o.email, 422},
		{freshID, fresh, 422},
		{o.id, "nobody@example.com", 422},
		{o.id, nil, 422},
		{o.id, o.email, 204},
		{o.id, o.email, 429},
	} {
		o.Admin.Must(t, c.status, "POST", o.pool+"/users/"+c.user+"/password/reset/request", fields{"address": c.address})
	}
	mail := o.product.Inbox.Await(t, o.email, 1)[0]
	o.System.Must(t, 204, "POST", o.pool+"/user/password/reset/confirm",
		fields{"code": systemtest.LinkIn(t, mail).Query().Get("code"), "new_password": second})
}

// A reset kills the codes for all other purposes, and a change of the status kills the code of a reset.
func TestWhatKillsCodes(t *testing.T) {
	t.Parallel()
	o := newOwner(t, nil)
	generate := func(kind string) string {
		return o.System.Must(t, 201, "POST", o.pool+"/users/"+o.id+"/code/generate", fields{"type": kind}).Text(t, "extended_code")
	}
	reset := func(status int, code, password string) {
		t.Helper()
		o.System.Must(t, status, "POST", o.pool+"/user/password/reset/confirm", fields{"code": code, "new_password": password})
	}
	challenge, first := generate("challenge"), generate("reset_password")
	reset(204, first, second)
	o.System.Must(t, 422, "POST", o.pool+"/user/otp/verify", fields{"code": challenge})
	old := generate("reset_password")
	newer := generate("reset_password")
	reset(401, old, third)
	o.Admin.Must(t, 200, "PUT", o.pool+"/users/"+o.id, fields{"status": "inactive"})
	o.Admin.Must(t, 200, "PUT", o.pool+"/users/"+o.id, fields{"status": "active"})
	reset(401, newer, third)
	late := generate("reset_password")
	o.product.Clock.Advance(time.Hour)
	o.RenewTokens(t)
	reset(401, late, third)
	if o.result(t, second) != "password_correct" {
		t.Error("a dead code has set a password")
	}
}

// A guess that is sent again after a new code was made is a guess at that code, and costs as much.
func TestOneGuessAtManyCodesIsManyGuesses(t *testing.T) {
	t.Parallel()
	o := newOwner(t, fields{"limits": fields{"code_guesses_per_day": 5}})
	code := ""
	for range 6 {
		code = o.System.Must(t, 201, "POST", o.pool+"/users/"+o.id+"/code/generate", fields{"type": "reset_password"}).Text(t, "code")
		o.System.Must(t, 401, "POST", o.pool+"/user/password/reset/confirm",
			fields{"code": "12345", "userID": o.id, "new_password": second})
	}
	o.System.Must(t, 401, "POST", o.pool+"/user/password/reset/confirm", fields{"code": code, "userID": o.id, "new_password": second})
}
