package reference

import "identitypools/shared/oidc"

func tokenTypes() map[string]described {
	id := field{absent: "HTTP Basic has it", means: "the id of the client"}
	secret := field{absent: "HTTP Basic has it, or there is none", means: "the secret of the client"}
	claims := map[string]field{
		"active":           {means: "whether the token is valid. If not, nothing else is said"},
		"token_type":       {allowed: "`Bearer`", means: "the type. A refresh token has none"},
		"scope":            {means: "its scopes, divided by spaces"},
		"client_id":        {means: "the application that it was given to"},
		"sub":              {means: "the subject: the user, or the application itself"},
		"aud":              {means: "who may take it"},
		"iss":              {means: "the workspace"},
		"exp":              {means: "when it expires, in seconds since 1970"},
		"iat":              {means: "when it was made, in seconds since 1970"},
		"jti":              {means: "its id"},
		"sid":              {means: "the session"},
		"acr":              {means: "how strong the sign-in was"},
		"amr":              {means: "how the person signed in (RFC 8176)"},
		"auth_time":        {means: "when the person signed in, in seconds since 1970"},
		"identity_pool_id": {means: "the pool of the user"},
		"user_id":          {means: "the user"},
	}
	return map[string]described{
		"tokens.tokenForm": {title: "Token request of an API client", fields: map[string]field{
			"grant_type":    {allowed: "`client_credentials`", absent: "400", means: "the grant"},
			"client_id":     id,
			"client_secret": {absent: "HTTP Basic has it", means: "the secret of the client"},
			"scope":         {allowed: "scopes of the client, divided by spaces", absent: "all scopes of the client", means: "the scopes of the token"},
		}},
		"tokens.tokenAnswer": {title: "Token of an API client", fields: map[string]field{
			"access_token": {means: "the token"}, "token_type": {allowed: "`Bearer`", means: "the type"},
			"expires_in": {means: "how many seconds it is valid"}, "scope": {means: "its scopes, divided by spaces"},
		}},
		"tokens.grantForm": {title: "Token request of an application", fields: map[string]field{
			"grant_type":    {allowed: oneOf(oidc.GrantCode, oidc.GrantRefresh, oidc.GrantCredentials), absent: "400", means: "the grant"},
			"client_id":     id,
			"client_secret": secret,
			"code":          {absent: "400 with `authorization_code`", means: "the code that came to the redirect URI"},
			"redirect_uri":  {absent: "400 with `authorization_code`", means: "the redirect URI of the request"},
			"code_verifier": {absent: "400 if the request had a challenge", means: "the verifier of PKCE"},
			"refresh_token": {absent: "400 with `refresh_token`", means: "the refresh token"},
			"scope":         {allowed: "scopes of the grant, divided by spaces", absent: "all scopes of the grant", means: "the scopes of the token"},
		}},
		"tokens.tokensAnswer": {title: "Tokens of an application", fields: map[string]field{
			"access_token": {means: "the access token"}, "token_type": {allowed: "`Bearer`", means: "the type"},
			"expires_in": {means: "how many seconds the access token is valid"}, "scope": {means: "its scopes, divided by spaces"},
			"id_token": {means: "the ID token, with the scope `openid`"}, "refresh_token": {means: "the next refresh token"},
		}},
		"tokens.tokenOfForm": {title: "Token to inspect or to revoke", fields: map[string]field{
			"token":           {absent: "400", means: "the token"},
			"token_type_hint": {absent: none, by: nobody, means: "it makes no difference"},
			"client_id":       id,
			"client_secret":   secret,
		}},
		"tokens.revokedAnswer":   {title: "Revoked token", about: "The answer is `{}`, also if the token was not valid (RFC 7009 §2.2)."},
		"tokens.inspectedAnswer": {title: "What a token is", about: "See RFC 7662 §2.2.", fields: claims},
		"tokens.userInfoAnswer": {
			title: "Claims of a user", about: "Besides `sub` it has the claims of the scopes (OpenID Connect Core §5.4).",
			fields: map[string]field{"sub": {means: "the subject, the same as in the ID token"}},
		},
		"tokens.bearerForm": {title: "Access token in a form", fields: map[string]field{
			"access_token": {absent: "the header `Authorization` has it", means: "the access token"},
		}},
		"jose.JSONWebKeySet": {title: "Keys", about: "A JSON Web Key Set (RFC 7517 §5) with the public keys.", opaque: true},
	}
}

func providerTypes() map[string]described {
	endpoint := func(of string) field { return field{means: "the URL of " + of} }
	list := func(of string) field { return field{means: of} }
	flag := func(of string) field { return field{means: "whether " + of} }
	return map[string]described{
		"tokens.discovery": {title: "Metadata of a token server", about: "See RFC 8414 §2.", fields: map[string]field{
			"issuer":                                {means: "the issuer of the tokens"},
			"token_endpoint":                        endpoint("the token endpoint"),
			"jwks_uri":                              endpoint("the keys"),
			"grant_types_supported":                 list("the grants"),
			"response_types_supported":              {allowed: "`[]`", means: "there is no authorization endpoint"},
			"token_endpoint_auth_methods_supported": list("how clients authenticate"),
			"scopes_supported":                      list("the scopes"),
		}},
		"tokens.provider": {title: "Metadata of a workspace", about: "See OpenID Connect Discovery §3 and RFC 8414 §2.", like: "tokens.discovery", fields: map[string]field{
			"authorization_endpoint":                         endpoint("the authorization endpoint"),
			"userinfo_endpoint":                              endpoint("the claims of a user"),
			"pushed_authorization_request_endpoint":          endpoint("the endpoint of pushed requests"),
			"end_session_endpoint":                           endpoint("the page for signing out"),
			"revocation_endpoint":                            endpoint("the endpoint that revokes tokens"),
			"introspection_endpoint":                         endpoint("the endpoint that inspects tokens"),
			"claims_supported":                               list("the claims"),
			"claim_types_supported":                          list("the types of claims"),
			"response_types_supported":                       {allowed: "`[\"code\"]`", means: "the flow"},
			"response_modes_supported":                       list("how answers come to the application"),
			"subject_types_supported":                        list("the types of subjects"),
			"id_token_signing_alg_values_supported":          list("the algorithms of ID tokens"),
			"revocation_endpoint_auth_methods_supported":     list("how applications authenticate to revoke tokens"),
			"introspection_endpoint_auth_methods_supported":  list("how applications authenticate to inspect tokens"),
			"code_challenge_methods_supported":               list("the methods of PKCE"),
			"prompt_values_supported":                        list("the values of `prompt`"),
			"acr_values_supported":                           list("the values of `acr`"),
			"ui_locales_supported":                           list("the languages of the pages"),
			"authorization_response_iss_parameter_supported": flag("answers have the parameter `iss` (RFC 9207)"),
			"claims_parameter_supported":                     flag("the parameter `claims` is served"),
			"request_parameter_supported":                    flag("the parameter `request` is served"),
			"request_uri_parameter_supported":                flag("URLs in `request_uri` are served"),
			"require_pushed_authorization_requests":          flag("all requests must be pushed"),
		}},
	}
}
