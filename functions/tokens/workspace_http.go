package tokens

import (
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/go-jose/go-jose/v4"

	"identitypools/shared/api"
	"identitypools/shared/oauth"
	"identitypools/shared/oidc"
)

// workspaceEndpoints returns the endpoints of workspaces, which are OpenID providers, that applications call.
// Pages call those that they need: a public client in a browser exchanges codes and asks for userinfo itself.
func workspaceEndpoints(p *Provider) [][]api.Endpoint {
	const base = "/{tid}/{wid}"
	h := workspaceHandlers{p}
	discovery := api.Raw[api.None, api.None, provider](200, h.discovery)
	post := func(path, operation string, action api.Action) []api.Endpoint {
		return api.ForOAuthClients("POST", base+path, operation, action, api.BodyLimit(oauth.MaxForm))
	}
	return [][]api.Endpoint{
		fromPages(post("/oauth2/token", "token", api.Raw[api.None, grantForm, tokensAnswer](200, h.token))),
		fromPages(post("/oauth2/revoke", "revoke", api.Raw[api.None, tokenOfForm, revokedAnswer](200, h.revoke))),
		post("/oauth2/introspect", "introspect", api.Raw[api.None, tokenOfForm, inspectedAnswer](200, h.introspect)),
		fromPages(api.ForOAuthClients("GET", base+"/userinfo", "userinfo",
			api.Raw[api.None, api.None, userInfoAnswer](200, h.userinfo))),
		fromPages(post("/userinfo", "userinfoByPost",
			api.Raw[api.None, bearerForm, userInfoAnswer](200, h.userinfo).WithOptionalBody())),
		fromPages(api.ForOAuthClients("GET", base+"/.well-known/openid-configuration", "discovery", discovery)),
		fromPages(api.ForOAuthClients("GET", "/.well-known/oauth-authorization-server"+base, "metadata", discovery)),
		fromPages(api.ForOAuthClients("GET", base+"/.well-known/jwks.json", "keys",
			api.Raw[api.None, api.None, jose.JSONWebKeySet](200, h.keys))),
	}
}

// fromPages returns endpoints that pages of other origins may call.
func fromPages(endpoints []api.Endpoint) []api.Endpoint {
	for i := range endpoints {
		endpoints[i].CrossOrigin = true
	}
	return endpoints
}

// workspaceHandlers calls the use cases of workspaces with decoded requests.
type workspaceHandlers struct{ provider *Provider }

// grantForm is the form of a token request (RFC 6749 §4.1.3, §4.4.2 and §6, RFC 7636 §4.5). The id and the secret
// of the application are either here or in the Authorization header, as is registered for it.
type grantForm struct {
	GrantType    string `form:"grant_type"`
	ClientID     string `form:"client_id"`
	ClientSecret string `form:"client_secret"`
	Code         string `form:"code"`
	RedirectURI  string `form:"redirect_uri"`
	Verifier     string `form:"code_verifier"`
	RefreshToken string `form:"refresh_token"`
	Scope        string `form:"scope"`
}

// tokensAnswer is the answer to a token request (RFC 6749 §5.1, OpenID Connect Core §3.1.3.3).
type tokensAnswer struct {
	AccessToken  string `json:"access_token"`
	TokenType    string `json:"token_type"`
	ExpiresIn    int64  `json:"expires_in"` // seconds
	Scope        string `json:"scope,omitempty"`
	IDToken      string `json:"id_token,omitempty"`
	RefreshToken string `json:"refresh_token,omitempty"`
}

// tokenOfForm is the form of a request about a token (RFC 7009 §2.1, RFC 7662 §2.1). The hint makes no
// difference, since the token says what it is.
type tokenOfForm struct {
	Token        string `form:"token"`
	Hint         string `form:"token_type_hint"`
	ClientID     string `form:"client_id"`
	ClientSecret string `form:"client_secret"`
}

// bearerForm is the form of a request with a bearer token in its body (RFC 6750 §2.2).
type bearerForm struct {
	AccessToken string `form:"access_token"`
}

// workspace returns the workspace in the path of a request. The error is identity.NotFound.
func (h workspaceHandlers) workspace(r *http.Request) (oidc.Workspace, error) {
	return h.provider.Workspaces.Cached(r.Context(), r.PathValue("tid"), r.PathValue("wid"))
}

// client reads the form of a request and authenticates the application that sends it.
func (h workspaceHandlers) client(r *http.Request) (w oidc.Workspace, a oidc.Application, form url.Values, err error) {
	if w, err = h.workspace(r); err != nil {
		return w, a, nil, err
	}
	if form, err = oauth.ReadForm(r, oauth.MaxForm); err != nil {
		return w, a, nil, err
	}
	credentials, err := oauth.CredentialsOf(r, form)
	if err != nil {
		return w, a, nil, err
	}
	a, err = h.provider.Client(r.Context(), w, credentials)
	return w, a, form, err
}

// token answers requests for tokens.
func (h workspaceHandlers) token(rw http.ResponseWriter, r *http.Request) {
	rw.Header().Set("Pragma", "no-cache") // RFC 6749 §5.1, besides Cache-Control
	w, a, form, err := h.client(r)
	var t Tokens
	if err == nil {
		t, err = h.grant(r, w, a, form)
	}
	if err != nil {
		oauth.Refuse(rw, r, err)
		return
	}
	api.WriteJSON(rw, http.StatusOK, tokensAnswer{
		AccessToken: t.Access, TokenType: "Bearer", ExpiresIn: t.Lifetime, Scope: strings.Join(t.Scope, " "),
		IDToken: t.ID, RefreshToken: t.Refresh,
	})
}

// grant calls the use case of the grant type of a request.
func (h workspaceHandlers) grant(r *http.Request, w oidc.Workspace, a oidc.Application, form url.Values) (Tokens, error) {
	if err := checkGrantType(form, oidc.GrantCode, oidc.GrantRefresh, oidc.GrantCredentials); err != nil {
		return Tokens{}, err
	}
	switch form.Get("grant_type") {
	case oidc.GrantCode:
		return h.provider.Redeem(r.Context(), w, a, Redemption{
			Code: form.Get("code"), RedirectURI: form.Get("redirect_uri"), Verifier: form.Get("code_verifier"),
		})
	case oidc.GrantRefresh:
		return h.provider.Refresh(r.Context(), w, a, form.Get("refresh_token"), form.Get("scope"))
	}
	return h.provider.Own(r.Context(), w, a, form.Get("scope"))
}

// revokedAnswer is the answer to a request to revoke a token, which says nothing (RFC 7009 §2.2).
type revokedAnswer struct{}

// revoke answers requests to revoke a token.
func (h workspaceHandlers) revoke(rw http.ResponseWriter, r *http.Request) {
	w, a, form, err := h.client(r)
	if err == nil && form.Get("token") == "" {
		err = oidc.Refusal{Code: oidc.InvalidRequest, Description: "token must be given"}
	}
	if err == nil {
		err = h.provider.Revoke(r.Context(), w, a, form.Get("token"))
	}
	if err != nil {
		oauth.Refuse(rw, r, err)
		return
	}
	api.WriteJSON(rw, http.StatusOK, revokedAnswer{})
}

// inspectedAnswer is the answer about a token (RFC 7662 §2.2).
type inspectedAnswer struct {
	Active    bool     `json:"active"`
	TokenType string   `json:"token_type,omitempty"`
	Scope     string   `json:"scope,omitempty"`
	ClientID  string   `json:"client_id,omitempty"`
	Subject   string   `json:"sub,omitempty"`
	Audience  []string `json:"aud,omitempty"`
	Issuer    string   `json:"iss,omitempty"`
	ExpiresAt int64    `json:"exp,omitzero"`
	IssuedAt  int64    `json:"iat,omitzero"`
	ID        string   `json:"jti,omitempty"`
	Session   string   `json:"sid,omitempty"`
	ACR       string   `json:"acr,omitempty"`
	AMR       []string `json:"amr,omitempty"`
	AuthTime  int64    `json:"auth_time,omitzero"`
	Pool      string   `json:"identity_pool_id,omitempty"`
	User      string   `json:"user_id,omitempty"`
}

// inspector reads the form of a request about a token, and returns the application that sends it: one that
// authenticates, or one with a bearer token of its own.
func (h workspaceHandlers) inspector(r *http.Request) (w oidc.Workspace, a oidc.Application, form url.Values, err error) {
	token := bearerIn(r.Header)
	if token == "" {
		return h.client(r)
	}
	if w, err = h.workspace(r); err != nil {
		return w, a, nil, err
	}
	if form, err = oauth.ReadForm(r, oauth.MaxForm); err != nil {
		return w, a, nil, err
	}
	a, err = h.provider.Inspector(r.Context(), w, token)
	return w, a, form, err
}

// introspect answers requests about a token.
func (h workspaceHandlers) introspect(rw http.ResponseWriter, r *http.Request) {
	w, a, form, err := h.inspector(r)
	if err == nil && form.Get("token") == "" {
		err = oidc.Refusal{Code: oidc.InvalidRequest, Description: "token must be given"}
	}
	var found Inspected
	if err == nil {
		found, err = h.provider.Introspect(r.Context(), w, a, form.Get("token"))
	}
	switch {
	case err != nil && bearerIn(r.Header) != "":
		oauth.RefuseToken(rw, r, err, ScopeIntrospect)
		return
	case err != nil:
		oauth.Refuse(rw, r, err)
		return
	}
	c := found.Claims
	api.WriteJSON(rw, http.StatusOK, inspectedAnswer{
		Active: found.Active, TokenType: found.TokenType, Scope: c.Scope, ClientID: c.ClientID, Subject: c.Subject,
		Audience: c.Audience, Issuer: c.Issuer, ExpiresAt: c.ExpiresAt, IssuedAt: c.IssuedAt, ID: c.ID, Session: c.Session,
		ACR: c.ACR, AMR: c.AMR, AuthTime: c.AuthTime, Pool: c.Pool, User: c.User,
	})
}

// userInfoAnswer is the claims about a user. The subject is always there.
type userInfoAnswer struct {
	Subject string `json:"sub"`
}

// userinfo answers requests for the claims about the user of a bearer token.
func (h workspaceHandlers) userinfo(rw http.ResponseWriter, r *http.Request) {
	w, err := h.workspace(r)
	if err != nil {
		api.Error(rw, r, err)
		return
	}
	token, err := bearerOf(r)
	var claims map[string]any
	if err == nil {
		claims, err = h.provider.UserInfo(r.Context(), w, token)
	}
	if err != nil {
		oauth.RefuseToken(rw, r, err, oidc.ScopeOpenID)
		return
	}
	api.WriteJSON(rw, http.StatusOK, claims)
}

// bearerOf returns the bearer token of a request: in its header, or in the form in its body, but not in both
// (RFC 6750 §2). The error is an oidc.Refusal, or oauth.NoToken.
func bearerOf(r *http.Request) (string, error) {
	inForm := ""
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); r.Method == http.MethodPost && kind == api.FormType {
		form, err := oauth.ReadForm(r, oauth.MaxForm)
		if err != nil {
			return "", err
		}
		inForm = form.Get("access_token")
	}
	inHeader := bearerIn(r.Header)
	switch {
	case inForm != "" && inHeader != "":
		return "", oidc.Refusal{Code: oidc.InvalidRequest, Description: "the token must be in the Authorization header or in the body, not in both"}
	case inForm+inHeader == "":
		return "", oauth.NoToken{}
	}
	return inForm + inHeader, nil
}

// bearerIn returns the bearer token in the header of a request, or "".
func bearerIn(h http.Header) string {
	scheme, token, _ := strings.Cut(h.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// keys serves the public keys, which are the same for all workspaces.
func (h workspaceHandlers) keys(rw http.ResponseWriter, r *http.Request) {
	_, err := h.workspace(r)
	var keys []byte
	if err == nil {
		keys, err = h.provider.Signer.PublicKeys(r.Context())
	}
	if err != nil {
		api.Error(rw, r, err)
		return
	}
	writeKeys(rw, keys)
}
