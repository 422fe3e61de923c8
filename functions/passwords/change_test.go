package passwords_test

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"identitypools/infra/check/systemtest"
	"identitypools/infra/local/system"
)

func TestAPasswordIsChanged(t *testing.T) {
	t.Parallel()
	o := newOwner(t, nil)
	for _, operation := range []string{"change-password", "change_password"} {
		path := o.pool + "/users/" + o.id + "/" + operation
		before, after := systemtest.Password, second
		if operation == "change_password" {
			before, after = second, third
		}
		for _, c := range []struct {
			old, next any
			status    int
			pointer   string
		}{
			{"wrong", after, 401, ""},
			{nil, after, 422, "/old_password"},
			{before, nil, 422, "/new_password"},
			{before, "short", 422, "/new_password"},
			{before, "iloveyou", 422, "/new_password"},
			{before, after, 204, ""},
			{before, after, 401, ""},
		} {
			got := o.System.Must(t, c.status, "POST", path, fields{"old_password": c.old, "new_password": c.next})
			if !strings.Contains(string(got.Body), c.pointer) {
				t.Errorf("%v to %v: answered %s", c.old, c.next, got.Body)
			}
			o.product.Clock.Advance(time.Minute) // wrong passwords make the next one wait
		}
		if got := o.result(t, after); got != "password_correct" {
			t.Errorf("after %s the new password is %s", operation, got)
		}
	}
	if mails := o.product.Inbox.Await(t, o.email, 2); len(mails) != 2 {
		t.Errorf("the owner was told %d times", len(mails))
	}
	o.System.Must(t, 404, "POST", o.pool+"/users/nobody/change-password", fields{"old_password": second, "new_password": third})
	without := o.NewUser(t, strings.TrimPrefix(o.pool, "/pools/"), "active", systemtest.Address("without"), nil)
	o.System.Must(t, 422, "POST", o.pool+"/users/"+without+"/change-password", fields{"old_password": second, "new_password": third})
	tag := o.Admin.Must(t, 200, "GET", o.pool+"/users/"+o.id, nil).Header.Get("ETag")
	change := fields{"old_password": third, "new_password": second}
	o.System.Must(t, 412, "POST", o.pool+"/users/"+o.id+"/change-password", change, "If-Match", `"1"`)
	o.System.Must(t, 204, "POST", o.pool+"/users/"+o.id+"/change-password", change, "If-Match", tag)
}

func TestANewPasswordIsToldAtAllAddresses(t *testing.T) { // NIST SP 800-63B-4 §4.6
	t.Parallel()
	o := newOwner(t, nil)
	name, second, unverified := systemtest.Address("name"), systemtest.Address("second"), systemtest.Address("third")
	id := o.NewUser(t, strings.TrimPrefix(o.pool, "/pools/"), "active", name, fields{
		"credentials": []fields{{"type": "password", "password": systemtest.Password}},
		"verifiable_addresses": []fields{
			{"address": second, "type": "email", "verified": true},
			{"address": unverified, "type": "email"},
			{"address": "+15550100", "type": "mobile", "verified": true},
		},
	})
	o.System.Must(t, 204, "POST", o.pool+"/users/"+id+"/change-password", fields{"old_password": systemtest.Password, "new_password": third})
	for _, address := range []string{name, second} {
		o.product.Inbox.Await(t, address, 1)
	}
	o.product.AwaitEmptyOutbox(t)
	if mails := o.product.Inbox.Mails(t, unverified); len(mails) > 0 {
		t.Errorf("an address that nobody has proved got %s", mails[0].Text)
	}
}

func TestAPasswordIsChangedOnce(t *testing.T) {
	t.Parallel()
	o := newOwner(t, nil)
	var done atomic.Int64
	var group sync.WaitGroup
	for i := range 20 {
		group.Go(func() {
			got := o.System.Call(t, "POST", o.pool+"/users/"+o.id+"/change-password",
				fields{"old_password": systemtest.Password, "new_password": second + string(rune('a'+i))})
			switch got.Status {
			case 204:
				done.Add(1)
			case 401, 429, 503:
			default:
				t.Errorf("answered %d: %s", got.Status, got.Body)
			}
		})
	}
	group.Wait()
	if done.Load() != 1 {
		t.Errorf("%d of 20 changes of one password succeeded", done.Load())
	}
}

func TestTheStateOfAPassword(t *testing.T) {
	t.Parallel()
	o := newOwner(t, nil)
	path := o.pool + "/users/" + o.id + "/password/state"
	for _, c := range []struct {
		state  string
		result []string // of the next verifications
	}{
		{"must_be_reset", []string{"password_incorrect"}},
		{"valid", []string{"password_correct", "password_correct"}},
		{"must_be_changed", []string{"password_correct", "password_incorrect"}},
		{"must_be_changed", []string{"password_correct"}},
	} {
		for _, client := range o.Trees() {
			client.Must(t, 204, "PUT", path, fields{"state": c.state})
		}
		for _, want := range c.result {
			if got := o.result(t, systemtest.Password); got != want {
				t.Errorf("%s: the password is %s, want %s", c.state, got, want)
			}
			o.product.Clock.Advance(time.Minute)
		}
	}
	for _, body := range []any{fields{"state": "gone"}, fields{}} {
		if got := o.Admin.Must(t, 422, "PUT", path, body); !strings.Contains(string(got.Body), "/state") {
			t.Errorf("answered %s", got.Body)
		}
	}
	o.Admin.Must(t, 404, "PUT", o.pool+"/users/nobody/password/state", fields{"state": "valid"})
	o.Admin.Must(t, 412, "PUT", path, fields{"state": "valid"}, "If-Match", `"1"`)
	without := o.NewUser(t, strings.TrimPrefix(o.pool, "/pools/"), "active", systemtest.Address("without"), nil)
	o.Admin.Must(t, 422, "PUT", o.pool+"/users/"+without+"/password/state", fields{"state": "valid"})
	// A password that must be reset is reset with a code, and is then valid.
	o.Admin.Must(t, 204, "PUT", path, fields{"state": "must_be_reset"})
	o.System.Must(t, 401, "POST", o.pool+"/users/"+o.id+"/change-password",
		fields{"old_password": systemtest.Password, "new_password": second})
	_, link := o.ask(t, "", 1)
	o.System.Must(t, 204, "POST", o.pool+"/user/password/reset/confirm", fields{"code": link, "new_password": second})
	if got := o.result(t, second); got != "password_correct" {
		t.Errorf("after the reset the password is %s", got)
	}
}

// The policy not_used_since counts the present password and those before it.
func TestAnEarlierPasswordIsRefused(t *testing.T) {
	t.Parallel()
	o := newOwner(t, fields{"password_policy": fields{"min_length": 8, "not_used_since": 3}})
	change := func(status int, old, next string) {
		t.Helper()
		got := o.System.Must(t, status, "POST", o.pool+"/users/"+o.id+"/change-password", fields{"old_password": old, "new_password": next})
		if status == 422 && !strings.Contains(string(got.Body), "must not be one of the last 3") {
			t.Errorf("refused with %s", got.Body)
		}
	}
	first, fourth := systemtest.Password, "a fourth password for tests"
	change(422, first, first)
	change(204, first, second)
	change(422, second, first)
	change(204, second, third)
	change(422, third, first)
	change(422, third, second)
	_, link := o.ask(t, "", 3)
	reset := func(status int, password string) {
		t.Helper()
		o.System.Must(t, status, "POST", o.pool+"/user/password/reset/confirm", fields{"code": link, "new_password": password})
	}
	reset(422, second)
	reset(204, fourth)
	change(204, fourth, first) // three others have come since
}

// A password that has expired does not authenticate, and can be changed or reset.
func TestAnExpiredPasswordIsReplaced(t *testing.T) {
	t.Parallel()
	o := newOwner(t, fields{"password_settings": fields{"expires_after": "24h"}})
	o.product.Clock.Advance(25 * time.Hour)
	o.RenewTokens(t)
	if got := o.result(t, systemtest.Password); got != "password_expired" {
		t.Fatalf("the password is %s", got)
	}
	o.product.Clock.Advance(time.Minute)
	o.System.Must(t, 204, "POST", o.pool+"/users/"+o.id+"/change-password", fields{"old_password": systemtest.Password, "new_password": second})
	if got := o.result(t, second); got != "password_correct" {
		t.Errorf("after the change the password is %s", got)
	}
	o.product.AwaitEmptyOutbox(t) // a message of more than a day ago is dropped
	o.product.Clock.Advance(25 * time.Hour)
	o.RenewTokens(t)
	_, link := o.ask(t, "", 2)
	o.System.Must(t, 204, "POST", o.pool+"/user/password/reset/confirm", fields{"code": link, "new_password": third})
	if got := o.result(t, third); got != "password_correct" {
		t.Errorf("after the reset the password is %s", got)
	}
}

// A change is of the password as it is when it is stored: an administrator who wants it reset meanwhile, and
// somebody who uses up a password that must be changed, come first. A hash that is renewed meanwhile is of
// the same password.
func TestAChangeMeetsAnotherChange(t *testing.T) {
	t.Parallel()
	var m meanwhile
	product := systemtest.New(t, func(c *system.Config) { c.Quiet = true }, systemtest.WithMiddleware(m.watch))
	tenant := product.NewTenant(t)
	pool := tenant.NewPool(t, nil)
	for name, c := range map[string]struct {
		state  string
		happen func(user string)
		want   int
	}{
		"it must be reset": {"valid", func(user string) {
			tenant.Admin.Must(t, 204, "PUT", user+"/password/state", fields{"state": "must_be_reset"})
		}, 401},
		"it is used up": {"must_be_changed", func(user string) {
			id := user[strings.LastIndex(user, "/")+1:]
			tenant.System.Must(t, 200, "POST", "/pools/"+pool+"/user/password/verify", fields{"userID": id, "password": systemtest.Password})
		}, 401},
		"the user gets metadata": {"valid", func(user string) {
			tenant.Admin.Must(t, 200, "PUT", user, fields{"metadata": fields{"a": 1}})
		}, 204},
	} {
		id := tenant.NewUser(t, pool, "active", systemtest.Address("ann"), fields{
			"credentials": []fields{{"type": "password", "password": systemtest.Password, "must_be_changed": c.state != "valid"}},
		})
		user := "/pools/" + pool + "/users/" + id
		m.arm(func() { c.happen(user) })
		got := tenant.System.Call(t, "POST", user+"/change-password", fields{"old_password": systemtest.Password, "new_password": second})
		if got.Status != c.want {
			t.Errorf("%s: answered %d %s", name, got.Status, got.Body)
		}
	}
}
