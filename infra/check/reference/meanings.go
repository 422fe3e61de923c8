package reference

// violation says what the code of a violation means, and which parameters come with it.
type violation struct{ params, means string }

// violationCodes returns the meanings of the codes of violations.
func violationCodes() map[string]violation {
	bound := "`min`, `max`, `unit`"
	return map[string]violation{
		"required":             {"`names` of fields that may be given instead; may be absent", "the field must be given, and not be empty"},
		"too_short":            {bound + "; `max` may be absent", "the text or the list has too few units"},
		"too_long":             {bound + "; `min` may be absent", "the text has too many units"},
		"too_many":             {"`max`, `unit`", "the list has too many items"},
		"out_of_range":         {"`min`, `max`, or in a document `exclusive_min` and `exclusive_max`; numbers, or durations as texts", "the number or the duration is out of its bounds"},
		"not_one_of":           {"`allowed`; may be absent", "the value is none of those that are allowed"},
		"unknown_field":        {"`allowed` for a parameter", "there is no such field or parameter"},
		"wrong_type":           {"`type` in terms of JSON", "the value has another type"},
		"wrong_format":         {"`format`, or `pattern` of a schema", "the text does not have the form"},
		"repeated":             {"–", "the list has the value already"},
		"not_allowed":          {"–", "the field must not be given here, or not with this value"},
		"immutable":            {"–", "the value cannot change"},
		"not_served":           {"–", "the product does not do this"},
		"not_found":            {"–", "the field names something that does not exist"},
		"wrong_status":         {"`status` that is needed; may be absent", "what the request is about is not in a state for it"},
		"taken":                {"–", "another one has the value"},
		"not_multiple":         {"`multiple_of`", "the number is not a multiple of it"},
		"contains":             {"`min`, `max`", "too few or too many items have the form that the schema asks for"},
		"not_mailable":         {"–", "no mail can be sent to the address"},
		"invalid":              {"–", "the value breaks another rule, which `reason` describes"},
		"control_characters":   {"–", "the text has control characters or line breaks"},
		"invisible_characters": {"–", "the text has characters that show nothing"},
		"capital_letters":      {"`min`, `unit`", "the password has too few capital letters"},
		"lowercase_letters":    {"`min`, `unit`", "the password has too few lowercase letters"},
		"digits":               {"`min`, `unit`", "the password has too few digits"},
		"special_characters":   {"`min`, `unit`", "the password has too few characters that are no letters and no digits"},
		"common":               {"–", "the password is one of the most common ones"},
		"name":                 {"–", "the password is the name of the pool or of the user"},
		"strength":             {"–", "the password is too easy to guess"},
		"guessable":            {"`why`: `repeats`, `sequence`, `common` or `address`", "the password is long, and guessed at once all the same"},
		"hash":                 {"–", "the password is the hash of one"},
		"nobody_signs_in":      {"–", "people have no way to sign in. It is a warning, in the answer to a change of a pool"},
		"same_factor":          {"–", "the second factor is the same as the first"},
		"suppressed":           {"`why`: `bounce` or `complaint`", "nothing is sent to the address any more, since a mail came back or its owner has complained"},
		"reused":               {"`max`", "the password is one of so many that the user has had last"},
	}
}

// errorCodes returns the meanings of the codes of errors.
func errorCodes() map[string]string {
	return map[string]string{
		"malformed":              "the body is no JSON object, or nests too deeply",
		"unauthorized":           "there is no valid token",
		"wrong_password":         "the password does not let the user in",
		"wrong_proof":            "the user or the code is not right. All of these have the same answer",
		"forbidden":              "the token is for another tenant or another tree, or the request has not come through the proxy of the deployment",
		"insufficient_scope":     "the token lacks the scope",
		"registration_disabled":  "the pool does not let people register",
		"reset_disabled":         "the pool does not let people reset their passwords",
		"system_schema":          "a schema of the system can be neither changed nor deleted",
		"public_client":          "an application without a secret has none to rotate",
		"foreign_form":           "a form comes from another site. Pages say it, and no JSON",
		"not_found":              "there is nothing at the path, or no such thing",
		"method_not_allowed":     "the path does not take the method. `Allow` has those that it takes",
		"conflict":               "the change conflicts with what is stored. A violation names the field, if one is at fault",
		"precondition_failed":    "`If-Match` or `If-None-Match` refuses the version",
		"too_large":              "the body is too large",
		"unsupported_media_type": "the body is no JSON, or has a coding. Then the answer has `Accept-Encoding: identity`",
		"invalid":                "fields or parameters break rules. `details.violations` has them",
		"invalid_code":           "the code is wrong, spent, exhausted or unknown. All of these have the same answer",
		"code_expired":           "the code is right, and has expired",
		"idempotency_key_reused": "the idempotency key was used for another request",
		"too_many_requests":      "a limit is reached. `Retry-After` says when to try again",
		"internal":               "something went wrong in the product",
		"unavailable":            "it cannot be done now. `Retry-After` says when to try again",
	}
}

// oauthCodes returns the meanings of the codes of OAuth 2.0 and OpenID Connect.
func oauthCodes() map[string]string {
	return map[string]string{
		"invalid_request":            "a parameter is missing, malformed or given twice",
		"invalid_client":             "the client or application has not authenticated",
		"invalid_grant":              "the code or the refresh token is not valid, or is another application's",
		"invalid_scope":              "the scope is unknown, or more than was granted",
		"invalid_token":              "the access token is not valid",
		"insufficient_scope":         "the access token lacks the scope",
		"unauthorized_client":        "the application may not use the grant",
		"unsupported_grant_type":     "the grant is not served",
		"unsupported_token_type":     "the type of token is not served",
		"unsupported_response_type":  "the flow is not served",
		"access_denied":              "the person has refused, or may not sign in",
		"login_required":             "nobody is signed in, and no page may be shown",
		"interaction_required":       "a page is needed, and none may be shown",
		"request_not_supported":      "the parameter `request` is not served",
		"request_uri_not_supported":  "a `request_uri` that is no pushed request is not served",
		"invalid_request_uri":        "the pushed request has expired, or is another application's",
		"registration_not_supported": "the parameter `registration` is not served",
	}
}

// publishedTitles says whose published members a function of shared/oidc lists.
func publishedTitles() map[string]string {
	return map[string]string{
		"ofWorkspaces":   "[Workspace to write](#workspace-to-write)",
		"ofSessions":     "[Sessions to write](#sessions-to-write)",
		"ofConnections":  "[Connection to write](#connection-to-write)",
		"ofApplications": "[Application to write](#application-to-write)",
	}
}
