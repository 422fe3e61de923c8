package activation_test

import (
	"testing"

	"identitypools/infra/check/systemtest"
)

// The codes of a user who is deleted die with the user, so that they prove nothing for whoever gets
// the same id and address later.
func TestTheCodesOfADeletedUserAreDead(t *testing.T) {
	t.Parallel()
	tenant := systemtest.New(t).NewTenant(t)
	pool := tenant.NewPool(t, nil)
	path, email := "/pools/"+pool+"/users/ann", systemtest.Address("ann")
	for _, form := range []string{"code", "extended_code"} {
		t.Run(form, func(t *testing.T) {
			tenant.NewUser(t, pool, "new", email, fields{"id": "ann"})
			code := tenant.System.Must(t, 201, "POST", path+"/code/generate",
				fields{"type": "activation"}).Text(t, form)
			tenant.Admin.Must(t, 204, "DELETE", path, nil)
			tenant.System.Must(t, 422, "POST", path+"/activate", fields{"code": code}) // for nobody

			tenant.NewUser(t, pool, "new", email, fields{"id": "ann"})
			tenant.System.Must(t, 422, "POST", path+"/activate", fields{"code": code})
			tenant.Admin.Must(t, 204, "DELETE", path, nil)
		})
	}
}

// The codes of a user whose status an administrator changes die with the status.
func TestTheCodesOfAUserDieWithTheStatus(t *testing.T) {
	t.Parallel()
	tenant := systemtest.New(t).NewTenant(t)
	pool := tenant.NewPool(t, nil)
	for _, status := range []string{"active", "inactive", "deleted"} {
		for _, form := range []string{"code", "extended_code"} {
			t.Run(status+" "+form, func(t *testing.T) {
				path := "/pools/" + pool + "/users/" + tenant.NewUser(t, pool, "new", systemtest.Address("ann"), nil)
				code := tenant.System.Must(t, 201, "POST", path+"/code/generate",
					fields{"type": "activation"}).Text(t, form)
				for _, next := range []string{status, "new"} {
					tenant.Admin.Must(t, 200, "PUT", path, fields{"status": next})
					tenant.System.Must(t, 422, "POST", path+"/activate", fields{"code": code})
				}
			})
		}
	}
}
