package onetime_test

import (
	"testing"

	"identitypools/shared/onetime"
)

func TestReturnURLs(t *testing.T) {
	t.Parallel()
	const one, two = "https://shop.example", "https://shop.example, https://app.example:8443/ ,https://b\u00fccher.example"
	for _, row := range []struct {
		name, origins, url string
		want               bool
	}{
		{"the origin", one, "https://shop.example", true},
		{"its root", one, "https://shop.example/", true},
		{"a path, query and fragment", one, "https://shop.example/a/b?c=d#e", true},
		{"a query at once", one, "https://shop.example?c=d", true},
		{"a fragment at once", one, "https://shop.example#e", true},
		{"the second of the list", two, "https://app.example:8443/a", true},
		{"the third of the list", two, "https://b\u00fccher.example/", true},
		{"nothing listed", "", "https://shop.example/", false},
		{"commas alone", " , ", "https://shop.example/", false},
		{"no URL", one, "", false},
		{"another host", one, "https://evil.example/", false},
		{"a longer host", one, "https://shop.example.evil.example/", false},
		{"a longer name", one, "https://shop.examples/", false},
		{"a host below", one, "https://a.shop.example/", false},
		{"a port not listed", one, "https://shop.example:8443/", false},
		{"another port", two, "https://app.example:8444/", false},
		{"the port left out", two, "https://app.example/", false},
		{"the host as a user", one, "https://shop.example@evil.example/", false},
		{"the host as user and password", one, "https://shop.example:x@evil.example/", false},
		{"a backslash", one, `https://shop.example\@evil.example/`, false},
		{"a backslash and a dot", one, `https://shop.example\.evil.example/`, false},
		{"without TLS", one, "http://shop.example/", false},
		{"without TLS, though listed", "http://shop.example", "http://shop.example/", false},
		{"a page in development", "http://localhost:3000", "http://localhost:3000/in", true},
		{"its other name", "http://127.0.0.1:3000,http://[::1]", "http://[::1]/in", true},
		{"a page in development, not listed", one, "http://localhost:3000/", false},
		{"another port in development", "http://localhost:3000", "http://localhost:3001/", false},
		{"a host that begins like it", "http://localhost.evil.example", "http://localhost.evil.example/", false},
		{"a host behind it", "http://localhost", "http://localhost@evil.example/", false},
		{"a script", one, "javascript:alert(1)//https://shop.example/", false},
		{"a script, though listed", "javascript:", "javascript:/alert(1)", false},
		{"no scheme", one, "//shop.example/", false},
		{"a path alone", one, "/a", false},
		{"a space before", one, " https://shop.example/", false},
		{"a line break in the path", one, "https://shop.example/\r\nSet-Cookie: a=b", false},
		{"a line break in the host", one, "https://shop.exam\nple/", false},
		{"a tab after the host", one, "https://shop.example\t.evil.example/", false},
		{"a broken escape", one, "https://shop.example/%zz", false},
		{"a scheme listed as an origin", "https://", "https://evil.example/", false},
		{"a part of a scheme listed", "https:/", "https://evil.example/", false},
		{"a slash listed", "/", "https://evil.example/", false},
		{"a star listed", "*", "https://evil.example/", false},
		{"a star listed as a host", "https://*", "https://evil.example/", false},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if got := onetime.ReturnURLs(row.origins)(row.url); got != row.want {
				t.Errorf("%q with %q: got %t", row.url, row.origins, got)
			}
		})
	}
}
