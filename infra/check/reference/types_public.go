package reference

import (
	"fmt"

	"identitypools/shared/identity"
	"identitypools/shared/oidc"
	"identitypools/shared/work"
)

func registrationTypes() map[string]described {
	short := field{allowed: oneOf(identity.CodeTypeShort, identity.CodeTypeLink), absent: "`code`", means: "whether the mail has a code that is typed in, or a link"}
	return map[string]described{
		"registration.registerQuery": {title: "Parameters of a registration", fields: map[string]field{
			"send_activation_message": {absent: "`true`", means: "whether a mail with a code is sent. If not, the back end makes a code and sends it"},
		}},
		"identity.SelfRegistration": {title: "User to register", fields: map[string]field{
			"identifier":           {allowed: anIdentifier, absent: required, means: "the identifier. Its type is inferred"},
			"otp_address":          {allowed: anAddress + ", not of the type of the identifier", absent: "the identifier must be an address", means: "the address to which the code goes"},
			"password":             {allowed: "what the [password policy](#password-policy) of the pool allows", absent: "it is given with the code", means: "the password"},
			"payload":              {kind: "object", allowed: aDocument, absent: "`{}`", means: "what the user says of themselves"},
			"totp_secret":          {allowed: "`\"\"`", by: nobody, means: "not served yet: 422"},
			"webauthn_credentials": {allowed: "`[]`", by: nobody, means: "not served yet: 422"},
		}},
		"registration.userID":             {title: "Id of a registered user", fields: map[string]field{"id": {means: "the user who has the identifier"}}},
		"registration.publicRegistration": {title: "Registration by a browser", like: "identity.SelfRegistration"},
		"registration.publicQuery":        {title: "Parameters of a mail to a browser", fields: map[string]field{"code_type_in_message": short}},
		"registration.form": {title: "Pool for browsers", like: "identity.PoolChange", fields: map[string]field{
			"id":             {means: "the pool"},
			"branding":       {means: "how the page looks and what it says"},
			"description":    {allowed: fmt.Sprintf("at most %d characters", DescriptionLength), means: "the description of the pool"},
			"otp_settings":   {allowed: "by purpose: " + oneOf(identity.PurposeActivation, identity.PurposeResetPassword, identity.PurposeVerifyAddress), means: "length and lifetime of the codes that pages take"},
			"limits":         {means: "what a page tells people of the limits"},
			"payload_schema": {kind: "object", means: "the schema of the payload"},
			"proof_of_work":  {means: "a challenge, while mails are scarce"},
		}},
		"registration.shownLimits": {title: "Limits for browsers", fields: map[string]field{"mail_pause": {means: "how long to wait before another mail is asked for"}}},
		"work.Challenge": {title: "Challenge", about: "See [Proof of work](api.md#proof-of-work).", fields: map[string]field{
			"algorithm": {allowed: "`SHA-256`", means: "the algorithm"}, "challenge": {means: "the hash that is looked for"},
			"maxnumber": {allowed: fmt.Sprint(work.MaxNumber), means: "the largest number to try"},
			"salt":      {means: "what stands before the number"}, "signature": {means: "shows that the challenge is one of this deployment"},
		}},
		"registration.ticket": {title: "Ticket", fields: map[string]field{
			"ticket":     {means: "names the registration. Keep it in the page, and send it with the code"},
			"expires_at": {means: "until when messages can be sent again with it"},
		}},
		"registration.presented": {title: "Activation by a browser", fields: map[string]field{
			"ticket":   {absent: "the code must be that of a link", means: "the ticket of the registration"},
			"code":     {allowed: "a short or an extended code, or the whole link", absent: required, means: "the code from the mail"},
			"password": {allowed: "what the [password policy](#password-policy) of the pool allows", absent: "that of the registration, with its ticket; else 422 if the pool uses passwords", means: "the password. It wins over that of the registration"},
		}},
		"registration.status": {title: "Status of a user", fields: map[string]field{"status": {allowed: "`active`", means: "the status"}}},
		"registration.addressed": {title: "Message to send again", fields: map[string]field{
			"ticket":     {absent: "`address` must be given", means: "the ticket of the registration. It wins"},
			"address":    {allowed: anIdentifier, absent: "`ticket` must be given", means: "the address or the name that was registered"},
			"identifier": {absent: "`address` counts", means: "the old name of `address`"},
		}},
		"registration.accepted": {title: "Nothing", about: "The answer is `{}`, whatever becomes of the request."},
		"registration.pageQuery": {title: "Parameters of the pages for signing up", fields: map[string]field{
			"lang":      {allowed: oneOf(identity.Languages()...), absent: "the browser's, else the pool's", means: "the language of the page"},
			"return_to": {allowed: fmt.Sprintf("an https URL of at most %d bytes whose origin the deployment allows", identity.MaxReturnURL), absent: "the last page says that the account is active", means: "where the person goes in the end"},
			"code":      {absent: "none", means: "the extended code, in links of mails"},
		}},
	}
}

func recoveryTypes() map[string]described {
	return map[string]described{
		"recovery.askQuery": {title: "Parameters of a mail for a reset", like: "registration.publicQuery"},
		"recovery.asked":    {title: "Address for a way back in", fields: map[string]field{"address": {allowed: anAddress, absent: required, means: "an address of the user"}}},
		"recovery.confirmed": {title: "Password to set by a browser", fields: map[string]field{
			"identifier": {allowed: anIdentifier, absent: "the code must be that of a link", means: "the user. A short code needs it"},
			"code":       {allowed: "a short or an extended code, or the whole link", absent: required, means: "the code from the mail"},
		}},
		"recovery.proved": {title: "Proof of an address by a browser", fields: map[string]field{
			"code":    {allowed: "that of a link", absent: required, means: "the code from the mail"},
			"address": {allowed: anAddress, absent: required, means: "the address that the mail went to"},
		}},
		"recovery.pageQuery": {title: "Parameters of the pages for a way back in", like: "registration.pageQuery", fields: map[string]field{
			"return_to": {allowed: fmt.Sprintf("an https URL of at most %d bytes whose origin the deployment allows", identity.MaxReturnURL), absent: "the last page says that it is done", means: "where the person goes in the end"},
			"for":       {absent: "none", means: "a digest of the address that a link proves"},
		}},
	}
}

func signInTypes() map[string]described {
	return map[string]described{
		"signin.authorizeQuery": {
			title: "Request of an application",
			about: fmt.Sprintf("See OpenID Connect Core §3.1.2.1 and [signin.md](signin.md). All parameters together have at most %d bytes.", oidc.MaxRequest),
			fields: map[string]field{
				"client_id":             {absent: "a page says what is wrong; in a pushed request HTTP Basic has it", means: "the application"},
				"response_type":         {allowed: "`code`", absent: "the answer is an error", means: "the flow"},
				"redirect_uri":          {allowed: "one of `redirect_uris` of the application", absent: "a page says what is wrong", means: "where the person comes back to"},
				"response_mode":         {allowed: oneOf(oidc.ModeQuery, oidc.ModeForm), absent: "`query`", means: "how the answer comes there"},
				"scope":                 {allowed: "`openid` and others, divided by spaces", absent: "no ID token", means: "what the application asks for. Scopes that it may not have are left out"},
				"state":                 {allowed: fmt.Sprintf("at most %d bytes", oidc.MaxState), absent: none, means: "what comes back with the answer"},
				"nonce":                 {allowed: fmt.Sprintf("at most %d bytes", oidc.MaxNonce), absent: none, means: "what comes back in the ID token"},
				"code_challenge":        {allowed: "43 characters: a SHA-256 in base64url", absent: "an error, where PKCE is required", means: "the challenge of PKCE (RFC 7636)"},
				"code_challenge_method": {allowed: "`S256`", absent: "an error with `code_challenge`", means: "the method of PKCE"},
				"prompt":                {allowed: oneOf(oidc.PromptNone, oidc.PromptLogin, oidc.PromptConsent, oidc.PromptAccount), absent: "pages are shown if they are needed", means: "which pages are shown"},
				"max_age":               {kind: "whole number", allowed: "seconds, not negative", absent: "no bound", means: "how long ago the person may have signed in"},
				"login_hint":            {allowed: anIdentifier, absent: none, means: "who is expected to sign in"},
				"ui_locales":            {allowed: "languages, divided by spaces", absent: "the browser's", means: "the language of the pages"},
				"acr_values":            {allowed: "values, divided by spaces", absent: none, means: "how strong the sign-in must be"},
				"id_token_hint":         {absent: none, means: "an earlier ID token of the person who is expected"},
				"claims":                {allowed: "JSON of OpenID Connect Core §5.5", absent: none, means: "single claims that are asked for"},
				"request_uri":           {allowed: "what a pushed request answered", absent: "the parameters count", means: "a pushed request (RFC 9126)"},
			},
		},
		"signin.pushedAnswer": {title: "Pushed request", fields: map[string]field{
			"request_uri": {means: "stands for the request"}, "expires_in": {means: "how many seconds it is valid"},
		}},
		"signin.pageQuery": {title: "Parameters of the pages for signing in", fields: map[string]field{
			"lang":      {allowed: oneOf(identity.Languages()...), absent: "the browser's, else the pool's", means: "the language of the page"},
			"request":   {absent: "the person has come without a request", means: "the request of the application, sealed"},
			"step":      {absent: "the first page", means: "how far the person has come, sealed"},
			"client_id": {absent: "none", means: "the application, after its request is over"},
		}},
		"signin.logoutQuery": {title: "Parameters for signing out", fields: map[string]field{
			"lang":                     {allowed: oneOf(identity.Languages()...), absent: "the browser's, else English", means: "the language of the page"},
			"id_token_hint":            {absent: "the page asks first", means: "the ID token of the person who signs out"},
			"client_id":                {absent: "that of the ID token", means: "the application"},
			"post_logout_redirect_uri": {allowed: "one of `post_logout_redirect_uris` of the application", absent: "a page says that the person is signed out", means: "where the person goes"},
			"state":                    {absent: none, means: "what comes back there"},
		}},
	}
}
