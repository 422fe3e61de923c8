package users_test

import (
	"testing"

	"identitypools/infra/check/systemtest"
)

// A user can be found by an address once it is proved, even if the address is also an identifier.
// A caller who asks for the owner of an address gets only a user who has proved it.
func TestAnAddressFindsNobodyBeforeItIsProved(t *testing.T) {
	t.Parallel()
	tenant := systemtest.New(t).NewTenant(t)
	pool := tenant.NewPool(t, nil)
	for _, proved := range []bool{false, true} {
		email := systemtest.Address("ann")
		id := tenant.NewUser(t, pool, "active", email, fields{"verifiable_addresses": []fields{
			{"address": email, "type": "email", "verified": proved, "status": "active"},
		}})
		status := map[bool]int{false: 404, true: 200}[proved]
		tenant.System.Must(t, status, "POST", "/pools/"+pool+"/users/by_key", fields{"address": email})
		if found := tenant.System.Must(t, 200, "POST", "/pools/"+pool+"/users/by_key", fields{
			"identifier": email,
		}).Text(t, "id"); found != id {
			t.Errorf("the identifier finds %s", found)
		}
	}
}
