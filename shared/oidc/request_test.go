package oidc_test

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"

	"identitypools/shared/oidc"
)

const challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM" // RFC 7636, appendix B

func request(pairs ...string) url.Values {
	form := url.Values{
		"client_id": {"c"}, "redirect_uri": {"https://app.example.com/cb"}, "response_type": {"code"},
		"scope": {"openid email"}, "state": {"s"}, "code_challenge": {challenge}, "code_challenge_method": {"S256"},
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		if form.Del(pairs[i]); pairs[i+1] != "" {
			form.Set(pairs[i], pairs[i+1])
		}
	}
	return form
}

func app() oidc.Application {
	return oidc.Application{
		ID: "c", GrantTypes: []string{oidc.GrantCode, oidc.GrantRefresh}, AuthMethod: oidc.AuthNone, Scopes: []string{"orders"},
	}
}

func TestChallenges(t *testing.T) {
	t.Parallel()
	for verifier, want := range map[string]string{
		"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk": challenge, "": "",
	} {
		if got, ok := oidc.ChallengeOf(verifier); got != want || !ok {
			t.Errorf("the challenge of %q is %q", verifier, got)
		}
	}
	for _, bad := range []string{strings.Repeat("a", 42), strings.Repeat("a", 129), strings.Repeat("a", 43) + "+", strings.Repeat("ä", 43)} {
		if got, ok := oidc.ChallengeOf(bad); ok {
			t.Errorf("%q has the challenge %q", bad, got)
		}
	}
}

// What is wrong with a request is told as OAuth 2.0 and OpenID Connect say. What concerns the redirect URI is
// an error at once, since nothing may then be sent there.
func TestRequestsThatAreRefused(t *testing.T) {
	t.Parallel()
	twice := func(name string) url.Values {
		form := request()
		form[name] = []string{"a", "a"}
		return form
	}
	for _, c := range []struct {
		name   string
		form   url.Values
		atOnce bool
		want   string
	}{
		{"without client_id", request("client_id", ""), true, "invalid_request"},
		{"with a client_id that is none", request("client_id", "a#b"), true, "invalid_request"},
		{"with client_id twice", twice("client_id"), true, "invalid_request"},
		{"with redirect_uri twice", twice("redirect_uri"), true, "invalid_request"},
		{"with a long redirect_uri", request("redirect_uri", "https://x.example/"+strings.Repeat("x", 2048)), true, "invalid_request"},
		{"with state twice", twice("state"), false, "invalid_request"},
		{"with an unknown parameter twice", twice("x"), false, "invalid_request"},
		{"with an unknown response_mode", request("response_mode", "fragment"), false, "invalid_request"},
		{"with a long state", request("state", strings.Repeat("s", 2049)), false, "invalid_request"},
		{"with a request object", request("request", "x"), false, "request_not_supported"},
		{"with a request_uri", request("request_uri", "https://app.example.com/r"), false, "request_uri_not_supported"},
		{"with a registration", request("registration", "{}"), false, "registration_not_supported"},
		{"without response_type", request("response_type", ""), false, "invalid_request"},
		{"with response_type token", request("response_type", "token"), false, "unsupported_response_type"},
		{"with response_type code id_token", request("response_type", "code id_token"), false, "unsupported_response_type"},
		{"with a long nonce", request("nonce", strings.Repeat("n", 513)), false, "invalid_request"},
		{"with prompt none and login", request("prompt", "none login"), false, "invalid_request"},
		{"with an unknown prompt", request("prompt", "x"), false, "invalid_request"},
		{"with a max_age that is no number", request("max_age", "x"), false, "invalid_request"},
		{"with a negative max_age", request("max_age", "-1"), false, "invalid_request"},
		{"with the method plain", request("code_challenge_method", "plain"), false, "invalid_request"},
		{"without a method, which means plain", request("code_challenge_method", ""), false, "invalid_request"},
		{"with a method alone", request("code_challenge", ""), false, "invalid_request"},
		{"with a short challenge", request("code_challenge", "abc"), false, "invalid_request"},
		{"without PKCE", request("code_challenge", "", "code_challenge_method", ""), false, "invalid_request"},
		{"with claims that are no JSON", request("claims", "x"), false, "invalid_request"},
		{"with too many bytes", request("x", strings.Repeat("x", 4096)), false, "invalid_request"},
		{"that is good", request(), false, ""},
		{"that is good, by form_post", request("response_mode", "form_post", "prompt", "login consent", "max_age", "0"), false, ""},
	} {
		r, err := oidc.ParseRequest(c.form)
		if c.atOnce != (err != nil) {
			t.Errorf("a request %s: at once %v", c.name, err)
			continue
		}
		if err == nil {
			err = r.Check(oidc.Workspace{EnforcePKCEForPublicClients: true}, app())
		}
		var refused oidc.Refusal
		if errors.As(err, &refused); refused.Code != c.want {
			t.Errorf("a request %s: %v, want %s", c.name, err, c.want)
		}
		if strings.ContainsAny(refused.Description, "\"\\") {
			t.Errorf("a request %s: %q has characters that RFC 6749 §4.1.2.1 forbids", c.name, refused.Description)
		}
	}
	r, _ := oidc.ParseRequest(request())
	none := app()
	none.GrantTypes = []string{oidc.GrantCredentials}
	if err := r.Check(oidc.Workspace{}, none); err == nil || err.(oidc.Refusal).Code != oidc.UnauthorizedClient {
		t.Errorf("an application without the code flow: %v", err)
	}
}

// Scopes that an application may not have are left out (RFC 6749 §3.3).
func TestScopesOfRequests(t *testing.T) {
	t.Parallel()
	noRefresh := app()
	noRefresh.GrantTypes = []string{oidc.GrantCode}
	for _, c := range []struct {
		app         oidc.Application
		asked, want string
	}{
		{app(), "openid email openid", "openid email"},
		{app(), "openid orders bills", "openid orders"},
		{app(), "openid offline_access", "openid offline_access"},
		{noRefresh, "openid offline_access", "openid"},
		{app(), "", ""},
	} {
		r, err := oidc.ParseRequest(request("scope", c.asked))
		if err == nil {
			err = r.Check(oidc.Workspace{}, c.app)
		}
		if got := strings.Join(r.Scope, " "); got != c.want || err != nil {
			t.Errorf("%q becomes %q, %v", c.asked, got, err)
		}
	}
}

// Who must use PKCE: RFC 9700 §2.1.1.
func TestNeedsPKCE(t *testing.T) {
	t.Parallel()
	secret, letOff := app(), app()
	secret.AuthMethod = oidc.AuthBasic
	letOff.AuthMethod, letOff.WithoutPKCE = oidc.AuthBasic, true
	public := app()
	public.WithoutPKCE = true
	for i, c := range []struct {
		w    oidc.Workspace
		a    oidc.Application
		want bool
	}{
		{oidc.Workspace{EnforcePKCE: true}, secret, true},
		{oidc.Workspace{EnforcePKCE: true}, letOff, false},
		{oidc.Workspace{EnforcePKCE: true}, public, true},
		{oidc.Workspace{EnforcePKCEForPublicClients: true}, public, true},
		{oidc.Workspace{EnforcePKCEForPublicClients: true}, secret, false},
	} {
		if got := c.a.NeedsPKCE(c.w); got != c.want {
			t.Errorf("case %d: %t", i, got)
		}
	}
}

func TestParseClaims(t *testing.T) {
	t.Parallel()
	got, err := oidc.ParseClaims(`{"userinfo":{"name":{"essential":true},"email":null},"id_token":{"acr":{"values":["aal2"]}},"x":1}`)
	if err != nil || !slices.Equal(got.UserInfo, []string{"email", "name"}) || !slices.Equal(got.IDToken, []string{"acr"}) {
		t.Errorf("%+v %v", got, err)
	}
	many := `{"userinfo":{"a":null` + strings.Repeat(`,"b`, 0)
	for i := range 51 {
		many += `,"c` + string(rune('0'+i)) + `":null`
	}
	for _, bad := range []string{"[]", "{", `{"userinfo":[]}`, `{"id_token":"x"}`, many + "}}"} {
		if got, err := oidc.ParseClaims(bad); !errors.As(err, new(oidc.Refusal)) {
			t.Errorf("%s: %+v %v", bad, got, err)
		}
	}
}

// FuzzParseRequest reads any query. Nothing panics, and what is wrong is a Refusal.
func FuzzParseRequest(f *testing.F) {
	f.Add(request("claims", `{"userinfo":{"name":null}}`, "max_age", "1", "prompt", "none").Encode())
	f.Add("client_id=c&client_id=d")
	f.Fuzz(func(t *testing.T, query string) {
		form, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		r, err := oidc.ParseRequest(form)
		if err == nil {
			err = r.Check(oidc.Workspace{EnforcePKCE: true}, app())
		}
		if err != nil && !errors.As(err, new(oidc.Refusal)) {
			t.Errorf("%v", err)
		}
		if err == nil && (len(r.State) > oidc.MaxState || len(r.Nonce) > oidc.MaxNonce || len(r.Challenge) != 43 || r.ResponseType != "code") {
			t.Errorf("it is accepted: %+v", r)
		}
	})
}
