package factors_test

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"identitypools/functions/factors"
	"identitypools/infra/check/faulttest"
	"identitypools/infra/check/passkeytest"
	"identitypools/infra/check/systemtest"
)

type fixture = faulttest.Fixture

func faultSuite() faulttest.Suite {
	return faulttest.Suite{Routes: factors.Routes(), Cases: faultCases()}
}

// "For every call to DynamoDB or SES in every use case: fail it, cut it off after it took effect, or
// repeat it. Afterwards the invariants hold", the answer is true, and a retry ends well.
func TestAnyCallOfAnyUseCaseMayFail(t *testing.T) {
	t.Parallel()
	faultSuite().CheckFaults(t)
}

// A retry under a key is answered as the first try would have been.
func TestARetryUnderAKeyIsAnsweredAsTheFirstTry(t *testing.T) {
	t.Parallel()
	faultSuite().CheckRetriesUnderAKey(t)
}

func TestEveryOperationMeetsFaults(t *testing.T) {
	t.Parallel()
	faultSuite().CheckRoutes(t)
}

// createUser creates the user, active, with a verified address, an app and a passkey.
func createUser(f *fixture) {
	f.User = f.Tenant.NewUser(f.T, f.PoolID(), "active", f.Email, fields{
		"verifiable_addresses": []fields{{"address": f.Email, "type": "email", "verified": true, "status": "active"}},
		"credentials": []fields{
			{"type": "totp", "totp_secret": firstSecret},
			{"type": "webauthn", "webauthn_credentials": []fields{newPasskey("a")}},
		},
	})
	f.Proved[f.User] = true
}

// withCode returns a setup that creates the user and a code for a purpose.
func withCode(purpose string) func(*fixture) {
	return func(f *fixture) {
		createUser(f)
		got := f.Tenant.System.Must(f.T, 201, "POST", f.UserPath()+"/code/generate", fields{"type": purpose})
		f.Code, f.Link = got.Text(f.T, "code"), got.Text(f.T, "extended_code")
	}
}

// checkFactors returns a check that the user has a number of passkeys and an app with a secret.
func checkFactors(passkeys int) func(*fixture, systemtest.Response) {
	return func(f *fixture, _ systemtest.Response) {
		body := string(f.Tenant.Admin.Must(f.T, 200, "GET", f.UserPath(), nil).Body)
		if strings.Count(body, `"webauthn"`) != passkeys || strings.Count(body, `"totp"`) != 1 {
			f.T.Errorf("the user is %s, want %d passkeys", body, passkeys)
		}
	}
}

func faultCases() []faulttest.Case {
	own := "/webauthn/" + base64.RawURLEncoding.EncodeToString([]byte(strings.Repeat("a", 16)))
	post := func(path string, body func(*fixture) any) func(*fixture) *http.Request {
		return func(f *fixture) *http.Request { return f.SystemRequest("POST", f.Pool+"/user/"+path, body(f)) }
	}
	address := func(f *fixture) any { return fields{"address": f.Email} }
	return []faulttest.Case{
		{
			// Without a key, a retry has a code that was used.
			Name: "system.changeTotpSecret", Setup: createUser, Status: 204, RetryStatus: 422, Check: checkFactors(1),
			Request: func(f *fixture) *http.Request {
				return f.SystemRequest("POST", f.UserPath()+"/totp/change",
					fields{"totp": shown(f.T, firstSecret, f.Clock.Now()), "new_totp_secret": secondSecret})
			},
		},
		{
			Name: "system.requestResetTotp", Setup: createUser, Status: 204,
			Request: post("totp/reset/request", address),
		},
		{
			Name: "system.completeResetTotp", Setup: withCode("reset_totp"), Status: 204, Check: checkFactors(1),
			Request: post("totp/reset/complete", func(f *fixture) any {
				return fields{"userID": f.User, "code": f.Code, "new_totp_secret": secondSecret}
			}),
		},
		{
			Name: "system.requestAddWebAuthn", Setup: createUser, Status: 204,
			Request: post("webauthn/add/request", address),
		},
		{
			Name: "system.completeAddWebAuthn", Setup: withCode("enroll_webauthn"), Status: 204, Check: checkFactors(2),
			Request: post("webauthn/add/complete", func(f *fixture) any {
				return fields{"address": f.Email, "code": f.Code, "new_web_authn": newPasskey("b")}
			}),
		},
		{
			Name: "system.beginWebAuthnCredentialsGeneration", Setup: createUser, Status: 200,
			Request: func(f *fixture) *http.Request {
				return f.SystemRequest("POST", f.UserPath()+"/webauthn/create/begin", nil)
			},
		},
		{
			Name: "system.completeWebAuthnCredentialsGeneration", Setup: createUser, Status: 200,
			Request: func(f *fixture) *http.Request {
				options := passkeytest.Read(f.T, f.Tenant.System.Must(f.T, 200, "POST", f.UserPath()+"/webauthn/create/begin", nil).Body)
				created := passkeytest.Authenticator{Origin: f.BaseURL}.Create(f.T, options)
				return f.SystemRequest("POST", f.UserPath()+"/webauthn/create/complete", created)
			},
		},
		{
			Name: "system.nameWebAuthnKey", Setup: createUser, Status: 204, Check: checkFactors(1),
			Request: func(f *fixture) *http.Request {
				return f.SystemRequest("PUT", f.UserPath()+own+"/name", fields{"name": "My phone"})
			},
		},
		{
			Name: "system.deleteWebAuthnKey", Setup: createUser, Status: 204, RetryStatus: 404, Check: checkFactors(0),
			Request: func(f *fixture) *http.Request { return f.SystemRequest("DELETE", f.UserPath()+own, nil) },
		},
	}
}
