package prove_test

import (
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"identitypools/infra/check/systemtest"
	"identitypools/shared/identity"
	"identitypools/shared/once"
	"identitypools/shared/prove"
)

// Nobody learns who is registered in which of several pools (V6.3.8): each question makes the same calls
// to the table, with as many bytes and for the same price, and a password costs exactly one hash, whose
// 19 MiB show. The test is not parallel, since it counts memory.
func TestTheStateOfAnIdentifierDoesNotShow(t *testing.T) {
	record, meter := &recorder{}, &systemtest.Meter{}
	product := newProduct(t, systemtest.WithMiddleware(record.watch), systemtest.WithMiddleware(meter.Watch))
	b := newBench(t, product)
	pools := []identity.Pool{
		b.pool(t, nil), b.pool(t, fields{"identifier_case_insensitive": false}), b.pool(t, nil),
		b.pool(t, fields{"authentication_mechanisms": []string{"totp"}}),
	}
	people := map[string]string{"unknown": systemtest.Address("un"), "unknown too": systemtest.Address("un")}
	for _, status := range []string{"new", "active", "inactive", "deleted"} {
		for i, p := range pools {
			email := systemtest.Address("un")
			people[status+" in "+strconv.Itoa(i)] = email
			b.user(t, p, status, email, "")
		}
	}
	people["active with a password"], people["locked"] = systemtest.Address("un"), systemtest.Address("un")
	b.user(t, pools[2], "active", people["active with a password"], "valid")
	people["with a code"] = systemtest.Address("un")
	id := b.user(t, pools[0], "active", people["with a code"], "")
	b.tenant.System.Must(t, 201, "POST", "/pools/"+pools[0].ID+"/users/"+id+"/code/generate", fields{"type": "authentication"})
	ask := func(pools []identity.Pool) func(string) error {
		return func(identifier string) error {
			o := identity.MessageOptions{Language: "en"}
			return b.AskCode(t.Context(), pools, identifier, o, once.Reply[once.None]{})
		}
	}
	guess := func(pools []identity.Pool) func(string) error {
		return func(identifier string) error {
			_, u, err := b.RedeemCode(t.Context(), pools, identifier, "000000000000", systemtest.Unique())
			if !errors.As(err, new(identity.InvalidCode)) || u.ID != "" {
				t.Errorf("a wrong code is answered %v, %v", u, err)
			}
			return nil
		}
	}
	for _, q := range []struct {
		name string
		ask  func(identifier string) error
		want systemtest.Cost
	}{
		{"ask for a code", ask(pools), systemtest.Cost{RoundTrips: 3, Write: 1}},
		{"ask for a code in one pool", ask(pools[:1]), systemtest.Cost{RoundTrips: 2, Write: 1}},
		{"guess a code", guess(pools), systemtest.Cost{RoundTrips: 4, Write: 1}},
		{"guess a code in one pool", guess(pools[:1]), systemtest.Cost{RoundTrips: 3, Write: 1}},
		{"give a wrong password", func(identifier string) error {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			v, err := b.Password(t.Context(), pools, prove.Proof{
				Identifier: identifier, Password: "wrong", Client: "page", Device: "browser", IsSignIn: true,
			})
			runtime.ReadMemStats(&after)
			if hashes := (after.TotalAlloc - before.TotalAlloc) / (19 << 20); hashes != 1 {
				t.Errorf("it computes %d hashes", hashes)
			}
			if v.Outcome == prove.Correct || v.User.ID != "" {
				t.Errorf("a wrong password is %+v", v)
			}
			return err
		}, systemtest.Cost{RoundTrips: 4, Write: 2}},
	} {
		seen := map[string]string{}
		for _, state := range slices.Sorted(maps.Keys(people)) {
			record.collect()
			meter.Collect()
			if err := q.ask(people[state]); err != nil {
				t.Fatalf("%s, %s: %v", q.name, state, err)
			}
			cost := meter.Collect()
			cost.Read = float64(int(cost.Read)) // the items are of different sizes
			seen[state] = fmt.Sprintf("%v %+v", record.collect(), cost)
			if cost.RoundTrips != q.want.RoundTrips || cost.Write != q.want.Write {
				t.Errorf("%s, %s: costs %+v", q.name, state, cost)
			}
		}
		for state, is := range seen {
			if is != seen["unknown"] {
				t.Errorf("%s:\n%s: %s\nunknown: %s", q.name, state, is, seen["unknown"])
			}
		}
	}
	// The right password costs one write, since what was read at first is used.
	meter.Collect()
	v, err := b.Password(t.Context(), pools, prove.Proof{
		Identifier: strings.ToUpper(people["active with a password"]), Password: systemtest.Password, IsSignIn: true,
	})
	// The wrong one before is forgotten with one more write.
	if cost := meter.Collect(); err != nil || v.Outcome != prove.Correct || cost.RoundTrips != 4 || cost.Write != 2 {
		t.Errorf("%+v, %v costs %+v", v, err, cost)
	}
}
