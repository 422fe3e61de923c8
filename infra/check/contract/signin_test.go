package contract_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	acpclient "github.com/cloudentity/acp-client-go"

	"identitypools/infra/check/systemtest"
)

type fields = systemtest.Fields

// An application sends a person to sign in with the client, by a request in the address and by one that it
// has pushed. It gets tokens for the code, and is told of the person. An API asks about the access token.
func TestTheClientSignsAPersonIn(t *testing.T) {
	t.Parallel()
	c := open(t)
	pool, email := c.newPool(t), systemtest.Address("ann")
	c.NewUser(t, pool, "active", email, fields{
		"credentials": []fields{{"type": "password", "password": systemtest.Password}},
	})
	c.Workspaces.Must(t, 201, "POST", "/servers", fields{"id": "shop"})
	c.Workspaces.Must(t, 201, "POST", "/servers/shop/idps/identity_pool", fields{"identity_pool_id": pool, "name": "Partners"})
	application := c.application(t, fields{
		"redirect_uris": []string{"https://app.example.com/callback"}, "token_endpoint_auth_method": "client_secret_basic",
	}, "openid", "email")
	api := c.application(t, fields{
		"grant_types": []string{"client_credentials"}, "scopes": []string{"introspect_tokens"},
	}, "introspect_tokens")

	asked, csrf, err := application.AuthorizeURL(acpclient.WithResponseType("code"), acpclient.WithPKCE())
	c.checkTokens(t, application, api, email, must(asked, err)(t), csrf)

	pushed, csrf, err := application.DoPAR(acpclient.WithResponseType("code"), acpclient.WithPKCE())
	asked = must(application.AuthorizeURLWithPAR(must(pushed, err)(t).RequestURI))(t)
	c.checkTokens(t, application, api, email, asked, csrf)
}

// application registers an application, and returns the client for it.
func (c *caller) application(t *testing.T, body fields, scopes ...string) acpclient.Client {
	t.Helper()
	body["authorization_server_id"] = "shop"
	made := c.Workspaces.Must(t, 201, "POST", "/clients", body)
	with := config(t, c.product, c.ID, "shop", made.Text(t, "client_id"), made.Text(t, "client_secret"), c.wire)
	with.AuthMethod, with.Scopes = acpclient.ClientSecretBasicAuthnMethod, scopes
	if uris, ok := body["redirect_uris"].([]string); ok {
		with.RedirectURL, _ = url.Parse(uris[0])
	}
	return must(acpclient.New(with))(t)
}

// checkTokens signs the person in at the URL of a request, and checks what the application and the API learn.
func (c *caller) checkTokens(
	t *testing.T, application, api acpclient.Client, email, asked string, csrf acpclient.CSRF,
) {
	t.Helper()
	back := signIn(t, asked, email).Query()
	tokens := must(application.Exchange(back.Get("code"), back.Get("state"), csrf))(t)
	if tokens.IDToken == "" || tokens.RefreshToken == "" {
		t.Errorf("the tokens are %+v", tokens)
	}
	who := must(application.Userinfo(tokens.AccessToken))(t)
	about := must(api.IntrospectToken(t.Context(), tokens.AccessToken))(t)
	if who["email"] != email || !about.Active || about.Sub != who["sub"] || about.ClientID != application.Config.ClientID {
		t.Errorf("userinfo says %v, and introspection %+v", who, about)
	}
	if about.ClientID == api.Config.ClientID || tokens.Scope != "openid email" {
		t.Errorf("the tokens are %+v", tokens)
	}
}

// signIn fills in the page for signing in, as a browser does, and returns the URI at which the person comes
// back to the application.
func signIn(t *testing.T, asked, email string) *url.URL {
	t.Helper()
	page := location(t, http.MethodGet, asked, nil)
	return location(t, http.MethodPost, page.String(), url.Values{
		"identifier": {email}, "password": {systemtest.Password}, "do": {"password"},
	})
}

// location sends a request and returns where its answer leads.
func location(t *testing.T, method, address string, form url.Values) *url.URL {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	to, err := answer.Location()
	if err != nil {
		t.Fatalf("%s %s is answered %d", method, address, answer.StatusCode)
	}
	return to
}
