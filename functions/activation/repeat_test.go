package activation_test

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"identitypools/infra/check/systemtest"
	"identitypools/shared/access"
	"identitypools/shared/api"
	"identitypools/shared/identity"
)

// invited is a new user with a code and a link that a back end has made.
type invited struct {
	product        *systemtest.Product
	tenant         *systemtest.Tenant
	path           string // of the user
	code, extended string
}

func invite(t *testing.T) invited {
	t.Helper()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	pool := tenant.NewPool(t, nil)
	path := "/pools/" + pool + "/users/" + tenant.NewUser(t, pool, "new", systemtest.Address("gus"), nil)
	made := tenant.System.Must(t, 201, "POST", path+"/code/generate", fields{"type": "activation"})
	return invited{product, tenant, path, made.Text(t, "code"), made.Text(t, "extended_code")}
}

// guesses returns how many guesses are spent at the mailbox of the user.
func (i invited) guesses(t *testing.T) string {
	t.Helper()
	for _, it := range i.product.Stored(t, "MAILBOX#"+i.tenant.ID+"#") {
		if it["sk"] == "MAILBOX" {
			return it["spent"] + " of " + it["guesses"]
		}
	}
	return ""
}

// A back end that repeats an activation without an idempotency key gets the same answer, and the
// repeat does nothing.
func TestABackEndRepeatsAnActivation(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]func(invited) fields{
		"a code": func(i invited) fields { return fields{"code": i.code} },
		"a code and a password": func(i invited) fields {
			return fields{"code": i.code, "password": systemtest.Password}
		},
		"a link and a password": func(i invited) fields {
			return fields{"code": i.extended, "password": systemtest.Password}
		},
		"a code that is divided": func(i invited) fields { return fields{"code": i.code[:3] + " " + i.code[3:]} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := invite(t)
			first := i.tenant.System.Must(t, 201, "POST", i.path+"/activate", body(i))
			i.product.AwaitEmptyOutbox(t)
			guesses, items := i.guesses(t), i.product.CountItems(t, "USER", "MESSAGE#")
			for range 10 {
				again := i.tenant.System.Must(t, 201, "POST", i.path+"/activate", body(i))
				if string(again.Body) != string(first.Body) || again.Header.Get("ETag") != first.Header.Get("ETag") {
					t.Fatalf("a repeat is answered %s, and the first request %s", again.Body, first.Body)
				}
			}
			if got := i.guesses(t); got != guesses {
				t.Errorf("guesses: %s before the repeats, %s after them", guesses, got)
			}
			if got := i.product.CountItems(t, "USER", "MESSAGE#"); got != items {
				t.Errorf("%d items before the repeats, %d after them", items, got)
			}
		})
	}
}

// Twenty requests at once with the same right code activate once, and are all answered alike.
func TestACodeIsPresentedTwentyTimesAtOnce(t *testing.T) {
	t.Parallel()
	i := invite(t)
	var calls sync.WaitGroup
	var right atomic.Int64
	for range 20 {
		calls.Go(func() {
			got := i.tenant.System.Call(t, "POST", i.path+"/activate", fields{
				"code": i.code, "password": systemtest.Password,
			})
			if got.Status == 201 {
				right.Add(1)
			} else {
				t.Errorf("answered %d %s", got.Status, got.Body)
			}
		})
	}
	calls.Wait()
	if right.Load() != 20 {
		t.Errorf("%d of 20 are answered as the first", right.Load())
	}
	if got := i.guesses(t); got != "1 of 1" {
		t.Errorf("guesses: %s", got)
	}
}

// A repeat is compared with what the first request has stored, such as the hash of a password. So a
// request may be repeated twenty times, also if more repeats come at once.
func TestRepeatsHaveABudget(t *testing.T) {
	t.Parallel()
	for _, body := range []func(invited) fields{
		func(i invited) fields { return fields{"code": i.extended, "password": systemtest.Password} },
		func(i invited) fields { return fields{"code": i.extended} },
	} {
		i := invite(t)
		i.tenant.System.Must(t, 201, "POST", i.path+"/activate", body(i))
		var calls sync.WaitGroup
		var repeated atomic.Int64
		for range 40 {
			calls.Go(func() {
				if i.tenant.System.Call(t, "POST", i.path+"/activate", body(i)).Status == 201 {
					repeated.Add(1)
				}
			})
		}
		calls.Wait()
		if repeated.Load() != identity.MaxRepeats {
			t.Errorf("%d of 40 repeats at once are answered as the first request", repeated.Load())
		}
	}
}

// A request that differs from the one that has activated, or comes after something else has happened,
// is refused as if the code were wrong.
func TestWhatIsNoRepeatOfAnActivation(t *testing.T) {
	t.Parallel()
	type try = func(t *testing.T, i invited, body fields) systemtest.Response
	again := func(t *testing.T, i invited, body fields) systemtest.Response {
		t.Helper()
		return i.tenant.System.Call(t, "POST", i.path+"/activate", body)
	}
	for name, attempt := range map[string]try{
		"another password": func(t *testing.T, i invited, body fields) systemtest.Response {
			body["password"] = "another good password"
			return again(t, i, body)
		},
		"no password": func(t *testing.T, i invited, body fields) systemtest.Response {
			delete(body, "password")
			return again(t, i, body)
		},
		"the password after another one was tried": func(t *testing.T, i invited, body fields) systemtest.Response {
			again(t, i, fields{"code": i.code, "password": "another good password"})
			return again(t, i, body)
		},
		"an address": func(t *testing.T, i invited, body fields) systemtest.Response {
			body["otp_address"] = systemtest.Address("other")
			return again(t, i, body)
		},
		"the link instead of the code": func(t *testing.T, i invited, body fields) systemtest.Response {
			body["code"] = i.extended
			return again(t, i, body)
		},
		"a wrong code": func(t *testing.T, i invited, body fields) systemtest.Response {
			body["code"] = systemtest.WrongCode(i.code)
			return again(t, i, body)
		},
		"after ten minutes": func(t *testing.T, i invited, body fields) systemtest.Response {
			i.product.Clock.Advance(10 * time.Minute)
			return again(t, i, body)
		},
		"after a change of the user": func(t *testing.T, i invited, body fields) systemtest.Response {
			i.tenant.Admin.Must(t, 200, "PUT", i.path, fields{"metadata": fields{"plan": "pro"}})
			return again(t, i, body)
		},
		"after a change of the status and back": func(t *testing.T, i invited, body fields) systemtest.Response {
			i.tenant.Admin.Must(t, 200, "PUT", i.path, fields{"status": "inactive"})
			i.tenant.Admin.Must(t, 200, "PUT", i.path, fields{"status": "active"})
			return again(t, i, body)
		},
		"after the user was deleted": func(t *testing.T, i invited, body fields) systemtest.Response {
			i.tenant.Admin.Must(t, 204, "DELETE", i.path, nil)
			return again(t, i, body)
		},
		"of another back end": func(t *testing.T, i invited, body fields) systemtest.Response {
			other := *i.tenant.System
			other.ID, other.Secret = "other-client", systemtest.Secret()
			if err := i.product.EnsureClient(t.Context(), access.Client{
				Tenant: i.tenant.ID, ID: other.ID, Caller: access.System, Scopes: []string{api.ScopeSystem},
			}, other.Secret); err != nil {
				t.Fatal(err)
			}
			other.Token = other.FetchToken(t, i.tenant.ID, "system")
			return other.Call(t, "POST", i.path+"/activate", body)
		},
		"after too many guesses": func(t *testing.T, i invited, body fields) systemtest.Response {
			for guess := range 5 {
				again(t, i, fields{"code": strings.Repeat(string(rune('0'+guess)), 4)})
			}
			return again(t, i, body)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := invite(t)
			body := fields{"code": i.code, "password": systemtest.Password}
			i.tenant.System.Must(t, 201, "POST", i.path+"/activate", body)
			systemtest.CheckRefusal(t, attempt(t, i, body), 422, "invalid_code")
		})
	}
}
