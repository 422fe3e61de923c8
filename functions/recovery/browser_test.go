package recovery_test

import (
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"identitypools/infra/check/systemtest"
)

// browser opens the pages of a pool and sends their forms. It keeps one cookie, and sends the headers by
// which the product recognizes forms of its own pages.
type browser struct {
	*setup
	cookie string
}

// newBrowser returns a browser on the pages of a new pool.
func newBrowser(t *testing.T, product *systemtest.Product, settings fields) *browser {
	t.Helper()
	return &browser{setup: newSetup(t, product, settings)}
}

// at returns the path of a page of the pool.
func (b *browser) at(page string) string {
	return "/" + b.tenant.ID + "/pools/" + b.pool + "/" + page
}

// call opens a page or, if there are pairs of names and values, sends a form to it.
func (b *browser) call(t *testing.T, path string, pairs ...string) systemtest.Response {
	t.Helper()
	method, form := http.MethodGet, url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		method = http.MethodPost
		form.Add(pairs[i], pairs[i+1])
	}
	return b.send(t, method, path, form)
}

// send sends a request as a browser does, and keeps the cookie of the answer.
func (b *browser) send(t *testing.T, method, path string, form url.Values) systemtest.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, b.product.BaseURL+path, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if b.cookie != "" {
		r.Header.Set("Cookie", b.cookie)
	}
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	if set := answer.Header.Get("Set-Cookie"); set != "" {
		b.cookie, _, _ = strings.Cut(set, ";")
	}
	return systemtest.Response{Status: answer.StatusCode, Header: answer.Header, Body: body}
}

// submit sends a form and opens the page that the answer redirects to.
func (b *browser) submit(t *testing.T, path string, pairs ...string) systemtest.Response {
	t.Helper()
	got := b.call(t, path, pairs...)
	from, err := url.Parse(path)
	if err != nil {
		t.Fatal(err)
	}
	to, err := from.Parse(got.Header.Get("Location"))
	if err != nil || got.Status != http.StatusSeeOther {
		t.Fatalf("%d to %q: %s", got.Status, got.Header.Get("Location"), mainContent(got))
	}
	return b.call(t, to.RequestURI())
}

// linkForm returns what the form of a link's page submits, besides the password.
func linkForm(t *testing.T, page systemtest.Response) (pairs []string) {
	t.Helper()
	hidden := regexp.MustCompile(`<input type="hidden" name="(\w+)" value="([^"]*)"`)
	for _, m := range hidden.FindAllStringSubmatch(mainContent(page), -1) {
		pairs = append(pairs, m[1], m[2])
	}
	if len(pairs) == 0 {
		t.Fatalf("no form: %s", mainContent(page))
	}
	return pairs
}

// mainContent returns the main element of a page.
func mainContent(page systemtest.Response) string {
	_, main, _ := strings.Cut(string(page.Body), "<main>")
	main, _, _ = strings.Cut(main, "</main>")
	return main
}

// has reports whether a page contains a text.
func has(page systemtest.Response, text string) bool {
	return strings.Contains(string(page.Body), text)
}
