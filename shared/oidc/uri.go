package oidc

import (
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"

	"identitypools/shared/identity"
)

// Bounds of the URIs of an application.
const (
	// MaxURIs is the largest number of redirect URIs, and of each other list of URIs.
	MaxURIs = 50
	// MaxURI is the largest size of a URI in bytes.
	MaxURI = 2000
)

// parseURI returns an absolute URI whose characters can stand in a page and in the headers of HTTP. It
// reports false for any other text, for a URI with a user or a fragment, and for one with a wildcard.
func parseURI(text string) (u *url.URL, ok bool) {
	if len(text) > MaxURI || strings.ContainsFunc(text, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || strings.ContainsRune("\"<>\\^`{|}#*", r)
	}) {
		return nil, false
	}
	u, err := url.Parse(text)
	return u, err == nil && u.IsAbs() && u.User == nil
}

// isOfWeb reports whether a URI leads to a site: by https, or by http on the device itself, where
// nobody else listens (RFC 8252 §7.3). Its origin can stand in a Content-Security-Policy.
func isOfWeb(u *url.URL) bool {
	const ofHosts = "abcdefghijklmnopqrstuvwxyz0123456789.-:[]"
	if u.Opaque != "" || u.Hostname() == "" || strings.Trim(strings.ToLower(u.Host), ofHosts) != "" {
		return false
	}
	return u.Scheme == "https" || u.Scheme == "http" && isThisDevice(u.Hostname())
}

// isThisDevice reports whether a host is the device on which the program runs that names it.
func isThisDevice(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// isOwnScheme reports whether a URI has a scheme that belongs to a program on somebody's device. Such
// a scheme is a reversed domain, so that it has a dot (RFC 8252 §7.1). So it is none of the schemes that
// browsers carry out, such as javascript.
func isOwnScheme(u *url.URL) bool { return strings.Contains(u.Scheme, ".") }

// checkURIs records the URIs of a list that people may not be sent to.
func checkURIs(v *identity.Violations, pointer string, uris []string, isNative bool) {
	checkList(v, pointer, uris, MaxURIs, func(text string) error {
		u, ok := parseURI(text)
		switch {
		case ok && (isOfWeb(u) || isNative && isOwnScheme(u)):
			return nil
		case isNative:
			return identity.WrongFormat("uri", fmt.Sprintf("must be an absolute URI of at most %d bytes with https, "+
				"with http and a loopback host, or with a scheme that has a dot, without a user, a fragment and wildcards",
				MaxURI))
		}
		return identity.WrongFormat("uri", fmt.Sprintf("must be an absolute URI of at most %d bytes with https, "+
			"or with http and a loopback host, without a user, a fragment and wildcards", MaxURI))
	})
}

// checkOrigins records the members of a list that are not origins of pages, in the form in which
// browsers send them.
func checkOrigins(v *identity.Violations, pointer string, origins []string) {
	checkList(v, pointer, origins, MaxURIs, func(text string) error {
		if u, ok := parseURI(text); ok && isOfWeb(u) && originOf(u) == text {
			return nil
		}
		return identity.WrongFormat("origin",
			`must be an origin such as "https://app.example.com", with https, or with http and a loopback host`)
	})
}

// checkPage records a URI of a page or a picture that is neither absent nor of a site.
func checkPage(v *identity.Violations, pointer, text string) {
	if u, ok := parseURI(text); text != "" && (!ok || !isOfWeb(u)) {
		v.Add(pointer, identity.WrongFormat("https-url", fmt.Sprintf("must be an https URL of at most %d bytes", MaxURI)))
	}
}

// originOf returns the origin of a URI of a site as browsers send it: in lower case, and without the
// usual port of its scheme (RFC 6454 §6.2).
func originOf(u *url.URL) string {
	host := strings.ToLower(u.Host)
	switch u.Scheme {
	case "https":
		host = strings.TrimSuffix(host, ":443")
	case "http":
		host = strings.TrimSuffix(host, ":80")
	}
	return u.Scheme + "://" + strings.TrimSuffix(host, ":")
}

// checkList records a list that is too long, and its members that are there twice or for which fault
// returns a rule.
func checkList(v *identity.Violations, pointer string, list []string, most int, fault func(string) error) {
	if len(list) > most {
		v.Add(pointer, identity.TooMany(most, "items"))
		return
	}
	for i, text := range list {
		at := fmt.Sprintf("%s/%d", pointer, i)
		if err := fault(text); err != nil {
			v.Add(at, identity.RuleOf(err))
		} else if slices.Contains(list[:i], text) {
			v.Add(at, identity.Repeated())
		}
	}
}
