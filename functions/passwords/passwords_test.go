package passwords_test

import (
	"strconv"
	"testing"
	"time"

	"identitypools/infra/check/systemtest"
)

type fields = systemtest.Fields

func TestProofOfAPassword(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	pool := tenant.NewPool(t, nil)
	user := func(status string, credential fields) (id, email string) {
		email = systemtest.Address("user")
		more := fields{}
		if credential != nil {
			credential["type"], credential["password"] = "password", systemtest.Password
			more["credentials"] = []fields{credential}
		}
		return tenant.NewUser(t, pool, status, email, more), email
	}
	id, right := user("active", fields{})
	_, fresh := user("new", fields{})
	_, inactive := user("inactive", fields{})
	_, without := user("active", nil)
	_, reset := user("active", fields{"must_be_reset": true})
	for _, c := range []struct {
		name   string
		body   fields
		status int
		result string
	}{
		{"right, by identifier", fields{"identifier": right, "password": systemtest.Password}, 200, "password_correct"},
		{"right, by id", fields{"userID": id, "password": systemtest.Password}, 200, "password_correct"},
		{"right, by the old name of id", fields{"id": id, "password": systemtest.Password}, 200, "password_correct"},
		{"wrong", fields{"identifier": right, "password": "wrong"}, 401, "password_incorrect"},
		{"of nobody", fields{"identifier": "nobody@example.com", "password": systemtest.Password}, 401, "user_not_found"},
		{"of a user who is new", fields{"identifier": fresh, "password": systemtest.Password}, 401, "password_incorrect"},
		{"of a user who is inactive", fields{"identifier": inactive, "password": systemtest.Password}, 401, "password_incorrect"},
		{"of a user who has none", fields{"identifier": without, "password": systemtest.Password}, 401, "no_password"},
		{"that must be reset", fields{"identifier": reset, "password": systemtest.Password}, 401, "password_incorrect"},
		{"not given", fields{"identifier": right}, 422, ""},
		{"of whom", fields{"password": systemtest.Password}, 422, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := tenant.System.Must(t, c.status, "POST", "/pools/"+pool+"/user/password/verify", c.body)
			if c.status == 200 && got.Text(t, "id") != id {
				t.Errorf("verified %s", got.Body)
			}
			if c.result == "" {
				tenant.System.Must(t, 422, "POST", "/pools/"+pool+"/user/password/v2/verify", c.body)
				return
			}
			if result := tenant.System.Must(t, 200, "POST", "/pools/"+pool+"/user/password/v2/verify", c.body).Text(t, "result"); result != c.result {
				t.Errorf("version 2 says %s, want %s", result, c.result)
			}
		})
	}
}

func TestAPasswordThatMustBeChangedIsGoodOnce(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	pool, email := tenant.NewPool(t, nil), systemtest.Address("once")
	tenant.NewUser(t, pool, "active", email, fields{"credentials": []fields{{"type": "password", "password": systemtest.Password, "must_be_changed": true}}})
	proof := fields{"identifier": email, "password": systemtest.Password}
	if state := tenant.System.Must(t, 200, "POST", "/pools/"+pool+"/user/password/verify", proof).Text(t, "state"); state != "must_be_changed" {
		t.Errorf("state %s", state)
	}
	tenant.System.Must(t, 401, "POST", "/pools/"+pool+"/user/password/verify", proof)
}

// Of many right proofs that are given at once, one uses the password up. The others are answered as
// if they had come later.
func TestAPasswordThatMustBeChangedIsGoodOnceAtOnce(t *testing.T) {
	t.Parallel()
	tenant := systemtest.New(t).NewTenant(t)
	pool, email := tenant.NewPool(t, nil), systemtest.Address("once")
	tenant.NewUser(t, pool, "active", email, fields{
		"credentials": []fields{{"type": "password", "password": systemtest.Password, "must_be_changed": true}},
	})
	proof := fields{"identifier": email, "password": systemtest.Password}
	const many = 24
	statuses, _ := callAtOnce(many, func(int) systemtest.Response {
		return tenant.System.Call(t, "POST", "/pools/"+pool+"/user/password/verify", proof)
	})
	if statuses[200] != 1 || statuses[401] != many-1 {
		t.Errorf("the answers are %v", statuses)
	}
}

func TestAPasswordExpires(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	pool, email := tenant.NewPool(t, fields{"password_settings": fields{"expires_after": "24h"}}), systemtest.Address("old")
	tenant.NewUser(t, pool, "active", email, fields{"credentials": []fields{{"type": "password", "password": systemtest.Password}}})
	proof := fields{"identifier": email, "password": systemtest.Password}
	tenant.System.Must(t, 200, "POST", "/pools/"+pool+"/user/password/verify", proof)
	product.Clock.Advance(25 * time.Hour)
	tenant.RenewTokens(t)
	tenant.System.Must(t, 401, "POST", "/pools/"+pool+"/user/password/verify", proof)
	if result := tenant.System.Must(t, 200, "POST", "/pools/"+pool+"/user/password/v2/verify", proof).Text(t, "result"); result != "password_expired" {
		t.Errorf("result %s", result)
	}
}

// Guessing slows down for users who exist as for those who do not, and an owner is not locked out for
// long (V6.1.1, V6.3.1, 63B §3.2.2).
func TestGuessingAPasswordSlowsDown(t *testing.T) {
	t.Parallel()
	d := newGuessedUser(t)
	verify := func(identifier, password string) systemtest.Response { return d.try(t, identifier, password) }
	for name, identifier := range map[string]string{"known": d.email, "unknown": systemtest.Address("nobody")} {
		for range 12 { // a client that repeats its call counts once
			if got := verify(identifier, "the same wrong password"); got.Status != 401 {
				t.Fatalf("%s: a repeat answers %d", name, got.Status)
			}
		}
		for i := range 4 {
			if got := verify(identifier, "wrong password "+strconv.Itoa(i)); got.Status != 401 {
				t.Fatalf("%s: failure %d answers %d", name, i+2, got.Status)
			}
		}
		got := verify(identifier, "one too many")
		if got.Status != 429 || got.Header.Get("Retry-After") != "1" {
			t.Errorf("%s: after five failures %d, Retry-After %q", name, got.Status, got.Header.Get("Retry-After"))
		}
	}
	d.advance(t, 15*time.Minute)
	if got := verify(d.email, systemtest.Password); got.Status != 200 {
		t.Errorf("the owner gets %d after the longest wait", got.Status)
	}
	if got := verify(d.email, "wrong"); got.Status != 401 {
		t.Errorf("after a right password counting starts anew: %d", got.Status)
	}
}
