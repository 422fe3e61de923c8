package registration_test

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"identitypools/infra/local/systemtest"
)

// verify asks whether a password is a user's, as a back end does.
func verify(t *testing.T, tenant *systemtest.Tenant, pool, identifier, password string, want int) {
	t.Helper()
	tenant.System.Must(t, want, "POST", "/pools/"+pool+"/user/password/verify", fields{"identifier": identifier, "password": password})
}

func byKey(t *testing.T, tenant *systemtest.Tenant, pool, identifier string) fields {
	t.Helper()
	return tenant.System.Must(t, 200, "POST", "/pools/"+pool+"/users/by_key", fields{"identifier": identifier}).Fields(t)
}

func contains(body []byte, text string) bool { return bytes.Contains(body, []byte(text)) }

// postForm submits a form of names and values.
func postForm(t *testing.T, to string, pairs ...string) systemtest.Response {
	t.Helper()
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	r, err := http.NewRequestWithContext(t.Context(), "POST", to, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return systemtest.Do(t, r)
}
