package tokens_test

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"identitypools/infra/check/systemtest"
	"identitypools/shared/oidc"
)

// refreshed sends a refresh token, and returns the answer, which must have a status.
func (w *world) refreshed(t *testing.T, status int, token any) systemtest.Response {
	t.Helper()
	got := systemtest.Send(t, w.Refresh(t, w.app, token.(string)))
	if got.Status != status || status == 400 && got.Text(t, "error") != "invalid_grant" {
		t.Fatalf("a refresh token is answered %d %s, want %d", got.Status, got.Body, status)
	}
	return got
}

// OpenID Connect Core §12.2: a refresh keeps the subject and the time of the sign-in, and has no nonce.
func TestARefresh(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.tokens(t)
	w.Clock.Advance(10 * time.Minute)
	second := w.refreshed(t, 200, first["refresh_token"]).Fields(t)
	if second["refresh_token"] == first["refresh_token"] || second["access_token"] == first["access_token"] || second["expires_in"] != 300.0 {
		t.Errorf("answered %v", second)
	}
	before, after := claimsOf(t, w, first["id_token"].(string), "JWT", jose.RS256), claimsOf(t, w, second["id_token"].(string), "JWT", jose.RS256)
	for _, name := range []string{"iss", "sub", "aud", "auth_time", "sid", "acr"} {
		if before[name] == nil || before[name] != after[name] {
			t.Errorf("after a refresh, %s is %v, want %v", name, after[name], before[name])
		}
	}
	if after["nonce"] != nil || after["iat"].(float64) < before["iat"].(float64)+600 {
		t.Errorf("the claims are %v", after)
	}
	if w.hasUserInfo(t, first["access_token"]) || !w.hasUserInfo(t, second["access_token"]) {
		t.Error("the first access token has not expired, or the second one is not good")
	}
}

// Of 20 refreshes at once one takes the step, and all get the same successor. So does whoever comes again
// within a minute. After that, a use of the old token ends the family (RFC 9700 §4.14.2, ASVS 10.4.5).
func TestARefreshTokenHasOneSuccessor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.tokens(t)
	answers := make([]systemtest.Response, 20)
	var group sync.WaitGroup
	for i := range answers {
		r := w.Refresh(t, w.app, first["refresh_token"].(string))
		group.Go(func() { answers[i] = systemtest.Send(t, r) })
	}
	group.Wait()
	successor := answers[0].Text(t, "refresh_token")
	for _, got := range answers {
		if got.Status != 200 || got.Text(t, "refresh_token") != successor || !w.hasUserInfo(t, got.Fields(t)["access_token"]) {
			t.Errorf("answered %d %s", got.Status, got.Body)
		}
	}
	w.Clock.Advance(50 * time.Second)
	if again := w.refreshed(t, 200, first["refresh_token"]).Text(t, "refresh_token"); again != successor {
		t.Error("the successor is another one after 50 seconds")
	}
	w.Clock.Advance(11 * time.Second)
	w.refreshed(t, 400, first["refresh_token"])
	w.refreshed(t, 400, successor)
	if w.hasUserInfo(t, answers[0].Fields(t)["access_token"]) {
		t.Error("the access token outlives its family")
	}
}

// A token of the generation before the last ends the family at once.
func TestAnOlderRefreshTokenEndsTheFamily(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.tokens(t)
	second := w.refreshed(t, 200, first["refresh_token"]).Text(t, "refresh_token")
	third := w.refreshed(t, 200, second).Text(t, "refresh_token")
	w.refreshed(t, 400, first["refresh_token"])
	w.refreshed(t, 400, third)
}

// What a refresh token is refused for, without any effect on its family.
func TestRefreshTokensThatAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other, another := w.NewApplication(t, nil), w.NewWorkspace(t, w.tenant.ID, w.pool)
	there := another.NewApplication(t, nil)
	noRefresh := w.NewApplication(t, func(a *oidc.Application) { a.GrantTypes = []string{oidc.GrantCode} })
	token := w.tokens(t)["refresh_token"].(string)
	h, _ := oidc.ParseHandle(token)
	h.Generation++
	next := h.String() // with the secret of the generation before
	code := w.code(t)
	with := func(scope string) *http.Request {
		return w.Request(t, w.app, "/oauth2/token", "grant_type", "refresh_token", "refresh_token", token, "scope", scope)
	}
	for _, c := range []struct {
		name string
		r    *http.Request
		want string
	}{
		{"that is missing", w.Refresh(t, w.app, ""), "invalid_request"},
		{"that is none", w.Refresh(t, w.app, "abc"), "invalid_grant"},
		{"that is a code", w.Refresh(t, w.app, code), "invalid_grant"},
		{"with a wrong secret", w.Refresh(t, w.app, token[:len(token)-4]+"AAAA"), "invalid_grant"},
		{"with another generation", w.Refresh(t, w.app, next), "invalid_grant"},
		{"of another application", w.Refresh(t, other, token), "invalid_grant"},
		{"of another workspace", another.Refresh(t, there, token), "invalid_grant"},
		{"of an application without the grant type", w.Refresh(t, noRefresh, token), "unauthorized_client"},
		{"with a scope that was not granted", with("openid orders"), "invalid_scope"},
	} {
		if got := systemtest.Send(t, c.r); got.Status != 400 || got.Text(t, "error") != c.want {
			t.Errorf("a refresh token %s is answered %d %s, want %s", c.name, got.Status, got.Body, c.want)
		}
	}
	if got := systemtest.Send(t, with("email")); got.Status != 200 || got.Text(t, "scope") != "email" || got.Fields(t)["id_token"] != nil {
		t.Errorf("a narrower scope is answered %d %s", got.Status, got.Body)
	} else if next := w.refreshed(t, 200, got.Text(t, "refresh_token")); next.Text(t, "scope") != "openid profile email offline_access" {
		t.Errorf("the next scope is %s", next.Body)
	}
	if got := systemtest.Send(t, w.Redeem(t, noRefresh, w.Code(t, w.SignIn(t, w.pool, w.user), noRefresh, nil))); got.Status != 200 || got.Fields(t)["refresh_token"] != nil {
		t.Errorf("an application that may not refresh is answered %d %s", got.Status, got.Body)
	}
}

// A refresh token ends 14 days after its last use, and 30 days after the sign-in at the latest (ASVS 10.4.8).
func TestRefreshTokensEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	idle := w.tokens(t)["refresh_token"]
	used := w.tokens(t)["refresh_token"]
	w.Clock.Advance(14*24*time.Hour - time.Minute)
	used = w.refreshed(t, 200, used).Fields(t)["refresh_token"]
	w.Clock.Advance(2 * time.Minute)
	w.refreshed(t, 400, idle)
	w.Clock.Advance(13 * 24 * time.Hour)
	used = w.refreshed(t, 200, used).Fields(t)["refresh_token"]
	w.Clock.Advance(3*24*time.Hour - 4*time.Minute)
	last := w.refreshed(t, 200, used).Fields(t)
	if last["expires_in"].(float64) > 300 {
		t.Errorf("answered %v", last)
	}
	w.Clock.Advance(4 * time.Minute)
	w.refreshed(t, 400, last["refresh_token"])
}

// Everything ends at once when the user is not active any more, has a new password or is gone (ASVS 7.4.2), when
// the application is closed, and when the tokens are revoked or the person signs out.
func TestTokensEndAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	revoke := func(token string) func(t *testing.T, w *world, all map[string]any, user string, s oidc.Session) {
		return func(t *testing.T, w *world, all map[string]any, _ string, _ oidc.Session) {
			if got := systemtest.Send(t, w.Request(t, w.app, "/oauth2/revoke", "token", all[token].(string))); got.Status != 200 {
				t.Errorf("revoke answers %d %s", got.Status, got.Body)
			}
		}
	}
	change := func(with systemtest.Fields) func(t *testing.T, w *world, all map[string]any, user string, s oidc.Session) {
		return func(t *testing.T, w *world, _ map[string]any, user string, _ oidc.Session) {
			w.tenant.Admin.Must(t, 200, "PUT", "/pools/"+w.pool+"/users/"+user, with)
		}
	}
	for name, end := range map[string]func(t *testing.T, w *world, all map[string]any, user string, s oidc.Session){
		"the refresh token is revoked": revoke("refresh_token"),
		"the access token is revoked":  revoke("access_token"),
		"the user is inactive":         change(systemtest.Fields{"status": "inactive"}),
		"the user is marked deleted":   change(systemtest.Fields{"status": "deleted"}),
		"the user is inactive, and active again": func(t *testing.T, w *world, all map[string]any, user string, s oidc.Session) {
			change(systemtest.Fields{"status": "inactive"})(t, w, all, user, s)
			change(systemtest.Fields{"status": "active"})(t, w, all, user, s)
		},
		"the user has a new password": func(t *testing.T, w *world, _ map[string]any, user string, _ oidc.Session) {
			w.tenant.System.Must(t, 204, "POST", "/pools/"+w.pool+"/users/"+user+"/change-password",
				systemtest.Fields{"old_password": systemtest.Password, "new_password": "quite another long password"})
		},
		"the user is deleted": func(t *testing.T, w *world, _ map[string]any, user string, _ oidc.Session) {
			w.tenant.Admin.Must(t, 204, "DELETE", "/pools/"+w.pool+"/users/"+user, nil)
		},
		"the person signs out": func(t *testing.T, w *world, _ map[string]any, _ string, s oidc.Session) {
			if err := w.Table.Sessions.End(t.Context(), s); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			user := w.tenant.NewUser(t, w.pool, "active", systemtest.Address("x"), systemtest.Fields{
				"credentials": []systemtest.Fields{{"type": "password", "password": systemtest.Password}},
			})
			s := w.SignIn(t, w.pool, user)
			all := systemtest.Send(t, w.Redeem(t, w.app, w.Code(t, s, w.app, nil))).Fields(t)
			if !w.hasUserInfo(t, all["access_token"]) {
				t.Fatal("the token is not good")
			}
			end(t, w, all, user, s)
			if w.hasUserInfo(t, all["access_token"]) {
				t.Error("userinfo still answers")
			}
			got := systemtest.Send(t, w.Request(t, w.app, "/oauth2/introspect", "token", all["access_token"].(string)))
			if got.Status != 200 || string(got.Body) != `{"active":false}` {
				t.Errorf("introspection answers %d %s", got.Status, got.Body)
			}
			w.refreshed(t, 400, all["refresh_token"])
		})
	}
}
