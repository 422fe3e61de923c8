package mail

import (
	"net/url"
	"regexp"
	"strings"
)

// urlPattern matches what looks like the URL of a page in a text, up to a space, a brace or a
// character that URLs do not have.
func urlPattern() *regexp.Regexp { return regexp.MustCompile(`(?i)\bhttps?://[^\s{}<>"\x60|\\^\[\]]+`) }

// withoutPunctuation returns a URL that was found in a text without the punctuation after it, which
// belongs to the sentence. A closing parenthesis stays if the URL has an opening one.
func withoutPunctuation(found string) string {
	for {
		short := strings.TrimRight(found, `.,:;!?'*_~…»“”’`)
		if strings.HasSuffix(short, ")") && strings.Count(short, "(") < strings.Count(short, ")") {
			short = short[:len(short)-1]
		}
		if short == found {
			return short
		}
		found = short
	}
}

// isURL reports whether a text is a URL with a host and without a user name, which could pass for
// the host.
func isURL(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Host != "" && u.User == nil
}
