package browser

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
)

// AddAuthenticator gives the tab an authenticator of its own, like the one that a phone has. Its owner
// always agrees, and shows a face or a finger.
func (t *Tab) AddAuthenticator(tb testing.TB) {
	tb.Helper()
	t.do(tb, "add an authenticator", command(webauthn.Enable, webauthn.EnableParams{}))
	t.do(tb, "add an authenticator", command(webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{
		Options: &webauthn.VirtualAuthenticatorOptions{
			Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal,
			HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
		},
	}))
}

// CreatePasskey creates a passkey as a script of the page does, with options in JSON, and returns what the
// browser makes of it, in JSON too (WebAuthn Level 3 §5.1.8). If the browser creates none, that is an
// object with the name of the fault.
func (t *Tab) CreatePasskey(tb testing.TB, options []byte) json.RawMessage {
	tb.Helper()
	script := fmt.Sprintf(`navigator.credentials.create({
		publicKey: PublicKeyCredential.parseCreationOptionsFromJSON((%s).publicKey),
	}).then(passkey => JSON.stringify(passkey.toJSON()), fault => JSON.stringify({fault: fault.name}))`, options)
	return json.RawMessage(run(tb, t, "create a passkey", chromedp.Evaluate[string](script, chromedp.EvalAwaitPromise)))
}
