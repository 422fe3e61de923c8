package reference

import (
	"fmt"
	"reflect"
	"strings"

	"identitypools/shared/identity"
	"identitypools/shared/once"
)

// topic is a part of the document: the operations of one function.
type topic struct{ function, title string }

// topics returns the topics in their order. A function without a topic is found by the test.
func topics() []topic {
	return []topic{
		{"pools", "Pools and their mails"},
		{"schemas", "Schemas"},
		{"users", "Users"},
		{"activation", "Activation"},
		{"codes", "One-time codes"},
		{"passwords", "Passwords"},
		{"factors", "Authenticator apps and passkeys"},
		{"registration", "Registration"},
		{"recovery", "The way back in"},
		{"workspaces", "Workspaces, connections and applications"},
	}
}

// operations says what each operation does, by its published id. If the admin and the system tree have it
// with two ids, it is that of the admin tree.
func operations() map[string]string {
	return map[string]string{
		"listPools":            "lists pools",
		"createPool":           "makes a pool",
		"getPool":              "reads a pool",
		"updatePool":           "replaces the settings of a pool: registration is closed if `public_registration_allowed` is absent. PATCH changes some settings only",
		"patchPool":            "changes some settings of a pool, and no others",
		"deletePool":           "deletes a pool with its users",
		"checkPoolPermissions": "says what an administrator may do in a pool, by the names of published permissions",
		"listMailTexts":        "lists the texts of the pool's mails",
		"getMailText":          "reads the text of a mail",
		"updateMailText":       "replaces the text of a mail",
		"deleteMailText":       "restores the standard text of a mail",
		"previewMail":          "shows a mail as it would be sent, with a text to try or the present one",

		"listSchemas":  "lists schemas",
		"createSchema": "makes a schema",
		"getSchema":    "reads a schema",
		"updateSchema": "changes a schema. Those of the system can't be changed (403)",
		"patchSchema":  "changes a part of a schema",
		"deleteSchema": "deletes a schema that no pool uses (else 409)",

		"listUsers":                   "lists users of a pool",
		"createUser":                  "makes a user. No mail is sent",
		"getUser":                     "reads a user",
		"updateUser":                  "changes the status and the documents of a user",
		"patchUser":                   "changes parts of the status and the documents of a user",
		"deleteUser":                  "deletes a user",
		"addUserVerifiableAddress":    "adds an address",
		"updateUserVerifiableAddress": "changes an address",
		"deleteUserVerifiableAddress": "removes an address",
		"addUserIdentifier":           "adds an identifier",
		"deleteUserIdentifier":        "removes an identifier",
		"getUserMetadata":             "reads the metadata or the business metadata of a user",
		"setUserMetadata":             "replaces them",
		"systemGetUserByKey":          "finds a user by an identifier or a verified address",
		"listSuppressions":            "lists the addresses of a user to which nothing is sent any more",
		"clearSuppressions":           "allows mails to these addresses again",

		"sendActivationMessage":                       "sends the message that activates a user, and says why if none is sent",
		"selfSendActivationMessage":                   "sends the message that activates a user, and says only what is wrong with the request",
		"generateActivationCode":                      "makes a code that the back end fetches elsewhere: the answer does not have it",
		"activateSelfRegisteredUser":                  "activates a user with a code",
		"activateSelfRegisteredUserUsingExtendedCode": "activates a user with an extended code",

		"generateCode":                "makes a code for a user, which the back end sends itself",
		"generateCodeForUser":         "the same, for a user who is found by an identifier or an address",
		"requestOTPChallenge":         "mails a code that answers a challenge",
		"verifyOTP":                   "redeems a code that answers a challenge",
		"verifyAuthenticationCode":    "redeems a code of the type `authentication`",
		"inspectOTP":                  "says what an extended code is for, and leaves it as it is",
		"requestAddressVerification":  "mails a link (admin) or a code (system) that proves an address",
		"completeAddressVerification": "makes an address a verified one, with a code",

		"verifyPassword":           "verifies a password: 401 for every one that does not let the user in",
		"verifyPasswordV2":         "verifies a password, and answers the outcome",
		"changePassword":           "changes a password, with the present one",
		"deprecatedChangePassword": "the same, at the old path",
		"setPasswordState":         "sets the state of a password",
		"requestResetPassword":     "mails a link or a code with which a user sets a new password",
		"completeResetPassword":    "sets a new password with a code",
		"confirmResetPassword":     "the same, without `address`",

		"changeTotpSecret":                      "replaces an authenticator app, with a code of the present one",
		"requestResetTotp":                      "mails a code to set up an authenticator app",
		"completeResetTotp":                     "sets up an authenticator app with that code",
		"requestAddWebAuthn":                    "mails a code to add a passkey",
		"completeAddWebAuthn":                   "adds a passkey with that code",
		"beginWebAuthnCredentialsGeneration":    "answers what a browser needs to create a passkey. Nothing is stored",
		"completeWebAuthnCredentialsGeneration": "checks what the browser created, and answers the passkey. Nothing is stored",
		"nameWebAuthnKey":                       "names a passkey",
		"deleteWebAuthnKey":                     "removes a passkey",

		"selfRegisterUser":     "registers a user, in the same way whoever has the identifier",
		"publicGetPool":        "reads what a sign-up page needs. 404 while registration is switched off",
		"publicRegister":       "registers a user, and answers a ticket",
		"publicActivate":       "activates a user with a code",
		"publicSendActivation": "sends the message of a registration again",

		"publicRequestReset":   "mails a code or a link with which a user sets a new password",
		"publicConfirmReset":   "sets a new password with a code",
		"resetPasswordConfirm": "the same, at the published path",
		"publicConfirmAddress": "proves an address with the code of a link",

		"listAuthorizationServers":   "lists workspaces",
		"createAuthorizationServer":  "makes a workspace",
		"getAuthorizationServer":     "reads a workspace",
		"updateAuthorizationServer":  "changes a workspace",
		"deleteAuthorizationServer":  "deletes a workspace with its applications and connections",
		"listIDPs":                   "lists the connections of a workspace",
		"createIdentityPoolIDP":      "connects a pool to a workspace",
		"getIdentityPoolIDP":         "reads a connection",
		"updateIdentityPoolIDP":      "changes a connection",
		"deleteIDP":                  "deletes a connection",
		"listIDPsForIdentityPool":    "lists the connections of a pool",
		"listClients":                "lists the applications of a workspace",
		"createClient":               "registers an application, and answers its secret",
		"getClient":                  "reads an application",
		"updateClient":               "changes an application",
		"deleteClient":               "deletes an application",
		"rotateClientSecret":         "makes a new secret. Those before it stay valid",
		"revokeRotatedClientSecrets": "ends the secrets before the last one",

		"pushAuthorizationRequest": "pushes a request (RFC 9126)",
		"adminToken":               "gives a token to an admin client",
		"adminDiscovery":           "says what the token server of admin clients can do",
		"adminMetadata":            "the same, where RFC 8414 looks for it",
		"adminKeys":                "has the keys of its tokens",
		"systemToken":              "gives a token to a system client",
		"systemDiscovery":          "says what the token server of system clients can do",
		"systemMetadata":           "the same, where RFC 8414 looks for it",
		"systemKeys":               "has the keys of its tokens",
		"token":                    "gives tokens to an application",
		"revoke":                   "revokes a token",
		"introspect":               "says what a token is",
		"userinfo":                 "says what is known of the user of an access token",
		"userinfoByPost":           "the same, for a token in a form",
		"discovery":                "says what a workspace can do",
		"metadata":                 "the same, where RFC 8414 looks for it",
		"keys":                     "has the keys of its tokens",
	}
}

// pathParameters says what the parameters of paths are.
func pathParameters() map[string]string {
	return map[string]string{
		"tid":                  "the tenant",
		"ipID":                 "a pool",
		"schID":                "a schema",
		"userID":               "a user",
		"wid":                  "a workspace",
		"iid":                  "a connection",
		"cid":                  "an application",
		"kind":                 "a kind of mail, see [Branding](api.md#branding)",
		"lang":                 "a language: " + oneOf(identity.Languages()...),
		"metadataType":         "`admin` or `business`",
		"webAuthnCredentialID": "a passkey: the id of the credential, or its own in base64url if that has at most 128 characters",
	}
}

// pageTitles says what the pages are, by their paths.
func pageTitles() map[string]string {
	return map[string]string{
		"/{tid}/pools/{ipID}/register":      "the sign-up page",
		"/{tid}/pools/{ipID}/register/code": "the page that takes the code of a registration",
		"/{tid}/pools/{ipID}/activate":      "the page to which links for activation lead",
		"/{tid}/pools/{ipID}/activate/code": "the page that takes the code of an invitation",
		"/{tid}/pools/{ipID}/reset":         "the page for a new password: it asks for an address, or, with the code of a link, for the password",
		"/{tid}/pools/{ipID}/reset/code":    "the page that takes the code for a new password",
		"/{tid}/pools/{ipID}/verify":        "the page to which links lead that prove an address",
		"/{tid}/{wid}/oauth2/authorize":     "where applications send people to sign in",
		"/{tid}/{wid}/signin":               "the page for signing in",
		"/{tid}/{wid}/signin/code":          "the page that takes a code from a mail",
		"/{tid}/{wid}/signin/factor":        "the page that takes a second factor",
		"/{tid}/{wid}/signin/password":      "the page for who must change the password",
		"/{tid}/{wid}/signin/forgot":        "the page that asks for an address and mails a link",
		"/{tid}/{wid}/oidc/logout":          "where applications send people to sign out",
	}
}

// headers returns the table of the headers of requests and answers.
func headers() string {
	list := table("header", "of", "allowed", "meaning").
		row("`Authorization`", "requests with a token", "`Bearer` and the token", "who calls").
		row("`Content-Type`", "requests with a body", "`application/json`, for PATCH also `application/merge-patch+json`; without a coding", "what the body is").
		row("`Idempotency-Key`, `X-Idempotency-Key`", "POST, PUT, PATCH and DELETE",
			fmt.Sprintf("%d to %d visible ASCII characters", once.MinKey, once.MaxKey),
			"a repeat within "+once.Kept.String()+" gets the first answer: see [Idempotency](api.md#conventions)").
		row("`If-Match`, `If-None-Match`", "GET, PUT, PATCH and DELETE of one thing", "tags of `ETag`, or `*`", "the version that is meant: 412 for another one, and 304 to a GET that has it").
		row("`X-Device-Id`", "the verification of a password", fmt.Sprintf("1 to %d visible ASCII characters", identity.MaxDevice), "the device that the password comes from").
		row("`Accept-Language`", "public operations that send a mail", "as in HTTP", "the language, where `lang` is absent").
		row("`ETag`", "answers with one thing", "–", "its version").
		row("`Retry-After`", "429 and 503", "seconds", "when to try again").
		row("`WWW-Authenticate`", "401, and 403 for a token", "–", "what is needed").
		row("`X-Idempotent-Replayed`", "repeated answers", "`true`", "that nothing was done now").
		row("`X-Stopped-After`", "lists that were not searched to the end", "an id", "where to go on").
		row("`X-Request-Id`", "all answers", "–", "names the request in the log")
	return list.String()
}

// errorForm returns the tables of the members of errors. That of violations may have been drawn before.
func (d *document) errorForm() string {
	form := table("field", "type", "meaning").
		row("`status_code`", "whole number", "the status of the answer").
		row("`error`", "text", "what is wrong, in English, for the developer").
		row("`error_code`", "text", "what is wrong, for programs: see [Codes of errors](#codes-of-errors)").
		row("`details`", "object; may be absent", "`violations`: a list of [Violation](#violation), one for each rule that is broken").String()
	return strings.Join(append([]string{form}, d.draw(reflect.TypeFor[identity.Violation](), ofAnswer)...), "\n\n")
}
