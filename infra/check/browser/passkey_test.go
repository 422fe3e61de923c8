package browser_test

import (
	"encoding/json"
	"strings"
	"testing"

	"identitypools/infra/check/browser"
	"identitypools/infra/check/systemtest"
)

// A browser creates a passkey on a page of the product, with the options as they are, and a back end
// passes on what the browser returns, as it is. The authenticator refuses a second one.
func TestABrowserCreatesAPasskey(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	email := systemtest.Address("ann")
	id := s.tenant.NewUser(t, s.pool, "active", email, fields{"verifiable_addresses": []fields{
		{"address": email, "type": "email", "verified": true, "status": "active"},
	}})
	path := "/pools/" + s.pool + "/users/" + id
	tab := browser.NewTab(t, browser.View{})
	tab.AddAuthenticator(t)
	tab.Go(t, strings.Replace(s.page("register"), "127.0.0.1", "localhost", 1)) // no passkey is for a number
	options := s.tenant.System.Must(t, 200, "POST", path+"/webauthn/create/begin", nil).Body
	created := tab.CreatePasskey(t, options)
	made := s.tenant.System.Must(t, 200, "POST", path+"/webauthn/create/complete", created).Body
	var answer struct{ Credentials []json.RawMessage }
	if err := json.Unmarshal(made, &answer); err != nil || len(answer.Credentials) != 1 {
		t.Fatalf("the passkey is %s, %v", made, err)
	}
	code := s.tenant.System.Must(t, 201, "POST", path+"/code/generate", fields{"type": "enroll_webauthn"}).Text(t, "extended_code")
	s.tenant.System.Must(t, 204, "POST", "/pools/"+s.pool+"/user/webauthn/add/complete",
		fields{"code": code, "new_web_authn": answer.Credentials[0]})
	known := s.tenant.System.Must(t, 200, "POST", path+"/webauthn/create/begin", nil).Body
	if refused := string(tab.CreatePasskey(t, known)); refused != `{"fault":"InvalidStateError"}` {
		t.Errorf("a second passkey of one authenticator is %s", refused)
	}
}
