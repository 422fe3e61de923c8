package signin_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"identitypools/infra/check/systemtest"
	"identitypools/shared/oidc"
)

// A redirect URI is compared character by character (ASVS 10.4.1, RFC 9700 §4.1.3). Only the port of a literal
// loopback address may differ (RFC 8252 §7.3). For any other URI the browser stays on an error page.
func TestRedirectURIsAreExact(t *testing.T) {
	t.Parallel()
	s := newSetup(t, systemtest.New(t), nil)
	s = s.as(s.register(t, oidc.Application{ID: "native", Name: "Native", Type: "native", RedirectURIs: []string{
		callback, "https://app.example.com/with?a=b", "http://127.0.0.1/cb", "http://[::1]:9000/cb", "http://localhost:3000/cb",
		"com.example.app:/cb",
	}}))
	for uri, isGood := range map[string]bool{
		callback: true, "https://app.example.com/with?a=b": true, "com.example.app:/cb": true,
		"http://127.0.0.1/cb": true, "http://127.0.0.1:49152/cb": true, "http://[::1]/cb": true, "http://[::1]:1/cb": true,
		"http://localhost:3000/cb": true,

		"": false, callback + "/": false, callback + "?a=b": false, callback + "#": false, callback + "#x": false,
		"https://APP.example.com/callback": false, "HTTPS://app.example.com/callback": false,
		"https://app.example.com/Callback": false, "https://app.example.com:443/callback": false,
		"https://user@app.example.com/callback": false, "https://app.example.com@evil.example/callback": false,
		"https://app.example.com.evil.example/callback": false, "https://evil.example/callback": false,
		"https://app.example.com//callback": false, "https://app.example.com/x/../callback": false,
		"https://app.example.com/%63allback": false, "https://app.example.com/callback%2f": false,
		"https://app.example.com\\callback": false, "//app.example.com/callback": false, "/callback": false,
		"http://app.example.com/callback": false, " " + callback: false, callback + "\r\nx": false,
		"https://app.example.com/with": false, "https://app.example.com/with?a=b&c=d": false,
		"http://localhost/cb": false, "http://localhost:3001/cb": false, "http://127.0.0.2/cb": false, "http://0.0.0.0/cb": false,
		"http://127.0.0.1:1/cb/": false, "http://127.0.0.1:1@evil.example/cb": false, "https://127.0.0.1/cb": false,
		"http://127.0.0.1.evil.example/cb": false, "http://127.1/cb": false, "http://2130706433/cb": false,
		"com.example.app:/cb/": false, "com.example.app://cb": false, "com.example.other:/cb": false, "javascript:alert(1)": false,
	} {
		b := s.product.NewBrowser(t)
		got := b.Open(t, s.authorizeURL("redirect_uri", uri, "prompt", "none"))
		switch {
		case !isGood:
			isStuck(t, b, got, "redirect_uri")
			if uri != "" && strings.Contains(string(got.Body), `href="`+uri) {
				t.Errorf("the page leads to %s", uri)
			}
		case b.Left == nil || !strings.HasPrefix(b.Left.String(), uri) || b.Left.Query().Get("error") != oidc.LoginRequired:
			t.Errorf("for %s the browser is led to %v: %d %s", uri, b.Left, got.Status, main(got))
		}
	}
}

// Requests that are refused are answered to the application, with its state and the issuer (RFC 9207 §2), in
// the way that it asks for.
func TestRequestsThatAreRefused(t *testing.T) {
	t.Parallel()
	s := newSetup(t, systemtest.New(t), nil)
	for _, c := range []struct {
		name, want string
		pairs      []string
	}{
		{"without a response type", "invalid_request", []string{"response_type", ""}},
		{"for a token", "unsupported_response_type", []string{"response_type", "token"}},
		{"for an ID token besides", "unsupported_response_type", []string{"response_type", "code id_token"}},
		{"without PKCE", "invalid_request", []string{"code_challenge", "", "code_challenge_method", ""}},
		{"with plain PKCE", "invalid_request", []string{"code_challenge_method", "plain"}},
		{"with a challenge without a method", "invalid_request", []string{"code_challenge_method", ""}},
		{"with a method without a challenge", "invalid_request", []string{"code_challenge", ""}},
		{"with a challenge that is none", "invalid_request", []string{"code_challenge", "short"}},
		{"with a fragment for an answer", "invalid_request", []string{"response_mode", "fragment"}},
		{"with none and login", "invalid_request", []string{"prompt", "none login"}},
		{"with an unknown prompt", "invalid_request", []string{"prompt", "create"}},
		{"with a maximum age that is no number", "invalid_request", []string{"max_age", "-1"}},
		{"with claims that are no object", "invalid_request", []string{"claims", "[]"}},
		{"with a request object", "request_not_supported", []string{"request", "e30.e30."}},
		{"with a URL of a request object", "request_uri_not_supported", []string{"request_uri", "https://app.example.com/request"}},
		{"with a registration", "registration_not_supported", []string{"registration", "{}"}},
		{"with a hint that is no ID token", "invalid_request", []string{"id_token_hint", "e30.e30."}},
		{"that is too long", "invalid_request", []string{"login_hint", strings.Repeat("x", 4096)}},
		{"by nobody", "login_required", []string{"prompt", "none"}},
	} {
		b := s.product.NewBrowser(t)
		answer := answered(t, b, b.Open(t, s.authorizeURL(c.pairs...)))
		hasState := answer.Get("state") == "a state" || c.name == "that is too long" && !answer.Has("state")
		if answer.Get("error") != c.want || answer.Get("error_description") == "" || !hasState ||
			answer.Get("iss") != s.issuer() || answer.Has("code") || b.Left.Fragment != "" {
			t.Errorf("a request %s is answered %v, want %s", c.name, answer, c.want)
		}
	}
	b := s.product.NewBrowser(t)
	if answer := answered(t, b, b.Open(t, s.authorizeURL()+"&nonce=twice")); answer.Get("error") != "invalid_request" {
		t.Errorf("a parameter that is there twice is answered %v", answer)
	}
	for name, address := range map[string]string{
		"of nobody": s.authorizeURL("client_id", ""), "of an unknown application": s.authorizeURL("client_id", "other"),
		"of two applications": s.authorizeURL() + "&client_id=other", "with two redirect URIs": s.authorizeURL() + "&redirect_uri=x",
		"with a client that is no id": s.authorizeURL("client_id", "a#b"),
	} {
		if got := b.Open(t, address); got.Status != http.StatusBadRequest || b.Left != nil {
			t.Errorf("a request %s is answered %d, and leads to %v", name, got.Status, b.Left)
		}
	}
}

// An application that is let off PKCE needs no challenge. One that is public cannot be let off, and may ask
// for no refresh token unless it is registered for them.
func TestWhoIsLetOffPKCE(t *testing.T) {
	t.Parallel()
	s := newSetup(t, systemtest.New(t), nil)
	for _, c := range []struct {
		app  oidc.Application
		want string
	}{
		{oidc.Application{ID: "let-off", WithoutPKCE: true}, "login_required"},
		{oidc.Application{ID: "public", WithoutPKCE: true, AuthMethod: oidc.AuthNone}, "invalid_request"},
	} {
		app := s.as(s.register(t, c.app))
		got := app.silent(t, s.product.NewBrowser(t), "code_challenge", "", "code_challenge_method", "")
		if got.Get("error") != c.want {
			t.Errorf("the application %s is answered %v", c.app.ID, got)
		}
	}
}

// An answer comes in the query or in a form, as the application asks (ASVS 10.4.12). The forms of a page lead to
// the product, and to the origin of the redirect URI that was checked, and nowhere else.
func TestAnswersComeInAQueryOrInAForm(t *testing.T) {
	t.Parallel()
	s := newSetup(t, systemtest.New(t), nil)
	check := func(name string, got systemtest.Response) map[string]string {
		t.Helper()
		sent := systemtest.Hidden(got)
		if got.Status != http.StatusOK || !strings.Contains(string(got.Body), `action="`+callback+`"`) ||
			formAction(got) != "'self' https://app.example.com" || sent["state"] != "<a&b>" || sent["iss"] != s.issuer() {
			t.Errorf("%s: %d %s %v", name, got.Status, main(got), got.Header)
		}
		return sent
	}
	b := s.product.NewBrowser(t)
	request := []string{"response_mode", "form_post", "state", "<a&b>"}
	if sent := check("a refusal", b.Open(t, s.authorizeURL(append(request, "prompt", "none")...))); sent["error"] != "login_required" || sent["code"] != "" {
		t.Errorf("a refusal has %v", sent)
	}
	page := b.Open(t, s.authorizeURL(request...))
	if !isPage(page) || formAction(page) != "'self' https://app.example.com" || strings.Contains(page.Header.Get("Content-Security-Policy"), "unsafe") {
		t.Errorf("the page for signing in has %v", page.Header)
	}
	sent := check("a code", s.try(t, b, s.email, systemtest.Password))
	if claims := s.claims(t, sent["code"]); claims["nonce"] != "a nonce" {
		t.Errorf("the ID token has %v", claims)
	}
	if sent := check("a code without a page", b.Open(t, s.authorizeURL(request...))); sent["code"] == "" {
		t.Errorf("the form has %v", sent)
	}
	if other := s.product.NewBrowser(t).Open(t, s.issuer()+"/signin"); formAction(other) != "'self'" {
		t.Errorf("without a request forms lead to %s", formAction(other))
	}
}

// The page has the name of login_hint and the language of ui_locales. A name is shown as text.
func TestHintsForThePage(t *testing.T) {
	t.Parallel()
	s := newSetup(t, systemtest.New(t), nil)
	b := s.product.NewBrowser(t)
	page := string(b.Open(t, s.authorizeURL("login_hint", `"><b>ann`, "ui_locales", "xx fr-CA de")).Body)
	if !strings.Contains(page, `value="&#34;&gt;&lt;b&gt;ann"`) || !strings.Contains(page, `<html lang="fr"`) {
		t.Errorf("the page is %s", page)
	}
}

// Applications may push their requests (RFC 9126). The address that they get is good for themselves, for the
// time that the workspace sets, and for what they have pushed.
func TestPushedRequests(t *testing.T) {
	t.Parallel()
	s := newSetup(t, systemtest.New(t), nil)
	other := s.as(s.register(t, oidc.Application{ID: "other"}))
	must := s.as(s.register(t, oidc.Application{ID: "must", RequirePAR: true}))
	for _, c := range []struct {
		name, secret string
		request      url.Values
		status       int
		want         string
	}{
		{"with a wrong secret", "wrong", s.request(), 401, "invalid_client"},
		{"with another redirect URI", s.secret, s.request("redirect_uri", "https://evil.example/"), 400, "invalid_request"},
		{"without PKCE", s.secret, s.request("code_challenge", "", "code_challenge_method", ""), 400, "invalid_request"},
		{"with a pushed request", s.secret, s.request("request_uri", "urn:ietf:params:oauth:request_uri:x"), 400, "invalid_request"},
		{"of another application", s.secret, s.request("client_id", "other"), 400, "invalid_request"},
	} {
		if got := s.push(t, c.secret, c.request); got.Status != c.status || got.Text(t, "error") != c.want {
			t.Errorf("a request %s is answered %d %s", c.name, got.Status, got.Body)
		}
	}
	pushed := s.push(t, s.secret, s.request("state", "pushed"))
	uri := pushed.Text(t, "request_uri")
	if pushed.Status != 201 || pushed.Fields(t)["expires_in"] != 90.0 || pushed.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("answered %d %s", pushed.Status, pushed.Body)
	}
	at := func(s *setup, uri, more string) string {
		return s.issuer() + "/oauth2/authorize?" + url.Values{"client_id": {s.client.ID}, "request_uri": {uri}}.Encode() + more
	}
	b := s.product.NewBrowser(t)
	isStuck(t, b, b.Open(t, at(other, uri, "")), "request_uri is unknown or has expired")
	isStuck(t, b, b.Open(t, at(s, uri+"x", "")), "request_uri is unknown or has expired")
	b.Open(t, at(s, uri, "&state=other&scope=openid+email&redirect_uri=https://evil.example/"))
	answer := answered(t, b, s.try(t, b, s.email, systemtest.Password))
	if answer.Get("state") != "pushed" || s.exchange(t, answer.Get("code"))["scope"] != "openid" {
		t.Errorf("the application gets %v", answer)
	}
	if got := must.silent(t, b); got.Get("error") != "invalid_request" {
		t.Errorf("a request that was not pushed is answered %v", got)
	}
	forced := must.push(t, must.secret, must.request())
	if got := answered(t, b, b.Open(t, at(must, forced.Text(t, "request_uri"), ""))); got.Get("code") == "" {
		t.Errorf("a pushed request is answered %v", got)
	}
	s.product.Clock.Advance(91e9)
	isStuck(t, b, b.Open(t, at(s, uri, "")), "request_uri is unknown or has expired")
}
