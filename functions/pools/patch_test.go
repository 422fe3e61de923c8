package pools_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"identitypools/infra/check/systemtest"
)

// A merge patch (RFC 7396) changes what it names. PUT, as the published client sends it, cannot leave
// public_registration_allowed out without switching registration off.
func TestAPatchChangesOnlyWhatItNames(t *testing.T) {
	t.Parallel()
	tenant := systemtest.New(t, withoutCourier).NewTenant(t)
	schema := newSchema(t, tenant)
	created := parse(t, `{
		"name": "Shop", "description": "Customers", "badge_color": "#ff0000", "workspace_id": "w1",
		"metadata": {"team": "a", "contact": {"name": "Ann", "room": 7}}, "public_registration_allowed": true,
		"identifier_case_insensitive": false, "business_metadata_schema_id": "`+schema+`",
		"authentication_mechanisms": ["password", "otp"], "preferred_authentication_mechanism": "otp",
		"second_factor_authentication_mechanisms": ["totp"], "second_factor_threshold": 0.5,
		"mfa_session_ttl": "1h0m0s", "password_policy": {"min_length": 20, "digits": 2},
		"password_settings": {"expires_after": "48h0m0s"},
		"reset_credentials_settings": {"do_not_allow_users_to_self_reset_credentials": true},
		"otp_settings": {"activation": {"length": 8, "ttl": "1h0m0s"}}, "limits": {"mails_per_hour": 3},
		"branding": {"language": "de", "logo_url": "https://example.com/logo.png", "texts": {"de": {"title": "Hallo"}}}
	}`)
	for _, c := range []struct{ patch, changes string }{
		{`{}`, `{}`},
		{`{"badge_color":"#00ff00"}`, `{"badge_color":"#00ff00"}`},
		{`{"public_registration_allowed":false}`, `{"public_registration_allowed":false}`},
		{`{"public_registration_allowed":null}`, `{"public_registration_allowed":false}`},
		{`{"description":null}`, `{"description":null}`},
		{`{"metadata":{"contact":{"room":null},"team":"b"}}`, `{"metadata":{"team":"b","contact":{"name":"Ann"}}}`},
		{`{"metadata":null}`, `{"metadata":null}`},
		{`{"business_metadata_schema_id":null}`, `{"business_metadata_schema_id":null}`},
		{`{"password_policy":{"min_length":30}}`, `{"password_policy":` +
			`{"min_length":30,"digits":2,"capital_letters":0,"lowercase_letters":0,"special_characters":0,` +
			`"not_used_since":0,"strength":"any"}}`},
		{`{"password_settings":{"expires_after":null}}`, `{"password_settings":{"hashing_method":"argon2"}}`},
		{`{"reset_credentials_settings":null}`, `{"reset_credentials_settings":` +
			`{"do_not_allow_users_to_self_reset_credentials":false}}`},
		// The preferred mechanism goes with its mechanism, as at PUT.
		{`{"authentication_mechanisms":["password"]}`, `{"authentication_mechanisms":["password"],` +
			`"preferred_authentication_mechanism":"password"}`},
		{`{"second_factor_authentication_mechanisms":null}`, `{"second_factor_authentication_mechanisms":null}`},
		{`{"branding":{"language":null,"texts":{"en":{"title":"Hello"}}}}`, `{"branding":{"language":"en",` +
			`"code_in_subject":false,"logo_url":"https://example.com/logo.png",` +
			`"texts":{"de":{"title":"Hallo"},"en":{"title":"Hello"}}}}`},
		{`{"tenant_id":null,"id":null,"workspace_id":null}`, `{"workspace_id":null}`},
	} {
		created["id"] = systemtest.Unique()
		before := tenant.Admin.Must(t, 201, "POST", "/pools", created).Fields(t)
		path := "/pools/" + created["id"].(string)
		got := tenant.Admin.Must(t, 200, "PATCH", path, c.patch, "Content-Type", "application/merge-patch+json")
		for name, value := range parse(t, c.changes) {
			if before[name] = value; value == nil {
				delete(before, name)
			}
		}
		if found := differences(got.Fields(t), before); len(found) > 0 {
			t.Errorf("%s: %q", c.patch, found)
		}
		if found := differences(tenant.Admin.Must(t, 200, "GET", path, nil).Fields(t), before); len(found) > 0 {
			t.Errorf("%s, read: %q", c.patch, found)
		}
	}
}

func TestAPatchThatIsRefused(t *testing.T) {
	t.Parallel()
	tenant := systemtest.New(t, withoutCourier).NewTenant(t)
	path := "/pools/" + tenant.NewPool(t, fields{"branding": fields{"reply_to": "help@example.com"}})
	before := tenant.Admin.Must(t, 200, "GET", path, nil)
	for _, c := range []struct {
		patch, pointer string
		status         int
	}{
		{`{"name":null}`, "/name", 422},
		{`{"nam":"x"}`, "/nam", 422},
		{`{"nam":null}`, "/nam", 422},
		{`{"password_policy":{"min_lenght":null}}`, "/password_policy/min_lenght", 422},
		{`{"name":7}`, "/name", 422},
		{`{"password_policy":7}`, "/password_policy", 422},
		{`{"password_policy":{"min_length":7}}`, "/password_policy/min_length", 422},
		{`{"otp_settings":{"coffee":{"length":6}}}`, "/otp_settings/coffee", 422},
		{`{"authentication_mechanisms":[]}`, "/authentication_mechanisms", 422},
		{
			`{"authentication_mechanisms":["password"],"preferred_authentication_mechanism":"otp"}`,
			"/preferred_authentication_mechanism", 422,
		},
		{`{"id":"other"}`, "/id", 422},
		{`{"tenant_id":"other"}`, "/tenant_id", 422},
		{`{"system":true}`, "/system", 422},
		{`{"number_of_users":7,"number_of_jit_users":0}`, "/number_of_users", 422},
		{`{"payload_schema_id":"nobody"}`, "/payload_schema_id", 422},
		{`{"branding":{"reply_to":"nobody"}}`, "/branding/reply_to", 422},
		{`[]`, "", 422},
		{`{"name":"a","name":"b"}`, "malformed", 400},
		{``, "malformed", 400},
	} {
		got := tenant.Admin.Call(t, "PATCH", path, c.patch)
		if got.Status != c.status || !strings.Contains(string(got.Body), `"`+c.pointer+`"`) {
			t.Errorf("%s is answered %d %s", c.patch, got.Status, got.Body)
		}
	}
	for _, kind := range []string{"application/json-patch+json", "text/plain"} {
		got := tenant.Admin.Call(t, "PATCH", path, `{"name":"x"}`, "Content-Type", kind)
		if got.Status != 415 || got.Header.Get("Accept-Patch") != "application/merge-patch+json" {
			t.Errorf("%s is answered %d with %v", kind, got.Status, got.Header)
		}
	}
	tenant.Admin.Must(t, 412, "PATCH", path, `{"name":"x"}`, "If-Match", `"1"`)
	tenant.Admin.Must(t, 404, "PATCH", "/pools/nobody", `{"name":"x"}`)
	tenant.System.Must(t, 404, "PATCH", path, `{"name":"x"}`) // only the admin tree has it
	after := tenant.Admin.Must(t, 200, "GET", path, nil)
	if string(after.Body) != string(before.Body) || after.Header.Get("ETag") != before.Header.Get("ETag") {
		t.Errorf("refused patches changed the pool to %s", after.Body)
	}
	tenant.Admin.Must(t, 200, "PATCH", path, `{"name":"x"}`, "If-Match", before.Header.Get("ETag"))
}

// Patches at the same time that name different settings don't undo each other.
func TestPatchesAtTheSameTime(t *testing.T) {
	t.Parallel()
	tenant := systemtest.New(t, withoutCourier).NewTenant(t)
	path := "/pools/" + tenant.NewPool(t, nil)
	var callers sync.WaitGroup
	statuses := make([]int, 20)
	for i := range statuses {
		callers.Go(func() {
			statuses[i] = tenant.Admin.Call(t, "PATCH", path, fmt.Sprintf(`{"metadata":{"caller_%d":%d}}`, i, i)).Status
		})
	}
	callers.Wait()
	if slices.ContainsFunc(statuses, func(s int) bool { return s != http.StatusOK }) {
		t.Errorf("the answers are %v", statuses)
	}
	got := tenant.Admin.Must(t, 200, "GET", path, nil).Fields(t)["metadata"].(fields)
	if len(got) != len(statuses) {
		t.Errorf("of 20 patches remain %v", got)
	}
}
