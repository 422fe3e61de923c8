package reference

import (
	"fmt"

	"identitypools/shared/oidc"
)

// further is a note on fields that have no row.
const further = "A PUT replaces the settings, unless the table says that they stay. Other fields of the published type are in\n" +
	"[Published fields without a meaning](#published-fields-without-a-meaning)."

// page returns the entry of a URI of a page or a picture.
func page(means string) field {
	return field{allowed: fmt.Sprintf("an https URL of at most %d bytes, or http with a loopback host", oidc.MaxURI), absent: none, means: means}
}

func workspaceTypes() map[string]described {
	return map[string]described{
		"workspaces.listQuery": {title: "Parameters of a list of workspaces", like: "pools.listQuery", fields: map[string]field{
			"search_phrase":    {absent: "all workspaces", means: "what the id or the name contains, in whatever case"},
			"after_server_id":  {absent: "the first page", means: "the last workspace of the page before"},
			"before_server_id": {absent: "no bound", means: "the first workspace of the page after"},
			"server_types":     {allowed: "`regular`", absent: "all workspaces", by: nobody, means: "the type. There is one"},
		}},
		"workspaces.createQuery": {title: "Parameters of a new workspace", fields: map[string]field{
			"with_demo_client": {allowed: "`false`", absent: "`false`", by: nobody, means: "an application for a try: none is made"},
		}},
		"oidc.WorkspaceChange": {title: "Workspace to write", about: further, fields: map[string]field{
			"id":                                    {allowed: "an id, but not `admin`, `system` or `pools`", absent: "a POST makes one", means: "the id, which does not change"},
			"name":                                  {allowed: characters(1, NameLength), absent: "the id", means: "the name that people see"},
			"description":                           {allowed: fmt.Sprintf("at most %d characters", DescriptionLength), absent: "`\"\"`", means: "what it is for"},
			"color":                                 {allowed: characters(0, ColorLength), absent: none, means: "the color of the pages"},
			"logo_uri":                              page("the logo on the pages"),
			"enforce_pkce":                          {absent: kept("`true`"), means: "whether every application must use PKCE"},
			"enforce_pkce_for_public_clients":       {absent: kept("`true`"), means: "whether every application without a secret must"},
			"require_pushed_authorization_requests": {absent: "`false`", means: "whether applications must push their requests"},
			"authorization_code_ttl":                lifetime("/authorization_code_ttl", "how long a code is valid", false),
			"access_token_ttl":                      lifetime("/access_token_ttl", "how long an access token is valid", false),
			"id_token_ttl":                          lifetime("/id_token_ttl", "how long an ID token is valid", false),
			"refresh_token_ttl":                     lifetime("/refresh_token_ttl", "how long after the sign-in refresh tokens are valid", false),
			"refresh_token_idle_ttl":                lifetime("/refresh_token_idle_ttl", "how long a refresh token is valid without a use", true),
			"pushed_authorization_request_ttl":      lifetime("/pushed_authorization_request_ttl", "how long a pushed request is valid", false),
			"sso":                                   {absent: "the defaults, unless they stay", means: "how long people stay signed in"},
		}},
		"oidc.SessionChange": {title: "Sessions to write", fields: map[string]field{
			"max_age":         lifetime("/sso/max_age", "how long people stay signed in who asked for that", false),
			"max_idle":        lifetime("/sso/max_idle", "how long without a request of an application", false),
			"browser_max_age": lifetime("/sso/browser_max_age", "how long everybody else stays signed in", true),
			"enabled":         {absent: kept("`true`"), means: "whether one sign-in is good for all applications"},
		}},
		"oidc.SessionPolicy":   {title: "Sessions", like: "oidc.SessionChange"},
		"oidc.Workspace":       {like: "oidc.WorkspaceChange"},
		"workspaces.workspace": {title: "Workspace", fields: map[string]field{"issuer_url": {means: "the issuer, from which an application finds everything else"}}},
	}
}

func connectionTypes() map[string]described {
	return map[string]described{
		"oidc.ConnectionChange": {title: "Connection to write", about: further, fields: map[string]field{
			"id":               {allowed: "an id", absent: "a POST makes one", means: "the id, which does not change"},
			"workspace_id":     {allowed: "that of the path", by: onlyAnswers, means: "the workspace"},
			"identity_pool_id": {allowed: "the id of a pool, once in a workspace", absent: "422 in a POST; it does not change", means: "the pool"},
			"name":             {allowed: characters(1, NameLength), absent: "the id of the pool", means: "what people see"},
			"disabled":         {absent: "`false`", means: "whether nobody signs in with the pool"},
			"hidden":           {absent: "`false`", means: "whether the pool is not shown"},
			"display_order":    {allowed: between(0, DisplayOrder), absent: "0", means: "the order in which the pools are tried"},
			"logo_uri":         page("the logo of the connection"),
			"static_amr":       {allowed: fmt.Sprintf("at most %d values of RFC 8176 §2, each once", StaticMethods), absent: none, means: "what the claim `amr` gets in addition"},
			"method":           {allowed: "`" + oidc.MethodOfConnections + "`", by: onlyAnswers, means: "the kind of the connection. There is one"},
		}},
		"oidc.Connection":        {like: "oidc.ConnectionChange"},
		"workspaces.connection":  {title: "Connection", like: "oidc.ConnectionChange"},
		"workspaces.connections": {title: "Connections", fields: map[string]field{"idps": {means: "the connections. They are not divided into pages"}}},
	}
}

func applicationTypes() map[string]described {
	uris := fmt.Sprintf("at most %d absolute URIs of %d bytes: with https, with http and a loopback host, or, if the type is `native`, with a scheme that has a dot",
		oidc.MaxURIs, oidc.MaxURI)
	return map[string]described{
		"workspaces.applicationsQuery": {title: "Parameters of a list of applications", fields: map[string]field{
			"search_phrase":     {absent: "all applications", means: "what the id or the name contains, in whatever case"},
			"sort":              {allowed: "`client_id`", absent: "`client_id`", means: "by what the list is sorted"},
			"after_client_id":   {absent: "the first page", means: "the last application of the page before"},
			"before_client_id":  {absent: "no bound", means: "the first application of the page after"},
			"client_types":      {allowed: "`oauth2`", absent: "all applications", by: nobody, means: "the protocol. There is one"},
			"type":              {allowed: "`internal`", absent: "all applications", by: nobody, means: "who has registered the applications. Administrators have"},
			"application_types": {allowed: "nothing: it is refused", absent: "all applications", by: nobody, means: "kinds of applications that are not told apart here"},
		}},
		"workspaces.rotateQuery": {title: "Parameters of the rotation of a secret", fields: map[string]field{
			"auto_revoke_after": {allowed: "`0`", absent: "`0`", by: nobody, means: "when the secrets before it end. That is an operation of its own"},
		}},
		"oidc.ApplicationChange": {title: "Application to write", about: further, fields: map[string]field{
			"client_id":                             {allowed: "an id that is unique in the tenant", absent: "a POST makes one", means: "the id, which does not change"},
			"authorization_server_id":               {allowed: "the id of a workspace", absent: "422 in a POST; it does not change", means: "the workspace"},
			"client_name":                           {allowed: characters(1, NameLength), absent: "the id", means: "the name that people see"},
			"description":                           {allowed: fmt.Sprintf("at most %d characters", DescriptionLength), absent: "`\"\"`", means: "what people are told about it"},
			"application_type":                      {allowed: oneOf(oidc.TypeWeb, oidc.TypeNative), absent: "`web`", means: "`native` for programs on people's devices"},
			"client_status":                         {allowed: oneOf("active", "inactive"), absent: "`active`", means: "whether people can sign in to it"},
			"client_type":                           {allowed: "`oauth2`", by: onlyAnswers, means: "the protocol. There is one"},
			"client_secret":                         {allowed: fmt.Sprintf("%d to %d visible ASCII characters; in a PUT one that it has", oidc.MinSecret, oidc.MaxSecret), absent: "a POST makes one", means: "the secret"},
			"redirect_uris":                         {allowed: uris, absent: none, means: "where people come back to after signing in"},
			"post_logout_redirect_uris":             {allowed: uris, absent: none, means: "where people come back to after signing out"},
			"grant_types":                           {allowed: oneOf(oidc.GrantCode, oidc.GrantRefresh, oidc.GrantCredentials), absent: "the first two", means: "how it gets tokens. The last one needs a secret"},
			"response_types":                        {allowed: "`[\"code\"]`", by: onlyAnswers, means: "the flow. There is one"},
			"token_endpoint_auth_method":            {allowed: oneOf(oidc.AuthBasic, oidc.AuthPost, oidc.AuthNone), absent: "`client_secret_basic`", means: "how it authenticates. `none` is for an application that cannot keep a secret"},
			"subject_type":                          {allowed: "`public`", by: onlyAnswers, means: "the type of subjects. There is one"},
			"id_token_signed_response_alg":          {allowed: oneOf(oidc.RS256, oidc.ES256), absent: "`RS256`", means: "the algorithm of its ID tokens"},
			"access_token_signed_response_alg":      {allowed: oneOf(oidc.RS256, oidc.ES256), absent: kept("`ES256`"), means: "the algorithm of its access tokens"},
			"scope":                                 {allowed: "as `scopes`, divided by spaces", absent: "`scopes` counts", means: "the same as `scopes`, which wins"},
			"scopes":                                {allowed: fmt.Sprintf("at most %d of 1 to %d visible ASCII characters", oidc.MaxScopes, oidc.MaxScope), absent: none, means: "what it may ask for besides the scopes of OpenID Connect"},
			"audience":                              {allowed: fmt.Sprintf("at most %d of 1 to %d visible ASCII characters", Audiences, AudienceLength), absent: none, means: "who may take its access tokens"},
			"require_pushed_authorization_requests": {absent: "`false`", means: "whether it must push its requests"},
			"without_pkce":                          {allowed: "not `true` without a secret", absent: kept("`false`"), means: "whether it needs no PKCE"},
			"identity_pool_ids":                     {allowed: fmt.Sprintf("at most %d pools that are connected to the workspace", oidc.MaxPools), absent: kept("all connections"), means: "whose users may sign in. An empty list stands for all connections"},
			"allowed_origins":                       {allowed: fmt.Sprintf("at most %d origins such as `https://app.example.com`", oidc.MaxURIs), absent: kept("none"), means: "whose pages may call the endpoints of the workspace"},
			"app_url":                               page("where people go who come without a request"),
			"client_uri":                            page("a page about it"),
			"logo_uri":                              page("its logo"),
			"policy_uri":                            page("its privacy policy"),
			"tos_uri":                               page("its terms of use"),
			"trusted":                               {absent: "`false`", means: "published; it is kept, and nothing depends on it"},
		}},
		"oidc.Application": {like: "oidc.ApplicationChange", fields: map[string]field{
			"inactive": {by: hidden, means: "client_status says it"},
			"secrets":  {by: hidden, means: "no answer has hashes"},
		}},
		"workspaces.application": {title: "Application", like: "oidc.ApplicationChange", fields: map[string]field{
			"client_id":     {means: "the id"},
			"client_secret": {means: "the secret, only in the answer to the POST that makes the application"},
			"scope":         {means: "the scopes, divided by spaces"},
		}},
		"workspaces.rotated": {title: "New secret", fields: map[string]field{
			"secret": {means: fmt.Sprintf("the secret. The %d before it stay valid until they are revoked", oidc.MaxSecrets-1)},
		}},
	}
}
