package tokens

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"

	"identitypools/shared/access"
	"identitypools/shared/api"
	"identitypools/shared/oauth"
	"identitypools/shared/oidc"
)

// Handler returns the handler of the function's routes.
func Handler(s *Service, p *Provider, o api.Options) (http.Handler, error) {
	return api.New(routes(s, p), o)
}

// Routes returns the rows of the function's routes.
func Routes() []api.Route { return routes(nil, nil).Routes() }

// routes returns the function's routes with their actions: four for the tree of admin clients, four for
// that of system clients, and those of workspaces, which have any other name in the same place. The metadata of a token server is at two places: the one of
// OpenID Connect Discovery §4, which follows the issuer, and the one of RFC 8414 §3.1, which is in
// front of the path of the issuer.
func routes(s *Service, p *Provider) api.Function {
	h := handlers{s}
	var endpoints [][]api.Endpoint
	for _, caller := range []access.Caller{access.Admin, access.System} {
		tree := string(caller)
		base := "/{tid}/" + tree
		discovery := api.Read(h.discovery(caller), api.Encode(discoveryOf))
		endpoints = append(endpoints,
			api.ForOAuthClients("POST", base+"/oauth2/token", tree+"Token",
				api.Raw[api.None, tokenForm, tokenAnswer](200, h.token(caller)), api.BodyLimit(oauth.MaxForm)),
			api.ForOAuthClients("GET", base+"/.well-known/openid-configuration", tree+"Discovery", discovery),
			api.ForOAuthClients("GET", "/.well-known/oauth-authorization-server"+base, tree+"Metadata", discovery),
			api.ForOAuthClients("GET", base+"/.well-known/jwks.json", tree+"Keys",
				api.Raw[api.None, api.None, jose.JSONWebKeySet](200, h.keys)),
		)
	}
	return api.NewFunction("tokens", append(endpoints, workspaceEndpoints(p)...)...)
}

// handlers calls the use cases with decoded requests.
type handlers struct{ service *Service }

// tokenForm is the form of a token request (RFC 6749 §4.4.2). The id and the secret of the client
// are either here or in the Authorization header.
type tokenForm struct {
	GrantType    string `form:"grant_type"`
	ClientID     string `form:"client_id"`
	ClientSecret string `form:"client_secret"`
	Scope        string `form:"scope"`
}

// tokenAnswer is the answer to a token request (RFC 6749 §5.1).
type tokenAnswer struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	ExpiresIn   int    `json:"expires_in"` // seconds
	Scope       string `json:"scope"`
}

// token returns the handler of token requests in the tree of a caller.
func (h handlers) token(caller access.Caller) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Pragma", "no-cache") // RFC 6749 §5.1, besides Cache-Control
		grant, err := readGrant(r)
		grant.Tenant, grant.Caller = r.PathValue("tid"), caller
		var token Token
		if err == nil {
			token, err = h.service.Issue(r.Context(), grant)
		}
		if err != nil {
			oauth.Refuse(w, r, err)
			return
		}
		api.WriteJSON(w, http.StatusOK, tokenAnswer{token.AccessToken, "Bearer", int(Lifetime.Seconds()), token.Scope})
	}
}

// readGrant reads a request for a token by client credentials.
func readGrant(r *http.Request) (Grant, error) {
	form, err := oauth.ReadForm(r, oauth.MaxForm)
	if err != nil {
		return Grant{}, err
	}
	if err := checkGrantType(form, oidc.GrantCredentials); err != nil {
		return Grant{}, err
	}
	c, err := oauth.CredentialsOf(r, form)
	return Grant{ClientID: c.ID, Secret: c.Secret, Scope: form.Get("scope")}, err
}

// checkGrantType returns a refusal unless a form has one of the grant types that are served.
func checkGrantType(form url.Values, served ...string) error {
	switch kind := form.Get("grant_type"); {
	case kind == "":
		return oidc.Refusal{Code: oidc.InvalidRequest, Description: "grant_type must be given"}
	case !slices.Contains(served, kind):
		return oidc.Refusal{Code: oidc.UnsupportedGrantType, Description: "grant_type must be " + strings.Join(served, ", ")}
	}
	return nil
}

// discovery is the metadata of a token server (RFC 8414 §2). A token server has no authorization
// endpoint and therefore no response types. The member for them is an empty list: §2 requires the
// member, clients that check the metadata demand it, and none minds that §3.2 leaves empty lists out.
type discovery struct {
	Issuer                string   `json:"issuer"`
	TokenEndpoint         string   `json:"token_endpoint"`
	JWKSURI               string   `json:"jwks_uri"`
	GrantTypes            []string `json:"grant_types_supported"`
	ResponseTypes         []string `json:"response_types_supported"`
	TokenEndpointAuthWays []string `json:"token_endpoint_auth_methods_supported"`
	Scopes                []string `json:"scopes_supported"`
}

// server is the token server of a tenant for one kind of callers.
type server struct {
	issuer string
	caller access.Caller
}

// discoveryOf returns the metadata of a token server.
func discoveryOf(s server) discovery {
	scopes := []string{api.ScopeAdmin}
	if s.caller == access.System {
		scopes = []string{api.ScopeSystem, api.ScopeRegistration}
	}
	return discovery{
		Issuer: s.issuer, TokenEndpoint: s.issuer + "/oauth2/token", JWKSURI: s.issuer + "/.well-known/jwks.json",
		GrantTypes: []string{"client_credentials"}, ResponseTypes: []string{},
		TokenEndpointAuthWays: []string{"client_secret_basic", "client_secret_post"}, Scopes: scopes,
	}
}

// discovery returns the use case that finds the token server of a caller.
func (h handlers) discovery(caller access.Caller) func(context.Context, api.PlainCall) (server, error) {
	return func(_ context.Context, c api.PlainCall) (server, error) {
		return server{h.service.IssuerURL(c.Tenant(), caller), caller}, nil
	}
}

// keys serves the public keys.
func (h handlers) keys(w http.ResponseWriter, r *http.Request) {
	keys, err := h.service.PublicKeys(r.Context())
	if err != nil {
		api.Error(w, r, err)
		return
	}
	writeKeys(w, keys)
}

// publicly is the Cache-Control of what anybody may keep for five minutes.
const publicly = "public, max-age=300"

// writeKeys answers with a JWK set.
func writeKeys(w http.ResponseWriter, keys []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", publicly)
	_, _ = w.Write(keys) // the caller has gone if this fails
}
