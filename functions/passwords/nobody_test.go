package passwords_test

import (
	"runtime"
	"strings"
	"testing"

	"identitypools/infra/check/systemtest"
)

// The verification of a password computes a hash, which takes 19 MiB of memory, also if there is none
// to compare it with: so its time does not tell who has an account (V6.3.8). The test is not parallel,
// since it counts memory.
func TestAPasswordForNobodyCostsAHash(t *testing.T) {
	tenant := systemtest.New(t).NewTenant(t)
	pool, email, without := tenant.NewPool(t, nil), systemtest.Address("ann"), systemtest.Address("bob")
	tenant.NewUser(t, pool, "active", email,
		fields{"credentials": []fields{{"type": "password", "password": systemtest.Password}}})
	tenant.NewUser(t, pool, "active", without, nil)
	for name, proof := range map[string]fields{
		"a user":                    {"identifier": email},
		"a user without a password": {"identifier": without},
		"an unknown identifier":     {"identifier": systemtest.Address("nobody")},
		"an unknown id":             {"userID": "nobody"},
	} {
		t.Run(name, func(t *testing.T) {
			proof["password"] = "wrong"
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			tenant.System.Must(t, 401, "POST", "/pools/"+pool+"/user/password/verify", proof)
			runtime.ReadMemStats(&after)
			if taken := after.TotalAlloc - before.TotalAlloc; taken < 19<<20 {
				t.Errorf("it takes %d bytes", taken)
			}
		})
	}
}

// Some people type their password in place of their name. A text that is nobody's identifier is counted
// and not stored.
func TestWhatSomebodyMistypesIsNotStored(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	pool := tenant.NewPool(t, nil)
	const mistyped = "battery-staple-horse"
	tenant.System.Must(t, 401, "POST", "/pools/"+pool+"/user/password/verify",
		fields{"identifier": mistyped, "password": systemtest.Password})
	counted := product.Stored(t, "LIMIT#"+tenant.ID+"#"+pool+"#identifier#")
	if len(counted) != 1 {
		t.Errorf("the failure is counted by %v", counted)
	}
	for _, it := range product.Items(t) {
		for name, value := range it {
			if strings.Contains(value, mistyped) {
				t.Errorf("what was typed is in %s of %v", name, it)
			}
		}
	}
}
