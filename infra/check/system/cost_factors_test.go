package system_test

import (
	"encoding/base32"
	"testing"

	"identitypools/infra/check/systemtest"
	"identitypools/infra/local/system"
	"identitypools/shared/otp"
)

// Calls about authenticator apps and passkeys may cost what docs/table.md says, for a user of less than
// a kilobyte. The courier's part is left out.
func TestWhatACallCostsWithFactors(t *testing.T) {
	meter := &systemtest.Meter{}
	product := systemtest.New(t, systemtest.WithMiddleware(meter.Watch), func(c *system.Config) { c.Quiet = true })
	product.Clock.Stop() // what the functions have in memory stays valid
	tenant := product.NewTenant(t)
	pool, email := tenant.NewPool(t, nil), systemtest.Address("ann")
	const secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
	passkey := fields{
		"id": "AAECAwQFBgcICQoLDA0ODw==", "publicKey": "pQECAyYgASFYIPpIyNiMkB8vymhZHc8sBAJQvVZ05l1JXkplLklgsmNa" +
			"IlggJ5Ki+dvh+wYxyuiU7WVsbcsOl0mDmvjUpVP0iRUxRUk=", "flags": fields{"userPresent": true, "userVerified": true},
	}
	id := tenant.NewUser(t, pool, "active", email, fields{"verifiable_addresses": []fields{
		{"address": email, "type": "email", "verified": true, "status": "active"},
	}})
	one, found := "/pools/"+pool+"/users/"+id, "/pools/"+pool+"/user/"
	code := func(purpose string) string {
		return tenant.System.Must(t, 201, "POST", one+"/code/generate", fields{"type": purpose}).Text(t, "code")
	}
	call := func(status int, method, path string, body any) {
		tenant.System.Must(t, status, method, path, body)
	}
	call(200, "POST", one+"/webauthn/create/begin", nil) // the function has the pool's settings in memory from now on
	reset, enroll := code("reset_totp"), code("enroll_webauthn")
	for _, c := range []struct {
		name string
		call func()
		most systemtest.Cost
	}{
		{"ask for a code that sets a factor", func() {
			call(204, "POST", found+"totp/reset/request", fields{"address": email})
		}, systemtest.Cost{RoundTrips: 2, Write: 1, Read: 0.5}},
		{"set an authenticator app with a code", func() {
			call(204, "POST", found+"totp/reset/complete", fields{"userID": id, "code": reset, "new_totp_secret": secret})
		}, systemtest.Cost{RoundTrips: 4, Write: 9, Read: 2}},
		{"change the secret of an app, wrong code", func() {
			call(422, "POST", one+"/totp/change", fields{"totp": "12345", "new_totp_secret": secret})
		}, systemtest.Cost{RoundTrips: 2, Write: 1, Read: 1}},
		{"change the secret of an app, right code", func() {
			shared, _ := base32.StdEncoding.DecodeString(secret)
			call(204, "POST", one+"/totp/change", fields{"totp": otp.TOTP(shared, product.Clock.Now()), "new_totp_secret": secret})
		}, systemtest.Cost{RoundTrips: 3, Write: 7, Read: 1}},
		{"begin to create a passkey", func() {
			call(200, "POST", one+"/webauthn/create/begin", nil)
		}, systemtest.Cost{RoundTrips: 1, Read: 1}},
		{"add a passkey with a code", func() {
			call(204, "POST", found+"webauthn/add/complete", fields{"userID": id, "code": enroll, "new_web_authn": passkey})
		}, systemtest.Cost{RoundTrips: 4, Write: 9, Read: 2}},
		{"name a passkey", func() {
			call(204, "PUT", one+"/webauthn/AAECAwQFBgcICQoLDA0ODw/name", fields{"name": "My phone"})
		}, systemtest.Cost{RoundTrips: 2, Write: 4, Read: 1}},
		{"delete a passkey", func() {
			call(204, "DELETE", one+"/webauthn/AAECAwQFBgcICQoLDA0ODw", nil)
		}, systemtest.Cost{RoundTrips: 2, Write: 6, Read: 1}},
	} {
		meter.Collect()
		c.call()
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
