package pools_test

import (
	"slices"
	"strings"
	"testing"

	"identitypools/infra/check/systemtest"
)

// "Pools that nobody could sign in to are refused or warned about." A back end can make passkeys work, so a
// pool that has nothing else is only warned about. A factor cannot be its own second factor.
func TestPoolsNobodyCanSignInTo(t *testing.T) {
	t.Parallel()
	tenant := systemtest.New(t, withoutCourier).NewTenant(t)
	type list = []string
	const first, second = "/authentication_mechanisms", "/second_factor_authentication_mechanisms"
	for _, c := range []struct {
		first, second list
		isOpen        bool
		refused       bool
		warned        list
	}{
		{first: list{"password"}, isOpen: true},
		{first: list{"email_otp"}, isOpen: true},
		{first: list{"webauthn"}, isOpen: true, warned: list{first}},
		{first: list{"totp", "sms_otp"}, isOpen: true, warned: list{first}},
		{first: list{"webauthn"}},
		{first: list{"email_otp"}, second: list{"email_otp"}, refused: true},
		{first: list{"email_otp"}, second: list{"otp"}, refused: true},
		{first: list{"password"}, second: list{"password"}, refused: true},
		{first: list{"email_otp", "password"}, second: list{"email_otp"}},
		{first: list{"password"}, second: list{"email_otp"}, isOpen: true},
		{first: list{"password"}, second: list{"webauthn"}, warned: list{second}},
	} {
		body := fields{
			"name": "x", "public_registration_allowed": c.isOpen,
			"authentication_mechanisms": c.first, "second_factor_authentication_mechanisms": c.second,
		}
		if c.refused {
			got := tenant.Admin.Must(t, 422, "POST", "/pools", body)
			if !strings.Contains(string(got.Body), `"`+second+`"`) {
				t.Errorf("%v: %s", c, got.Body)
			}
			continue
		}
		made := tenant.Admin.Must(t, 201, "POST", "/pools", body)
		var pointers list
		warnings, _ := made.Fields(t)["warnings"].([]any)
		for _, w := range warnings {
			pointers = append(pointers, w.(fields)["pointer"].(string))
		}
		if !slices.Equal(pointers, c.warned) {
			t.Errorf("%v has the warnings %v", c, warnings)
		}
		path := "/pools/" + made.Text(t, "id")
		for _, method := range []string{"PUT", "PATCH"} { // what was answered can be sent back
			tenant.Admin.Must(t, 200, method, path, made.Body)
		}
		if len(c.warned) > 0 {
			tenant.Admin.Must(t, 422, "PATCH", path, `{"warnings":[]}`)
		}
	}
}
