package tokens

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"

	"github.com/go-jose/go-jose/v4"

	"identitypools/shared/access"
	"identitypools/shared/api"
)

// Handler returns the handler of the function's routes.
func Handler(s *Service, o api.Options) (http.Handler, error) { return api.New(routes(s), o) }

// Routes returns the rows of the function's routes.
func Routes() []api.Route { return routes(nil).Routes() }

// maxForm is the maximum size of the body of a token request in bytes.
const maxForm = 8 << 10

// routes returns the function's routes with their actions: four for the tree of admin clients, and
// four for that of system clients. The metadata of a token server is at two places: the one of
// OpenID Connect Discovery §4, which follows the issuer, and the one of RFC 8414 §3.1, which is in
// front of the path of the issuer.
func routes(s *Service) api.Function {
	h := handlers{s}
	var endpoints [][]api.Endpoint
	for _, caller := range []access.Caller{access.Admin, access.System} {
		tree := string(caller)
		base := "/{tid}/" + tree
		discovery := api.Read(h.discovery(caller), api.Encode(discoveryOf))
		endpoints = append(endpoints,
			api.ForOAuthClients("POST", base+"/oauth2/token", tree+"Token",
				api.Raw[api.None, tokenForm, tokenAnswer](200, h.token(caller)), api.BodyLimit(maxForm)),
			api.ForOAuthClients("GET", base+"/.well-known/openid-configuration", tree+"Discovery", discovery),
			api.ForOAuthClients("GET", "/.well-known/oauth-authorization-server"+base, tree+"Metadata", discovery),
			api.ForOAuthClients("GET", base+"/.well-known/jwks.json", tree+"Keys",
				api.Raw[api.None, api.None, jose.JSONWebKeySet](200, h.keys)),
		)
	}
	return api.NewFunction("tokens", endpoints...)
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
			refuse(w, r, err)
			return
		}
		api.WriteJSON(w, http.StatusOK, tokenAnswer{token.AccessToken, "Bearer", int(Lifetime.Seconds()), token.Scope})
	}
}

// refuse answers with an error as RFC 6749 §5.2 defines it. A content coding is a matter of HTTP,
// so its status is that of RFC 9110 §15.5.16.
func refuse(w http.ResponseWriter, r *http.Request, err error) {
	var refusal Refusal
	status := http.StatusBadRequest
	switch {
	case api.CheckCoding(r) != nil:
		status = api.ReportError(w, r, err)
		refusal = Refusal{"invalid_request", err.Error()}
	case !errors.As(err, &refusal):
		api.Error(w, r, err)
		return
	case refusal.Code == errClient.Code:
		status = http.StatusUnauthorized
		w.Header().Set("WWW-Authenticate", `Basic realm="token"`)
	}
	api.WriteJSON(w, status, map[string]string{"error": refusal.Code, "error_description": refusal.Description})
}

// readGrant reads a request for a token by client credentials. The client's id and secret are in
// the Authorization header, URL-encoded before base64 (RFC 6749 §2.3.1), or in the body, but not in
// both.
func readGrant(r *http.Request) (Grant, error) {
	invalid := func(why string) (Grant, error) { return Grant{}, Refusal{"invalid_request", why} }
	if err := api.CheckCoding(r); err != nil {
		return Grant{}, err
	}
	if err := api.CheckForm(r); err != nil { // RFC 6749 §5.2 answers a media type with 400, and not 415
		return invalid(err.Error())
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxForm+1))
	if err != nil || len(body) > maxForm {
		return invalid("the body must have at most 8 KB")
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return invalid("the body is malformed")
	}
	for name, values := range form {
		if len(values) > 1 {
			return invalid("the parameter " + url.QueryEscape(name) + " is given twice")
		}
	}
	in := tokenForm{form.Get("grant_type"), form.Get("client_id"), form.Get("client_secret"), form.Get("scope")}
	switch in.GrantType {
	case "client_credentials":
	case "":
		return invalid("grant_type must be given")
	default:
		return Grant{}, Refusal{"unsupported_grant_type", "grant_type must be client_credentials"}
	}
	g := Grant{ClientID: in.ClientID, Secret: in.ClientSecret, Scope: in.Scope}
	id, secret, basic := r.BasicAuth()
	if !basic {
		return g, nil
	}
	if g.Secret != "" {
		return invalid("the client's secret must be in the Authorization header or in the body, not in both")
	}
	if g.ClientID, err = url.QueryUnescape(id); err != nil {
		return Grant{}, errClient
	}
	if g.Secret, err = url.QueryUnescape(secret); err != nil {
		return Grant{}, errClient
	}
	return g, nil
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
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "public, max-age=300")
	_, _ = w.Write(keys)
}
