package reference

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"identitypools/shared/api"
	"identitypools/shared/identity"
	"identitypools/shared/mail"
	"identitypools/shared/schema"
)

// types returns the entries of all types of queries, bodies and answers, by their names in Go.
func types() map[string]described {
	return merged(
		poolTypes(), policyTypes(), brandingTypes(), mailTypes(), schemaTypes(), userTypes(), newUserTypes(), partTypes(),
		passkeyTypes(), codeTypes(), factorTypes(), passwordTypes(), registrationTypes(), recoveryTypes(), signInTypes(),
		tokenTypes(), providerTypes(), workspaceTypes(), applicationTypes(), connectionTypes(),
	)
}

// common returns the entries of the fields and parameters that mean the same wherever no type says something
// else.
func common() map[string]field {
	return map[string]field{
		"tenant_id":  {by: onlyAnswers, allowed: "that of the path", means: "the tenant"},
		"created_at": answered("when it was made"),
		"updated_at": answered("when it was changed last"),
		"lang": {
			allowed: oneOf(identity.Languages()...), absent: "see [Languages](api.md#conventions)",
			means: "the language of the mail, and of the page to which it leads",
		},
		"code_type_in_message": {
			allowed: oneOf(identity.CodeTypeLink, identity.CodeTypeShort), absent: "`link`",
			means: "whether the mail has a link, or a code that is typed in",
		},
		"server_id": ignored("the workspace whose look the mail has: here it has the look of the pool"),
		"limit": {
			kind: "whole number", allowed: between(1, api.MaxLimit), absent: fmt.Sprint(api.DefaultLimit),
			means: "the largest number of items in the answer",
		},
		"order": {allowed: "`asc`, `acs`, which is the same, or `desc`", absent: "`asc`", means: "the order of the list"},
		"altcha": {
			allowed: "the solution of a [challenge](api.md#proof-of-work)", absent: "the mail may have to wait",
			means: "a proof of work. One that is wrong counts as absent",
		},
		"new_password": {
			absent: required, allowed: "what the [password policy](#password-policy) of the pool allows",
			means: "the new password",
		},
		"new_totp_secret": {
			absent: required, means: "the secret of the new authenticator app",
			allowed: fmt.Sprintf("base32 of %d to %d bytes, in either case, also with spaces and dashes", identity.MinTOTPSecret, identity.MaxTOTPSecret),
		},
	}
}

const (
	anAddress    = "an e-mail address, or a phone number such as `+15550100`"
	anIdentifier = "an e-mail address, a phone number or a user name"
	aDocument    = "an object of at most 64 KB that its schema accepts"
)

// kept says that a setting stays as it is where it is absent, and what a new thing gets.
func kept(usual string) string { return stays + "; " + usual + " for a new one" }

// mechanisms are the values of authentication_mechanisms.
func mechanisms() string {
	return oneOf(identity.MechanismPassword, identity.MechanismEmailOTP, identity.MechanismOTP,
		identity.MechanismTOTP, identity.MechanismWebAuthn, identity.MechanismSMSOTP)
}

func poolTypes() map[string]described {
	return map[string]described{
		"pools.listQuery": {title: "Parameters of a list of pools", fields: map[string]field{
			"search_phrase":  {absent: "all pools", means: "what the id or the name contains, in whatever case"},
			"sort":           {allowed: oneOf("id", "name"), absent: "`id`", means: "by what the list is sorted"},
			"after_pool_id":  {absent: "the first page", means: "the last pool of the page before"},
			"before_pool_id": {absent: "no bound", means: "the first pool of the page after"},
		}},
		"pools.deleteQuery": {title: "Parameters of the deletion of a pool", fields: map[string]field{
			"with_idp": ignored("whether the connections of the pool are deleted too: they are not"),
		}},
		"identity.PoolChange": {
			title: "Pool to write",
			about: "A POST makes a pool. A PUT replaces texts and booleans, so those that are absent are emptied or switched off.\n" +
				"Other settings that are absent stay. An empty list counts as absent.",
			fields: map[string]field{
				"id":           {allowed: "an id; in a PUT only that of the path", absent: "a POST makes one", means: "the id, which does not change"},
				"name":         {allowed: characters(1, NameLength), absent: required, means: "the name that people see"},
				"description":  {allowed: fmt.Sprintf("at most %d characters", DescriptionLength), absent: "`\"\"`", means: "what it is for. Line breaks are stored as LF"},
				"badge_color":  {allowed: "`#rgb`, `#rrggbb` or a name of CSS", absent: "`\"\"`", means: "the color of pages and mails"},
				"workspace_id": {allowed: "an id", absent: none, means: "a note. Nothing depends on it: a [connection](#connection-to-write) says where users sign in"},
				"metadata":     {kind: "object", allowed: "at most " + kb(identity.MaxDocument), absent: stays, means: "whatever you want to keep with the pool"},
				"payload_schema_id": {
					allowed: "the id of a schema", absent: kept("`" + identity.DefaultPayloadSchema + "`"),
					means: "the schema of the payload of new users",
				},
				"metadata_schema_id": {
					allowed: "the id of a schema", absent: kept("`" + identity.DefaultMetadataSchema + "`"),
					means: "the schema of the metadata of new users",
				},
				"business_metadata_schema_id": {
					allowed: "the id of a schema", absent: kept("none"),
					means: "the schema of the business metadata of new users",
				},
				"public_registration_allowed": {absent: "`false`", means: "whether people may register themselves"},
				"identifier_case_insensitive": {
					allowed: "can change only while the pool has no users (409)", absent: kept("`true`"),
					means: "whether identifiers that differ in case are the same",
				},
				"authentication_mechanisms": {
					allowed: "each once: " + mechanisms(), absent: kept("`[\"password\"]`"),
					means: "how users sign in",
				},
				"preferred_authentication_mechanism": {
					allowed: "one of `authentication_mechanisms`", means: "the one that is offered first",
					absent: "stays if it is still in the list, else the first of the list",
				},
				"second_factor_authentication_mechanisms": {
					allowed: "each once: " + mechanisms(), absent: kept("none"), means: "what users need besides",
				},
				"second_factor_preferred_authentication_mechanism": {
					allowed: "one of `second_factor_authentication_mechanisms`", means: "the one that is offered first",
					absent: "stays if it is still in the list, else none",
				},
				"second_factor_threshold": {allowed: "any number", absent: kept("0"), by: you, means: "published; it is kept, and nothing depends on it"},
				"mfa_session_ttl":         {allowed: "not negative", absent: kept("none"), means: "published; it is kept, and nothing depends on it"},
				"otp_settings": {
					allowed: "by purpose: " + purposes(), absent: stays, means: "length and lifetime of one-time codes",
				},
				"password_policy":            {absent: stays, means: "which new passwords are accepted"},
				"password_settings":          {absent: stays, means: "how long passwords are valid"},
				"reset_credentials_settings": {absent: "self-service is allowed", means: "who may set a new password"},
				"limits":                     {absent: stays, means: "how many mails and guesses there may be"},
				"branding":                   {absent: stays, means: "how pages and mails look and what they say"},
				"sign_in_url": {
					allowed: fmt.Sprintf("an https URL of at most %d bytes, an http URL of this machine, or `\"\"`", SignInURLLength),
					absent:  kept("none"), means: "where the last pages lead people who are done",
				},
				"system":                   answered("`false`: there are no pools of the system"),
				"deleted":                  answered("`false`: a deleted pool is not found"),
				"number_of_users":          answered("how many users the pool has, some seconds ago"),
				"number_of_standard_users": answered("the same number"),
				"number_of_jit_users":      answered("0: users who come from elsewhere are not served"),
			},
		},
		"identity.Pool": {like: "identity.PoolChange"},
		"pools.response": {title: "Pool", like: "identity.PoolChange", fields: map[string]field{
			"id":       {means: "the id"},
			"warnings": {means: "what keeps people from signing in, although the settings are valid"},
		}},
		"identity.Rule": {fields: map[string]field{
			"reason": {means: "what the field must be, in English"},
			"code":   {allowed: "see [Codes of violations](#codes-of-violations)", means: "the same for programs"},
			"params": {kind: "object", means: "the values that the sentence has, by their names"},
		}},
		"identity.Violation": {title: "Violation", fields: map[string]field{
			"pointer": {means: "the field, as a JSON Pointer (RFC 6901); or the name of the parameter or of the header"},
		}},
	}
}

// purposes returns the purposes of codes.
func purposes() string { return oneOf(slices.Sorted(maps.Keys(identity.CodeLifetimes()))...) }

// codeTimes returns the bounds or the defaults of the lifetimes of codes.
func codeTimes(of func(identity.Lifetime) string) string {
	all := identity.CodeLifetimes()
	byTime := map[string][]string{}
	for _, purpose := range slices.Sorted(maps.Keys(all)) {
		byTime[of(all[purpose])] = append(byTime[of(all[purpose])], "`"+string(purpose)+"`")
	}
	var texts []string
	for _, time := range slices.Sorted(maps.Keys(byTime)) {
		texts = append(texts, time+" for "+strings.Join(byTime[time], ", "))
	}
	return strings.Join(texts, "; ")
}

func policyTypes() map[string]described {
	counted := func(of string) field {
		return field{allowed: between(0, PolicyCount), absent: kept("0"), means: "how many " + of + " a new password must have"}
	}
	return map[string]described{
		"identity.CodePolicyChange": {title: "Code settings to write", fields: map[string]field{
			"length": {
				allowed: between(identity.MinCodeLength, identity.MaxCodeLength), absent: kept(fmt.Sprint(identity.MinCodeLength)),
				means: "the number of digits of a short code",
			},
			"ttl": {
				allowed: codeTimes(func(l identity.Lifetime) string { return l.Shortest.String() + " to " + l.Longest.String() }),
				absent:  stays + "; for a new pool " + codeTimes(func(l identity.Lifetime) string { return l.Usual.String() }),
				means:   "how long a code is valid",
			},
		}},
		"identity.CodePolicy": {title: "Code settings", like: "identity.CodePolicyChange"},
		"identity.PasswordPolicyChange": {title: "Password policy to write", fields: map[string]field{
			"min_length": {
				allowed: between(identity.MinPasswordLength, identity.MaxPasswordMinLength), means: "the least number of characters",
				absent: fmt.Sprintf("%s; for a new pool %d, or %d if a password is the only factor", stays, identity.MinPasswordLength, identity.MinPasswordLengthSole),
			},
			"capital_letters":    counted("capital letters"),
			"lowercase_letters":  counted("lowercase letters"),
			"digits":             counted("digits"),
			"special_characters": counted("characters that are no letters and no digits"),
			"not_used_since": {
				allowed: between(0, PolicyCount), absent: kept("0"),
				means: "from how many passwords a new one must differ: 1 means the present one alone",
			},
			"strength": {
				allowed: oneOf("any", "weak", "fair", "strong", "very_strong"), absent: kept("`any`"),
				means: "how hard to guess a new password must be. Common passwords are always refused",
			},
		}},
		"identity.PasswordPolicy": {title: "Password policy", like: "identity.PasswordPolicyChange"},
		"identity.PasswordSettingsChange": {title: "Password settings to write", fields: map[string]field{
			"expires_after":  {allowed: "`0s` to `" + LongestExpiry + "`", absent: kept("never"), means: "after what time a password must be changed; 0 means never"},
			"hashing_method": {allowed: "any text", absent: "`argon2`", by: onlyAnswers, means: "always `argon2`: new hashes are argon2id"},
		}},
		"identity.PasswordSettings": {title: "Password settings", like: "identity.PasswordSettingsChange", fields: map[string]field{
			"hashing_method": {allowed: "`argon2`", means: "new hashes are argon2id"},
		}},
		"identity.ResetSettings": {title: "Reset settings", fields: map[string]field{
			"do_not_allow_users_to_self_reset_credentials": {
				absent: "`false`", means: "whether only administrators and back ends may start the reset of a password",
			},
		}},
		"identity.LimitsChange": {title: "Limits to write", fields: limits()},
		"identity.Limits":       {title: "Limits", like: "identity.LimitsChange"},
	}
}

func brandingTypes() map[string]described {
	url := func(of string) field {
		return field{
			allowed: fmt.Sprintf("an https URL of at most %d characters, or `\"\"`", URLLength), absent: kept("none"), means: "the URL of " + of,
		}
	}
	return map[string]described{
		"identity.BrandingChange": {title: "Branding to write", about: "A text that is `\"\"` is cleared.", fields: map[string]field{
			"language":        {allowed: oneOf(identity.Languages()...), absent: kept("`en`"), means: "the language where nothing says which one the reader prefers"},
			"logo_url":        url("a logo, on pages and in mails"),
			"terms_url":       url("the terms of use"),
			"privacy_url":     url("the privacy policy"),
			"sender_name":     {allowed: characters(0, SenderLength) + ", without `@`, `<`, `>`, `\"` and `=?`", absent: kept("the name of the pool or of the deployment's sender"), means: "the name before the address that mails come from"},
			"reply_to":        {allowed: "an e-mail address, in ASCII before the @, or `\"\"`", absent: kept("none"), means: "the address to which people answer"},
			"code_in_subject": {absent: kept("`false`"), means: "whether mails have their code in the subject"},
			"texts":           {allowed: "by language: " + oneOf(identity.Languages()...) + "; at most 16 KB together", absent: kept("none"), means: "words of your own on pages. They are replaced as a whole"},
		}},
		"identity.Branding":     {title: "Branding", like: "identity.BrandingChange"},
		"registration.branding": {title: "Branding for pages", like: "identity.BrandingChange"},
		"identity.PageText": {title: "Texts of pages", fields: map[string]field{
			"title":  {allowed: characters(0, TitleLength), absent: "the usual words", means: "the title of the sign-up page"},
			"intro":  {allowed: characters(0, ParagraphLength), absent: "the usual words", means: "what stands below the title"},
			"done":   {allowed: characters(0, ParagraphLength), absent: "the usual words", means: "what stands on the last page"},
			"labels": {allowed: "by the property, such as `plan`, or by property and value, such as `plan=pro`: " + characters(1, TitleLength), absent: "the titles of the schema", means: "the labels of the fields of the payload, and of the values of an `enum`"},
		}},
	}
}

func mailTypes() map[string]described {
	return map[string]described{
		"pools.mailQuery": {title: "Parameters of a list of mails", fields: map[string]field{
			"kind": {allowed: "a kind of mail, see [Branding](api.md#branding)", absent: "all kinds", means: "the kind of the mails"},
			"lang": {allowed: oneOf(identity.Languages()...), absent: "all languages", means: "the language of the mails"},
		}},
		"identity.MailTextChange": {title: "Mail to write", fields: map[string]field{
			"subject":    {allowed: fmt.Sprintf("1 to %d characters, one line, without the code or the link", mail.MaxSubject), absent: stays, means: "the subject. `{name}` stands for a value"},
			"body":       {allowed: fmt.Sprintf("1 to %d characters; the code or the link once, in a paragraph of its own", mail.MaxBody), absent: stays, means: "paragraphs that are divided by blank lines"},
			"kind":       {allowed: "that of the path", by: onlyAnswers, means: "the kind of the mail"},
			"language":   {allowed: "that of the path", by: onlyAnswers, means: "the language of the mail"},
			"own":        answered("whether the pool has replaced the text"),
			"variables":  answered("the names of the values that the text may have in braces"),
			"updated_at": answered("when the pool changed the text last"),
		}},
		"pools.mailText": {title: "Mail", like: "identity.MailTextChange"},
		"pools.mailTextList": {title: "Mails", fields: map[string]field{
			"mails": {means: "all texts that the parameters choose. They are not divided into pages"},
		}},
		"pools.preview": {title: "Preview of a mail", about: "The values in it are made up.", fields: map[string]field{
			"subject": {means: "the subject"},
			"text":    {means: "the part in plain text"},
			"html":    {means: "the part in HTML. Show it in a frame with `sandbox`"},
		}},
	}
}

func schemaTypes() map[string]described {
	return map[string]described{
		"identity.SchemaChange": {title: "Schema to write", about: "A PUT replaces the whole schema.", fields: map[string]field{
			"id":          {allowed: "an id; in a PUT only that of the path", absent: "a POST makes one", means: "the id, which does not change"},
			"name":        {allowed: characters(1, NameLength), absent: required, means: "the name for administrators"},
			"description": {allowed: fmt.Sprintf("at most %d characters", DescriptionLength), absent: "`\"\"`", means: "what it is for. Line breaks are stored as LF"},
			"schema": {
				kind: "object", absent: required, means: "a JSON Schema, in the subset that the published form can carry",
				allowed: fmt.Sprintf("at most %s, %d levels, %d schemas, %d values of an `enum`, %d patterns of %d characters",
					kb(schema.MaxDocument), schema.MaxDepth, schema.MaxNodes, schema.MaxEnum, schema.MaxPatterns, schema.MaxPattern),
			},
			"system": {allowed: "only a POST can set it", absent: "`false`", means: "whether the schema can be neither changed nor deleted, like the two that every tenant has"},
		}},
		"identity.Schema": {title: "Schema", like: "identity.SchemaChange", fields: map[string]field{
			"id":     {means: "the id"},
			"system": {means: "whether the schema can be neither changed nor deleted"},
		}},
		"schemas.list": {title: "List of schemas", fields: map[string]field{
			"schemas": {means: "all schemas of the tenant. They are not divided into pages"},
		}},
	}
}
