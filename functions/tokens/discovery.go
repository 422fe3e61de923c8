package tokens

import (
	"net/http"
	"slices"

	"identitypools/shared/api"
	"identitypools/shared/identity"
	"identitypools/shared/oidc"
)

// provider is the metadata of a workspace (OpenID Connect Discovery §3, RFC 8414 §2, RFC 9126 §5, RFC 9207 §3,
// OpenID Connect RP-Initiated Logout §2.1). It lists what is served, and nothing else.
type provider struct {
	Issuer                 string   `json:"issuer"`
	Authorization          string   `json:"authorization_endpoint"`
	Token                  string   `json:"token_endpoint"`
	UserInfo               string   `json:"userinfo_endpoint"`
	JWKSURI                string   `json:"jwks_uri"`
	PushedRequests         string   `json:"pushed_authorization_request_endpoint"`
	EndSession             string   `json:"end_session_endpoint"`
	Revocation             string   `json:"revocation_endpoint"`
	Introspection          string   `json:"introspection_endpoint"`
	Scopes                 []string `json:"scopes_supported"`
	Claims                 []string `json:"claims_supported"`
	ClaimTypes             []string `json:"claim_types_supported"`
	ResponseTypes          []string `json:"response_types_supported"`
	ResponseModes          []string `json:"response_modes_supported"`
	GrantTypes             []string `json:"grant_types_supported"`
	SubjectTypes           []string `json:"subject_types_supported"`
	IDTokenAlgs            []string `json:"id_token_signing_alg_values_supported"`
	TokenAuthWays          []string `json:"token_endpoint_auth_methods_supported"`
	RevocationAuthWays     []string `json:"revocation_endpoint_auth_methods_supported"`
	IntrospectionAuthWays  []string `json:"introspection_endpoint_auth_methods_supported"`
	ChallengeMethods       []string `json:"code_challenge_methods_supported"`
	Prompts                []string `json:"prompt_values_supported"`
	ACRs                   []string `json:"acr_values_supported"`
	UILocales              []string `json:"ui_locales_supported"`
	IssuerInAnswer         bool     `json:"authorization_response_iss_parameter_supported"`
	ClaimsParameter        bool     `json:"claims_parameter_supported"`
	RequestParameter       bool     `json:"request_parameter_supported"`
	RequestURIParameter    bool     `json:"request_uri_parameter_supported"`
	RequiresPushedRequests bool     `json:"require_pushed_authorization_requests"`
}

// metadataOf returns the metadata of a workspace with an issuer.
func metadataOf(w oidc.Workspace, issuer string) provider {
	withSecret := []string{oidc.AuthBasic, oidc.AuthPost}
	ways := append(slices.Clone(withSecret), oidc.AuthNone)
	protocol := []string{"sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "sid", "at_hash"}
	return provider{
		Issuer: issuer, Authorization: issuer + "/oauth2/authorize", Token: issuer + "/oauth2/token",
		UserInfo: issuer + "/userinfo", JWKSURI: issuer + "/.well-known/jwks.json", PushedRequests: issuer + "/par",
		EndSession: issuer + "/oidc/logout", Revocation: issuer + "/oauth2/revoke", Introspection: issuer + "/oauth2/introspect",
		Scopes: oidc.Scopes(), Claims: append(protocol, oidc.UserClaims()...), ClaimTypes: []string{"normal"},
		ResponseTypes: []string{"code"}, ResponseModes: []string{oidc.ModeQuery, oidc.ModeForm},
		GrantTypes:   []string{oidc.GrantCode, oidc.GrantRefresh, oidc.GrantCredentials},
		SubjectTypes: []string{"public"}, IDTokenAlgs: []string{oidc.RS256, oidc.ES256},
		TokenAuthWays: ways, RevocationAuthWays: ways, IntrospectionAuthWays: withSecret,
		ChallengeMethods: []string{"S256"},
		Prompts:          []string{oidc.PromptNone, oidc.PromptLogin, oidc.PromptConsent, oidc.PromptAccount},
		ACRs:             []string{oidc.ACROne, oidc.ACRTwo}, UILocales: identity.Languages(),
		IssuerInAnswer: true, ClaimsParameter: true, RequiresPushedRequests: w.RequirePAR,
	}
}

// discovery serves the metadata of a workspace.
func (h workspaceHandlers) discovery(rw http.ResponseWriter, r *http.Request) {
	w, err := h.workspace(r)
	if err != nil {
		api.Error(rw, r, err)
		return
	}
	rw.Header().Set("Cache-Control", publicly)
	api.WriteJSON(rw, http.StatusOK, metadataOf(w, h.provider.Issuer(w)))
}
