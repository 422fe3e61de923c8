package oidc_test

import (
	"testing"

	"identitypools/shared/oidc"
)

// RFC 9700 §4.1.3 and RFC 8252 §7.3: redirect URIs are equal as texts, except for the port of a literal
// loopback address with http.
func TestRedirects(t *testing.T) {
	t.Parallel()
	a := oidc.Application{
		RedirectURIs: []string{
			"https://app.example.com/cb", "https://app.example.com/cb?a=b", "http://127.0.0.1/cb", "http://[::1]:9000/cb",
			"http://localhost/cb", "com.example.app:/cb", "http://127.0.0.1:80/x",
		},
		PostLogoutRedirectURIs: []string{"https://app.example.com/bye", "http://127.0.0.1/bye"},
	}
	for uri, want := range map[string]bool{
		"https://app.example.com/cb": true, "https://app.example.com/cb?a=b": true, "com.example.app:/cb": true,
		"http://127.0.0.1/cb": true, "http://127.0.0.1:51004/cb": true, "http://[::1]:1/cb": true, "http://[::1]/cb": true,
		"http://127.0.0.1:8080/x": true, "http://localhost/cb": true,

		"": false, "https://app.example.com/": false, "https://app.example.com/cb/": false, "https://app.example.com/CB": false,
		"https://APP.example.com/cb": false, "https://app.example.com:443/cb": false, "https://app.example.com:8443/cb": false,
		"http://app.example.com/cb": false, "https://app.example.com/cb#x": false, "https://app.example.com/cb?": false,
		"https://app.example.com/cb?a=b&c=d": false, "https://app.example.com/cb?a=c": false,
		"https://app.example.com/x/../cb": false, "https://app.example.com/%63b": false, "https://app.example.com/cb ": false,
		"https://app.example.com.evil.example/cb": false, "https://app.example.com@evil.example/cb": false,
		"https://user@app.example.com/cb": false, "//app.example.com/cb": false, "https://app.example.com\\@evil.example/cb": false,
		"http://localhost:8080/cb": false, "http://127.0.0.2/cb": false, "http://127.0.0.1.evil.example/cb": false,
		"http://127.0.0.1:80@evil.example/cb": false, "http://user@127.0.0.1/cb": false, "http://127.0.0.1:1/cb?x": false,
		"http://127.0.0.1:1/cb#x": false, "http://127.0.0.1:/cb": true, "http://127.0.0.1:x/cb": false, "HTTP://127.0.0.1:1/cb": false,
		"https://127.0.0.1:1/cb": false, "http://[::1%25eth0]/cb": false, "http://[::ffff:127.0.0.1]/cb": false, "http://2130706433/cb": false,
		"http://0x7f.1/cb": false, "http://[::1]:9000/cb/..": false, "com.example.app:/cb2": false, "javascript:alert(1)": false,
		"http://127.0.0.1:1\n/cb": false, "http://127.0.0.1:99999999/cb": true,
	} {
		if got := a.Redirects(uri); got != want {
			t.Errorf("%q is accepted: %t", uri, got)
		}
	}
	for uri, want := range map[string]bool{
		"https://app.example.com/bye": true, "http://127.0.0.1:9/bye": true, "https://app.example.com/cb": false, "": false,
	} {
		if got := a.RedirectsAfterLogout(uri); got != want {
			t.Errorf("after a logout, %q is accepted: %t", uri, got)
		}
	}
}
