package reference

import (
	"fmt"

	"identitypools/shared/factor"
	"identitypools/shared/identity"
	"identitypools/shared/prove"
)

func codeTypes() map[string]described {
	oldID := field{absent: "`userID` counts", means: "the old name of `userID`. It wins"}
	code := field{allowed: "a short or an extended code", absent: required, means: "the code from the mail"}
	named := map[string]field{
		"code":       code,
		"identifier": {allowed: anIdentifier + "; not together with `userID`", absent: "a short code needs `userID`", means: "the user, by an identifier"},
		"userID":     {absent: "a short code needs `identifier`", means: "the user, by id"},
		"id":         oldID,
	}
	return map[string]described{
		"wire.ServerQuery": {},
		"activation.Request": {title: "Address for activation", fields: map[string]field{
			"address":    {allowed: anAddress + ", of the user", absent: "the only address that waits", means: "where the code goes, and what it proves"},
			"identifier": {absent: "`address` counts", means: "the old name of `address`. It wins"},
		}},
		"wire.MessageQuery": {title: "Parameters of an activation message", fields: map[string]field{
			"mode":                {allowed: oneOf(identity.ModeRegistration, identity.ModeInvitation), absent: "`registration`; on the admin tree `invitation`, unless the user signed up", means: "the wording: to somebody who signed up, or to somebody who is invited"},
			"post_activation_url": {allowed: fmt.Sprintf("an https URL of at most %d bytes whose origin the deployment allows", identity.MaxReturnURL), absent: "the page says that the account is active", means: "where the page of the link leads in the end"},
		}},
		"activation.codeID": {title: "Name of a code", fields: map[string]field{"code_id": {means: "names this code. It is not the code"}}},
		"activation.proof": {title: "Activation of a user", fields: map[string]field{
			"code":        {allowed: "a short or an extended code, or the whole link; without a user in the path an extended one", absent: required, means: "the code from the message"},
			"otp_address": {allowed: anAddress, absent: "any address of the user", means: "the address that the code was sent to"},
			"password":    {allowed: "what the [password policy](#password-policy) of the pool allows", absent: "that of the registration: see [api.md](api.md#where-the-published-description-is-silent-or-wrong)", means: "the password of the user"},
			"totp_secret": {allowed: fmt.Sprintf("base32 of %d to %d bytes", identity.MinTOTPSecret, identity.MaxTOTPSecret), absent: none, means: "the secret of an authenticator app"},
			"webauthn":    {allowed: fmt.Sprintf("at most %d", identity.MaxPasskeys), absent: none, means: "passkeys of the user"},
		}},
		"codes.Request": {title: "Code to make", fields: map[string]field{
			"type":       {allowed: purposes(), absent: required, means: "what the code is for"},
			"address":    {allowed: anAddress + ", of the user", absent: "the only address that fits", means: "the address that the code proves"},
			"identifier": {absent: "`address` counts", means: "the old name of `address`. It wins"},
			"metadata":   ignored("published without a meaning"),
		}},
		"codes.UserRequest": {title: "Code to make for a user", fields: map[string]field{
			"type":       {allowed: purposes(), absent: required, means: "what the code is for"},
			"userID":     {absent: "`identifier` must be given", means: "the user, by id. It wins"},
			"identifier": {allowed: anIdentifier, absent: "`userID` must be given; for `reset_password` and `challenge`, `address` is enough", means: "the user, by an identifier"},
			"address":    {allowed: anAddress + ", of the user", absent: "the only address that fits", means: "the address that the code proves"},
			"metadata":   ignored("published without a meaning"),
		}},
		"wire.Code": {title: "Code", fields: map[string]field{
			"code":          {means: "the short code. It needs its user besides"},
			"extended_code": {means: "the extended code, for links. It contains its user"},
		}},
		"codes.languageQuery":  {title: "Parameters of a mail with a code"},
		"codes.addressRequest": {title: "Address for a code", fields: map[string]field{"address": {allowed: anAddress + ", of the user", absent: required, means: "where the code goes"}}},
		"askcode.Request": {title: "Address and user for a code", fields: map[string]field{
			"address":    {allowed: anAddress, absent: required, means: "where the code goes"},
			"identifier": {allowed: anIdentifier + "; not together with `userID`", absent: "the user is the one whose address it is", means: "the user, by an identifier. Then any address of the user may be given"},
			"userID":     {absent: "the user is the one whose address it is", means: "the user, by id. Then any address of the user may be given"},
		}},
		"codes.codeOnly": {title: "Code to check", fields: map[string]field{"code": {allowed: "a short or an extended code; to inspect it, an extended one", absent: required, means: "the code from the mail"}}},
		"codes.userID":   {title: "Id of a user", fields: map[string]field{"id": {means: "the user"}}},
		"codes.proof":    {title: "Code and user", fields: named},
		"codes.inspected": {title: "What a code is for", fields: map[string]field{
			"user_id":      {means: "the user"},
			"code_type":    {allowed: purposes(), means: "what the code is for"},
			"password_set": {means: "whether the user has a password"},
		}},
		"codes.completion": {title: "Proof of an address", fields: map[string]field{"code": code, "address": {allowed: anAddress + ", of the user", absent: required, means: "the address that is proved"}}},
	}
}

func factorTypes() map[string]described {
	named := map[string]field{
		"code":       {allowed: "a short or an extended code", absent: required, means: "the code from the mail"},
		"address":    {allowed: anAddress, absent: "a short code needs one of the three", means: "the user, by an address"},
		"identifier": {allowed: anIdentifier + "; not together with `userID`", absent: "a short code needs one of the three", means: "the user, by an identifier"},
		"userID":     {absent: "a short code needs one of the three", means: "the user, by id"},
	}
	return map[string]described{
		"factors.totpChange": {title: "Authenticator app to replace", fields: map[string]field{
			"totp": {allowed: "six digits", absent: required, means: "what the present app shows"},
		}},
		"wire.CodeQuery":    {title: "Parameters of a mail with a code or a link"},
		"factors.proof":     {fields: named},
		"factors.totpReset": {title: "Authenticator app to set"},
		"factors.addition": {title: "Passkey to add", fields: map[string]field{
			"new_web_authn": {absent: required, means: "the passkey, as `webauthn/create/complete` answers it"},
		}},
		"factors.Creation": {title: "Passkey to create", about: "Give it to `PublicKeyCredential.parseCreationOptionsFromJSON`.", fields: map[string]field{
			"publicKey": {means: "the argument of `navigator.credentials.create`"},
		}},
		"factors.CreationOptions": {title: "Options of a passkey", fields: map[string]field{
			"rp":                     {means: "the host to which the passkey belongs"},
			"user":                   {means: "the user, as the authenticator shows it"},
			"challenge":              {means: "what the authenticator signs, in base64url"},
			"pubKeyCredParams":       {means: "the algorithms, the best first"},
			"timeout":                {allowed: fmt.Sprint(factor.ChallengeLifetime.Milliseconds()), means: "how long the challenge is good, in milliseconds"},
			"excludeCredentials":     {means: "the passkeys that the user has"},
			"authenticatorSelection": {means: "what the passkey must be able to do"},
			"attestation":            {allowed: "`none`", means: "that the model of the authenticator does not matter"},
		}},
		"factors.site": {title: "Host of a passkey", fields: map[string]field{"id": {means: "the host"}, "name": {means: "the name of the pool"}}},
		"factors.user": {title: "User of a passkey", fields: map[string]field{
			"id": {means: "a handle, in base64url. It does not tell who the user is"}, "name": {means: "the name of the user"}, "displayName": {means: "the same"},
		}},
		"factors.parameter": {title: "Algorithm of a passkey", fields: map[string]field{"type": {allowed: "`public-key`", means: "the type"}, "alg": {allowed: "-8, -7 or -257", means: "EdDSA, ES256 or RS256"}}},
		"factors.known": {title: "Known passkey", fields: map[string]field{
			"type": {allowed: "`public-key`", means: "the type"}, "id": {means: "the passkey's own id, in base64url"}, "transports": {means: "how browsers reach it"},
		}},
		"factors.selection": {title: "Selection of authenticators", fields: map[string]field{
			"residentKey":        {allowed: "`required`", means: "the passkey can be found without a user name"},
			"requireResidentKey": {allowed: "`true`", means: "the same, for older browsers"},
			"userVerification":   {allowed: "`required`", means: "the authenticator verifies the person"},
		}},
		"factors.Created": {title: "Created passkey", about: "It is what `PublicKeyCredential.toJSON()` returns.", fields: map[string]field{
			"id":                      {allowed: "`rawId` in base64url", absent: "`rawId` counts", means: "the passkey's own id"},
			"rawId":                   {absent: required, means: "the same"},
			"type":                    {allowed: "`public-key`", absent: required, means: "the type"},
			"authenticatorAttachment": {absent: none, means: "whether the authenticator is a part of the device"},
			"clientExtensionResults":  ignored("no extension is asked for"),
			"response":                {absent: required, means: "what the authenticator returned"},
		}},
		"factors.Attested": {title: "Response of an authenticator", fields: map[string]field{
			"attestationObject":  {absent: required, means: "the passkey"},
			"clientDataJSON":     {absent: required, means: "what was signed"},
			"authenticatorData":  ignored("`attestationObject` contains it"),
			"publicKey":          ignored("`attestationObject` contains it"),
			"publicKeyAlgorithm": ignored("`attestationObject` contains it"),
			"transports":         {absent: none, means: "how browsers reach the passkey"},
		}},
		"factors.passkeys": {title: "Passkeys", fields: map[string]field{"credentials": {means: "the passkey, which is not stored yet"}}},
		"factors.naming":   {title: "Name of a passkey", fields: map[string]field{"name": {allowed: characters(1, identity.MaxPasskeyName), absent: required, means: "the name"}}},
	}
}

func passwordTypes() map[string]described {
	return map[string]described{
		"passwords.request": {title: "Password to verify", fields: map[string]field{
			"password":   {absent: required, means: "the password"},
			"identifier": {allowed: anIdentifier, absent: "`userID` must be given", means: "the user, by an identifier"},
			"userID":     {absent: "`identifier` must be given", means: "the user, by id. It wins"},
			"id":         {absent: "`userID` counts", means: "the old name of `userID`. It wins"},
		}},
		"passwords.proved": {title: "Right password", fields: map[string]field{
			"id":    {means: "the user"},
			"state": {allowed: passwordStates(), means: "whether the user must do something with the password first"},
		}},
		"passwords.verdict": {title: "Outcome of a password", fields: map[string]field{
			"result": {allowed: oneOf(prove.Correct, prove.Incorrect, prove.Expired, prove.NoPassword, prove.NotFound), means: "the outcome. Only the first one lets the user in"},
		}},
		"passwords.change":       {title: "Password to change", fields: map[string]field{"old_password": {absent: required, means: "the present password"}}},
		"passwords.stateRequest": {title: "State of a password", fields: map[string]field{"state": {allowed: passwordStates(), absent: required, means: "the new state. The user must have a password"}}},
		"passwords.resetRequest": {title: "Address for a reset", fields: map[string]field{"address": {allowed: anAddress + ", of the user", absent: required, means: "where the link goes"}}},
		"passwords.confirmation": {title: "Password to set by a code", fields: map[string]field{
			"code":       {allowed: "a short or an extended code", absent: required, means: "the code from the mail"},
			"identifier": {allowed: anIdentifier + "; not together with `userID`", absent: "a short code needs another name of the user", means: "the user, by an identifier"},
			"userID":     {absent: "a short code needs another name of the user", means: "the user, by id"},
		}},
		"passwords.reset": {title: "Password to set", fields: map[string]field{"address": {allowed: anAddress, absent: "a short code needs another name of the user", means: "the user, by an address"}}},
	}
}
