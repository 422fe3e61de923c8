package oidc

import (
	"slices"
	"time"
	"unicode/utf8"

	"identitypools/shared/identity"
)

// The largest numbers of characters of what administrators write. A name may be an id.
const (
	maxName        = 128
	maxDescription = 1024
	maxColor       = 32
)

// reserved returns the ids that no workspace can have, because other things have their paths: the
// token servers of API clients, and the pages of pools.
func reserved() []string { return []string{"admin", "system", "pools"} }

// WorkspaceChange is the body of a request that creates or updates a workspace. It replaces the
// settings: what is absent gets its default. Absent pointers are left unchanged: those whose default is
// true, because generated clients omit false; and those that are not in the published API, because such
// clients do not know them.
type WorkspaceChange struct {
	ID                          string             `json:"id"`
	Tenant                      string             `json:"tenant_id"`
	Name                        string             `json:"name"`
	Description                 string             `json:"description"`
	Color                       string             `json:"color"`
	LogoURI                     string             `json:"logo_uri"`
	EnforcePKCE                 *bool              `json:"enforce_pkce"`
	EnforcePKCEForPublicClients *bool              `json:"enforce_pkce_for_public_clients"`
	RequirePAR                  bool               `json:"require_pushed_authorization_requests"`
	CodeTTL                     identity.Duration  `json:"authorization_code_ttl"`
	AccessTokenTTL              identity.Duration  `json:"access_token_ttl"`
	IDTokenTTL                  identity.Duration  `json:"id_token_ttl"`
	RefreshTokenTTL             identity.Duration  `json:"refresh_token_ttl"`
	RefreshTokenIdleTTL         *identity.Duration `json:"refresh_token_idle_ttl"`
	RequestTTL                  identity.Duration  `json:"pushed_authorization_request_ttl"`
	Sessions                    *SessionChange     `json:"sso"`
	Others                      members            `json:",embed"`
}

// SessionChange changes a SessionPolicy, in the same way as a WorkspaceChange changes a workspace.
type SessionChange struct {
	MaxAge        identity.Duration  `json:"max_age"`
	MaxIdle       identity.Duration  `json:"max_idle"`
	BrowserMaxAge *identity.Duration `json:"browser_max_age"`
	Enabled       *bool              `json:"enabled"`
	Others        members            `json:",embed"`
}

// ofWorkspaces returns the rules for the other members of the published Server and ServerResponse.
func ofWorkspaces() published {
	return described(
		"created_at", "updated_at", "issuer_url", "mtls_issuer_url", "version", // only the product sets them
		"metadata", "theme_id", "styling", "supported_application_purposes", "enable_quick_access",
	).unserved(
		"advanced", "authentication_context_settings", "authentication_mechanisms",
		"backchannel_token_delivery_modes_supported", "backchannel_user_code_parameter_supported", "cdr",
		"consent_id_namespace", "cookie_max_age", "custom_issuer_url", "device_authorization",
		"dynamic_client_registration", "dynamic_scope_separator", "enable_idp_discovery",
		"enable_legacy_clients_with_no_software_statement", "enable_trust_anchor", "enforce_id_token_encryption",
		"fdx", "identity_assurance", "idp_discovery", "issuer_id", "jwks", "legal_entity", "obbr", "organization",
		"parent_id", "root_cas", "rotated_secrets", "saml", "scope_claim_formats", "secret", "settings",
		"subject_identifier_algorithm_salt", "template", "token_endpoint_auth_signing_alg_values",
		"trust_anchor_configuration",
	).
		only("access_token_strategy", "jwt").
		only("grant_types", grants()...).
		only("key_type", "rsa").
		only("profile", "default").
		only("response_types", "code").
		only("subject_format", "hash").
		only("subject_identifier_types", "public").
		only("token_endpoint_auth_methods", authMethods()...).
		only("token_endpoint_authn_methods", authMethods()...).
		only("type", "regular")
}

// ofSessions returns the rules for the other members of the published SSOConfiguration.
func ofSessions() published {
	return published{}.unserved("domain", "loa_threshold", "logout_redirect_domains", "post_logout_url")
}

// grants returns the grant types that are served.
func grants() []string { return []string{GrantCode, GrantRefresh, GrantCredentials} }

// authMethods returns the ways in which an application can authenticate.
func authMethods() []string { return []string{AuthBasic, AuthPost, AuthNone} }

// NewWorkspace returns the new workspace of a tenant that c describes. It has the given id unless c has
// one. The error is Invalid.
func NewWorkspace(tenant, id string, c WorkspaceChange, now time.Time) (Workspace, error) {
	w := Workspace{
		Tenant: tenant, ID: orElse(c.ID, id), EnforcePKCE: true, EnforcePKCEForPublicClients: true,
		Sessions: SessionPolicy{Enabled: true}, CreatedAt: identity.At(now),
	}
	return w.Changed(c, now)
}

// Changed returns the workspace after the change c. The error is Invalid.
func (w Workspace) Changed(c WorkspaceChange, now time.Time) (Workspace, error) {
	var v identity.Violations
	checkIDs(&v, "/id", c.ID, w.ID, c.Tenant, w.Tenant)
	if slices.Contains(reserved(), w.ID) {
		v.Add("/id", identity.NotAllowed("must be another one than "+orList(reserved())))
	}
	w.Name, w.Description = orElse(c.Name, w.ID), identity.WithLineFeeds(c.Description)
	w.Color, w.LogoURI, w.RequirePAR = c.Color, c.LogoURI, c.RequirePAR
	setIfGiven(&w.EnforcePKCE, c.EnforcePKCE)
	setIfGiven(&w.EnforcePKCEForPublicClients, c.EnforcePKCEForPublicClients)
	w.CodeTTL, w.AccessTokenTTL, w.IDTokenTTL = c.CodeTTL, c.AccessTokenTTL, c.IDTokenTTL
	w.RefreshTokenTTL, w.RequestTTL = c.RefreshTokenTTL, c.RequestTTL
	setIfGiven(&w.RefreshTokenIdleTTL, c.RefreshTokenIdleTTL)
	if s := c.Sessions; s != nil {
		w.Sessions.MaxAge, w.Sessions.MaxIdle = s.MaxAge, s.MaxIdle
		setIfGiven(&w.Sessions.BrowserMaxAge, s.BrowserMaxAge)
		setIfGiven(&w.Sessions.Enabled, s.Enabled)
		ofSessions().check(&v, "/sso", s.Others)
	} else {
		w.Sessions.MaxAge, w.Sessions.MaxIdle = 0, 0
	}
	w.UpdatedAt = identity.At(now)
	w = w.Filled()
	v.CheckLine("/name", w.Name, 1, maxName)
	checkText(&v, "/description", w.Description)
	v.CheckLine("/color", w.Color, 0, maxColor)
	checkPage(&v, "/logo_uri", w.LogoURI)
	w.checkLifetimes(&v)
	ofWorkspaces().check(&v, "", c.Others)
	return w, v.Err()
}

// checkText records a description that is too long.
func checkText(v *identity.Violations, pointer, text string) {
	if utf8.RuneCountInString(text) > maxDescription {
		v.Add(pointer, identity.TooLong(1024, "characters"))
	}
}
