package onetime

import (
	"net/url"
	"slices"
	"strings"
	"unicode"
)

// ReturnURLs returns a function that reports whether a message may contain a post-activation URL. It
// allows https URLs of the given origins, which have commas between them. Without origins it allows
// none. A listed text that is no https origin allows nothing.
func ReturnURLs(origins string) func(url string) bool {
	allowed := strings.FieldsFunc(origins, func(r rune) bool { return r == ',' || r == ' ' })
	allowed = slices.DeleteFunc(allowed, func(origin string) bool { return !isHTTPS(origin) })
	return func(url string) bool {
		return isHTTPS(url) && slices.ContainsFunc(allowed, func(origin string) bool {
			rest, ok := strings.CutPrefix(url, strings.TrimSuffix(origin, "/"))
			return ok && (rest == "" || strings.ContainsAny(rest[:1], "/?#"))
		})
	}
}

// isHTTPS reports whether text is an https URL with a host and without control characters.
func isHTTPS(text string) bool {
	u, err := url.Parse(text)
	return err == nil && strings.HasPrefix(text, "https://") && u.Host != "" && !strings.ContainsFunc(text, unicode.IsControl)
}
