package system_test

import (
	"fmt"
	"testing"
	"time"

	"identitypools/infra/check/systemtest"
	"identitypools/infra/local/system"
)

// A back end acts for people who must not learn who is registered. Whatever the state of an address is,
// what it asks for is answered alike, makes the same calls to the table and writes as much. A wrong code
// costs as much for a user who has no code, and for nobody. The test is not parallel because it compares
// calls.
func TestABackEndLearnsNothing(t *testing.T) {
	trace, meter := systemtest.Trace{}, systemtest.Meter{}
	product := systemtest.New(t, trace.Option, systemtest.WithMiddleware(meter.Watch), func(c *system.Config) { c.Quiet = true })
	product.Clock.Stop() // what the functions have in memory stays valid
	tenant := product.NewTenant(t)
	name := tenant.NewPool(t, nil)
	pool := "/pools/" + name
	addresses := map[string]string{"unknown": systemtest.Address("un")}
	for _, status := range []string{"new", "active", "inactive", "deleted"} {
		addresses[status] = systemtest.Address("un")
		tenant.NewUser(t, name, status, addresses[status], nil)
	}
	withCodes := systemtest.Address("un")
	id := tenant.NewUser(t, name, "active", withCodes, fields{
		"verifiable_addresses": []fields{{"address": withCodes, "type": "email", "verified": true}},
	})
	for _, kind := range []string{"reset_password", "challenge"} {
		tenant.System.Must(t, 201, "POST", pool+"/users/"+id+"/code/generate", fields{"type": kind})
	}
	addresses["active, with codes"] = withCodes
	for _, q := range []struct {
		operation string
		status    int
		body      func(address string) fields
	}{
		{"password/reset/request", 204, func(a string) fields { return fields{"address": a} }},
		{"password/reset/request", 204, func(a string) fields { return fields{"address": a, "identifier": a} }},
		{"otp/request", 204, func(a string) fields { return fields{"address": a} }},
		{"otp/request", 204, func(a string) fields { return fields{"address": a, "identifier": a} }},
		{"password/reset/complete", 401, func(a string) fields {
			return fields{"address": a, "code": neverGuessed(), "new_password": systemtest.Password}
		}},
		{"password/reset/complete", 401, func(a string) fields {
			return fields{"address": a, "code": neverGuessed(), "new_password": "short"}
		}},
		{"password/reset/confirm", 401, func(a string) fields {
			return fields{"identifier": a, "code": neverGuessed(), "new_password": systemtest.Password}
		}},
		{"otp/verify", 422, func(a string) fields { return fields{"identifier": a, "code": neverGuessed()} }},
		{"authentication-code/verify", 422, func(a string) fields { return fields{"identifier": a, "code": neverGuessed()} }},
	} {
		// The first question of all fills what the functions have in memory.
		tenant.System.Must(t, q.status, "POST", pool+"/user/"+q.operation, q.body(systemtest.Address("un")))
		seen := map[string]string{}
		for state, address := range addresses {
			trace.Collect()
			meter.Collect()
			got := tenant.System.Must(t, q.status, "POST", pool+"/user/"+q.operation, q.body(address))
			var calls []string
			for _, call := range trace.Collect() {
				calls = append(calls, call.Normalized())
			}
			seen[state] = fmt.Sprintf("%s %v %+v", got.Body, calls, meter.Collect())
			if len(calls) == 0 {
				t.Errorf("%s: nothing was recorded", q.operation)
			}
		}
		for state, is := range seen {
			if is != seen["unknown"] {
				t.Errorf("%s:\n%s: %s\nunknown: %s", q.operation, state, is, seen["unknown"])
			}
		}
		product.Clock.Advance(time.Millisecond)
	}
}
