package reference

import (
	"fmt"

	"identitypools/shared/identity"
)

// statuses are the statuses of users.
func statuses() string {
	return oneOf(identity.StatusNew, identity.StatusActive, identity.StatusInactive, identity.StatusDeleted)
}

// identifierTypes are the types of identifiers.
func identifierTypes() string {
	return oneOf(identity.TypeEmail, identity.TypeMobile, identity.TypeUID, identity.TypeExternal, identity.TypeFederated)
}

// passwordStates are the states of passwords.
func passwordStates() string {
	return oneOf(identity.StateValid, identity.StateMustBeReset, identity.StateMustBeChanged)
}

func userTypes() map[string]described {
	profile := map[string]field{
		"id":                          {means: "the id"},
		"user_pool_id":                {means: "the pool"},
		"status":                      {allowed: statuses(), means: "only an active user can sign in, only a new one can be activated"},
		"status_updated_at":           {means: "when the status changed last"},
		"payload":                     {kind: "object", means: "what the user has said of themselves"},
		"payload_schema_id":           {means: "the schema of the payload"},
		"metadata":                    {kind: "object", means: "what administrators have noted. Users don't see it"},
		"metadata_schema_id":          {means: "the schema of the metadata"},
		"business_metadata":           {kind: "object", means: "what the business has noted"},
		"business_metadata_schema_id": {means: "the schema of the business metadata"},
		"user_type":                   {means: "what was given when the user was made"},
	}
	return map[string]described{
		"users.listQuery": {title: "Parameters of a list of users", fields: map[string]field{
			"sort":           {allowed: oneOf("id"), absent: "`id`", means: "by what the list is sorted"},
			"after_user_id":  {absent: "the first page", means: "the last user of the page before"},
			"before_user_id": {absent: "no bound", means: "the first user of the page after"},
			"query":          {allowed: "such as `{\"user_key\":\"ann@\"}`", absent: "all users", means: "a filter. A user must match all of its fields"},
		}},
		"users.Filter": {title: "Filter of users", fields: map[string]field{
			"user_key": {absent: "any", means: "the id, or the beginning or the end of an identifier or of a verified address"},
			"payload":  {absent: "any", means: "what the payload must contain: see [Lists](api.md#conventions)"},
			"metadata": {absent: "any", means: "what the metadata must contain"},
		}},
		"wire.Profile": {fields: profile},
		"wire.User": {title: "User", fields: map[string]field{
			"identifiers":          {means: "the names by which the user is found"},
			"verifiable_addresses": {means: "the addresses of the user"},
			"credentials":          {means: "what the user signs in with, without secrets"},
		}},
		"users.entry": {title: "User in a list", fields: map[string]field{
			"identifiers":              {means: "the identifiers"},
			"identifiers_with_details": {means: "the identifiers with their types"},
			"addresses":                {means: "the addresses"},
			"verified addresses":       {means: "the verified addresses. The published name has a space"},
		}},
		"users.identifierDetails": {title: "Identifier in a list", fields: map[string]field{
			"type":  {allowed: identifierTypes(), means: "the type"},
			"value": {means: "the identifier as it was given"},
		}},
		"users.addressState": {title: "Address in a list", fields: map[string]field{
			"address":  {means: "the address as it was given"},
			"verified": {means: "whether it is verified"},
		}},
		"wire.owner": {fields: map[string]field{
			"user_id":      {means: "the user"},
			"user_pool_id": {means: "the pool"},
		}},
		"wire.Identifier": {title: "Identifier", fields: map[string]field{
			"id":            {means: "the id of the identifier"},
			"identifier":    {means: "the identifier as it was given"},
			"identifier_lc": {means: "the form in which it is compared"},
			"type":          {allowed: identifierTypes(), means: "the type"},
			"metadata":      {kind: "object", means: "what was given with it"},
		}},
		"wire.Address": {title: "Address", fields: map[string]field{
			"id":                       {means: "the id of the address"},
			"address":                  {means: "the address as it was given"},
			"address_lc":               {means: "the form in which it is compared"},
			"type":                     {allowed: oneOf(identity.TypeEmail, identity.TypeMobile), means: "the type"},
			"status":                   {allowed: oneOf(identity.StatusActive, identity.StatusInactive), means: "an inactive address gets no codes and no notices"},
			"verified":                 {means: "whether somebody has proved that it is the user's"},
			"verified_at":              {means: "when it was verified"},
			"preferred_contact_method": {allowed: oneOf("sms", "voice"), means: "what was given with it"},
			"metadata":                 {kind: "object", means: "what was given with it"},
		}},
		"wire.credential": {title: "Credential", fields: map[string]field{
			"id":         {means: "the id of the credential"},
			"type":       {allowed: oneOf("password", "totp", "webauthn"), means: "a password, an authenticator app or a passkey"},
			"state":      {allowed: passwordStates(), means: "whether a password can be used. Other credentials are always `valid`"},
			"expires_at": {means: "when a password expires"},
			"payload":    {means: "what can be told of the secret"},
		}},
		"wire.maskedSecret": {title: "Secret", about: "It has the fields of its type of credential. `###` stands for the secret.", fields: map[string]field{
			"hashed_password": {allowed: "`###`", means: "that there is a password"},
			"totp_secret":     {allowed: "`###`", means: "that there is an authenticator app"},
			"public_key":      {allowed: "`###`", means: "that there is a passkey"},
			"credential_id":   {means: "the passkey's own id, in base64url"},
			"name":            {means: "the name that the user gave to the passkey"},
		}},
	}
}

// documents returns the entries of the documents of a user.
func documents(absent, absentSchema string) map[string]field {
	return map[string]field{
		"payload":                     {kind: "object", allowed: aDocument, absent: absent, means: "what the user has said of themselves"},
		"payload_schema_id":           {allowed: "the id of a schema", absent: absentSchema, means: "the schema of the payload"},
		"metadata":                    {kind: "object", allowed: aDocument, absent: absent, means: "what administrators note. Users don't see it"},
		"metadata_schema_id":          {allowed: "the id of a schema", absent: absentSchema, means: "the schema of the metadata"},
		"business_metadata":           {kind: "object", allowed: aDocument, absent: absent, means: "what the business notes"},
		"business_metadata_schema_id": {allowed: "the id of a schema", absent: absentSchema, means: "the schema of the business metadata"},
	}
}

func newUserTypes() map[string]described {
	further := "with all identifiers, addresses and `user_type` of the user at most 48 KB"
	return map[string]described{
		"identity.NewUser": {title: "User to make", fields: merged(documents("`{}`", "that of the pool"), map[string]field{
			"id":                   {allowed: "an id", absent: "a POST makes one", means: "the id, which does not change"},
			"status":               {allowed: statuses(), absent: required, means: "`new` for who is to be activated, `active` for who can sign in at once"},
			"identifiers":          {allowed: fmt.Sprintf("at most %d, each once", identity.MaxIdentifiers), absent: none, means: "the names by which the user is found"},
			"verifiable_addresses": {allowed: fmt.Sprintf("at most %d, each once", identity.MaxAddresses), absent: none, means: "addresses. An identifier that is an e-mail address needs no entry"},
			"credentials":          {allowed: fmt.Sprintf("one password, one authenticator app, %d passkeys", identity.MaxPasskeys), absent: none, means: "what the user signs in with"},
			"user_type":            {allowed: further, absent: none, means: "whatever you want to keep with the user. It cannot be changed"},
		})},
		"identity.NewIdentifier": {title: "Identifier to add", fields: map[string]field{
			"identifier": {
				allowed: fmt.Sprintf("an e-mail address of at most %d bytes, a phone number, or a name of at most %d bytes, without invisible characters",
					EmailLength, IdentifierLength), absent: required, means: "the identifier. It belongs to one user of the pool",
			},
			"type":     {allowed: identifierTypes(), absent: required, means: "the type. A `uid` is a user name"},
			"metadata": {kind: "object", allowed: further, absent: none, means: "whatever you want to keep with it"},
		}},
		"identity.NewAddress": {title: "Address to add", fields: map[string]field{
			"address":                  {allowed: anAddress, absent: required, means: "the address. A verified one belongs to one user of the pool"},
			"type":                     {allowed: oneOf(identity.TypeEmail, identity.TypeMobile), absent: required, means: "the type"},
			"verified":                 {absent: "`false`", means: "whether it is known that the address is the user's"},
			"status":                   {allowed: oneOf(identity.StatusActive, identity.StatusInactive), absent: "`active`", means: "an inactive address gets no codes and no notices"},
			"preferred_contact_method": {allowed: oneOf("sms", "voice"), absent: none, means: "published; it is kept, and nothing depends on it"},
			"metadata":                 {kind: "object", allowed: further, absent: none, means: "whatever you want to keep with it"},
		}},
		"identity.NewCredential": {title: "Credential to add", fields: map[string]field{
			"type":            {allowed: oneOf("password", "totp", "webauthn"), absent: required, means: "the type. Secrets of other types must be absent"},
			"password":        {allowed: "what the [password policy](#password-policy) of the pool allows", absent: "422 if the type is `password`", means: "the password"},
			"must_be_changed": {absent: "`false`", means: "whether the user must change the password after signing in"},
			"must_be_reset":   {absent: "`false`", means: "whether the password works only after a reset. It wins over `must_be_changed`"},
			"totp_secret": {
				allowed: fmt.Sprintf("base32 of %d to %d bytes", identity.MinTOTPSecret, identity.MaxTOTPSecret),
				absent:  "422 if the type is `totp`", means: "the secret of an authenticator app",
			},
			"webauthn_credentials": {absent: "422 if the type is `webauthn`", means: "passkeys, as `webauthn/create/complete` answers them"},
		}},
		"identity.UserChange": {
			title: "User to change", about: "Identifiers, addresses and credentials have operations of their own.",
			fields: merged(documents(stays, stays), map[string]field{
				"status": {allowed: statuses(), absent: stays, means: "a change kills all codes of the user"},
			}),
		},
	}
}

func partTypes() map[string]described {
	return map[string]described{
		"identity.AddressChange": {title: "Address to change", fields: map[string]field{
			"address":                  {allowed: anAddress, absent: required, means: "which address of the user, in any spelling"},
			"type":                     {allowed: "that of the address", absent: stays, means: "the type, which does not change"},
			"verified":                 {absent: "`false`: the address is not verified afterwards", means: "whether it is known that the address is the user's"},
			"status":                   {allowed: oneOf(identity.StatusActive, identity.StatusInactive), absent: required, means: "an inactive address gets no codes and no notices"},
			"preferred_contact_method": {allowed: oneOf("sms", "voice"), absent: stays, means: "published; it is kept, and nothing depends on it"},
			"metadata":                 {kind: "object", allowed: "see [Address to add](#address-to-add)", absent: stays, means: "whatever you want to keep with it"},
		}},
		"users.addressName":    {title: "Address to remove", fields: map[string]field{"address": {allowed: anAddress, absent: required, means: "which address of the user, in any spelling"}}},
		"users.identifierName": {title: "Identifier to remove", fields: map[string]field{"identifier": {absent: required, means: "which identifier of the user, in any spelling"}}},
		"users.metadataBody": {title: "Metadata to write", fields: map[string]field{
			"metadata": {kind: "object", allowed: aDocument, absent: "`{}`", means: "the whole document"},
		}},
		"users.metadataOf": {title: "Metadata", fields: map[string]field{
			"metadata":  {kind: "object", means: "the document"},
			"schema_id": {means: "its schema"},
		}},
		"users.Key": {title: "Key of a user", about: "It has exactly one of the fields.", fields: map[string]field{
			"identifier": {absent: "`address` must be given", allowed: anIdentifier, means: "an identifier of the user, in any spelling"},
			"address":    {absent: "`identifier` must be given", allowed: anAddress, means: "a verified address of the user, in any spelling"},
		}},
		"users.suppressions": {title: "Suppressed addresses", fields: map[string]field{
			"suppressions": {means: "the addresses of the user to which nothing is sent any more"},
		}},
		"identity.Suppression": {title: "Suppressed address", fields: map[string]field{
			"address":    {means: "the address"},
			"reason":     {allowed: oneOf("bounce", "complaint"), means: "whether a mail came back, or the owner has complained"},
			"created_at": {means: "since when"},
		}},
	}
}

func passkeyTypes() map[string]described {
	return map[string]described{
		"identity.NewPasskey": {
			title: "Passkey", about: "It is what `webauthn/create/complete` answers. Send it back as it is.",
			fields: map[string]field{
				"id":                {allowed: "16 to 1023 bytes", absent: required, means: "the passkey's own id"},
				"publicKey":         {allowed: "32 to 1024 bytes: a COSE key", absent: required, means: "the public key"},
				"attestationType":   {allowed: characters(0, 32), absent: none, means: "always `none` in answers"},
				"attestationFormat": ignored("what newer versions of a library send"),
				"transport":         {allowed: "at most 10 of 1 to 32 characters", absent: none, means: "how browsers reach the passkey"},
				"flags":             {absent: "422", means: "what the authenticator said"},
				"authenticator":     {absent: none, means: "what is known of the authenticator"},
				"attestation":       ignored("no attestation is asked for"),
			},
		},
		"identity.PasskeyFlags": {title: "Flags of a passkey", fields: map[string]field{
			"userPresent":    {allowed: "`true`", absent: "422", means: "whether a person was there"},
			"userVerified":   {allowed: "`true`", absent: "422", means: "whether the person was verified, by a PIN or a finger"},
			"backupEligible": {absent: "`false`", means: "whether the passkey can be on several devices"},
			"backupState":    {allowed: "not `true` without `backupEligible`", absent: "`false`", means: "whether it is"},
		}},
		"identity.Authenticator": {title: "Authenticator", fields: map[string]field{
			"AAGUID":       {allowed: "16 bytes", absent: none, means: "the model of the authenticator"},
			"signCount":    {allowed: "0 to 4294967295", absent: "0", means: "its counter of signatures"},
			"cloneWarning": {allowed: "`false`", absent: "`false`", means: "whether the passkey may have been copied"},
			"attachment":   {allowed: oneOf("platform", "cross-platform"), absent: none, means: "whether it is a part of the device"},
		}},
		"identity.PasskeyAttestation": {title: "Attestation", about: "It is accepted and ignored.", fields: map[string]field{
			"clientDataJSON":     ignored("what the browser signed"),
			"clientDataHash":     ignored("its hash"),
			"authenticatorData":  ignored("what the authenticator said"),
			"publicKeyAlgorithm": ignored("the algorithm of the key"),
			"object":             ignored("the attestation"),
		}},
	}
}
