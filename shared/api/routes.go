package api

import "identitypools/shared/metric"

// Caller says who may call a route.
type Caller string

// The callers. A function refuses an admin or system route without a verified caller, whatever stands in front of it.
const (
	Admin  Caller = "admin"  // bearer token of an admin client
	System Caller = "system" // bearer token of a system client
	Public Caller = "public" // browsers, without a token
	Anyone Caller = "anyone" // OAuth 2.0 clients, which prove themselves in the request
)

// Scopes of the published API.
const (
	ScopeAdmin        = "identity_admin"
	ScopeSystem       = "identity"
	ScopeRegistration = "identity_self_registration"
)

// Route is one route of the API. Everything that depends on the routes is made from this list or tested against it: the
// functions' handlers, the gateway, the local server, the events.
type Route struct {
	Method, Path string // Path as http.ServeMux has it
	Operation    string // the published operation id
	Function     string // the function that serves it
	Caller       Caller
	Scope        string      // that the caller's token must have; "" for callers without a token
	Counts       metric.Name // what a success counts as; "" where nobody counts it
}

// Base paths of the trees.
const (
	adminTree  = "/api/identity/{tid}/admin"
	systemTree = "/api/identity/{tid}/system"
	publicTree = "/api/identity/{tid}/public"
)

// Routes is the route table.
func Routes() []Route {
	admin := func(method, path, operation, function string) Route {
		return Route{method, adminTree + path, operation, function, Admin, ScopeAdmin, ""}
	}
	system := func(method, path, operation, function string) Route {
		return Route{method, systemTree + path, operation, function, System, ScopeSystem, ""}
	}
	codes := func(method, path, operation, function string) Route {
		return Route{method, systemTree + path, operation, function, System, ScopeRegistration, ""}
	}
	public := func(method, path, operation, function string) Route {
		return Route{method, path, operation, function, Public, "", ""}
	}
	anyone := func(method, path, operation, function string) Route {
		return Route{method, path, operation, function, Anyone, "", ""}
	}
	counts := func(name metric.Name, r Route) Route {
		r.Counts = name
		return r
	}
	return []Route{
		admin("GET", "/pools", "listPools", "pools"),
		admin("POST", "/pools", "createPool", "pools"),
		admin("GET", "/pools/{ipID}", "getPool", "pools"),
		admin("PUT", "/pools/{ipID}", "updatePool", "pools"),
		admin("DELETE", "/pools/{ipID}", "deletePool", "pools"),
		admin("GET", "/pools/{ipID}/permissions", "checkPoolPermissions", "pools"),
		admin("GET", "/pools/{ipID}/mails", "listMailTexts", "pools"),
		admin("GET", "/pools/{ipID}/mails/{kind}/{lang}", "getMailText", "pools"),
		admin("PUT", "/pools/{ipID}/mails/{kind}/{lang}", "updateMailText", "pools"),
		admin("DELETE", "/pools/{ipID}/mails/{kind}/{lang}", "deleteMailText", "pools"),
		admin("POST", "/pools/{ipID}/mails/{kind}/{lang}/preview", "previewMail", "pools"),
		system("GET", "/pools", "systemListPools", "pools"),
		system("POST", "/pools", "systemCreatePool", "pools"),
		system("GET", "/pools/{ipID}", "systemGetPool", "pools"),
		system("PUT", "/pools/{ipID}", "systemUpdatePool", "pools"),
		system("DELETE", "/pools/{ipID}", "systemDeletePool", "pools"),

		admin("GET", "/schemas", "listSchemas", "schemas"),
		admin("POST", "/schemas", "createSchema", "schemas"),
		admin("GET", "/schemas/{schID}", "getSchema", "schemas"),
		admin("PUT", "/schemas/{schID}", "updateSchema", "schemas"),
		admin("DELETE", "/schemas/{schID}", "deleteSchema", "schemas"),
		system("GET", "/schemas", "systemListSchemas", "schemas"),
		system("POST", "/schemas", "systemCreateSchema", "schemas"),
		system("GET", "/schemas/{schID}", "systemGetSchema", "schemas"),
		system("PUT", "/schemas/{schID}", "systemUpdateSchema", "schemas"),
		system("DELETE", "/schemas/{schID}", "systemDeleteSchema", "schemas"),

		admin("GET", "/pools/{ipID}/users", "listUsers", "users"),
		admin("POST", "/pools/{ipID}/users", "createUser", "users"),
		admin("GET", "/pools/{ipID}/users/{userID}", "getUser", "users"),
		admin("PUT", "/pools/{ipID}/users/{userID}", "updateUser", "users"),
		admin("DELETE", "/pools/{ipID}/users/{userID}", "deleteUser", "users"),
		admin("GET", "/pools/{ipID}/users/{userID}/suppressions", "listSuppressions", "users"),
		admin("DELETE", "/pools/{ipID}/users/{userID}/suppressions", "clearSuppressions", "users"),
		system("GET", "/pools/{ipID}/users", "systemListUsers", "users"),
		system("POST", "/pools/{ipID}/users", "systemCreateUser", "users"),
		system("GET", "/pools/{ipID}/users/{userID}", "systemGetUser", "users"),
		system("PUT", "/pools/{ipID}/users/{userID}", "systemUpdateUser", "users"),
		system("DELETE", "/pools/{ipID}/users/{userID}", "systemDeleteUser", "users"),
		system("POST", "/pools/{ipID}/users/by_key", "systemGetUserByKey", "users"),

		admin("POST", "/pools/{ipID}/users/{userID}/activation/send", "sendActivationMessage", "activation"),
		system("POST", "/pools/{ipID}/users/{userID}/activation/send", "selfSendActivationMessage", "activation"),
		codes("POST", "/pools/{ipID}/users/{userID}/activation/generate", "generateActivationCode", "activation"),
		codes("POST", "/pools/{ipID}/users/{userID}/code/generate", "generateCode", "activation"),
		codes("POST", "/pools/{ipID}/user/code/generate", "generateCodeForUser", "activation"),
		counts(metric.Activations, system("POST", "/pools/{ipID}/users/{userID}/activate", "activateSelfRegisteredUser", "activation")),
		counts(metric.Activations, system("POST", "/pools/{ipID}/user/activate", "activateSelfRegisteredUserUsingExtendedCode", "activation")),

		counts(metric.Registrations, system("POST", "/pools/{ipID}/user/register", "selfRegisterUser", "registration")),
		public("GET", publicTree+"/pools/{ipID}", "publicGetPool", "registration"),
		counts(metric.Registrations, public("POST", publicTree+"/pools/{ipID}/register", "publicRegister", "registration")),
		counts(metric.Activations, public("POST", publicTree+"/pools/{ipID}/activate", "publicActivate", "registration")),
		public("POST", publicTree+"/pools/{ipID}/activation/send", "publicSendActivation", "registration"),
		public("GET", "/{tid}/pools/{ipID}/register", "registrationPage", "registration"),
		counts(metric.Registrations, public("POST", "/{tid}/pools/{ipID}/register", "registerByPage", "registration")),
		public("GET", "/{tid}/pools/{ipID}/register/code", "codePage", "registration"),
		counts(metric.Activations, public("POST", "/{tid}/pools/{ipID}/register/code", "activateByCode", "registration")),
		public("GET", "/{tid}/pools/{ipID}/activate", "activationPage", "registration"),
		counts(metric.Activations, public("POST", "/{tid}/pools/{ipID}/activate", "activateByPage", "registration")),

		system("POST", "/pools/{ipID}/user/password/verify", "verifyPassword", "credentials"),
		system("POST", "/pools/{ipID}/user/password/v2/verify", "verifyPasswordV2", "credentials"),

		anyone("POST", "/{tid}/admin/oauth2/token", "adminToken", "tokens"),
		anyone("GET", "/{tid}/admin/.well-known/openid-configuration", "adminDiscovery", "tokens"),
		anyone("GET", "/{tid}/admin/.well-known/jwks.json", "adminKeys", "tokens"),
		anyone("POST", "/{tid}/system/oauth2/token", "systemToken", "tokens"),
		anyone("GET", "/{tid}/system/.well-known/openid-configuration", "systemDiscovery", "tokens"),
		anyone("GET", "/{tid}/system/.well-known/jwks.json", "systemKeys", "tokens"),
	}
}
