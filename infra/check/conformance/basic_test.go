package conformance_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"identitypools/shared/oidc"
)

// basic returns the modules of the basic plan, in its order.
func basic() []module {
	const notSupported = "passed; request objects are refused, as the metadata say"
	return []module{
		{name: "oidcc-server", checks: "the code flow: answer, tokens, claims of the ID token, its signature", result: passed, play: playServer},
		{name: "oidcc-response-type-missing", checks: "a request without `response_type` is refused with `invalid_request`", result: passed, play: playNoResponseType},
		{name: "oidcc-userinfo-get", checks: "userinfo by GET, with the token in the header", result: passed, play: playUserInfo(http.MethodGet, false)},
		{name: "oidcc-userinfo-post-header", checks: "userinfo by POST, with the token in the header", result: passed, play: playUserInfo(http.MethodPost, false)},
		{name: "oidcc-userinfo-post-body", checks: "userinfo by POST, with the token in the form", result: passed, play: playUserInfo(http.MethodPost, true)},
		{name: "oidcc-ensure-request-without-nonce-succeeds-for-code-flow", checks: "the code flow needs no `nonce`", result: passed, play: playWith("nonce", "")},
		{name: "oidcc-scope-profile", checks: "the claims of the scope `profile`", result: passed, play: playScopes(oidc.ScopeProfile)},
		{name: "oidcc-scope-email", checks: "the claims of the scope `email`", result: passed, play: playScopes(oidc.ScopeEmail)},
		{name: "oidcc-scope-address", checks: "the claims of the scope `address`", result: passed, play: playScopes(oidc.ScopeAddress)},
		{name: "oidcc-scope-phone", checks: "the claims of the scope `phone`", result: passed, play: playScopes(oidc.ScopePhone)},
		{name: "oidcc-scope-all", checks: "the claims of all scopes", result: passed, play: playScopes(oidc.ScopeProfile, oidc.ScopeEmail, oidc.ScopeAddress, oidc.ScopePhone)},
		{name: "oidcc-ensure-other-scope-order-succeeds", checks: "`openid` need not be the first scope", result: passed, play: playScopeOrder},
		{name: "oidcc-display-page", checks: "`display=page` does no harm", result: passed, play: playWith("display", "page")},
		{name: "oidcc-display-popup", checks: "`display=popup` does no harm", result: passed, play: playWith("display", "popup")},
		{name: "oidcc-prompt-login", checks: "the page is shown again, and `auth_time` is newer", result: passed, play: playPromptLogin, movesTime: true},
		{name: "oidcc-prompt-none-not-logged-in", checks: "`prompt=none` without a session is refused with `login_required`", result: passed, play: playNobody},
		{name: "oidcc-prompt-none-logged-in", checks: "`prompt=none` with a session shows no page, and names the same person and `auth_time`", result: passed, play: playPromptNone},
		{name: "oidcc-max-age-1", checks: "the page is shown again after a second, and `auth_time` is newer", result: passed, play: playMaxAge, movesTime: true},
		{name: "oidcc-max-age-10000", checks: "the page is not shown again, and `auth_time` is the same", result: passed, play: playLongAge, movesTime: true},
		{name: "oidcc-ensure-request-with-unknown-parameter-succeeds", checks: "an unknown parameter is ignored", result: passed, play: playWith("extra", "foobar")},
		{name: "oidcc-id-token-hint", checks: "`prompt=none` with `id_token_hint` names the same person", result: passed, play: playHint},
		{name: "oidcc-login-hint", checks: "the page has the name of `login_hint`", result: passed, play: playLoginHint},
		{name: "oidcc-ui-locales", checks: "the page has the language of `ui_locales`", result: passed, play: playLocales},
		{name: "oidcc-claims-locales", checks: "`claims_locales` does no harm", result: passed, play: playWith("claims_locales", "se")},
		{name: "oidcc-ensure-request-with-acr-values-succeeds", checks: "`acr_values` does no harm, and the ID token has `acr`", result: "passed, with a warning if the suite asks for a class that the product does not have", play: playACR},
		{name: "oidcc-codereuse", checks: "a code is good once", result: passed, play: playReuse(0), movesTime: true},
		{name: "oidcc-codereuse-30seconds", checks: "a later use is refused as well, and the access token of the first use is revoked", result: passed, play: playReuse(30 * time.Second), movesTime: true},
		{name: "oidcc-ensure-registered-redirect-uri", checks: "another redirect URI leads to an error page, and to no redirection", result: passed, play: playOtherRedirect},
		{name: "oidcc-ensure-post-request-succeeds", checks: "a request may come as a form", result: passed, play: playForm},
		{name: "oidcc-server-client-secret-post", checks: "the code flow with `client_secret_post`", result: passed, play: playSecretPost},
		{name: "oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported", checks: "a request object is refused with `request_not_supported`", result: notSupported, play: playObject},
		{name: "oidcc-claims-essential", checks: "an essential claim comes from userinfo", result: passed, play: playEssential},
		{name: "oidcc-ensure-request-object-with-redirect-uri", checks: "a request object with a redirect URI is refused with `request_not_supported`, and leads nowhere else", result: notSupported, play: playObjectRedirect},
		{name: "oidcc-refresh-token", checks: "a refresh: new tokens, the same person, no other application", result: passed, play: playRefresh},
		{name: "oidcc-ensure-request-with-valid-pkce-succeeds", checks: "PKCE with S256", result: passed, play: playPKCE},
	}
}

func playServer(t *testing.T, p *party) {
	got := p.exchange(t, p.request())
	if got.claims["acr"] != oidc.ACROne || got.claims["auth_time"] == nil {
		t.Errorf("the ID token has %v", got.claims)
	}
	p.client = p.second // with a query in its redirect URI
	if again := p.exchange(t, p.request()); again.claims["sub"] != got.claims["sub"] {
		t.Errorf("the second application is told another subject: %v", again.claims)
	}
}

func playNoResponseType(t *testing.T, p *party) {
	q := p.request("response_type", "")
	p.refused(t, p.open(t, q), q, "invalid_request")
}

// playUserInfo asks for the claims with a token in the header or in a form.
func playUserInfo(method string, inForm bool) func(*testing.T, *party) {
	return func(t *testing.T, p *party) {
		got := p.exchange(t, p.request())
		form, header := url.Values(nil), "Bearer "+got.access
		if inForm {
			form, header = url.Values{"access_token": {got.access}}, ""
		}
		about(t, p.ask(t, method, form, header), got)
		if wrong := p.ask(t, method, nil, "Bearer "+got.access+"x"); wrong.Status != http.StatusUnauthorized {
			t.Errorf("a changed token is answered %d %s", wrong.Status, wrong.Body)
		}
	}
}

// playWith plays the code flow with one parameter more, or without it if it is "".
func playWith(name, value string) func(*testing.T, *party) {
	return func(t *testing.T, p *party) { p.exchange(t, p.request(name, value)) }
}

// playScopes asks for scopes, and checks that userinfo has their claims and no others, and that the ID token
// has none.
func playScopes(scopes ...string) func(*testing.T, *party) {
	claims := map[string][]string{
		oidc.ScopeProfile: {
			"name", "given_name", "family_name", "middle_name", "nickname", "preferred_username", "profile", "picture", "website",
			"gender", "birthdate", "zoneinfo", "locale", "updated_at",
		},
		oidc.ScopeEmail: {"email", "email_verified"}, oidc.ScopePhone: {"phone_number", "phone_number_verified"},
		oidc.ScopeAddress: {"address"},
	}
	return func(t *testing.T, p *party) {
		got := p.exchange(t, p.request("scope", "openid "+strings.Join(scopes, " ")))
		known := about(t, p.userinfo(t, got.access), got)
		for scope, names := range claims {
			for _, name := range names {
				if _, has := known[name]; has != slices.Contains(scopes, scope) {
					t.Errorf("with the scopes %v userinfo has %s: %t", scopes, name, has)
				}
				if _, has := got.claims[name]; has {
					t.Errorf("the ID token has %s", name)
				}
			}
		}
	}
}

func playScopeOrder(t *testing.T, p *party) {
	got := p.exchange(t, p.request("scope", "email openid"))
	if known := about(t, p.userinfo(t, got.access), got); known["email"] != p.email {
		t.Errorf("userinfo has %v", known)
	}
}

func playPromptLogin(t *testing.T, p *party) { playAgain(t, p, "prompt", "login") }

func playMaxAge(t *testing.T, p *party) { playAgain(t, p, "max_age", "1") }

// playAgain signs in, and again after two seconds with a parameter that asks for a new proof.
func playAgain(t *testing.T, p *party, name, value string) {
	t.Helper()
	first := p.exchange(t, p.request())
	p.product.Clock.Advance(2 * time.Second)
	q := p.request(name, value)
	if got := p.open(t, q); !isSignIn(got) {
		t.Fatalf("with %s=%s no page is shown: %d %s", name, value, got.Status, got.Body)
	}
	code := p.answer(t, p.submit(t), q).Get("code")
	second := p.got(t, p.redeem(t, code), q.Get("nonce"))
	if second.claims["sub"] != first.claims["sub"] || second.claims["auth_time"].(float64) < first.claims["auth_time"].(float64)+2 {
		t.Errorf("after %v the ID token has %v", first.claims, second.claims)
	}
}

// playSilently signs in, and again with parameters with which no page may be shown.
func playSilently(t *testing.T, p *party, pairs func(first tokens) []string) {
	t.Helper()
	first := p.exchange(t, p.request())
	q := p.request(pairs(first)...)
	code := p.answer(t, p.open(t, q), q).Get("code")
	second := p.got(t, p.redeem(t, code), q.Get("nonce"))
	if second.claims["sub"] != first.claims["sub"] || second.claims["auth_time"] != first.claims["auth_time"] {
		t.Errorf("after %v the ID token has %v", first.claims, second.claims)
	}
}

func playLongAge(t *testing.T, p *party) {
	playSilently(t, p, func(tokens) []string {
		p.product.Clock.Advance(2 * time.Second)
		return []string{"max_age", "10000"}
	})
}

func playPromptNone(t *testing.T, p *party) {
	playSilently(t, p, func(tokens) []string { return []string{"prompt", "none"} })
}

func playHint(t *testing.T, p *party) {
	playSilently(t, p, func(first tokens) []string { return []string{"prompt", "none", "id_token_hint", first.id} })
}

func playNobody(t *testing.T, p *party) {
	q := p.request("prompt", "none")
	p.refused(t, p.open(t, q), q, "login_required")
}

func playLoginHint(t *testing.T, p *party) {
	q := p.request("login_hint", "bob@example.com")
	got := p.open(t, q)
	if !isSignIn(got) || !strings.Contains(string(got.Body), `value="bob@example.com"`) {
		t.Fatalf("the page is %d %s", got.Status, got.Body)
	}
	p.got(t, p.redeem(t, p.answer(t, p.submit(t), q).Get("code")), q.Get("nonce"))
}

func playLocales(t *testing.T, p *party) {
	q := p.request("ui_locales", "se de-AT en")
	if got := p.open(t, q); !isSignIn(got) || !strings.Contains(string(got.Body), `<html lang="de"`) {
		t.Fatalf("the page is %d %s", got.Status, got.Body)
	}
	p.got(t, p.redeem(t, p.answer(t, p.submit(t), q).Get("code")), q.Get("nonce"))
}

func playACR(t *testing.T, p *party) {
	for _, wanted := range []string{"1 2", oidc.ACROne} {
		if got := p.exchange(t, p.request("acr_values", wanted)); got.claims["acr"] != oidc.ACROne {
			t.Errorf("for %s the ID token has the acr %v", wanted, got.claims["acr"])
		}
	}
}

// playReuse uses a code twice, and after the second use the access token and the refresh token of the first.
func playReuse(pause time.Duration) func(*testing.T, *party) {
	return func(t *testing.T, p *party) {
		q := p.request("scope", "openid offline_access")
		code := p.signIn(t, q).Get("code")
		first := p.got(t, p.redeem(t, code), q.Get("nonce"))
		about(t, p.userinfo(t, first.access), first)
		p.product.Clock.Advance(pause)
		again := p.redeem(t, code)
		if again.Status != http.StatusBadRequest || again.Text(t, "error") != "invalid_grant" {
			t.Errorf("the second use is answered %d %s", again.Status, again.Body)
		}
		if got := p.userinfo(t, first.access); got.Status != http.StatusUnauthorized {
			t.Errorf("after that userinfo answers %d %s", got.Status, got.Body)
		}
		got := p.post(t, "grant_type", "refresh_token", "refresh_token", first.refresh)
		if first.refresh == "" || got.Status != http.StatusBadRequest || got.Text(t, "error") != "invalid_grant" {
			t.Errorf("after that a refresh is answered %d %s", got.Status, got.Body)
		}
	}
}

func playOtherRedirect(t *testing.T, p *party) {
	p.stays(t, p.open(t, p.request("redirect_uri", "https://app.example.com/callback/other")))
}

func playForm(t *testing.T, p *party) {
	q := p.request()
	pairs := []string{"action", p.endpoint("authorization_endpoint")}
	for name := range q {
		pairs = append(pairs, name, q.Get(name))
	}
	p.browser.Headers = map[string]string{"Origin": "https://app.example.com", "Sec-Fetch-Site": "cross-site"}
	if got := p.browser.Submit(t, pairs...); !isSignIn(got) {
		t.Fatalf("the form is answered %d %s", got.Status, got.Body)
	}
	p.browser.Headers = nil
	p.got(t, p.redeem(t, p.answer(t, p.submit(t), q).Get("code")), q.Get("nonce"))
}

func playSecretPost(t *testing.T, p *party) {
	p.client = p.byPost
	got := p.exchange(t, p.request())
	about(t, p.userinfo(t, got.access), got)
}

func playObject(t *testing.T, p *party) {
	q := p.request()
	q.Set("request", object(t, q, nil))
	p.refused(t, p.open(t, q), q, "request_not_supported")
}

func playObjectRedirect(t *testing.T, p *party) {
	q := p.request()
	q.Set("request", object(t, q, fields{"redirect_uri": "https://other.example.com/callback"}))
	p.refused(t, p.open(t, q), q, "request_not_supported")
}

func playEssential(t *testing.T, p *party) {
	got := p.exchange(t, p.request("claims", `{"userinfo":{"name":{"essential":true}}}`))
	if known := about(t, p.userinfo(t, got.access), got); known["name"] != "Ann Example" || known["email"] != nil {
		t.Errorf("userinfo has %v", known)
	}
}

func playRefresh(t *testing.T, p *party) {
	first := p.exchange(t, p.request("scope", "openid offline_access", "prompt", "consent"))
	answer := p.post(t, "grant_type", "refresh_token", "refresh_token", first.refresh)
	second := p.got(t, answer, "")
	for _, name := range []string{"iss", "sub", "aud", "auth_time"} {
		if second.claims[name] != first.claims[name] {
			t.Errorf("%s was %v and is %v", name, first.claims[name], second.claims[name])
		}
	}
	if second.access == first.access || second.refresh == first.refresh || second.claims["iat"].(float64) < first.claims["iat"].(float64) {
		t.Errorf("the refresh returns %s", answer.Body)
	}
	about(t, p.userinfo(t, second.access), second)
	p.client = p.second
	got := p.post(t, "grant_type", "refresh_token", "refresh_token", second.refresh)
	if got.Status != http.StatusBadRequest || got.Text(t, "error") != "invalid_grant" {
		t.Errorf("another application is answered %d %s", got.Status, got.Body)
	}
}

func playPKCE(t *testing.T, p *party) {
	const verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk" // RFC 7636 Appendix B
	q := p.request("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "code_challenge_method", "S256")
	code := p.signIn(t, q).Get("code")
	p.got(t, p.redeem(t, code, "code_verifier", verifier), q.Get("nonce"))
}
