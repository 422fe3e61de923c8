package pools_test

import (
	"encoding/json"
	"maps"
	"reflect"
	"strings"
	"sync"
	"testing"

	"identitypools/infra/check/systemtest"
)

func TestAPoolFromCreateToDelete(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	for name, client := range tenant.Trees() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			made := client.Must(t, 201, "POST", "/pools", fields{"name": "Partners"})
			path := "/pools/" + made.Text(t, "id")
			read := client.Must(t, 200, "GET", path, nil)
			if string(read.Body) != string(made.Body) || read.Header.Get("ETag") != made.Header.Get("ETag") {
				t.Errorf("made   %s %s\nstored %s %s", made.Header.Get("ETag"), made.Body, read.Header.Get("ETag"), read.Body)
			}
			changed := client.Must(t, 200, "PUT", path, fields{"name": "Friends", "description": "of ours"})
			if changed.Text(t, "name") != "Friends" || changed.Header.Get("ETag") == made.Header.Get("ETag") {
				t.Errorf("changed: %s %s", changed.Header.Get("ETag"), changed.Body)
			}
			if got := client.Must(t, 200, "GET", path, nil); string(got.Body) != string(changed.Body) {
				t.Errorf("changed %s\nstored  %s", changed.Body, got.Body)
			}
			if gone := client.Must(t, 204, "DELETE", path+"?with_idp=true", nil); len(gone.Body) > 0 {
				t.Errorf("204 with a body: %s", gone.Body)
			}
			for _, method := range []string{"GET", "PUT", "DELETE"} {
				systemtest.CheckRefusal(t, client.Call(t, method, path, fields{"name": "x"}), 404, "not_found")
			}
			again := client.Must(t, 201, "POST", "/pools", fields{"id": made.Text(t, "id"), "name": "Partners"})
			if again.Header.Get("ETag") == made.Header.Get("ETag") {
				t.Error("a pool that is made again has the version of the old one")
			}
		})
	}
}

// everything returns a pool with every setting, in the form in which it is sent and answered.
const everything = `{
	"name": "All", "description": "has\neverything", "badge_color": "#224466", "workspace_id": "ws", "metadata": {"a": [1, {"b": null}]},
	"payload_schema_id": "user_v0", "metadata_schema_id": "metadata_v0", "business_metadata_schema_id": "metadata_v0",
	"public_registration_allowed": true, "identifier_case_insensitive": false,
	"authentication_mechanisms": ["otp", "password"], "preferred_authentication_mechanism": "password",
	"second_factor_authentication_mechanisms": ["totp", "webauthn"], "second_factor_preferred_authentication_mechanism": "webauthn",
	"second_factor_threshold": 0.25, "mfa_session_ttl": "1h30m0s",
	"otp_settings": {
		"activation": {"length": 12, "ttl": "10m0s"}, "authentication": {"length": 7, "ttl": "1m0s"}, "challenge": {"length": 8, "ttl": "10m0s"},
		"enroll_webauthn": {"length": 6, "ttl": "24h0m0s"}, "reset_password": {"length": 9, "ttl": "5m0s"},
		"reset_totp": {"length": 10, "ttl": "1h0m0s"}, "verify_address": {"length": 11, "ttl": "2h0m0s"}
	},
	"password_policy": {
		"min_length": 10, "capital_letters": 1, "lowercase_letters": 2, "digits": 3, "special_characters": 4, "not_used_since": 5, "strength": "fair"
	},
	"password_settings": {"expires_after": "720h0m0s", "hashing_method": "argon2"},
	"reset_credentials_settings": {"do_not_allow_users_to_self_reset_credentials": true},
	"limits": {
		"mail_pause": "10s", "mails_per_hour": 10, "pool_mails_per_hour": 7, "pool_mails_per_day": 70, "code_guesses_per_day": 100,
		"source_guesses_per_hour": 10, "source_submissions_per_hour": 1000000, "source_mailboxes_per_hour": 1
	},
	"branding": {
		"language": "pl", "logo_url": "https://cdn.example.com/logo.svg", "terms_url": "https://example.com/terms",
		"privacy_url": "https://example.com/privacy", "sender_name": "All of us", "reply_to": "help@example.com", "code_in_subject": true,
		"texts": {"pl": {"title": "Witamy", "intro": "Miło, że jesteś.", "done": "Gotowe.", "labels": {"given_name": "Imię"}}, "en": {"title": "Welcome"}}
	}
}`

// defaults returns the settings of a pool for which only the name was given (63A §3.8 for codes,
// 63B §3.1.1.2 for passwords).
const defaults = `{
	"name": "Plain", "payload_schema_id": "user_v0", "metadata_schema_id": "metadata_v0",
	"public_registration_allowed": false, "identifier_case_insensitive": true,
	"authentication_mechanisms": ["password"], "preferred_authentication_mechanism": "password", "second_factor_threshold": 0,
	"otp_settings": {
		"activation": {"length": 6, "ttl": "24h0m0s"}, "authentication": {"length": 6, "ttl": "5m0s"}, "challenge": {"length": 6, "ttl": "5m0s"},
		"enroll_webauthn": {"length": 6, "ttl": "30m0s"}, "reset_password": {"length": 6, "ttl": "30m0s"},
		"reset_totp": {"length": 6, "ttl": "30m0s"}, "verify_address": {"length": 6, "ttl": "30m0s"}
	},
	"password_policy": {
		"min_length": 15, "capital_letters": 0, "lowercase_letters": 0, "digits": 0, "special_characters": 0, "not_used_since": 0, "strength": "any"
	},
	"password_settings": {"hashing_method": "argon2"},
	"reset_credentials_settings": {"do_not_allow_users_to_self_reset_credentials": false},
	"limits": {
		"mail_pause": "1m0s", "mails_per_hour": 5, "pool_mails_per_hour": 10000, "pool_mails_per_day": 50000, "code_guesses_per_day": 20,
		"source_guesses_per_hour": 300, "source_submissions_per_hour": 1000, "source_mailboxes_per_hour": 50
	},
	"branding": {"language": "en", "code_in_subject": false}
}`

func TestTheSettingsOfANewPool(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	for name, c := range map[string]struct{ sent, want string }{
		"all given":  {everything, everything},
		"none given": {`{"name": "Plain"}`, defaults},
		"null given": {`{"name": "Plain", "id": null, "tenant_id": null, "description": null, "metadata": null, "payload_schema_id": null,
			"public_registration_allowed": null, "identifier_case_insensitive": null, "authentication_mechanisms": null,
			"preferred_authentication_mechanism": null, "second_factor_threshold": null, "mfa_session_ttl": null,
			"otp_settings": {"activation": null, "challenge": {"length": null, "ttl": null}}, "password_policy": {"min_length": null},
			"password_settings": null, "reset_credentials_settings": null, "limits": {"mail_pause": null}, "branding": {"language": null, "texts": null}, "system": null, "deleted": null}`, defaults},
		"read-only fields given": {`{"name": "Plain", "tenant_id": "", "system": true, "deleted": true, "number_of_users": 7,
			"number_of_standard_users": 8, "number_of_jit_users": 9}`, defaults},
	} {
		for tree, client := range tenant.Trees() {
			t.Run(name+", "+tree, func(t *testing.T) {
				t.Parallel()
				made := client.Must(t, 201, "POST", "/pools", c.sent)
				want := parse(t, c.want)
				maps.Copy(want, fields{
					"id": made.Text(t, "id"), "tenant_id": tenant.ID, "system": false, "deleted": false,
					"number_of_users": 0.0, "number_of_standard_users": 0.0, "number_of_jit_users": 0.0,
				})
				for _, d := range differences(made.Fields(t), want) {
					t.Error(d)
				}
				// "What GET answers can be PUT", and changes nothing.
				read := client.Must(t, 200, "GET", "/pools/"+made.Text(t, "id"), nil)
				put := client.Must(t, 200, "PUT", "/pools/"+made.Text(t, "id"), read.Body)
				if string(put.Body) != string(read.Body) {
					t.Errorf("read %s\nput  %s", read.Body, put.Body)
				}
			})
		}
	}
}

// 63B §3.1.1.2: fifteen characters if a password is the only factor, eight if there is another one.
func TestTheLengthOfPasswordsFollowsTheMechanisms(t *testing.T) {
	t.Parallel()
	tenant := systemtest.New(t).NewTenant(t)
	for _, c := range []struct {
		settings fields
		want     float64
	}{
		{fields{"authentication_mechanisms": []string{"password"}}, 15},
		{fields{"authentication_mechanisms": []string{"password", "otp"}}, 8},
		{fields{"authentication_mechanisms": []string{"password"}, "second_factor_authentication_mechanisms": []string{"totp"}}, 8},
		{fields{"authentication_mechanisms": []string{"password"}, "password_policy": fields{"min_length": 9}}, 9},
	} {
		c.settings["name"] = "x"
		got := tenant.Admin.Must(t, 201, "POST", "/pools", c.settings).Fields(t)["password_policy"].(fields)["min_length"]
		if got != c.want {
			t.Errorf("%v: %v characters, want %v", c.settings, got, c.want)
		}
	}
}

// "Booleans replace (missing = off), groups of settings merge (missing = unchanged)."
func TestWhatAChangeLeavesOut(t *testing.T) {
	t.Parallel()
	tenant := systemtest.New(t).NewTenant(t)
	for _, c := range []struct{ name, change, want string }{
		{"booleans are off", `{}`, `{"public_registration_allowed": false, "reset_credentials_settings": {"do_not_allow_users_to_self_reset_credentials": false}}`},
		{
			"booleans that are given stay", `{"public_registration_allowed": true, "reset_credentials_settings": {"do_not_allow_users_to_self_reset_credentials": true}}`,
			`{"public_registration_allowed": true, "reset_credentials_settings": {"do_not_allow_users_to_self_reset_credentials": true}}`,
		},
		{"case stays as it is", `{}`, `{"identifier_case_insensitive": false}`},
		{"groups stay", `{"otp_settings": {}, "password_policy": {}, "password_settings": {}}`, `{}`},
		{"one length of a code", `{"otp_settings": {"challenge": {"length": 6}}}`, `{"otp_settings/challenge/length": 6}`},
		{"one lifetime of a code", `{"otp_settings": {"challenge": {"ttl": "90s"}}}`, `{"otp_settings/challenge/ttl": "1m30s"}`},
		{"one member of the policy", `{"password_policy": {"digits": 0}}`, `{"password_policy/digits": 0}`},
		{"the end of passwords", `{"password_settings": {"expires_after": "0s"}}`, `{"password_settings": {"hashing_method": "argon2"}}`},
		{"an older client's hash", `{"password_settings": {"hashing_method": "bcrypt"}}`, `{}`},
		{"schemas stay", `{"payload_schema_id": "", "business_metadata_schema_id": ""}`, `{}`},
		{"metadata is replaced whole", `{"metadata": {"c": 1}}`, `{"metadata": {"c": 1}}`},
		{"mechanisms are replaced", `{"authentication_mechanisms": ["password", "totp"]}`, `{"authentication_mechanisms": ["password", "totp"]}`},
		{"a preferred mechanism that goes", `{"authentication_mechanisms": ["otp"]}`, `{"authentication_mechanisms": ["otp"], "preferred_authentication_mechanism": "otp"}`},
		{
			"a second preferred mechanism that goes", `{"second_factor_authentication_mechanisms": ["totp"]}`,
			`{"second_factor_authentication_mechanisms": ["totp"], "second_factor_preferred_authentication_mechanism": null}`,
		},
		{"one member of the branding", `{"branding": {"sender_name": "Us"}}`, `{"branding/sender_name": "Us"}`},
		{"what the branding takes away", `{"branding": {"logo_url": "", "code_in_subject": false}}`, `{"branding/logo_url": null, "branding/code_in_subject": false}`},
		{"texts are replaced whole", `{"branding": {"texts": {"de": {"title": "Neu"}}}}`, `{"branding/texts": {"de": {"title": "Neu"}}}`},
		{"empty lists are absent", `{"authentication_mechanisms": [], "second_factor_authentication_mechanisms": []}`, `{}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			id := tenant.Admin.Must(t, 201, "POST", "/pools", everything).Text(t, "id")
			before := tenant.Admin.Must(t, 200, "GET", "/pools/"+id, nil).Fields(t)
			change := parse(t, c.change)
			for _, name := range []string{"name", "description", "badge_color", "workspace_id"} {
				change[name] = before[name]
			}
			want := parse(t, `{"public_registration_allowed": false, "reset_credentials_settings": {"do_not_allow_users_to_self_reset_credentials": false}}`)
			maps.Copy(want, parse(t, c.want))
			for path, value := range want {
				set(before, strings.Split(path, "/"), value)
			}
			for _, d := range differences(tenant.Admin.Must(t, 200, "PUT", "/pools/"+id, change).Fields(t), before) {
				t.Error(d)
			}
		})
	}
}

// set sets the member to which the path leads; null deletes it.
func set(in fields, path []string, value any) {
	for ; len(path) > 1; path = path[1:] {
		in = in[path[0]].(fields)
	}
	if in[path[0]] = value; value == nil {
		delete(in, path[0])
	}
}

func TestAPoolIsRefused(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t, withoutCourier)
	tenant := product.NewTenant(t)
	taken := tenant.NewPool(t, fields{"id": "taken"})
	name := func(more string) string { return `{"name": "x", ` + more + `}` }
	rows := []struct {
		name, body string
		status     int
		code       string
		at         []string
	}{
		{"without a name", `{}`, 422, "invalid", []string{"/name"}},
		{"with a name of spaces", `{"name": "  "}`, 422, "invalid", []string{"/name"}},
		{"with a line break in its name", `{"name": "a\r\nBcc: b@example.com"}`, 422, "invalid", []string{"/name"}},
		{"with a name that is too long", `{"name": "` + strings.Repeat("ž", 129) + `"}`, 422, "invalid", []string{"/name"}},
		{"with a name that is a number", `{"name": 1}`, 422, "invalid", []string{"/name"}},
		{"with an odd id", name(`"id": "a/b"`), 422, "invalid", []string{"/id"}},
		{"with another tenant", name(`"tenant_id": "other"`), 422, "invalid", []string{"/tenant_id"}},
		{"with an unknown field", name(`"colour": "red"`), 422, "invalid", []string{"/colour"}},
		{"with an unknown field in a group", name(`"password_policy": {"minlength": 9}`), 422, "invalid", []string{"/password_policy/minlength"}},
		{"with an unknown purpose of codes", name(`"otp_settings": {"a/b": {"length": 6}}`), 422, "invalid", []string{"/otp_settings/a~1b"}},
		{"with an unknown field of a code", name(`"otp_settings": {"challenge": {"size": 6}}`), 422, "invalid", []string{"/otp_settings/challenge/size"}},
		{"with codes out of bounds", name(`"otp_settings": {"activation": {"length": 5, "ttl": "25h"}, "challenge": {"length": 13, "ttl": "59s"}}`), 422, "invalid", []string{
			"/otp_settings/activation/length", "/otp_settings/activation/ttl", "/otp_settings/challenge/length", "/otp_settings/challenge/ttl",
		}},
		{"with a lifetime that is a number", name(`"otp_settings": {"challenge": {"ttl": 60}}`), 422, "invalid", []string{"/otp_settings/challenge/ttl"}},
		{"with a lifetime that is none", name(`"mfa_session_ttl": "soon"`), 422, "invalid", []string{"/mfa_session_ttl"}},
		{"with a negative lifetime", name(`"mfa_session_ttl": "-1s"`), 422, "invalid", []string{"/mfa_session_ttl"}},
		{"with short passwords", name(`"password_policy": {"min_length": 7, "digits": 17, "strength": "super"}`), 422, "invalid", []string{
			"/password_policy/digits", "/password_policy/min_length", "/password_policy/strength",
		}},
		{"with passwords longer than people bear", name(`"password_policy": {"min_length": 65, "capital_letters": -1}`), 422, "invalid", []string{
			"/password_policy/capital_letters", "/password_policy/min_length",
		}},
		{"with a fraction of a character", name(`"password_policy": {"min_length": 8.5}`), 422, "invalid", []string{"/password_policy/min_length"}},
		{"with passwords that end in the past", name(`"password_settings": {"expires_after": "-1h"}`), 422, "invalid", []string{"/password_settings/expires_after"}},
		{"with unknown mechanisms", name(`"authentication_mechanisms": ["password", "magic", "password"]`), 422, "invalid", []string{
			"/authentication_mechanisms/1", "/authentication_mechanisms/2",
		}},
		{"with preferred mechanisms that are not allowed", name(`"preferred_authentication_mechanism": "totp", "second_factor_preferred_authentication_mechanism": "totp"`), 422, "invalid", []string{
			"/preferred_authentication_mechanism", "/second_factor_preferred_authentication_mechanism",
		}},
		{"with metadata that is a list", name(`"metadata": []`), 422, "invalid", []string{"/metadata"}},
		{"with metadata that is too large", name(`"metadata": {"a": "` + strings.Repeat("x", 64<<10) + `"}`), 422, "invalid", []string{"/metadata"}},
		{"with a boolean in quotes", name(`"public_registration_allowed": "true"`), 422, "invalid", []string{"/public_registration_allowed"}},
		{"with an odd workspace", name(`"workspace_id": "a b"`), 422, "invalid", []string{"/workspace_id"}},
		{"with a colour of two lines", name(`"badge_color": "red\nblue"`), 422, "invalid", []string{"/badge_color"}},
		{"with an odd branding", name(`"branding": {"language": "it", "logo_url": "http://example.com/l.png", "sender_name": "a@b", "reply_to": "x", "texts": {"en": {"title": "a\nb"}}}`), 422, "invalid", []string{
			"/branding/language", "/branding/logo_url", "/branding/reply_to", "/branding/sender_name", "/branding/texts/en/title",
		}},
		{"with an unknown field of a branding", name(`"branding": {"texts": {"en": {"html": "x"}}}`), 422, "invalid", []string{"/branding/texts/en/html"}},
		{"with an unknown schema", name(`"payload_schema_id": "none"`), 422, "invalid", []string{"/payload_schema_id"}},
		{"with unknown schemas", name(`"metadata_schema_id": "none", "business_metadata_schema_id": "none"`), 422, "invalid", []string{
			"/business_metadata_schema_id", "/metadata_schema_id",
		}},
		{"with half a body", `{"name": "x"`, 400, "malformed", nil},
		{"with a list as body", `[]`, 422, "invalid", []string{""}},
		{"with a field twice", `{"name": "x", "name": "y"}`, 400, "malformed", nil},
	}
	before := product.Items(t)
	for _, c := range rows {
		t.Run(c.name, func(t *testing.T) {
			for _, client := range tenant.Trees() {
				systemtest.CheckRefusal(t, client.Call(t, "POST", "/pools", c.body), c.status, c.code, c.at...)
				systemtest.CheckRefusal(t, client.Call(t, "PUT", "/pools/"+taken, c.body), c.status, c.code, c.at...)
			}
		})
	}
	for _, client := range tenant.Trees() {
		systemtest.CheckRefusal(t, client.Call(t, "POST", "/pools", name(`"id": "taken"`)), 409, "conflict", "/id")
		systemtest.CheckRefusal(t, client.Call(t, "PUT", "/pools/"+taken, name(`"id": "other"`)), 422, "invalid", "/id")
	}
	// "Nothing is half done": no refused call has changed the table.
	if after := product.Items(t); !reflect.DeepEqual(byKey(before), byKey(after)) {
		t.Errorf("stored before %v\nand after %v", before, after)
	}
}

// byKey returns items by their keys.
func byKey(items []systemtest.Item) map[string]systemtest.Item {
	all := map[string]systemtest.Item{}
	for _, it := range items {
		all[it["pk"]+" "+it["sk"]] = it
	}
	return all
}

// Exactly one of several simultaneous calls takes effect.
func TestPoolsMadeAndChangedAtOnce(t *testing.T) {
	t.Parallel()
	tenant := systemtest.New(t).NewTenant(t)
	at := func(call func() systemtest.Response) map[int]int {
		var mu sync.Mutex
		var group sync.WaitGroup
		statuses := map[int]int{}
		for range 8 {
			group.Go(func() {
				got := call()
				mu.Lock()
				defer mu.Unlock()
				statuses[got.Status]++
			})
		}
		group.Wait()
		return statuses
	}
	made := at(func() systemtest.Response {
		return tenant.Admin.Call(t, "POST", "/pools", fields{"id": "one", "name": "x"})
	})
	if made[201] != 1 || made[409] != 7 {
		t.Errorf("made at once: %v", made)
	}
	etag := tenant.Admin.Must(t, 200, "GET", "/pools/one", nil).Header.Get("ETag")
	changed := at(func() systemtest.Response {
		return tenant.Admin.Call(t, "PUT", "/pools/one", fields{"name": "y"}, "If-Match", etag)
	})
	if changed[200] != 1 || changed[412] != 7 {
		t.Errorf("changed at once: %v", changed)
	}
	gone := at(func() systemtest.Response { return tenant.Admin.Call(t, "DELETE", "/pools/one", nil) })
	if gone[204] != 1 || gone[404] != 7 {
		t.Errorf("deleted at once: %v", gone)
	}
}

// RFC 9110 §13.1.1.
func TestPreconditionsOfAPool(t *testing.T) {
	t.Parallel()
	tenant := systemtest.New(t).NewTenant(t)
	for _, c := range []struct {
		name  string
		match func(old, current string) string
		ok    bool
	}{
		{"the version", func(_, current string) string { return current }, true},
		{"whatever exists", func(_, _ string) string { return "*" }, true},
		{"one of several", func(old, current string) string { return old + `, "x" , ` + current }, true},
		{"an old version", func(old, _ string) string { return old }, false},
		{"a version without quotes", func(_, current string) string { return strings.Trim(current, `"`) }, false},
		{"a weak version", func(_, current string) string { return "W/" + current }, false},
		{"nonsense", func(_, _ string) string { return `"abc"` }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			made := tenant.Admin.Must(t, 201, "POST", "/pools", fields{"name": "a"})
			path, old := "/pools/"+made.Text(t, "id"), made.Header.Get("ETag")
			current := tenant.Admin.Must(t, 200, "PUT", path, fields{"name": "b"}).Header.Get("ETag")
			for _, call := range []struct {
				method string
				status int
			}{{"GET", 200}, {"PUT", 200}, {"DELETE", 204}} {
				got := tenant.Admin.Call(t, call.method, path, fields{"name": "c"}, "If-Match", c.match(old, current))
				if c.ok {
					if got.Status != call.status {
						t.Errorf("%s answers %d %s", call.method, got.Status, got.Body)
					}
					if tag := got.Header.Get("ETag"); tag != "" {
						current = tag
					}
					continue
				}
				systemtest.CheckRefusal(t, got, 412, "precondition_failed")
			}
			if !c.ok && tenant.Admin.Must(t, 200, "GET", path, nil).Text(t, "name") != "b" {
				t.Error("a refused call has changed the pool")
			}
		})
	}
	systemtest.CheckRefusal(t, tenant.Admin.Call(t, "PUT", "/pools/none", fields{"name": "x"}, "If-Match", "*"), 404, "not_found")
}

func TestPermissionsInAPool(t *testing.T) {
	t.Parallel()
	tenant := systemtest.New(t).NewTenant(t)
	pool := tenant.NewPool(t, nil)
	got := tenant.Admin.Must(t, 200, "GET", "/pools/"+pool+"/permissions", nil).Fields(t)
	for name, want := range map[string]bool{"get_identity_pool": true, "manage_identity_pool_users": true, "manage_identity_pool_groups": false, "manage_user_otps": false} {
		if got[name] != want {
			t.Errorf("%s is %v, want %v", name, got[name], want)
		}
	}
	for name, value := range got {
		if _, ok := value.(bool); !ok {
			t.Errorf("%s is %v", name, value)
		}
	}
	systemtest.CheckRefusal(t, tenant.Admin.Call(t, "GET", "/pools/none/permissions", nil), 404, "not_found")
	systemtest.CheckNoRoute(t, tenant.System.Call(t, "GET", "/pools/"+pool+"/permissions", nil))
}

// A tenant cannot see another tenant's pools, and its tokens are not valid there.
func TestPoolsOfAnotherTenant(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	ours, theirs := product.NewTenant(t), product.NewTenant(t)
	pool := ours.NewPool(t, fields{"id": "shared-name"})
	for tree, client := range theirs.Trees() {
		for _, method := range []string{"GET", "PUT", "DELETE"} {
			systemtest.CheckRefusal(t, client.Call(t, method, "/pools/"+pool, fields{"name": "x"}), 404, "not_found")
		}
		if got := client.Must(t, 200, "GET", "/pools?search_phrase=shared", nil); string(got.Body) != `{"pools":[]}` {
			t.Errorf("%s lists %s", tree, got.Body)
		}
	}
	stranger := *ours.Admin
	stranger.Token = theirs.Admin.Token
	systemtest.CheckRefusal(t, stranger.Call(t, "GET", "/pools/"+pool, nil), 403, "forbidden")
	stranger.Token = ours.System.Token
	systemtest.CheckRefusal(t, stranger.Call(t, "DELETE", "/pools/"+pool, nil), 403, "forbidden")
	stranger.Token = ""
	systemtest.CheckRefusal(t, stranger.Call(t, "GET", "/pools/"+pool, nil), 401, "unauthorized")
	theirs.NewPool(t, fields{"id": "shared-name", "name": "Theirs"})
	theirs.Admin.Must(t, 204, "DELETE", "/pools/shared-name", nil)
	if got := ours.Admin.Must(t, 200, "GET", "/pools/"+pool, nil).Text(t, "name"); got != "Partners" {
		t.Errorf("our pool is %q", got)
	}
}

func TestTheIDOfAPoolThatIsMade(t *testing.T) {
	t.Parallel()
	tenant := systemtest.New(t).NewTenant(t)
	long := strings.Repeat("a", 128)
	for _, id := range []string{"a", long, "A.b_c~d-0"} {
		tenant.Admin.Must(t, 201, "POST", "/pools", fields{"id": id, "name": "x"})
		tenant.Admin.Must(t, 200, "GET", "/pools/"+id, nil)
	}
	for _, id := range []string{long + "a", "#", "a#b", "ž", " ", "a\n", "%2F"} {
		body, err := json.Marshal(fields{"id": id, "name": "x"})
		if err != nil {
			t.Fatal(err)
		}
		systemtest.CheckRefusal(t, tenant.Admin.Call(t, "POST", "/pools", body), 422, "invalid", "/id")
	}
}
