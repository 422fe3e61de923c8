package tokens

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"

	"identitypools/shared/api"
)

// Handler serves the function's operations.
func Handler(s *Service, o api.Options) (http.Handler, error) {
	h := handlers{s}
	return api.New("tokens", api.Handlers{
		"adminToken": h.token("admin"), "adminDiscovery": h.discovery("admin"), "adminKeys": h.keys,
		"systemToken": h.token("system"), "systemDiscovery": h.discovery("system"), "systemKeys": h.keys,
	}, o)
}

type handlers struct{ *Service }

func (h handlers) token(tree string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		grant, err := readGrant(r)
		grant.Tenant, grant.Tree = r.PathValue("tid"), tree
		var token Token
		if err == nil {
			token, err = h.Issue(r.Context(), grant)
		}
		if err != nil {
			refuse(w, r, err)
			return
		}
		api.Reply(w, http.StatusOK, map[string]any{
			"access_token": token.AccessToken, "token_type": "Bearer", "expires_in": int(Lifetime.Seconds()), "scope": token.Scope,
		})
	}
}

// refuse answers as RFC 6749 §5.2 has it.
func refuse(w http.ResponseWriter, r *http.Request, err error) {
	var refusal Refusal
	if !errors.As(err, &refusal) {
		api.Error(w, r, err)
		return
	}
	status := http.StatusBadRequest
	if refusal.Code == errClient.Code {
		status = http.StatusUnauthorized
		w.Header().Set("WWW-Authenticate", `Basic realm="token"`)
	}
	api.Reply(w, status, map[string]string{"error": refusal.Code, "error_description": refusal.Description})
}

// maxForm bounds the body of a token request, in bytes.
const maxForm = 8 << 10

// readGrant reads a client credentials request: the client's id and secret come in the Authorization header, URL-encoded before
// base64 (RFC 6749 §2.3.1), or in the body, but not in both.
func readGrant(r *http.Request) (Grant, error) {
	invalid := func(why string) (Grant, error) { return Grant{}, Refusal{"invalid_request", why} }
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return invalid("the body must be application/x-www-form-urlencoded")
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
	if grant := form.Get("grant_type"); grant != "client_credentials" {
		if grant == "" {
			return invalid("grant_type must be given")
		}
		return Grant{}, Refusal{"unsupported_grant_type", "grant_type must be client_credentials"}
	}
	g := Grant{ClientID: form.Get("client_id"), Secret: form.Get("client_secret"), Scope: form.Get("scope")}
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

func (h handlers) discovery(tree string) http.HandlerFunc {
	scopes := map[string][]string{"admin": {api.ScopeAdmin}, "system": {api.ScopeSystem, api.ScopeRegistration}}
	return func(w http.ResponseWriter, r *http.Request) {
		issuer := h.IssuerURL(r.PathValue("tid"), tree)
		api.Reply(w, http.StatusOK, map[string]any{
			"issuer": issuer, "token_endpoint": issuer + "/oauth2/token", "jwks_uri": issuer + "/.well-known/jwks.json",
			"grant_types_supported": []string{"client_credentials"}, "response_types_supported": []string{},
			"token_endpoint_auth_methods_supported": []string{"client_secret_basic", "client_secret_post"},
			"scopes_supported":                      scopes[tree],
		})
	}
}

func (h handlers) keys(w http.ResponseWriter, r *http.Request) {
	keys, err := h.PublicKeys(r.Context())
	if err != nil {
		api.Error(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "public, max-age=300")
	_, _ = w.Write(keys)
}
