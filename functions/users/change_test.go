package users_test

import (
	"strconv"
	"sync"
	"testing"

	"identitypools/infra/check/systemtest"
)

// A change or a deletion is one of the version that was read. Of several simultaneous ones of the same
// version, one takes effect, and the others are told that the user has changed.
func TestAChangeIsOfTheUserThatWasRead(t *testing.T) {
	t.Parallel()
	tenant := systemtest.New(t).NewTenant(t)
	pool := tenant.NewPool(t, nil)
	for _, method := range []string{"PUT", "DELETE"} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			path := "/pools/" + pool + "/users/" + tenant.NewUser(t, pool, "active", systemtest.Address("ann"), nil)
			tag := tenant.Admin.Must(t, 200, "GET", path, nil).Header.Get("ETag")
			const many = 20
			var (
				calls    sync.WaitGroup
				statuses [many]int
			)
			for i := range many {
				method := []string{"PUT", method}[i%2]
				calls.Go(func() {
					body := fields{"metadata": fields{"turn": strconv.Itoa(i)}}
					statuses[i] = tenant.Admin.Call(t, method, path, body, "If-Match", tag).Status
				})
			}
			calls.Wait()
			changed := 0
			for _, status := range statuses {
				switch status {
				case 200, 204:
					changed++
				case 404, 412:
				default:
					t.Errorf("one of them answers %d", status)
				}
			}
			if changed != 1 {
				t.Errorf("%d of %d took effect: %v", changed, many, statuses)
			}
		})
	}
}
