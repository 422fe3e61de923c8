package onetime

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"identitypools/shared/identity"
)

// ReturnURLs returns a function that reports whether a message may contain a post-activation URL. It
// allows URLs of the given origins, which have commas between them. Without origins it allows none. An
// origin has https, or it is http at localhost, where a page is while it is developed. A listed text that
// is no such origin allows nothing.
func ReturnURLs(origins string) func(url string) bool {
	allowed := strings.FieldsFunc(origins, func(r rune) bool { return r == ',' || r == ' ' })
	allowed = slices.DeleteFunc(allowed, func(origin string) bool { return !isSafe(origin) })
	return func(url string) bool {
		return isSafe(url) && slices.ContainsFunc(allowed, func(origin string) bool {
			rest, ok := strings.CutPrefix(url, strings.TrimSuffix(origin, "/"))
			return ok && (rest == "" || strings.ContainsAny(rest[:1], "/?#"))
		})
	}
}

// OrSignIn returns a function that allows what another one allows, and the addresses of pages for signing
// in, from which people come who sign up or need a new password. public is the base of those addresses.
func OrSignIn(allowed func(url string) bool, public string) func(url string) bool {
	base := strings.TrimSuffix(public, "/") + "/"
	return func(text string) bool {
		rest, isOwn := strings.CutPrefix(text, base)
		path, _, _ := strings.Cut(rest, "?")
		parts := strings.Split(path, "/")
		return allowed(text) || isOwn && len(parts) == 3 && identity.ValidID(parts[0]) && identity.ValidID(parts[1]) &&
			parts[2] == "signin" && !strings.ContainsFunc(text, unicode.IsControl)
	}
}

// CodeIn returns the code in a text that somebody has copied from a mail, which is either the code
// itself or the link that contains it, with or without spaces around it.
func CodeIn(text string) string {
	text = strings.TrimSpace(text)
	if link, err := url.Parse(text); err == nil && link.Host != "" {
		return link.Query().Get("code")
	}
	return text
}

// IsDead reports whether an error says that the code of a link does not work: it is InvalidCode or
// ExpiredCode.
func IsDead(err error) bool {
	return errors.As(err, new(identity.InvalidCode)) || errors.As(err, new(identity.ExpiredCode))
}

// isSafe reports whether text is a URL with a host and without control characters that nobody in the network
// can read or answer: one with https, or one with http at localhost, which leaves no device
// (RFC 8252 §8.3).
func isSafe(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || strings.ContainsFunc(text, unicode.IsControl) {
		return false
	}
	isLocal := strings.HasPrefix(text, "http://") && slices.Contains([]string{"localhost", "127.0.0.1", "::1"}, u.Hostname())
	return isLocal || strings.HasPrefix(text, "https://")
}
