package factors_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"identitypools/infra/check/systemtest"
)

// credential is a credential in the answer of a user.
type credential struct {
	ID, Type, State string
	Payload         map[string]string
}

// credentials returns the user's credentials of a type.
func (p *person) credentials(t *testing.T, kind string) []credential {
	t.Helper()
	var u struct{ Credentials []credential }
	body := p.Admin.Must(t, 200, "GET", p.path, nil).Body
	if err := json.Unmarshal(body, &u); err != nil {
		t.Fatalf("read %s: %v", body, err)
	}
	var found []credential
	for _, c := range u.Credentials {
		if c.Type == kind {
			found = append(found, c)
		}
	}
	return found
}

func (p *person) passkeys(t *testing.T) []credential {
	t.Helper()
	return p.credentials(t, "webauthn")
}

// newCode returns a code of the user for a purpose, and its extended form.
func (p *person) newCode(t *testing.T, purpose string) (code, extended string) {
	t.Helper()
	got := p.System.Must(t, 201, "POST", p.path+"/code/generate", fields{"type": purpose})
	return got.Text(t, "code"), got.Text(t, "extended_code")
}

// give presents a passkey for the user, with a new code.
func (p *person) give(t *testing.T, status int, passkey any) systemtest.Response {
	t.Helper()
	_, code := p.newCode(t, "enroll_webauthn")
	return p.System.Must(t, status, "POST", "/pools/"+p.pool+"/user/webauthn/add/complete",
		fields{"code": code, "new_web_authn": passkey})
}

// newPasskey returns a passkey whose id consists of a letter.
func newPasskey(letter string) fields {
	encode := base64.StdEncoding.EncodeToString
	return fields{
		"id": encode([]byte(strings.Repeat(letter, 16))), "publicKey": encode(append([]byte{0xa5}, make([]byte, 76)...)),
		"attestationType": "none", "transport": []string{"usb"},
		"flags":         fields{"userPresent": true, "userVerified": true},
		"authenticator": fields{"AAGUID": encode(make([]byte, 16)), "signCount": 0},
	}
}
