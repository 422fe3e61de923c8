package conformance_test

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"identitypools/infra/check/systemtest"
)

type fields = systemtest.Fields

// Where the applications are answered. The second one has a query, which answers must keep.
const (
	callback       = "https://app.example.com/callback"
	secondCallback = "https://second.example.com/callback?dummy1=lorem&dummy2=ipsum"
	loggedOut      = "https://app.example.com/bye"
)

// client is an application as it was registered.
type client struct {
	id, secret, callback string
	byPost               bool // authenticates with client_secret_post
}

// provider is a workspace of a running product with a pool, a user, and the applications of the suite.
type provider struct {
	product               *systemtest.Product
	issuer, email, userID string
	metadata              map[string]any
	keys                  jose.JSONWebKeySet
	first, second, byPost client
}

// newProvider makes a workspace in the way in which an administrator does.
func newProvider(t *testing.T, product *systemtest.Product) *provider {
	t.Helper()
	tenant := product.NewTenant(t)
	o := &provider{product: product, email: systemtest.Address("ann"), issuer: product.BaseURL + "/" + tenant.ID + "/main"}
	pool := tenant.NewPool(t, nil)
	o.userID = tenant.NewUser(t, pool, "active", o.email, fields{
		"credentials": []fields{{"type": "password", "password": systemtest.Password}},
		"payload": fields{
			"name": "Ann Example", "given_name": "Ann", "family_name": "Example", "middle_name": "Bea", "nickname": "annie",
			"preferred_username": "ann", "profile": "https://example.com/ann", "picture": "https://example.com/ann.png",
			"website": "https://ann.example.com", "gender": "female", "birthdate": "2000-01-31",
			"zoneinfo": "Europe/Vienna", "locale": "de-AT", "phone_number": "+43 1 555 0100",
			"address": fields{"street_address": "1 Example Street", "locality": "Vienna", "country": "Austria"},
		},
	})
	tenant.Workspaces.Must(t, 201, "POST", "/servers", fields{"id": "main", "name": "Main"})
	tenant.Workspaces.Must(t, 201, "POST", "/servers/main/idps/identity_pool", fields{"identity_pool_id": pool})
	register := func(id, method, callback string) client {
		made := tenant.Workspaces.Must(t, 201, "POST", "/clients", fields{
			"client_id": id, "authorization_server_id": "main", "redirect_uris": []string{callback},
			"post_logout_redirect_uris": []string{loggedOut}, "token_endpoint_auth_method": method, "without_pkce": true,
		})
		return client{id, made.Text(t, "client_secret"), callback, method == "client_secret_post"}
	}
	o.first = register("first", "client_secret_basic", callback)
	o.second = register("second", "client_secret_basic", secondCallback)
	o.byPost = register("by-post", "client_secret_post", callback)
	product.ExpireCaches()
	o.metadata = get(t, o.issuer+"/.well-known/openid-configuration").Fields(t)
	if err := json.Unmarshal(get(t, o.endpoint("jwks_uri")).Body, &o.keys); err != nil {
		t.Fatal(err)
	}
	return o
}

// endpoint returns the URL of an endpoint, as the metadata name it.
func (o *provider) endpoint(name string) string {
	url, _ := o.metadata[name].(string)
	return url
}

// get returns the answer to a GET request.
func get(t *testing.T, address string) systemtest.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	return systemtest.Send(t, r)
}

// party is a relying party as the suite plays it, and the browser of a person.
type party struct {
	*provider
	client  client
	browser *systemtest.Browser
}

// newParty returns the first application with a browser in which nobody is signed in.
func (o *provider) newParty(t *testing.T) *party {
	t.Helper()
	return &party{o, o.first, o.product.NewBrowser(t)}
}

// request returns the parameters of a request, with pairs that replace the usual ones. A parameter that is
// "" is left out.
func (p *party) request(pairs ...string) url.Values {
	q := url.Values{
		"client_id": {p.client.id}, "redirect_uri": {p.client.callback}, "response_type": {"code"}, "scope": {"openid"},
		"state": {rand.Text()}, "nonce": {rand.Text()},
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		if q.Set(pairs[i], pairs[i+1]); pairs[i+1] == "" {
			q.Del(pairs[i])
		}
	}
	return q
}

// open sends the browser to the provider with a request.
func (p *party) open(t *testing.T, q url.Values) systemtest.Response {
	t.Helper()
	return p.browser.Open(t, p.endpoint("authorization_endpoint")+"?"+q.Encode())
}

// isSignIn reports whether an answer is the page for signing in.
func isSignIn(got systemtest.Response) bool {
	return got.Status == http.StatusOK && strings.Contains(string(got.Body), `name="password"`)
}

// answer returns the parameters that the application gets, and checks those that every answer has: state as it
// was sent, and the issuer (RFC 9207).
func (p *party) answer(t *testing.T, got systemtest.Response, q url.Values) url.Values {
	t.Helper()
	left := p.browser.Left
	if left == nil || got.Status != http.StatusSeeOther {
		t.Fatalf("the browser is not sent back to the application: %d %s", got.Status, got.Body)
	}
	answer := left.Query()
	want, err := url.Parse(q.Get("redirect_uri"))
	if err != nil {
		t.Fatal(err)
	}
	for name, values := range want.Query() {
		if answer.Get(name) != values[0] {
			t.Errorf("the redirect URI has lost the parameter %s of its query", name)
		}
	}
	if left.Scheme+left.Host+left.Path != want.Scheme+want.Host+want.Path {
		t.Fatalf("the browser is sent to %s", left)
	}
	if answer.Get("state") != q.Get("state") || answer.Get("iss") != p.issuer || left.Fragment != "" {
		t.Errorf("the answer is %s", left)
	}
	return answer
}

// signIn sends a request, and signs the person in if the page asks for it. It returns the answer, which has a
// code.
func (p *party) signIn(t *testing.T, q url.Values) url.Values {
	t.Helper()
	got := p.open(t, q)
	if isSignIn(got) {
		got = p.submit(t)
	}
	answer := p.answer(t, got, q)
	if answer.Get("code") == "" || answer.Get("error") != "" {
		t.Fatalf("the application gets %v", answer)
	}
	return answer
}

// submit signs the person in on the page that the browser shows.
func (p *party) submit(t *testing.T) systemtest.Response {
	t.Helper()
	return p.browser.Submit(t, "do", "password", "identifier", p.email, "password", systemtest.Password)
}

// post sends a form to the token endpoint, with which the application authenticates.
func (p *party) post(t *testing.T, pairs ...string) systemtest.Response {
	t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	if p.client.byPost {
		form.Set("client_id", p.client.id)
		form.Set("client_secret", p.client.secret)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.endpoint("token_endpoint"), strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if !p.client.byPost {
		r.SetBasicAuth(url.QueryEscape(p.client.id), url.QueryEscape(p.client.secret))
	}
	return systemtest.Send(t, r)
}

// redeem exchanges a code.
func (p *party) redeem(t *testing.T, code string, more ...string) systemtest.Response {
	t.Helper()
	return p.post(t, append([]string{
		"grant_type", "authorization_code", "code", code, "redirect_uri", p.client.callback,
	}, more...)...)
}

// tokens are what the application gets for a code or a refresh token.
type tokens struct {
	access, id, refresh string
	claims              map[string]any // of the ID token
}

// got checks an answer of the token endpoint and its ID token (OpenID Connect Core §3.1.3.3 to §3.1.3.8).
func (p *party) got(t *testing.T, answer systemtest.Response, nonce string) tokens {
	t.Helper()
	all := answer.Fields(t)
	kind, _ := all["token_type"].(string)
	if answer.Status != 200 || !strings.EqualFold(kind, "bearer") || answer.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("the token endpoint answers %d %s %v", answer.Status, answer.Body, answer.Header)
	}
	var out tokens
	out.access, _ = all["access_token"].(string)
	out.id, _ = all["id_token"].(string)
	out.refresh, _ = all["refresh_token"].(string)
	parsed, err := jwt.ParseSigned(out.id, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		t.Fatalf("the ID token %q: %v", out.id, err)
	}
	key := p.keys.Key(parsed.Headers[0].KeyID)
	if len(key) != 1 {
		t.Fatalf("%d keys have the id of the ID token", len(key))
	}
	if err := parsed.Claims(key[0].Key, &out.claims); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(out.access))
	now := float64(p.product.Clock.Now().Unix())
	given, _ := out.claims["nonce"].(string)
	switch c := out.claims; {
	case c["iss"] != p.issuer, c["aud"] != p.client.id, c["sub"] == nil, len(c["sub"].(string)) > 255:
		t.Errorf("the ID token has %v", c)
	case given != nonce, c["at_hash"] != base64.RawURLEncoding.EncodeToString(sum[:16]):
		t.Errorf("the ID token has %v, for the nonce %q", c, nonce)
	case c["exp"].(float64) <= now, c["iat"].(float64) > now, c["auth_time"].(float64) > now:
		t.Errorf("at %f the ID token has the times %v", now, c)
	}
	return out
}

// exchange signs the person in with a request, and returns the tokens for the code.
func (p *party) exchange(t *testing.T, q url.Values) tokens {
	t.Helper()
	code := p.signIn(t, q).Get("code")
	return p.got(t, p.redeem(t, code), q.Get("nonce"))
}

// userinfo asks for the claims about the user, with a token in the header.
func (p *party) userinfo(t *testing.T, token string) systemtest.Response {
	t.Helper()
	return p.ask(t, http.MethodGet, nil, "Bearer "+token)
}

// ask sends a request to the userinfo endpoint.
func (p *party) ask(t *testing.T, method string, form url.Values, authorization string) systemtest.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, p.endpoint("userinfo_endpoint"), strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	return systemtest.Send(t, r)
}

// about returns the claims of an answer of the userinfo endpoint, whose subject is that of the ID token.
func about(t *testing.T, got systemtest.Response, of tokens) map[string]any {
	t.Helper()
	claims := got.Fields(t)
	if got.Status != 200 || claims["sub"] != of.claims["sub"] || !strings.HasPrefix(got.Header.Get("Content-Type"), "application/json") {
		t.Fatalf("userinfo answers %d %s", got.Status, got.Body)
	}
	return claims
}

// refused checks that an application is answered with an error.
func (p *party) refused(t *testing.T, got systemtest.Response, q url.Values, want string) {
	t.Helper()
	answer := p.answer(t, got, q)
	if answer.Get("error") != want || answer.Get("code") != "" {
		t.Errorf("the application gets %v, want the error %s", answer, want)
	}
}

// stays checks that the browser is not sent to the application, but sees why.
func (p *party) stays(t *testing.T, got systemtest.Response) {
	t.Helper()
	if p.browser.Left != nil || got.Status != http.StatusBadRequest || !strings.Contains(string(got.Body), "<main>") {
		t.Errorf("the browser is at %v with %d %s", p.browser.Left, got.Status, got.Body)
	}
}

// object returns an unsigned request object with claims (OpenID Connect Core §6.1).
func object(t *testing.T, q url.Values, more fields) string {
	t.Helper()
	claims := fields{}
	for name := range q {
		claims[name] = q.Get(name)
	}
	maps.Copy(claims, more)
	text, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(`{"alg":"none"}`)) + "." + encode(text) + "."
}
