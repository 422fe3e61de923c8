package tokens_test

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/go-json-experiment/json"

	"identitypools/infra/check/systemtest"
	"identitypools/infra/local/system"
	"identitypools/shared/oidc"
)

// world is a product with a workspace, a pool that is connected to it, and a user.
type world struct {
	*systemtest.Product
	*systemtest.Workspace
	tenant            *systemtest.Tenant
	pool, user, email string
	app               systemtest.Application
}

func newWorld(t *testing.T) *world {
	t.Helper()
	product := systemtest.New(t, func(c *system.Config) { c.Quiet = true })
	w := &world{Product: product, tenant: product.NewTenant(t), email: systemtest.Address("ann")}
	w.pool = w.tenant.NewPool(t, nil)
	w.Workspace = product.NewWorkspace(t, w.tenant.ID, w.pool)
	w.app = w.NewApplication(t, nil)
	w.user = w.newUser(t, w.email)
	return w
}

func (w *world) newUser(t *testing.T, email string) string {
	t.Helper()
	return w.tenant.NewUser(t, w.pool, "active", email, systemtest.Fields{
		"payload": systemtest.Fields{"name": "Ann Example", "given_name": "Ann"},
	})
}

// code returns a code for the world's application and user.
func (w *world) code(t *testing.T) string {
	t.Helper()
	return w.Code(t, w.SignIn(t, w.pool, w.user), w.app, nil)
}

// tokens returns the tokens for a new code.
func (w *world) tokens(t *testing.T) map[string]any {
	t.Helper()
	got := systemtest.Send(t, w.Redeem(t, w.app, w.code(t)))
	if got.Status != 200 {
		t.Fatalf("a code is answered %d %s", got.Status, got.Body)
	}
	return got.Fields(t)
}

// hasUserInfo reports whether an access token leads to its user, and fails the test if it is refused otherwise
// than RFC 6750 says.
func (w *world) hasUserInfo(t *testing.T, token any) bool {
	t.Helper()
	got := systemtest.Send(t, w.UserInfo(t, token.(string)))
	if got.Status != 200 && (got.Status != 401 || got.Text(t, "error") != "invalid_token" ||
		!strings.HasPrefix(got.Header.Get("WWW-Authenticate"), `Bearer error="invalid_token"`)) {
		t.Errorf("userinfo answers %d %s %v", got.Status, got.Body, got.Header)
	}
	return got.Status == 200
}

// claimsOf returns the claims of a token whose signature is of one of the published keys, and its header.
func claimsOf(t *testing.T, w *world, token string, kind string, algorithm jose.SignatureAlgorithm) map[string]any {
	t.Helper()
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(get(t, w.Issuer()+"/.well-known/jwks.json").Body, &set); err != nil {
		t.Fatal(err)
	}
	parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{algorithm})
	if err != nil {
		t.Fatal(err)
	}
	if got := parsed.Headers[0].ExtraHeaders[jose.HeaderType]; got != kind {
		t.Errorf("the type is %v, want %s", got, kind)
	}
	claims := map[string]any{}
	if err := parsed.Claims(set.Key(parsed.Headers[0].KeyID)[0].Key, &claims); err != nil {
		t.Fatal(err)
	}
	return claims
}

// OpenID Connect Core §3.1.3.3 and §2, RFC 9068 §2.2.
func TestACodeIsExchangedForTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := w.Clock.Now()
	got := systemtest.Send(t, w.Redeem(t, w.app, w.code(t)))
	fields := got.Fields(t)
	if got.Status != 200 || fields["token_type"] != "Bearer" || fields["expires_in"] != 300.0 ||
		fields["scope"] != "openid profile email offline_access" || fields["refresh_token"] == nil ||
		got.Header.Get("Cache-Control") != "no-store" || got.Header.Get("Pragma") != "no-cache" {
		t.Fatalf("answered %d %s %v", got.Status, got.Body, got.Header)
	}
	id := claimsOf(t, w, fields["id_token"].(string), "JWT", jose.RS256)
	access := claimsOf(t, w, fields["access_token"].(string), "at+jwt", jose.ES256)
	for name, want := range map[string]any{
		"iss": w.Issuer(), "aud": w.app.ID, "nonce": "a nonce", "acr": "aal1", "sub": access["sub"], "sid": access["sid"],
		"identity_pool_id": w.pool, "user_id": w.user, "exp": id["iat"].(float64) + 3600, "auth_time": access["auth_time"],
	} {
		if id[name] != want {
			t.Errorf("in the ID token %s is %v, want %v", name, id[name], want)
		}
	}
	for name, want := range map[string]any{
		"iss": w.Issuer(), "client_id": w.app.ID, "scope": fields["scope"], "exp": access["iat"].(float64) + 300,
		"identity_pool_id": w.pool, "user_id": w.user,
	} {
		if access[name] != want {
			t.Errorf("in the access token %s is %v, want %v", name, access[name], want)
		}
	}
	if at := id["auth_time"].(float64); at < float64(before.Unix()) || at > float64(w.Clock.Now().Unix()) {
		t.Errorf("auth_time is %v", at)
	}
	if id["at_hash"] == nil || id["email"] != nil || access["jti"] == nil || !slices.Equal(access["aud"].([]any), []any{w.Issuer()}) {
		t.Errorf("the claims are %v and %v", id, access)
	}
	info := systemtest.Send(t, w.UserInfo(t, fields["access_token"].(string)))
	if f := info.Fields(t); info.Status != 200 || f["sub"] != id["sub"] || f["name"] != "Ann Example" || f["email"] != w.email {
		t.Errorf("userinfo answers %d %s", info.Status, info.Body)
	}
}

// Every refusal of a code names what is wrong, and leaves the code good, except for a repeated use.
func TestCodesThatAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	session := w.SignIn(t, w.pool, w.user)
	other := w.NewApplication(t, nil)
	noCode := w.NewApplication(t, func(a *oidc.Application) { a.GrantTypes = []string{oidc.GrantCredentials} })
	elsewhere := w.NewApplication(t, func(a *oidc.Application) { a.Pools = []string{"p-of-others"} })
	public := w.NewApplication(t, func(a *oidc.Application) { a.AuthMethod = oidc.AuthNone })
	code := w.Code(t, session, w.app, nil)
	unchallenged := w.Code(t, session, w.app, func(r *oidc.Request) { r.Challenge = "" })
	form := func(a systemtest.Application, code, redirect, verifier string) *http.Request {
		return w.Request(t, a, "/oauth2/token", "grant_type", "authorization_code", "code", code, "redirect_uri", redirect, "code_verifier", verifier)
	}
	const uri, wrong = systemtest.RedirectURI, "another-verifier-of-43-characters-0123456789ab"
	for _, c := range []struct {
		name string
		r    *http.Request
		want string
	}{
		{"without a code", form(w.app, "", uri, systemtest.Verifier), "invalid_request"},
		{"without a redirect URI", form(w.app, code, "", systemtest.Verifier), "invalid_request"},
		{"with another redirect URI", form(w.app, code, uri+"/", systemtest.Verifier), "invalid_grant"},
		{"without the verifier", form(w.app, code, uri, ""), "invalid_grant"},
		{"with a wrong verifier", form(w.app, code, uri, wrong), "invalid_grant"},
		{"with a verifier that is none", form(w.app, code, uri, "short"), "invalid_grant"},
		{"with a verifier, and no challenge in the request", form(w.app, unchallenged, uri, systemtest.Verifier), "invalid_grant"},
		{"that is none", form(w.app, "abc", uri, systemtest.Verifier), "invalid_grant"},
		{"that was changed", form(w.app, code[:len(code)-4]+"AAAA", uri, systemtest.Verifier), "invalid_grant"},
		{"of another application", form(other, code, uri, systemtest.Verifier), "invalid_grant"},
		{"of a public application that is another", form(public, code, uri, systemtest.Verifier), "invalid_grant"},
		{"of an application without the grant type", form(noCode, code, uri, systemtest.Verifier), "unauthorized_client"},
		{"of an application for other pools", form(elsewhere, w.Code(t, session, elsewhere, nil), uri, systemtest.Verifier), "invalid_grant"},
	} {
		if got := systemtest.Send(t, c.r); got.Status != 400 || got.Text(t, "error") != c.want {
			t.Errorf("a code %s is answered %d %s, want %s", c.name, got.Status, got.Body, c.want)
		}
	}
	for name, r := range map[string]*http.Request{
		"that was refused before": form(w.app, code, uri, systemtest.Verifier),
		"without a challenge":     form(w.app, unchallenged, uri, ""),
	} {
		if got := systemtest.Send(t, r); got.Status != 200 {
			t.Errorf("a code %s is answered %d %s", name, got.Status, got.Body)
		}
	}
	late := w.Code(t, session, w.app, nil)
	w.Clock.Advance(61 * time.Second)
	if got := systemtest.Send(t, w.Redeem(t, w.app, late)); got.Status != 400 || got.Text(t, "error") != "invalid_grant" {
		t.Errorf("an expired code is answered %d %s", got.Status, got.Body)
	}
}

// Codes of whoever is not signed in any more are refused.
func TestCodesOfDeadSessionsAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, end := range map[string]func(t *testing.T, s oidc.Session, user string){
		"that was ended": func(t *testing.T, s oidc.Session, _ string) {
			if err := w.Table.Sessions.End(t.Context(), s); err != nil {
				t.Fatal(err)
			}
		},
		"of a user who is inactive": func(t *testing.T, _ oidc.Session, user string) {
			w.tenant.Admin.Must(t, 200, "PUT", "/pools/"+w.pool+"/users/"+user, systemtest.Fields{"status": "inactive"})
		},
		"of a user who is deleted": func(t *testing.T, _ oidc.Session, user string) {
			w.tenant.Admin.Must(t, 204, "DELETE", "/pools/"+w.pool+"/users/"+user, nil)
		},
	} {
		user := w.newUser(t, systemtest.Address("x"))
		s := w.SignIn(t, w.pool, user)
		code := w.Code(t, s, w.app, nil)
		end(t, s, user)
		if got := systemtest.Send(t, w.Redeem(t, w.app, code)); got.Status != 400 || got.Text(t, "error") != "invalid_grant" {
			t.Errorf("a code of a session %s is answered %d %s", name, got.Status, got.Body)
		}
	}
}

// ASVS 10.4.2: of 20 redemptions at once one succeeds, and the others revoke what it gets.
func TestACodeWorksOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	code := w.code(t)
	answers := make([]systemtest.Response, 20)
	var group sync.WaitGroup
	for i := range answers {
		r := w.Redeem(t, w.app, code)
		group.Go(func() { answers[i] = systemtest.Send(t, r) })
	}
	group.Wait()
	succeeded := 0
	for _, got := range answers {
		if got.Status == 200 {
			succeeded++
			if w.hasUserInfo(t, got.Fields(t)["access_token"]) {
				t.Error("the tokens are good although the code was used again")
			}
			if again := systemtest.Send(t, w.Refresh(t, w.app, got.Text(t, "refresh_token"))); again.Status != 400 {
				t.Errorf("the refresh token is answered %d", again.Status)
			}
		} else if got.Status != 400 || got.Text(t, "error") != "invalid_grant" {
			t.Errorf("answered %d %s", got.Status, got.Body)
		}
	}
	if succeeded != 1 {
		t.Errorf("%d of 20 succeeded", succeeded)
	}
}
