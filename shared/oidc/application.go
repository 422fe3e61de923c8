package oidc

import (
	"cmp"
	"net/url"
	"slices"

	"identitypools/shared/access"
	"identitypools/shared/identity"
)

// The ways in which an application authenticates (OpenID Connect Core §9).
const (
	AuthBasic = "client_secret_basic"
	AuthPost  = "client_secret_post"
	AuthNone  = "none" // of a public client, which has no secret
)

// The grant types that are served.
const (
	GrantCode        = "authorization_code"
	GrantRefresh     = "refresh_token"
	GrantCredentials = "client_credentials"
)

// The algorithms with which tokens can be signed (RFC 7518 §3.1).
const (
	RS256 = "RS256"
	ES256 = "ES256"
)

// Application is an application that is registered with a workspace: an OAuth 2.0 client.
type Application struct {
	Tenant      string `json:"tenant_id"`
	Workspace   string `json:"authorization_server_id"`
	ID          string `json:"client_id"`
	Name        string `json:"client_name"`
	Description string `json:"description,omitempty"`
	// Type is web, or native for programs on people's devices, which may have redirect URIs with the
	// loopback interface or a scheme of their own (RFC 8252 §7).
	Type                   string   `json:"application_type"`
	Inactive               bool     `json:"inactive,omitzero"`
	RedirectURIs           []string `json:"redirect_uris"`
	PostLogoutRedirectURIs []string `json:"post_logout_redirect_uris"`
	GrantTypes             []string `json:"grant_types"`
	AuthMethod             string   `json:"token_endpoint_auth_method"`
	IDTokenAlg             string   `json:"id_token_signed_response_alg"`
	AccessTokenAlg         string   `json:"access_token_signed_response_alg"` // not in the published API
	Scopes                 []string `json:"scopes"`
	Audience               []string `json:"audience"`
	RequirePAR             bool     `json:"require_pushed_authorization_requests"`
	// WithoutPKCE lets an application with a secret off PKCE. It is not in the published API.
	WithoutPKCE bool `json:"without_pkce"`
	// Pools are the ids of the pools whose users may sign in, or empty for those of all connections. It is
	// not in the published API.
	Pools []string `json:"identity_pool_ids"`
	// AllowedOrigins are origins of pages that may call the endpoints, besides those of the redirect URIs of
	// a public client. It is not in the published API.
	AllowedOrigins []string      `json:"allowed_origins"`
	AppURL         string        `json:"app_url,omitempty"` // where people go who come without a request
	ClientURI      string        `json:"client_uri,omitempty"`
	LogoURI        string        `json:"logo_uri,omitempty"`
	PolicyURI      string        `json:"policy_uri,omitempty"`
	TermsURI       string        `json:"tos_uri,omitempty"`
	Trusted        bool          `json:"trusted"`
	CreatedAt      identity.Time `json:"created_at"`
	UpdatedAt      identity.Time `json:"updated_at"`

	// Secrets are the hashes of the secrets, the oldest first. All but the last one were rotated.
	Secrets []string `json:"secrets,omitempty"`
	Version int64    `json:"-"`
}

// MaxSecrets is the largest number of secrets of an application: the current one and those that were
// rotated and not yet revoked.
const MaxSecrets = 3

// IsPublic reports whether the application has no secret.
func (a Application) IsPublic() bool { return a.AuthMethod == AuthNone }

// MayUse reports whether the application may use a grant type.
func (a Application) MayUse(grant string) bool { return slices.Contains(a.GrantTypes, grant) }

// HasSecret reports whether a secret is one of the application's. The comparison takes the same time for
// each of them.
func (a Application) HasSecret(secret string) bool {
	return access.Client{Secrets: a.Secrets}.HasSecret(secret)
}

// Home returns where people go who come without a request of the application, or whose request is over: the
// URL that the application has for that, or the one about it, or the origin of its redirect URIs; "" if there
// is none.
func (a Application) Home() string {
	home := cmp.Or(a.AppURL, a.ClientURI)
	for _, uri := range a.RedirectURIs {
		if u, err := url.Parse(uri); home == "" && err == nil && (u.Scheme == "https" || u.Scheme == "http") {
			home = u.Scheme + "://" + u.Host + "/"
		}
	}
	return home
}

// NeedsPKCE reports whether a request of the application must have a code challenge.
func (a Application) NeedsPKCE(w Workspace) bool {
	if a.IsPublic() {
		return w.EnforcePKCE || w.EnforcePKCEForPublicClients
	}
	return w.EnforcePKCE && !a.WithoutPKCE
}

// Origins returns the origins of pages that may call the endpoints for the application.
func (a Application) Origins() []string {
	origins := slices.Clone(a.AllowedOrigins)
	if a.IsPublic() {
		for _, uri := range a.RedirectURIs {
			if u, ok := parseURI(uri); ok && isOfWeb(u) {
				origins = append(origins, originOf(u))
			}
		}
	}
	slices.Sort(origins)
	return slices.Compact(origins)
}
