package registration_test

import (
	"strings"
	"testing"

	"identitypools/infra/check/systemtest"
)

// Who has no password could not sign in to a pool in which people sign in with nothing else. So it is asked
// for with the code, which can still be used. Where a mailed code signs in too, no password is needed.
func TestAPasswordIsAskedForWhereNothingElseSignsIn(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	for _, c := range []struct {
		mechanisms []string
		needed     bool
	}{
		{[]string{"password"}, true},
		{[]string{"password", "sms_otp"}, true},
		{[]string{"password", "email_otp"}, false},
		{[]string{"otp"}, false},
	} {
		pool := "/pools/" + tenant.NewPool(t, fields{"authentication_mechanisms": c.mechanisms})
		email := systemtest.Address("ann")
		ticket := tenant.Public.Must(t, 201, "POST", pool+"/register", fields{"identifier": email}).Text(t, "ticket")
		proof := fields{"ticket": ticket, "code": systemtest.CodeIn(t, product.Inbox.Await(t, email, 1)[0])}
		if c.needed {
			got := tenant.Public.Must(t, 422, "POST", pool+"/activate", proof)
			if !strings.Contains(string(got.Body), `"/password"`) {
				t.Errorf("%v: %s", c.mechanisms, got.Body)
			}
			proof["password"] = systemtest.Password
		}
		tenant.Public.Must(t, 201, "POST", pool+"/activate", proof)
		if c.needed {
			tenant.System.Must(t, 200, "POST", pool+"/user/password/verify", fields{"identifier": email, "password": systemtest.Password})
		}
	}
}
