package conformance_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"identitypools/infra/check/systemtest"
)

// logout returns the modules of the plan for signing out by an application.
func logout() []module {
	const n = "oidcc-rp-initiated-logout"
	return []module{
		{name: n + "-discovery-endpoint-verification", checks: "the metadata have `end_session_endpoint`", result: passed, play: playEndSession},
		{name: n, checks: "signs out with a hint, and leads back with `state`; `prompt=none` is then refused", result: passed, play: playLogout},
		{name: n + "-bad-post-logout-redirect-uri", checks: "a URI that is not registered leads to an error page", result: passed, play: playLogoutError("post_logout_redirect_uri", "https://app.example.com/other")},
		{name: n + "-modified-id-token-hint", checks: "a changed hint leads to an error page", result: passed, play: playModifiedHint},
		{name: n + "-no-id-token-hint", checks: "without a hint the page asks", result: passed, play: playNoHint},
		{name: n + "-no-params", checks: "without parameters the page asks, and leads nowhere", result: passed, play: playAsks()},
		{name: n + "-no-post-logout-redirect-uri", checks: "with a hint alone the person is signed out, and led nowhere", result: passed, play: playNoURI},
		{name: n + "-no-state", checks: "leads back without `state`", result: passed, play: playNoState},
		{name: n + "-only-state", checks: "with `state` alone the page asks, and leads nowhere", result: passed, play: playAsks("state", "a state")},
		{name: n + "-query-added-to-post-logout-redirect-uri", checks: "a registered URI with a query more leads to an error page", result: passed, play: playLogoutError("post_logout_redirect_uri", loggedOut+"?foo=bar")},
		{name: n + "-bad-id-token-hint", checks: "a hint that is no ID token leads to an error page", result: passed, play: playLogoutError("id_token_hint", "1")},
	}
}

func playEndSession(t *testing.T, p *party) {
	if got := get(t, p.endpoint("end_session_endpoint")); got.Status != http.StatusOK {
		t.Errorf("%s answers %d", p.endpoint("end_session_endpoint"), got.Status)
	}
}

// leave sends the browser to sign out, with pairs of names and values.
func (p *party) leave(t *testing.T, pairs ...string) systemtest.Response {
	t.Helper()
	q := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if q.Set(pairs[i], pairs[i+1]); pairs[i+1] == "" {
			q.Del(pairs[i])
		}
	}
	return p.browser.Open(t, p.endpoint("end_session_endpoint")+"?"+q.Encode())
}

// isSignedIn reports whether the browser has a session, and checks that prompt=none is refused otherwise.
func (p *party) isSignedIn(t *testing.T) bool {
	t.Helper()
	q := p.request("prompt", "none")
	answer := p.answer(t, p.open(t, q), q)
	if answer.Get("code") == "" && answer.Get("error") != "login_required" {
		t.Errorf("the application gets %v", answer)
	}
	return answer.Get("code") != ""
}

// isBack checks that the browser is sent to the application with a state.
func (p *party) isBack(t *testing.T, got systemtest.Response, state string) {
	t.Helper()
	want := loggedOut
	if state != "" {
		want += "?" + url.Values{"state": {state}}.Encode()
	}
	if p.browser.Left == nil || p.browser.Left.String() != want {
		t.Errorf("the browser is led to %v, want %s: %d %s", p.browser.Left, want, got.Status, got.Body)
	}
}

// confirm presses the button of the page that asks.
func (p *party) confirm(t *testing.T, got systemtest.Response) systemtest.Response {
	t.Helper()
	if got.Status != http.StatusOK || p.browser.Left != nil || !strings.Contains(string(got.Body), `value="signout"`) {
		t.Fatalf("the page does not ask: %v %d %s", p.browser.Left, got.Status, got.Body)
	}
	if !p.isSignedIn(t) {
		t.Fatal("the person is signed out before the page is confirmed")
	}
	pairs := []string{"do", "signout", "action", p.endpoint("end_session_endpoint")}
	for name, value := range systemtest.Hidden(got) {
		pairs = append(pairs, name, value)
	}
	return p.browser.Submit(t, pairs...)
}

func playLogout(t *testing.T, p *party) {
	got := p.exchange(t, p.request("scope", "openid offline_access"))
	p.isBack(t, p.leave(t, "id_token_hint", got.id, "post_logout_redirect_uri", loggedOut, "state", "a state"), "a state")
	if p.isSignedIn(t) {
		t.Error("the person is still signed in")
	}
	if refreshed := p.post(t, "grant_type", "refresh_token", "refresh_token", got.refresh); refreshed.Status != http.StatusBadRequest {
		t.Errorf("a refresh is answered %d %s", refreshed.Status, refreshed.Body)
	}
}

// playLogoutError signs out with one parameter that is wrong.
func playLogoutError(name, value string) func(*testing.T, *party) {
	return func(t *testing.T, p *party) {
		got := p.exchange(t, p.request())
		p.stays(t, p.leave(t, "id_token_hint", got.id, "post_logout_redirect_uri", loggedOut, "state", "a state", name, value))
		if !p.isSignedIn(t) {
			t.Error("the person is signed out")
		}
	}
}

// playModifiedHint changes the claims of a hint, which keeps its signature.
func playModifiedHint(t *testing.T, p *party) {
	got := p.exchange(t, p.request())
	parts := strings.Split(got.id, ".")
	other := p.exchange(t, p.request("prompt", "none"))
	parts[1] = strings.Split(other.id, ".")[1]
	p.stays(t, p.leave(t, "id_token_hint", strings.Join(parts, "."), "post_logout_redirect_uri", loggedOut, "state", "a state"))
	if !p.isSignedIn(t) {
		t.Error("the person is signed out")
	}
}

func playNoHint(t *testing.T, p *party) {
	p.exchange(t, p.request())
	p.stays(t, p.leave(t, "post_logout_redirect_uri", loggedOut, "state", "a state")) // nobody says whose URI it is
	asked := p.leave(t, "client_id", p.client.id, "post_logout_redirect_uri", loggedOut, "state", "a state")
	p.isBack(t, p.confirm(t, asked), "a state")
	if p.isSignedIn(t) {
		t.Error("the person is still signed in")
	}
}

// playAsks signs out without anything that names an application.
func playAsks(pairs ...string) func(*testing.T, *party) {
	return func(t *testing.T, p *party) {
		p.exchange(t, p.request())
		done := p.confirm(t, p.leave(t, pairs...))
		if p.browser.Left != nil || done.Status != http.StatusOK || p.isSignedIn(t) {
			t.Errorf("after the confirmation the browser is at %v: %d %s", p.browser.Left, done.Status, done.Body)
		}
	}
}

func playNoURI(t *testing.T, p *party) {
	got := p.exchange(t, p.request())
	done := p.leave(t, "id_token_hint", got.id)
	if p.browser.Left != nil || done.Status != http.StatusOK || p.isSignedIn(t) {
		t.Errorf("the browser is at %v: %d %s", p.browser.Left, done.Status, done.Body)
	}
}

func playNoState(t *testing.T, p *party) {
	got := p.exchange(t, p.request())
	p.isBack(t, p.leave(t, "id_token_hint", got.id, "post_logout_redirect_uri", loggedOut), "")
	if p.isSignedIn(t) {
		t.Error("the person is still signed in")
	}
}
