package system_test

import (
	"testing"

	"identitypools/infra/check/systemtest"
	"identitypools/infra/local/system"
)

// The same as TestWhatACallCosts for the calls that ask for one-time codes, redeem them and change
// passwords. Each has a user of its own, since a reset kills all codes.
func TestWhatACallCostsWithCodes(t *testing.T) {
	meter := &systemtest.Meter{}
	product := systemtest.New(t, systemtest.WithMiddleware(meter.Watch), func(c *system.Config) { c.Quiet = true })
	product.Clock.Stop() // what the functions have in memory stays valid
	tenant := product.NewTenant(t)
	pool := "/pools/" + tenant.NewPool(t, nil)
	users, back := pool+"/users/", func(status int, operation string, body fields) {
		t.Helper()
		tenant.System.Must(t, status, "POST", pool+"/user/"+operation, body)
	}
	const wrong, next = "000000000000", "another long password"
	// The functions have the settings of the pool in memory from now on.
	back(401, "password/reset/confirm", fields{"code": wrong, "new_password": next})
	back(422, "otp/verify", fields{"code": wrong})
	nobody := systemtest.Address("nobody")
	for _, c := range []struct {
		name, code string // the type of the code that the user has
		call       func(o codeOwner)
		most       systemtest.Cost
	}{
		{
			"ask for a mail that resets a password", "",
			func(o codeOwner) { back(204, "password/reset/request", fields{"address": o.email}) },
			systemtest.Cost{RoundTrips: 2, Write: 1, Read: 0.5},
		},
		{
			"ask for a mail that resets a password, of nobody", "",
			func(codeOwner) { back(204, "password/reset/request", fields{"address": nobody}) },
			systemtest.Cost{RoundTrips: 2, Write: 1, Read: 0.5},
		},
		{
			"reset a password, by a link", "reset_password",
			func(o codeOwner) { back(204, "password/reset/confirm", fields{"code": o.link, "new_password": next}) },
			systemtest.Cost{RoundTrips: 2, Write: 6, Read: 2},
		},
		{
			"reset a password, by a code and an address", "reset_password",
			func(o codeOwner) {
				back(204, "password/reset/complete", fields{"code": o.code, "address": o.email, "new_password": next})
			},
			systemtest.Cost{RoundTrips: 4, Write: 7, Read: 2.5},
		},
		{
			"reset a password, with a wrong code", "reset_password",
			func(o codeOwner) {
				back(401, "password/reset/complete", fields{"code": wrong, "address": o.email, "new_password": next})
			},
			systemtest.Cost{RoundTrips: 3, Write: 1, Read: 2.5},
		},
		{
			"reset a password, of nobody", "",
			func(codeOwner) {
				back(401, "password/reset/complete", fields{"code": wrong, "address": nobody, "new_password": next})
			},
			systemtest.Cost{RoundTrips: 3, Write: 1, Read: 2.5},
		},
		{
			"answer a challenge, by a code", "challenge",
			func(o codeOwner) { back(200, "otp/verify", fields{"code": o.code, "userID": o.id}) },
			systemtest.Cost{RoundTrips: 3, Write: 3, Read: 2},
		},
		{
			"answer a challenge, by an extended code", "challenge",
			func(o codeOwner) { back(200, "otp/verify", fields{"code": o.link}) },
			systemtest.Cost{RoundTrips: 2, Write: 2, Read: 2},
		},
		{
			"inspect an extended code", "challenge",
			func(o codeOwner) { back(200, "otp/inspect", fields{"code": o.link}) },
			systemtest.Cost{RoundTrips: 2, Read: 2},
		},
		{
			"ask for a mail that proves an address", "verify_address",
			func(o codeOwner) {
				tenant.System.Must(t, 204, "POST", users+o.id+"/address/verification/request", fields{"address": o.second})
			},
			systemtest.Cost{RoundTrips: 4, Write: 1, Read: 2.5},
		},
		{
			"prove an address", "verify_address",
			func(o codeOwner) {
				tenant.System.Must(t, 204, "POST", users+o.id+"/address/verification/complete",
					fields{"address": o.second, "code": o.code})
			},
			systemtest.Cost{RoundTrips: 3, Write: 9, Read: 2},
		},
		{
			"change a password", "",
			func(o codeOwner) {
				tenant.System.Must(t, 204, "POST", users+o.id+"/change-password",
					fields{"old_password": systemtest.Password, "new_password": next})
			},
			systemtest.Cost{RoundTrips: 3, Write: 5, Read: 1},
		},
		{
			"set the state of a password", "",
			func(o codeOwner) {
				tenant.Admin.Must(t, 204, "PUT", users+o.id+"/password/state", fields{"state": "must_be_reset"})
			},
			systemtest.Cost{RoundTrips: 2, Write: 2, Read: 1},
		},
	} {
		o := newCodeOwner(t, tenant, pool, c.code)
		meter.Collect()
		c.call(o)
		got := meter.Collect()
		t.Logf("| %s | %d | %g | %g |", c.name, got.RoundTrips, got.Write, got.Read)
		if got.RoundTrips > c.most.RoundTrips || got.Write > c.most.Write || got.Read > c.most.Read {
			t.Errorf("%s costs %+v, may cost %+v", c.name, got, c.most)
		}
		if got.RoundTrips == 0 {
			t.Errorf("%s was not counted", c.name)
		}
	}
}

// codeOwner is a user with one address, and with a code in both of its forms. The address is email, which is
// verified, or second, which is not. The stored user takes 1 KB
// without a password and 2 KB with one.
type codeOwner struct{ id, email, second, code, link string }

// newCodeOwner creates a user with a code of a type, or with none if the type is "".
func newCodeOwner(t *testing.T, tenant *systemtest.Tenant, pool, kind string) codeOwner {
	t.Helper()
	o := codeOwner{email: systemtest.Address("own"), second: systemtest.Address("two")}
	user := fields{ // which is smaller than 1 KB
		"id": systemtest.Unique(), "identifiers": []fields{{"identifier": o.email, "type": "email"}},
	}
	if kind == "verify_address" {
		user["verifiable_addresses"] = []fields{{"address": o.second, "type": "email"}}
	} else {
		user["credentials"] = []fields{{"type": "password", "password": systemtest.Password}}
	}
	o.id = tenant.NewUser(t, pool[len("/pools/"):], "active", "", user)
	if kind != "" {
		made := tenant.System.Must(t, 201, "POST", pool+"/users/"+o.id+"/code/generate", fields{"type": kind})
		o.code, o.link = made.Text(t, "code"), made.Text(t, "extended_code")
	}
	return o
}
