package activation_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"identitypools/infra/check/systemtest"
)

const totpSecret = "BLEXAM6OPBBZTCFUOPVHDQ2HVG7PTMK3"

// passkey returns a passkey whose id consists of a letter.
func passkey(letter string) fields {
	encode := base64.StdEncoding.EncodeToString
	return fields{
		"id": encode([]byte(strings.Repeat(letter, 16))), "publicKey": encode(append([]byte{0xa5}, make([]byte, 76)...)),
		"flags": fields{"userPresent": true, "userVerified": true},
	}
}

// Whoever is activated may get an authenticator app and passkeys with the same request. What is wrong
// with them is told, and leaves the code usable.
func TestActivatingWithFactors(t *testing.T) {
	t.Parallel()
	tenant := systemtest.New(t).NewTenant(t)
	pool := tenant.NewPool(t, nil)
	id := tenant.NewUser(t, pool, "new", systemtest.Address("ann"), nil)
	path := "/pools/" + pool + "/users/" + id
	code := tenant.System.Must(t, 201, "POST", path+"/code/generate", fields{"type": "activation"}).Text(t, "code")
	activate := func(want int, body fields) systemtest.Response {
		t.Helper()
		body["code"] = code
		return tenant.System.Must(t, want, "POST", path+"/activate", body)
	}
	for pointer, body := range map[string]fields{
		"/totp_secret": {"totp_secret": "x"},
		"/webauthn/1/flags/userVerified": {"webauthn": []fields{passkey("a"), {
			"id": passkey("b")["id"], "publicKey": passkey("b")["publicKey"], "flags": fields{"userPresent": true},
		}}},
	} {
		if got := activate(422, body); !strings.Contains(string(got.Body), `"`+pointer+`"`) {
			t.Errorf("refused with %s, want %s", got.Body, pointer)
		}
	}
	activate(409, fields{"webauthn": []fields{passkey("a"), passkey("a")}})
	got := activate(201, fields{"totp_secret": totpSecret, "webauthn": []fields{passkey("a"), passkey("b")}})
	all := got.Fields(t)["credentials"].([]any)
	if len(all) != 3 || all[0].(fields)["type"] != "totp" || all[2].(fields)["type"] != "webauthn" {
		t.Errorf("the user has %v", all)
	}
	if strings.Contains(string(got.Body), totpSecret) {
		t.Error("the answer has the secret")
	}
	activate(422, fields{"totp_secret": totpSecret}) // is no repeat

	known := tenant.NewUser(t, pool, "new", systemtest.Address("bea"), fields{"credentials": []fields{
		{"type": "totp", "totp_secret": totpSecret}, {"type": "webauthn", "webauthn_credentials": []fields{passkey("a")}},
	}})
	path = "/pools/" + pool + "/users/" + known
	code = tenant.System.Must(t, 201, "POST", path+"/code/generate", fields{"type": "activation"}).Text(t, "extended_code")
	activate(422, fields{"totp_secret": totpSecret})
	activate(409, fields{"webauthn": []fields{passkey("a")}})
	activate(201, fields{"webauthn": []fields{passkey("b")}})
}
