package registration_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"identitypools/infra/check/systemtest"
)

// browser opens pages and sends their forms. It keeps one cookie, and sends the headers by which
// the product recognizes forms of its own pages.
type browser struct {
	base, cookie, language string
}

// call opens a page or, if there are pairs of names and values, sends a form to it.
func (v *browser) call(t *testing.T, path string, pairs ...string) systemtest.Response {
	t.Helper()
	method, form := http.MethodGet, url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		method = http.MethodPost
		form.Add(pairs[i], pairs[i+1])
	}
	r, err := http.NewRequestWithContext(
		t.Context(), method, v.base+path, strings.NewReader(form.Encode()),
	)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.Header.Set("Accept-Language", v.language)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if v.cookie != "" {
		r.Header.Set("Cookie", v.cookie)
	}
	return v.keepCookie(sendOnce(t, r))
}

// keepCookie remembers the cookie that an answer sets, and returns the answer.
func (v *browser) keepCookie(got systemtest.Response) systemtest.Response {
	if set := got.Header.Get("Set-Cookie"); set != "" {
		v.cookie, _, _ = strings.Cut(set, ";")
	}
	return got
}

// follow opens the page that an answer redirects to. The answer belongs to a request for path.
func (v *browser) follow(t *testing.T, path string, got systemtest.Response) systemtest.Response {
	t.Helper()
	v.keepCookie(got)
	from, err := url.Parse(path)
	if err != nil {
		t.Fatal(err)
	}
	to, err := from.Parse(got.Header.Get("Location"))
	if err != nil || got.Status != http.StatusSeeOther {
		t.Fatalf("%d to %q", got.Status, got.Header.Get("Location"))
	}
	return v.call(t, to.RequestURI())
}

// poolBrowser is a browser on the pages of one pool.
type poolBrowser struct {
	browser
	product *systemtest.Product
	tenant  *systemtest.Tenant
	pool    string
}

// newPoolBrowser starts a product with a pool that has the settings. If a schema is given, it is
// the schema of the payload.
func newPoolBrowser(t *testing.T, settings fields, schema ...fields) *poolBrowser {
	t.Helper()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	for _, document := range schema {
		settings["payload_schema_id"] = tenant.Admin.Must(t, 201, "POST", "/schemas", fields{
			"name": "Payload", "schema": document,
		}).Text(t, "id")
	}
	return &poolBrowser{browser{base: product.BaseURL}, product, tenant, tenant.NewPool(t, settings)}
}

// at returns the path of a page of the pool.
func (b *poolBrowser) at(page string) string {
	return "/" + b.tenant.ID + "/pools/" + b.pool + "/" + page
}

// signUp sends the form of the registration page and returns the page for the code.
func (b *poolBrowser) signUp(t *testing.T, email string, more ...string) systemtest.Response {
	t.Helper()
	got := b.call(
		t, b.at("register"),
		append([]string{"identifier", email, "password", systemtest.Password}, more...)...,
	)
	return b.follow(t, b.at("register"), got)
}

// invitation creates a user and returns the link of the mail that invites that user.
func (b *poolBrowser) invitation(t *testing.T, user fields) *url.URL {
	t.Helper()
	email := systemtest.Address("ann")
	id := b.tenant.NewUser(t, b.pool, "new", email, user)
	b.tenant.Admin.Must(
		t, 204, "POST", "/pools/"+b.pool+"/users/"+id+"/activation/send?mode=invitation", nil,
	)
	return systemtest.LinkIn(t, b.product.Inbox.Await(t, email, 1)[0])
}

// postForm sends a form without a cookie and returns the answer.
func postForm(t *testing.T, to string, pairs ...string) systemtest.Response {
	t.Helper()
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	r, err := http.NewRequestWithContext(t.Context(), "POST", to, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return sendOnce(t, r)
}

// sendOnce sends a request and returns the answer. It does not follow redirects.
func sendOnce(t *testing.T, r *http.Request) systemtest.Response {
	t.Helper()
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return systemtest.Response{Status: answer.StatusCode, Header: answer.Header, Body: body}
}

// mainContent returns the main element of a page, for messages of failed tests.
func mainContent(page systemtest.Response) string {
	_, main, _ := strings.Cut(string(page.Body), "<main>")
	main, _, _ = strings.Cut(main, "</main>")
	return main
}
