package activation_test

import (
	"fmt"
	"sync"
	"testing"

	"identitypools/infra/check/systemtest"
)

// An address belongs to one user of a pool: of many who have a code for the same address, and
// present it at once, one becomes active.
func TestAnAddressIsOneUsersAlone(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	pool, email := tenant.NewPool(t, nil), systemtest.Address("ann")
	const many = 20
	var (
		codes    [many]string
		statuses [many]int
		calls    sync.WaitGroup
	)
	path := func(i int) string { return fmt.Sprintf("/pools/%s/users/user-%d", pool, i) }
	for i := range many {
		tenant.Admin.Must(t, 201, "POST", "/pools/"+pool+"/users", fields{
			"id": fmt.Sprintf("user-%d", i), "status": "new",
			"verifiable_addresses": []fields{{"address": email, "type": "email", "status": "active"}},
		})
		codes[i] = tenant.System.Must(t, 201, "POST", path(i)+"/code/generate",
			fields{"type": "activation"}).Text(t, "code")
	}
	for i := range many {
		calls.Go(func() {
			statuses[i] = tenant.System.Call(t, "POST", path(i)+"/activate", fields{"code": codes[i]}).Status
		})
	}
	calls.Wait()
	var active []string
	for i, status := range statuses {
		user := tenant.System.Must(t, 200, "GET", path(i), nil)
		if is := user.Text(t, "status") == "active"; is != (status == 201) || status != 201 && status != 422 {
			t.Errorf("%s is answered %d and is %s", path(i), status, user.Text(t, "status"))
		} else if is {
			active = append(active, user.Text(t, "id"))
		}
	}
	if len(active) != 1 {
		t.Fatalf("active with the same address: %v", active)
	}
	if owner := tenant.System.Must(t, 200, "POST", "/pools/"+pool+"/users/by_key", fields{
		"address": email,
	}).Text(t, "id"); owner != active[0] {
		t.Errorf("the address is of %s, and %s is active", owner, active[0])
	}
}
