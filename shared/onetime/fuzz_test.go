package onetime_test

import (
	"net/url"
	"strings"
	"testing"
	"unicode"

	"identitypools/shared/onetime"
)

// FuzzReturnURL asks whether any URL is allowed. An allowed one is an https URL of an allowed origin as
// a browser reads it, which takes a backslash for a slash, and has no user info and no control
// characters.
func FuzzReturnURL(f *testing.F) {
	for _, to := range []string{
		"", "https://app.example.com", "https://app.example.com/x?y#z", "https://app.example.com.evil.example", "https://app.example.com@evil.example/",
		"https://app.example.com:443/", "https://app.example.com\\@evil.example", "https://app.example.com/\r\nx", "HTTPS://app.example.com", "https:/app.example.com",
		"//app.example.com", "https://other.example:8443/a", "https://other.example:84430", "javascript:alert(1)//https://app.example.com", " https://app.example.com", "https://app.example.com?@evil.example", "https://app.example.com#@evil.example", "\xff",
	} {
		f.Add(to)
	}
	allowed := onetime.ReturnURLs("https://app.example.com,https://other.example:8443/ http://plain.example,https://")
	f.Fuzz(func(t *testing.T, to string) {
		if !allowed(to) {
			return
		}
		u, err := url.Parse(strings.ReplaceAll(to, `\`, "/"))
		if err != nil || u.Scheme != "https" || u.Host != "app.example.com" && u.Host != "other.example:8443" || u.User != nil {
			t.Errorf("%q is allowed: %+v, %v", to, u, err)
		}
		if strings.ContainsFunc(to, unicode.IsControl) {
			t.Errorf("%q has a control character", to)
		}
	})
}
