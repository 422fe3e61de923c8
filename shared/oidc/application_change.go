package oidc

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"identitypools/shared/access"
	"identitypools/shared/identity"
)

// Bounds of the settings of an application.
const (
	// MinSecret and MaxSecret are the least and the largest number of characters of a secret that an
	// administrator chooses.
	MinSecret, MaxSecret = 32, 255
	// MaxPools is the largest number of pools that an application names.
	MaxPools = MaxConnections
	// MaxScopes is the largest number of scopes, each of MaxScope bytes at most.
	MaxScopes, MaxScope = 50, 100
	maxAudience         = 20
	maxAudienceText     = 200
)

// The types of applications.
const (
	TypeWeb    = "web"
	TypeNative = "native"
)

// ApplicationChange is the body of a request that creates or updates an application. It replaces the
// settings: what is absent gets its default. Absent pointers are left unchanged: they are not in the
// published API, so that generated clients do not know them.
type ApplicationChange struct {
	ID                     string      `json:"client_id"`
	Tenant                 string      `json:"tenant_id"`
	Workspace              identity.ID `json:"authorization_server_id"`
	Name                   string      `json:"client_name"`
	Description            string      `json:"description"`
	Type                   string      `json:"application_type"`
	Status                 string      `json:"client_status"`
	Kind                   string      `json:"client_type"`
	Secret                 string      `json:"client_secret"`
	RedirectURIs           []string    `json:"redirect_uris"`
	PostLogoutRedirectURIs []string    `json:"post_logout_redirect_uris"`
	GrantTypes             []string    `json:"grant_types"`
	ResponseTypes          []string    `json:"response_types"`
	AuthMethod             string      `json:"token_endpoint_auth_method"`
	SubjectType            string      `json:"subject_type"`
	IDTokenAlg             string      `json:"id_token_signed_response_alg"`
	AccessTokenAlg         *string     `json:"access_token_signed_response_alg"`
	Scope                  string      `json:"scope"` // the scopes as a text, if Scopes is absent
	Scopes                 []string    `json:"scopes"`
	Audience               []string    `json:"audience"`
	RequirePAR             bool        `json:"require_pushed_authorization_requests"`
	WithoutPKCE            *bool       `json:"without_pkce"`
	Pools                  *[]string   `json:"identity_pool_ids"`
	AllowedOrigins         *[]string   `json:"allowed_origins"`
	AppURL                 string      `json:"app_url"`
	ClientURI              string      `json:"client_uri"`
	LogoURI                string      `json:"logo_uri"`
	PolicyURI              string      `json:"policy_uri"`
	TermsURI               string      `json:"tos_uri"`
	Trusted                bool        `json:"trusted"`
	Others                 members     `json:",embed"`
}

// ofApplications returns the rules for the other members of the published CreateClientAdminRequest and
// ClientAdminResponse.
func ofApplications() published {
	return described(
		// Only the product sets them.
		"created_at", "updated_at", "client_id_issued_at", "application_types", "server_issuer_url",
		"server_mtls_issuer_url",
		// They only describe the application.
		"developer_id", "developer_metadata", "metadata", "organisation_id", "privacy", "software_id",
		"software_version",
	).unserved(
		"authorization_details_types", "authorization_encrypted_response_alg", "authorization_encrypted_response_enc",
		"authorization_signed_response_alg", "backchannel_authentication_request_signing_alg",
		"backchannel_client_notification_endpoint", "backchannel_logout_session_required", "backchannel_logout_uri",
		"backchannel_token_delivery_mode", "backchannel_user_code_parameter", "certificate", "client_secret_expires_at",
		"default_acr_values", "dpop_bound_access_tokens", "dynamically_registered", "fdx", "hashed_rotated_secrets",
		"hashed_secret", "id_token_encrypted_response_alg", "id_token_encrypted_response_enc", "jwks", "jwks_uri", "obbr",
		"request_object_encryption_alg", "request_object_encryption_enc", "request_object_signing_alg", "request_uris",
		"rotated_secrets", "saml_allowed_attributes", "saml_metadata", "saml_metadata_updated_at", "saml_metadata_url",
		"saml_override_attributes", "saml_service_provider_id", "saml_signing_hash", "saml_subject_name_id",
		"saml_subject_name_id_format", "sector_identifier_uri", "software_statement", "software_statement_payload",
		"system", "tls_client_auth_san_dns", "tls_client_auth_san_email", "tls_client_auth_san_ip",
		"tls_client_auth_san_uri", "tls_client_auth_subject_dn", "tls_client_certificate_bound_access_tokens",
		"token_endpoint_auth_signing_alg", "token_exchange", "token_ttls", "use_custom_token_ttls",
		"userinfo_signed_response_alg",
	).
		// An application authenticates everywhere as at the token endpoint.
		only("introspection_endpoint_auth_method", authMethods()...).
		only("revocation_endpoint_auth_method", authMethods()...)
}

// NewApplication returns the new application of a workspace that c describes. It has the given id
// unless c has one, and the secret that c has, or the given one. A public client has none. The error is
// Invalid.
func (w Workspace) NewApplication(id, secret string, c ApplicationChange, now time.Time) (Application, error) {
	a := Application{
		Tenant: w.Tenant, Workspace: w.ID, ID: orElse(c.ID, id), AccessTokenAlg: ES256, CreatedAt: identity.At(now),
		Secrets: []string{access.HashSecret(orElse(c.Secret, secret))},
	}
	return a.Changed(w, c, now)
}

// Changed returns the application of the workspace w after the change c. Its secrets stay the same,
// but an application that becomes a public client loses them. The error is Invalid.
func (a Application) Changed(w Workspace, c ApplicationChange, now time.Time) (Application, error) {
	var v identity.Violations
	checkIDs(&v, "/client_id", c.ID, a.ID, c.Tenant, a.Tenant)
	if c.Workspace != "" && string(c.Workspace) != a.Workspace {
		v.Add("/authorization_server_id", identity.Immutable("cannot change"))
	}
	old := a.Pools
	a.set(c)
	a.UpdatedAt = identity.At(now)
	a.checkSecret(&v, c.Secret)
	a.check(&v)
	a.checkPools(&v, w, old)
	checkOneOf(&v, "/client_status", c.Status, "", "active", "inactive")
	checkOneOf(&v, "/client_type", c.Kind, "", "oauth2")
	checkOneOf(&v, "/subject_type", c.SubjectType, "", "public")
	checkEach(&v, "/response_types", c.ResponseTypes, "code")
	ofApplications().check(&v, "", c.Others)
	if a.IsPublic() {
		a.Secrets = nil
	}
	return a, v.Err()
}

// set sets the settings to those of c, or to their defaults.
func (a *Application) set(c ApplicationChange) {
	a.Name, a.Description = orElse(c.Name, a.ID), identity.WithLineFeeds(c.Description)
	a.Type, a.Inactive = orElse(c.Type, TypeWeb), c.Status == "inactive"
	a.RedirectURIs, a.PostLogoutRedirectURIs = c.RedirectURIs, c.PostLogoutRedirectURIs
	a.GrantTypes = c.GrantTypes
	if len(a.GrantTypes) == 0 {
		a.GrantTypes = []string{GrantCode, GrantRefresh}
	}
	a.AuthMethod, a.IDTokenAlg = orElse(c.AuthMethod, AuthBasic), orElse(c.IDTokenAlg, RS256)
	setIfGiven(&a.AccessTokenAlg, c.AccessTokenAlg)
	a.AccessTokenAlg = orElse(a.AccessTokenAlg, ES256)
	a.Scopes, a.Audience = c.Scopes, c.Audience
	if len(a.Scopes) == 0 {
		a.Scopes = strings.Fields(c.Scope)
	}
	a.RequirePAR, a.Trusted = c.RequirePAR, c.Trusted
	setIfGiven(&a.WithoutPKCE, c.WithoutPKCE)
	setIfGiven(&a.Pools, c.Pools)
	setIfGiven(&a.AllowedOrigins, c.AllowedOrigins)
	a.AppURL, a.ClientURI, a.LogoURI, a.PolicyURI, a.TermsURI = c.AppURL, c.ClientURI, c.LogoURI, c.PolicyURI, c.TermsURI
}

// check records the settings that break a rule.
func (a Application) check(v *identity.Violations) {
	v.CheckLine("/client_name", a.Name, 1, maxName)
	checkText(v, "/description", a.Description)
	checkOneOf(v, "/application_type", a.Type, TypeWeb, TypeNative)
	checkURIs(v, "/redirect_uris", a.RedirectURIs, a.Type == TypeNative)
	checkURIs(v, "/post_logout_redirect_uris", a.PostLogoutRedirectURIs, a.Type == TypeNative)
	checkOrigins(v, "/allowed_origins", a.AllowedOrigins)
	checkEach(v, "/grant_types", a.GrantTypes, grants()...)
	checkOneOf(v, "/token_endpoint_auth_method", a.AuthMethod, authMethods()...)
	checkOneOf(v, "/id_token_signed_response_alg", a.IDTokenAlg, RS256, ES256)
	checkOneOf(v, "/access_token_signed_response_alg", a.AccessTokenAlg, RS256, ES256)
	if i := slices.Index(a.GrantTypes, GrantCredentials); a.IsPublic() && i >= 0 {
		v.Add(fmt.Sprintf("/grant_types/%d", i), // RFC 6749 §4.4
			identity.NotAllowed("is not for an application without a secret"))
	}
	if a.IsPublic() && a.WithoutPKCE {
		v.Add("/without_pkce", identity.NotAllowed("is not for an application without a secret")) // RFC 9700 §2.1.1
	}
	checkList(v, "/scopes", a.Scopes, MaxScopes, func(scope string) error {
		if isScope(scope) {
			return nil
		}
		return identity.WrongFormat("scope", // RFC 6749 §3.3
			fmt.Sprintf("must have 1 to %d visible ASCII characters other than \" and \\", MaxScope))
	})
	checkList(v, "/audience", a.Audience, maxAudience, func(audience string) error {
		if len(audience) > 0 && len(audience) <= maxAudienceText && isVisible(audience) {
			return nil
		}
		return identity.WrongFormat(
			"visible-ascii", fmt.Sprintf("must have 1 to %d visible ASCII characters", maxAudienceText))
	})
	checkPage(v, "/app_url", a.AppURL)
	checkPage(v, "/client_uri", a.ClientURI)
	checkPage(v, "/logo_uri", a.LogoURI)
	checkPage(v, "/policy_uri", a.PolicyURI)
	checkPage(v, "/tos_uri", a.TermsURI)
}

// checkSecret records a secret that is given and is not one of the application's.
func (a Application) checkSecret(v *identity.Violations, secret string) {
	switch {
	case secret == "":
	case a.IsPublic():
		v.Add("/client_secret", identity.NotAllowed("is not for an application without a secret"))
	case len(secret) < MinSecret || len(secret) > MaxSecret || !isVisible(secret):
		v.Add("/client_secret", identity.WrongFormat(
			"visible-ascii", fmt.Sprintf("must have %d to %d visible ASCII characters", MinSecret, MaxSecret)))
	case !a.HasSecret(secret):
		v.Add("/client_secret", identity.Immutable("cannot change in this way: rotate it"))
	}
}

// checkPools records pools that are not connected to the workspace. A pool that the application had
// before may have been disconnected since.
func (a Application) checkPools(v *identity.Violations, w Workspace, before []string) {
	checkList(v, "/identity_pool_ids", a.Pools, MaxPools, func(pool string) error {
		if _, ok := w.ConnectionOf(pool); ok || slices.Contains(before, pool) {
			return nil
		}
		return identity.NoSuch("names a pool that is not connected to the workspace")
	})
}

// ErrPublicClient is the error for a secret of an application that has none.
var ErrPublicClient = identity.Refused{Code: "public_client", Reason: "an application without a secret has none to rotate"}

// WithSecret returns the application with one more secret, given by its hash, which is the current one
// from now on. The others stay valid until they are revoked; the oldest one gives way if there would be
// more than MaxSecrets. The error is ErrPublicClient.
func (a Application) WithSecret(hashed string, now time.Time) (Application, error) {
	if a.IsPublic() {
		return a, ErrPublicClient
	}
	kept := a.Secrets[max(0, len(a.Secrets)-MaxSecrets+1):]
	a.Secrets, a.UpdatedAt = append(slices.Clone(kept), hashed), identity.At(now)
	return a, nil
}

// WithoutRotated returns the application with its current secret alone.
func (a Application) WithoutRotated(now time.Time) Application {
	if len(a.Secrets) > 1 {
		a.Secrets, a.UpdatedAt = slices.Clone(a.Secrets[len(a.Secrets)-1:]), identity.At(now)
	}
	return a
}

// isScope reports whether a text is a scope (RFC 6749 §3.3).
func isScope(scope string) bool {
	return len(scope) > 0 && len(scope) <= MaxScope && isVisible(scope) && !strings.ContainsAny(scope, `"\`)
}

// isVisible reports whether a text has only visible ASCII characters.
func isVisible(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r < '!' || r > '~' })
}

// checkOneOf records a value that is none of the allowed ones.
func checkOneOf(v *identity.Violations, pointer, value string, allowed ...string) {
	if !slices.Contains(allowed, value) {
		isNone := func(text string) bool { return text == "" }
		v.Add(pointer, identity.NotOneOf(slices.DeleteFunc(slices.Clone(allowed), isNone)...))
	}
}

// checkEach records the items of a list that are none of the allowed values.
func checkEach(v *identity.Violations, pointer string, list []string, allowed ...string) {
	const most = 10
	checkList(v, pointer, list, most, func(item string) error {
		if slices.Contains(allowed, item) {
			return nil
		}
		return identity.NotOneOf(allowed...)
	})
}
