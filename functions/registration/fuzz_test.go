package registration_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"identitypools/infra/local/systemtest"
	"identitypools/shared/api"
)

// FuzzPage opens the page of a link with any code and any place to go on, and submits any form. What comes back is the page with the
// same elements and attributes as ever: nothing that was given becomes markup, and only an allowed place becomes a link.
func FuzzPage(f *testing.F) {
	product := systemtest.New(f)
	tenant := product.NewTenant(f)
	pool := tenant.NewPool(f, nil)
	for _, text := range []string{
		"", "123456", `"><script>alert(1)</script>`, `" autofocus onfocus="alert(1)`, "</title>", "{faults}", "{code}{pool}", "\x00", "\xff\xfe", "&quot;&#34;", "<!--", "javascript:alert(1)",
		"https://app.example.com/\"x", "https://evil.example/", "\u202e", "a\r\nSet-Cookie: x=y", "%22%3e", strings.Repeat("a", 9000),
	} {
		f.Add("code="+url.QueryEscape(text), text, "code="+url.QueryEscape(text)+"&password="+url.QueryEscape(text))
	}
	path := "/" + tenant.ID + "/pools/" + pool + "/activate"
	call := func(t *testing.T, method, query, body string) (status int, text string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, "https://id.example.com"+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.URL.RawQuery = query
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		answer, err := product.Functions["registration"](t.Context(), api.Event(r, []byte(body), "fuzz"))
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range answer.Headers {
			if strings.ContainsAny(name+value, "\r\n") {
				t.Errorf("header %q: %q", name, value)
			}
		}
		w := httptest.NewRecorder()
		if err := api.Write(w, answer); err != nil {
			t.Fatal(err)
		}
		return w.Code, w.Body.String()
	}
	f.Fuzz(func(t *testing.T, query, to, form string) {
		_, plain := call(t, http.MethodGet, "", "")
		want := skeleton(t, plain)
		for _, q := range []string{query, "return_to=" + url.QueryEscape(to)} {
			if status, page := call(t, http.MethodGet, q, ""); status != http.StatusOK || skeleton(t, page) != want {
				t.Errorf("%q answers %d %s", q, status, page)
			}
		}
		status, page := call(t, http.MethodPost, "", form)
		if status != http.StatusUnprocessableEntity {
			t.Fatalf("%q answers %d %s", form, status, page)
		}
		// what is wrong stands in paragraphs of the role alert
		if got := strings.ReplaceAll(skeleton(t, page), "<p role>", ""); got != strings.ReplaceAll(want, "<p role>", "") {
			t.Errorf("%q answers the page\n%s, not\n%s", form, got, want)
		}
	})
}

// skeleton is the elements of a page with the names of their attributes; where a link leads it keeps, for that must be allowed.
func skeleton(t *testing.T, page string) string {
	t.Helper()
	var out strings.Builder
	for tokens := html.NewTokenizer(strings.NewReader(page)); tokens.Next() != html.ErrorToken; {
		token := tokens.Token()
		if token.Type != html.StartTagToken && token.Type != html.SelfClosingTagToken {
			continue
		}
		out.WriteString("<" + token.Data)
		for _, attribute := range token.Attr {
			if attribute.Key == "hidden" {
				continue
			}
			out.WriteString(" " + attribute.Key)
			if attribute.Key == "href" && attribute.Val != "" && !strings.HasPrefix(attribute.Val, "https://app.example.com") {
				t.Errorf("a link to %q", attribute.Val)
			}
		}
		out.WriteString(">")
	}
	return out.String()
}
