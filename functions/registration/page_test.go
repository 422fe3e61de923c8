package registration_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"identitypools/infra/local/systemtest"
)

// V3.2.1, V3.4.3 to V3.4.6, V6.2.6, V6.2.7, V14.2.3, V14.3.2, V14.3.3: the page of a link has a code in its address, so it is not kept, not framed,
// names nobody where it came from, loads and runs nothing, and sets no cookie. Its field is one that browsers hide and fill in.
func TestThePageOfALinkKeepsItsCode(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	page := product.BaseURL + "/" + tenant.ID + "/pools/" + tenant.NewPool(t, nil) + "/activate?code=" + url.QueryEscape("a/b+c")
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, page, nil)
	if err != nil {
		t.Fatal(err)
	}
	for way, got := range map[string]systemtest.Response{"opened": systemtest.Do(t, r), "submitted": postForm(t, page, "code", "wrong")} {
		for name, want := range map[string]string{
			"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff",
			"Content-Security-Policy": "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'", "Set-Cookie": "",
		} {
			if value := got.Header.Get(name); value != want {
				t.Errorf("%s: %s is %q, want %q", way, name, value, want)
			}
		}
		passwords := 0
		for tokens := html.NewTokenizer(strings.NewReader(string(got.Body))); tokens.Next() != html.ErrorToken; {
			token := tokens.Token()
			attributes := map[string]string{}
			for _, a := range token.Attr {
				attributes[a.Key] = a.Val
				if a.Key == "src" || a.Key == "style" || strings.HasPrefix(a.Key, "on") {
					t.Errorf("%s: <%s %s>", way, token.Data, a.Key)
				}
			}
			switch {
			case token.Data == "script" || token.Data == "link" || token.Data == "style":
				t.Errorf("%s: <%s>", way, token.Data)
			case token.Data == "input" && attributes["name"] == "password":
				passwords++
				if attributes["type"] != "password" || attributes["autocomplete"] != "new-password" {
					t.Errorf("%s: the field of the password has %v", way, attributes)
				}
			}
		}
		if passwords != 1 {
			t.Errorf("%s: %d fields for a password", way, passwords)
		}
	}
}
