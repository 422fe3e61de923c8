package systemtest

import (
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// Browser is the browser of a person: it keeps cookies, also those that are only for TLS, and sends forms
// as pages ask for it. It follows redirections within the product and stops at one that leads elsewhere.
type Browser struct {
	Cookies map[string]string
	// At is the address of the page that was opened last.
	At *url.URL
	// Headers are sent with each request.
	Headers map[string]string
	// Left is the address outside of the product to which the last answer leads, or nil.
	Left *url.URL
	host string
}

// NewBrowser returns a browser without cookies for a product.
func (p *Product) NewBrowser(tb testing.TB) *Browser {
	tb.Helper()
	base, err := url.Parse(p.BaseURL)
	if err != nil {
		tb.Fatal(err)
	}
	return &Browser{Cookies: map[string]string{}, At: base, host: base.Host}
}

// Open opens an address, which may be relative to that of the page.
func (b *Browser) Open(tb testing.TB, address string) Response {
	tb.Helper()
	return b.send(tb, http.MethodGet, b.resolve(tb, address), nil, 10)
}

// Submit sends a form to the address of the page, or to that of the pairs' name "action". The pairs are names
// and values of fields.
func (b *Browser) Submit(tb testing.TB, pairs ...string) Response {
	tb.Helper()
	to, form := b.form(tb, pairs)
	return b.send(tb, http.MethodPost, to, form, 10)
}

// SubmitOnce is like Submit, but it follows no redirection.
func (b *Browser) SubmitOnce(tb testing.TB, pairs ...string) Response {
	tb.Helper()
	to, form := b.form(tb, pairs)
	return b.send(tb, http.MethodPost, to, form, 0)
}

// form returns where a form goes, and its fields.
func (b *Browser) form(tb testing.TB, pairs []string) (*url.URL, url.Values) {
	tb.Helper()
	to, form := b.At, url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i] == "action" {
			to = b.resolve(tb, pairs[i+1])
			continue
		}
		form.Add(pairs[i], pairs[i+1])
	}
	return to, form
}

func (b *Browser) resolve(tb testing.TB, address string) *url.URL {
	tb.Helper()
	to, err := b.At.Parse(address)
	if err != nil {
		tb.Fatalf("read the address %q: %v", address, err)
	}
	return to
}

// send sends a request and follows at most a number of redirections.
func (b *Browser) send(tb testing.TB, method string, to *url.URL, form url.Values, most int) Response {
	tb.Helper()
	b.Left = nil
	for n := 0; n <= most; n++ {
		var body io.Reader
		if form != nil {
			body = strings.NewReader(form.Encode())
		}
		r, err := http.NewRequestWithContext(tb.Context(), method, to.String(), body)
		if err != nil {
			tb.Fatal(err)
		}
		if form != nil {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		for name, value := range b.Headers {
			r.Header.Set(name, value)
		}
		for name, value := range b.Cookies {
			r.AddCookie(&http.Cookie{Name: name, Value: value})
		}
		got := sendOnce(tb, r)
		b.At = to
		b.keep(got)
		location := got.Header.Get("Location")
		if got.Status != http.StatusSeeOther || location == "" || most == 0 {
			return got
		}
		if to = b.resolve(tb, location); to.Host != b.host {
			b.Left = to
			return got
		}
		method, form = http.MethodGet, nil
	}
	tb.Fatal("the product redirects without an end")
	return Response{}
}

// keep keeps the cookies of an answer.
func (b *Browser) keep(got Response) {
	answer := http.Response{Header: got.Header}
	for _, c := range answer.Cookies() {
		if c.MaxAge < 0 {
			delete(b.Cookies, c.Name)
			continue
		}
		b.Cookies[c.Name] = c.Value
	}
}

// sendOnce sends a request without following a redirection.
func sendOnce(tb testing.TB, r *http.Request) Response {
	tb.Helper()
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		tb.Fatalf("call the product: %v", err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		tb.Fatalf("read the answer: %v", err)
	}
	return Response{Status: response.StatusCode, Header: response.Header, Body: body}
}

// Hidden returns the hidden fields of the forms of a page.
func Hidden(page Response) map[string]string {
	fields := map[string]string{}
	for _, input := range regexp.MustCompile(`<input type="hidden"[^>]*>`).FindAllString(string(page.Body), -1) {
		name := regexp.MustCompile(`name="([^"]*)"`).FindStringSubmatch(input)
		value := regexp.MustCompile(`value="([^"]*)"`).FindStringSubmatch(input)
		if name != nil && value != nil {
			fields[name[1]] = html.UnescapeString(value[1])
		}
	}
	return fields
}
