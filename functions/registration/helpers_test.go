package registration_test

import (
	"bytes"
	"testing"

	"identitypools/infra/check/systemtest"
)

// verify asks, as a back end does, whether a user has a password, and checks the status of the
// answer.
func verify(t *testing.T, tenant *systemtest.Tenant, pool, identifier, password string, want int) {
	t.Helper()
	tenant.System.Must(t, want, "POST", "/pools/"+pool+"/user/password/verify", fields{
		"identifier": identifier, "password": password,
	})
}

// findUser returns the user who has an identifier.
func findUser(t *testing.T, tenant *systemtest.Tenant, pool, identifier string) fields {
	t.Helper()
	return tenant.System.Must(t, 200, "POST", "/pools/"+pool+"/users/by_key", fields{
		"identifier": identifier,
	}).Fields(t)
}

// contains reports whether a body contains a text.
func contains(body []byte, text string) bool { return bytes.Contains(body, []byte(text)) }
