package oidc

import (
	"net"
	"net/url"
	"slices"
	"strings"
)

// Redirects reports whether a request may name a redirect URI of the application. URIs are compared as
// text, character by character (RFC 9700 §4.1.3, RFC 3986 §6.2.1). The port of one with http and a
// literal address of the loopback interface may differ (RFC 8252 §7.3), since a program on somebody's
// device takes a free one.
func (a Application) Redirects(uri string) bool {
	return slices.ContainsFunc(a.RedirectURIs, func(known string) bool {
		return known == uri || sameOnLoopback(known, uri)
	})
}

// RedirectsAfterLogout reports whether people may be sent to a URI after they have signed out (OpenID
// Connect RP-Initiated Logout 1.0 §3). URIs are compared as in Redirects.
func (a Application) RedirectsAfterLogout(uri string) bool {
	return slices.ContainsFunc(a.PostLogoutRedirectURIs, func(known string) bool {
		return known == uri || sameOnLoopback(known, uri)
	})
}

// sameOnLoopback reports whether two URIs with http and a literal loopback address are the same but for
// the port. The texts before and after the port are compared character by character.
func sameOnLoopback(known, uri string) bool {
	head, tail, ok := cutPort(known)
	other, rest, is := cutPort(uri)
	return ok && is && head == other && tail == rest
}

// cutPort returns what is before and after the port of a URI with http and a literal loopback address.
// It reports false for any other URI.
func cutPort(uri string) (head, tail string, ok bool) {
	u, err := url.Parse(uri)
	if err != nil || !strings.HasPrefix(uri, "http://") || u.User != nil {
		return "", "", false
	}
	ip := net.ParseIP(u.Hostname())
	if ip == nil || !ip.IsLoopback() {
		return "", "", false
	}
	tail, found := strings.CutPrefix(uri, "http://"+u.Host)
	if !found {
		return "", "", false
	}
	return strings.TrimSuffix(u.Host, ":"+u.Port()), tail, true
}
