package system_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"identitypools/functions"
	"identitypools/infra/check/systemtest"
	"identitypools/infra/local/system"
	"identitypools/shared/access"
	"identitypools/shared/oidc"
)

// The headers of CORS.
const (
	allowOrigin  = "Access-Control-Allow-Origin"
	allowMethods = "Access-Control-Allow-Methods"
	allowHeaders = "Access-Control-Allow-Headers"
	exposed      = "Access-Control-Expose-Headers"
)

// The origins of the pages in these tests.
const (
	signUpPage = "https://signup.example.com"
	appPage    = "https://app.example.com:8443"
	redirected = "https://spa.example.com" // of a redirect URI of a public application
	otherPage  = "https://other.example.com"
)

// pages is a product that sign-up pages may call, with a workspace whose applications have pages.
type pages struct {
	*systemtest.Product
	workspace *systemtest.Workspace
	pool      string
}

// newPages starts a product. Pages of another workspace have the origin otherPage, and those of an application
// that is inactive https://inactive.example.com.
func newPages(t *testing.T) pages {
	t.Helper()
	p := systemtest.New(t, func(c *system.Config) {
		c.Environment["SIGN_UP_ORIGINS"] = signUpPage + ", https://more.example.com"
	})
	tenant := p.NewTenant(t)
	w, other := p.NewWorkspace(t, tenant.ID), p.NewWorkspace(t, tenant.ID)
	of := func(origin string, inactive bool) func(*oidc.Application) {
		return func(a *oidc.Application) { a.AllowedOrigins, a.Inactive = []string{origin}, inactive }
	}
	w.NewApplication(t, of(appPage, false))
	w.NewApplication(t, of("https://inactive.example.com", true))
	w.NewApplication(t, func(a *oidc.Application) {
		a.AuthMethod, a.RedirectURIs = oidc.AuthNone, []string{redirected + "/callback"}
	})
	other.NewApplication(t, of(otherPage, false))
	return pages{p, w, tenant.NewPool(t, nil)}
}

// send sends a request from a page of an origin, which has none if it is "". The headers are pairs.
func (p pages) send(t *testing.T, method, path, origin string, headers ...string) systemtest.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, p.BaseURL+path, strings.NewReader(""))
	if err != nil {
		t.Fatal(err)
	}
	if origin != "" {
		r.Header.Set("Origin", origin)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return systemtest.Send(t, r)
}

// preflight sends a preflight.
func (p pages) preflight(t *testing.T, method, path, origin string) systemtest.Response {
	t.Helper()
	got := p.send(t, http.MethodOptions, path, origin, "Access-Control-Request-Method", method)
	if got.Status != http.StatusNoContent || len(got.Body) > 0 {
		t.Errorf("a preflight of %s %s from %q is answered %d %s", method, path, origin, got.Status, got.Body)
	}
	return got
}

// check checks that a page of an origin may call a path or not, in a preflight and in the request itself.
func (p pages) check(t *testing.T, method, path, origin string, may bool) {
	t.Helper()
	want := ""
	if may {
		want = origin
	}
	before, got := p.preflight(t, method, path, origin), p.send(t, method, path, origin)
	for _, h := range []http.Header{before.Header, got.Header} {
		if h.Get(allowOrigin) != want || h.Get("Vary") != "Origin" || h.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s %s, from %q: %v", method, path, origin, h)
		}
	}
	if (before.Header.Get(allowHeaders) != "") != may || (got.Header.Get(exposed) != "") != may {
		t.Errorf("%s %s, from %q: %v, and %v", method, path, origin, before.Header, got.Header)
	}
}

// V3.4.2: pages may call the endpoints of a workspace if one of its applications has their origin, and the
// public tree if the deployment names it. They can read what is wrong, since most of these requests are
// refused.
func TestPagesOfRegisteredOriginsMayCall(t *testing.T) {
	t.Parallel()
	p := newPages(t)
	endpoints := map[string]string{
		p.workspace.Path("/oauth2/token"): "POST", p.workspace.Path("/oauth2/revoke"): "POST",
		p.workspace.Path("/userinfo"): "GET", p.workspace.Path("/.well-known/openid-configuration"): "GET",
		p.workspace.Path("/.well-known/jwks.json"):                       "GET",
		"/.well-known/oauth-authorization-server" + p.workspace.Path(""): "GET",
	}
	of := "/api/identity/" + p.workspace.Tenant + "/public/pools/" + p.pool
	public := map[string]string{of: "GET", of + "/register": "POST", of + "/password/reset/request": "POST"}
	for origin, may := range map[string]struct{ endpoints, public bool }{
		appPage: {true, false}, redirected: {true, false}, signUpPage: {false, true},
		"https://more.example.com": {false, true},
		"":                         {}, "null": {}, otherPage: {}, "https://inactive.example.com": {}, "*": {},
		strings.ToUpper(appPage): {}, strings.ToUpper(signUpPage): {}, appPage + "/": {},
		"https://app.example.com": {}, "http://app.example.com:8443": {}, signUpPage + ":443": {},
		"https://x.signup.example.com": {}, signUpPage + ",https://more.example.com": {},
	} {
		for path, method := range endpoints {
			p.check(t, method, path, origin, may.endpoints)
		}
		for path, method := range public {
			p.check(t, method, path, origin, may.public)
		}
	}
}

// A registered origin may call no more than is meant for pages, and a deployment may accept all pages.
func TestOtherOriginsMayCallWhatRowsSay(t *testing.T) {
	t.Parallel()
	p := newPages(t)
	open := pages{p.Again(t, func(c *system.Config) { c.Environment["SIGN_UP_ORIGINS"] = "*" }), p.workspace, p.pool}
	ids := strings.NewReplacer(
		"{tid}", p.workspace.Tenant, "{ipID}", p.pool, "{userID}", "u", "{schID}", "s", "{kind}", "k", "{lang}", "l",
		"{metadataType}", "admin", "{wid}", p.workspace.ID, "{iid}", "i", "{cid}", "c", "{proxy+}", "nothing",
	)
	for _, route := range functions.Routes() {
		needs := []string{"content-type", "x-idempotency-key"}
		switch route.Caller {
		case access.Admin, access.System:
			needs = append(needs, "authorization")
		case access.OAuthClient:
			needs = []string{"authorization"}
		}
		h := open.preflight(t, route.Method, ids.Replace(route.Path), appPage).Header
		methods, headers := strings.Split(h.Get(allowMethods), ","), strings.Split(h.Get(allowHeaders), ",")
		may := h.Get(allowOrigin) == appPage && slices.Contains(methods, route.Method) &&
			!slices.ContainsFunc(needs, func(name string) bool { return !slices.Contains(headers, name) })
		if may != route.CrossOrigin || !may && h.Get(allowOrigin) != "" {
			t.Errorf("%s: pages of other origins may call it: %t (%v)", route.Name, may, h)
		}
	}
	for _, path := range []string{"/nothing", p.workspace.Path("/userinfo/"), p.workspace.Path("/oauth2"), "/t//userinfo", "/t/ /userinfo"} {
		path = strings.ReplaceAll(path, " ", "%20")
		if got := open.send(t, "OPTIONS", path, appPage, "Access-Control-Request-Method", "GET"); got.Header.Get(allowOrigin) != "" {
			t.Errorf("%s: %v", path, got.Header)
		}
	}
	if got := p.send(t, "OPTIONS", p.workspace.Path("/userinfo"), appPage); got.Status != 204 || got.Header.Get(allowOrigin) != "" {
		t.Errorf("OPTIONS that is no preflight is answered %d %v", got.Status, got.Header)
	}
	public := "/api/identity/" + p.workspace.Tenant + "/public/pools/" + p.pool
	for _, path := range []string{public, p.workspace.Path("/userinfo")} {
		open.check(t, "GET", path, "null", false)
	}
	open.check(t, "GET", public, "http://127.0.0.1:5173", true)
	if got := p.send(t, "HEAD", p.workspace.Path("/userinfo"), appPage); got.Status != 404 {
		t.Errorf("HEAD is answered %d", got.Status)
	}
}
