package system_test

import (
	"net/http"
	"net/url"
	"testing"

	"identitypools/infra/check/systemtest"
	"identitypools/infra/local/system"
)

// What the calls of applications cost; see TestWhatACallCosts.
func TestWhatCallsOfApplicationsCost(t *testing.T) {
	meter := &systemtest.Meter{}
	product := systemtest.New(t, systemtest.WithMiddleware(meter.Watch), func(c *system.Config) { c.Quiet = true })
	product.Clock.Stop() // what the functions have in memory stays valid
	tenant := product.NewTenant(t)
	pool := tenant.NewPool(t, nil)
	user := tenant.NewUser(t, pool, "active", systemtest.Address("ann"), nil)
	workspace := product.NewWorkspace(t, tenant.ID, pool)
	app := workspace.NewApplication(t, nil)
	session := workspace.SignIn(t, pool, user)
	redeem := func() systemtest.Response {
		return systemtest.Send(t, workspace.Redeem(t, app, workspace.Code(t, session, app, nil)))
	}
	tokens := redeem()
	access, refresh := tokens.Text(t, "access_token"), tokens.Text(t, "refresh_token")
	systemtest.Send(t, workspace.UserInfo(t, access)) // the function has the keys in memory from now on
	code := workspace.Code(t, session, app, nil)
	form := func(path string, pairs ...string) *http.Request { return workspace.Request(t, app, path, pairs...) }
	for _, c := range []struct {
		name   string
		r      *http.Request
		status int
		most   systemtest.Cost
	}{
		{"exchange a code for tokens", workspace.Redeem(t, app, code), 200, systemtest.Cost{RoundTrips: 2, Write: 1, Read: 2}},
		{"exchange a code once more", workspace.Redeem(t, app, code), 400, systemtest.Cost{RoundTrips: 3, Write: 1, Read: 2}},
		{"userinfo", workspace.UserInfo(t, access), 200, systemtest.Cost{RoundTrips: 1, Read: 1}},
		{"introspect an access token", form("/oauth2/introspect", "token", access), 200, systemtest.Cost{RoundTrips: 1, Read: 1}},
		{"refresh tokens", workspace.Refresh(t, app, refresh), 200, systemtest.Cost{RoundTrips: 2, Write: 1, Read: 1}},
		{"refresh tokens with the same token", workspace.Refresh(t, app, refresh), 200, systemtest.Cost{RoundTrips: 2, Write: 0, Read: 1}},
		{"revoke tokens", form("/oauth2/revoke", "token", refresh), 200, systemtest.Cost{RoundTrips: 1, Write: 1}},
	} {
		meter.Collect()
		answer := systemtest.Send(t, c.r)
		got := meter.Collect()
		t.Logf("| %s | %d | %g | %g |", c.name, got.RoundTrips, got.Write, got.Read)
		if answer.Status != c.status || got.RoundTrips == 0 {
			t.Errorf("%s is answered %d %s", c.name, answer.Status, answer.Body)
		}
		if got.RoundTrips > c.most.RoundTrips || got.Write > c.most.Write || got.Read > c.most.Read {
			t.Errorf("%s costs %+v, may cost %+v", c.name, got, c.most)
		}
	}
	// An application that gets a token for itself costs nothing.
	meter.Collect()
	if got := systemtest.Send(t, form("/oauth2/token", "grant_type", "client_credentials")); got.Status != 200 || meter.Collect().RoundTrips != 0 {
		t.Errorf("client credentials are answered %d %s, or cost something", got.Status, got.Body)
	}
}

// What the steps of a sign-in cost; see TestWhatACallCosts. Of several tasks that are done at once, the
// number of round trips that the meter sees may be larger, if one begins when the other has ended.
func TestWhatASignInCosts(t *testing.T) {
	meter := &systemtest.Meter{}
	product := systemtest.New(t, systemtest.WithMiddleware(meter.Watch), func(c *system.Config) { c.Quiet = true })
	product.Clock.Stop() // what the functions have in memory stays valid
	tenant := product.NewTenant(t)
	pool, email := tenant.NewPool(t, nil), systemtest.Address("ann")
	tenant.NewUser(t, pool, "active", email, fields{"credentials": []fields{{"type": "password", "password": systemtest.Password}}})
	workspace := product.NewWorkspace(t, tenant.ID, pool)
	app := workspace.NewApplication(t, nil)
	tenant.Workspaces.Must(t, 200, "PUT", "/servers/"+workspace.ID, fields{"sso": fields{"enabled": true}})
	b := product.NewBrowser(t)
	come := func(pairs ...string) func() systemtest.Response {
		return func() systemtest.Response {
			q := url.Values{
				"client_id": {app.ID}, "response_type": {"code"}, "redirect_uri": {systemtest.RedirectURI}, "scope": {"openid"},
				"code_challenge": {"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"}, "code_challenge_method": {"S256"},
			}
			for i := 0; i < len(pairs); i += 2 {
				q.Set(pairs[i], pairs[i+1])
			}
			return b.Open(t, workspace.Issuer()+"/oauth2/authorize?"+q.Encode())
		}
	}
	submit := func(form ...string) func() systemtest.Response {
		return func() systemtest.Response { return b.Submit(t, form...) }
	}
	signIn := submit("do", "password", "identifier", email, "password", systemtest.Password)
	come()()
	for _, c := range []struct {
		name   string
		do     func() systemtest.Response
		status int
		most   systemtest.Cost
	}{
		{"come from an application, and see the page for signing in", come(), 200, systemtest.Cost{}},
		{"sign in with a password", signIn, 303, systemtest.Cost{RoundTrips: 6, Write: 5, Read: 2}},
		{"come from an application, with a session", come("prompt", "none"), 303, systemtest.Cost{RoundTrips: 2, Write: 1, Read: 2}},
	} {
		meter.Collect()
		answer := c.do()
		got := meter.Collect()
		t.Logf("| %s | %d | %g | %g |", c.name, got.RoundTrips, got.Write, got.Read)
		if answer.Status != c.status {
			t.Errorf("%s is answered %d %s", c.name, answer.Status, answer.Body)
		}
		if got.RoundTrips > c.most.RoundTrips || got.Write > c.most.Write || got.Read > c.most.Read {
			t.Errorf("%s costs %+v, may cost %+v", c.name, got, c.most)
		}
	}
}
