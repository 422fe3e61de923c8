package users_test

import (
	"strings"
	"testing"

	"identitypools/infra/check/systemtest"
)

// What callers store with the identifiers and addresses of a user is bounded in sum, so that the user stays
// far below 400 KB and everything else can still be changed.
func TestAUserHasAMaximumSize(t *testing.T) {
	t.Parallel()
	tenant := systemtest.New(t).NewTenant(t)
	pool := tenant.NewPool(t, nil)
	large := fields{"a": strings.Repeat("x", 20<<10)}
	id := tenant.NewUser(t, pool, "active", systemtest.Address("ann"), fields{
		"credentials": []fields{{"type": "password", "password": systemtest.Password}},
	})
	user := "/pools/" + pool + "/users/" + id
	for _, part := range []string{"payload", "metadata"} {
		tenant.Admin.Must(t, 200, "PUT", user, fields{part: fields{"a": strings.Repeat("x", 60<<10)}})
	}
	address, name := systemtest.Address("two"), systemtest.Unique()
	tenant.Admin.Must(t, 200, "POST", user+"/addresses/add", fields{"address": address, "type": "email", "metadata": large})
	tenant.Admin.Must(t, 200, "POST", user+"/identifiers/add", fields{"identifier": name, "type": "uid", "metadata": large})
	for path, body := range map[string]fields{
		"/addresses/add":    {"address": systemtest.Address("three"), "type": "email", "metadata": large},
		"/identifiers/add":  {"identifier": systemtest.Unique(), "type": "uid", "metadata": large},
		"/addresses/update": {"address": address, "status": "active", "metadata": fields{"a": strings.Repeat("x", 40<<10)}},
	} {
		if got := tenant.Admin.Must(t, 422, "POST", user+path, body); !strings.Contains(string(got.Body), `"/metadata"`) {
			t.Errorf("%s is refused with %s", path, got.Body)
		}
	}
	tenant.Admin.Must(t, 422, "POST", "/pools/"+pool+"/users", fields{"status": "active", "user_type": strings.Repeat("x", 60<<10)})
	tenant.System.Must(t, 204, "POST", user+"/change-password", fields{
		"old_password": systemtest.Password, "new_password": "another long password",
	})
	tenant.Admin.Must(t, 204, "POST", user+"/identifiers/remove", fields{"identifier": name})
	tenant.Admin.Must(t, 200, "POST", user+"/identifiers/add", fields{"identifier": name, "type": "uid", "metadata": large})
}
