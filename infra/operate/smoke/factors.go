package main

// passkeyID is the id of the passkey that the steps give to a user, in base64url.
const passkeyID = "AAECAwQFBgcICQoLDA0ODw"

// factorSteps give a user an authenticator app and a passkey, with codes that a back end asks for, and
// take the passkey away.
func factorSteps() []step {
	const passkey = `{"id":"` + passkeyID + `","publicKey":"pQECAyYgASFYIPpIyNiMkB8vymhZHc8sBAJQvVZ05l1JXkplLklgsmNa` +
		`IlggJ5Ki+dvh+wYxyuiU7WVsbcsOl0mDmvjUpVP0iRUxRUk=","flags":{"userPresent":true,"userVerified":true}}`
	const address = `{"address":"{mailbox}-joy{at}"}`
	return []step{
		{
			route: "system.createUser", status: 201,
			body: `{"id":"joy","status":"active","identifiers":[{"identifier":"{mailbox}-joy{at}","type":"email"}],` +
				`"verifiable_addresses":[{"address":"{mailbox}-joy{at}","type":"email","verified":true}]}`,
		},
		{route: "system.requestResetTotp", body: address, status: 204},
		{
			route: "system.generateCode", user: "joy", body: `{"type":"reset_totp"}`, status: 201,
			keep: map[string]string{"totp_code": "code"},
		},
		{
			route: "system.completeResetTotp", status: 204,
			body: `{"code":"{totp_code}","userID":"joy","new_totp_secret":"JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"}`,
		},
		{
			route: "system.changeTotpSecret", user: "joy", status: 422, has: `"invalid_code"`,
			body: `{"totp":"12345","new_totp_secret":"JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"}`,
		},
		{route: "system.beginWebAuthnCredentialsGeneration", user: "joy", status: 200, has: `"challenge"`},
		{
			route: "system.completeWebAuthnCredentialsGeneration", user: "joy", status: 422, has: `"/response"`,
			body: `{"rawId":"` + passkeyID + `","type":"public-key","response":{"clientDataJSON":"e30","attestationObject":"oA"}}`,
		},
		{route: "system.requestAddWebAuthn", body: address, status: 204},
		{
			route: "system.generateCode", user: "joy", body: `{"type":"enroll_webauthn"}`, status: 201,
			keep: map[string]string{"passkey_code": "code"},
		},
		{
			route: "system.completeAddWebAuthn", status: 204,
			body: `{"code":"{passkey_code}","identifier":"{mailbox}-joy{at}","new_web_authn":` + passkey + `}`,
		},
		{route: "system.nameWebAuthnKey", user: "joy", body: `{"name":"Smoke test"}`, status: 204},
		{route: "system.deleteWebAuthnKey", user: "joy", status: 204},
	}
}
