package oidc_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"identitypools/shared/oidc"
)

// newApplication returns an application with the redirect URI, or an error.
func newApplication(c oidc.ApplicationChange) (oidc.Application, error) {
	return oidc.Workspace{Tenant: "t", ID: "w"}.NewApplication("a", strings.Repeat("s", oidc.MinSecret), c, time.Unix(0, 0))
}

// People are sent to no place that an application has not registered. The port of a loopback address may
// differ.
func TestRedirectsOfAProgram(t *testing.T) {
	t.Parallel()
	a, err := newApplication(oidc.ApplicationChange{Type: oidc.TypeNative, RedirectURIs: []string{
		"https://app.example.com/cb", "http://127.0.0.1/cb", "http://[::1]:80/cb?a=b", "http://localhost:3000/cb",
		"com.example.app:/cb",
	}})
	if err != nil {
		t.Fatal(err)
	}
	for uri, want := range map[string]bool{
		"https://app.example.com/cb": true, "http://127.0.0.1/cb": true, "http://127.0.0.1:51004/cb": true,
		"http://[::1]:51004/cb?a=b": true, "http://localhost:3000/cb": true, "com.example.app:/cb": true,
		"https://app.example.com/cb/": false, "https://app.example.com/cb?": false, "https://APP.example.com/cb": false,
		"https://app.example.com:443/cb": false, "https://app.example.com/cb#": false, "https://app.example.com/x/../cb": false,
		"http://app.example.com/cb": false, "https://app.example.com.evil.example/cb": false, "": false,
		"http://127.0.0.1:51004/cb?x": false, "http://127.0.0.2/cb": false, "http://127.0.0.1:51004/CB": false,
		"http://u@127.0.0.1/cb": false, "http://127.0.0.1@evil.example/cb": false, "http://localhost:3001/cb": false,
		"https://127.0.0.1/cb": false, "http://[::1]:51004/cb": false, "http://127.0.0.1:x/cb": false,
	} {
		if a.Redirects(uri) != want {
			t.Errorf("%s is allowed: %t", uri, !want)
		}
	}
}

// The origins of pages that may call the endpoints are as browsers send them.
func TestOrigins(t *testing.T) {
	t.Parallel()
	c := oidc.ApplicationChange{
		Type: oidc.TypeNative, AuthMethod: oidc.AuthNone, AllowedOrigins: &[]string{"https://b.example", "https://a.example:8443"},
		RedirectURIs: []string{
			"https://App.Example:443/cb", "https://b.example/cb", "http://localhost:80/", "http://127.0.0.1:3000/x", "com.example.app:/cb",
		},
	}
	public, err := newApplication(c)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"http://127.0.0.1:3000", "http://localhost", "https://a.example:8443", "https://app.example", "https://b.example",
	}
	if got := public.Origins(); !slices.Equal(got, want) {
		t.Errorf("the origins of a public client are %q, want %q", got, want)
	}
	c.AuthMethod = oidc.AuthBasic
	private, err := newApplication(c)
	if err != nil {
		t.Fatal(err)
	}
	if got := private.Origins(); !slices.Equal(got, []string{"https://a.example:8443", "https://b.example"}) {
		t.Errorf("the origins of another application are %q", got)
	}
}

// Whatever an administrator registers, people are sent to a site over TLS, to their own device, or to a
// program on it; and the origin can stand in a header.
func FuzzRedirectURI(f *testing.F) {
	for _, uri := range []string{
		"https://app.example.com/cb", "http://127.0.0.1:1/", "com.example:/cb", "javascript:alert(1)", "https://a;b/",
		"https://a@b/", "https://*.example.com", "http://[::1%25lo]/", "//a", "https:\\\\a", "https://[::1", "HTTPS://A/",
	} {
		f.Add(uri, true)
	}
	f.Fuzz(func(t *testing.T, uri string, isNative bool) {
		c := oidc.ApplicationChange{RedirectURIs: []string{uri}, AuthMethod: oidc.AuthNone}
		if isNative {
			c.Type = oidc.TypeNative
		}
		a, err := newApplication(c)
		if err != nil {
			return
		}
		u, err := url.Parse(uri)
		if err != nil || u.User != nil || strings.ContainsAny(uri, "#*\r\n \"<>") || !a.Redirects(uri) {
			t.Fatalf("%q is accepted", uri)
		}
		host := u.Hostname()
		switch {
		case u.Scheme == "https" && host != "":
		case u.Scheme == "http" && (strings.EqualFold(host, "localhost") || strings.HasPrefix(host, "127.") || strings.Contains(host, ":")):
		case isNative && strings.Contains(u.Scheme, "."):
			return
		default:
			t.Fatalf("%q is accepted", uri)
		}
		if origins := a.Origins(); len(origins) != 1 || strings.ContainsAny(origins[0], "; ,'") || strings.ToLower(origins[0]) != origins[0] {
			t.Fatalf("%q has the origins %q", uri, origins)
		}
	})
}
