package registration_test

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"identitypools/infra/check/systemtest"
)

// verify asks whether a password is a user's, as a back end does.
func verify(t *testing.T, tenant *systemtest.Tenant, pool, identifier, password string, want int) {
	t.Helper()
	tenant.System.Must(t, want, "POST", "/pools/"+pool+"/user/password/verify", fields{"identifier": identifier, "password": password})
}

func byKey(t *testing.T, tenant *systemtest.Tenant, pool, identifier string) fields {
	t.Helper()
	return tenant.System.Must(t, 200, "POST", "/pools/"+pool+"/users/by_key", fields{"identifier": identifier}).Fields(t)
}

func contains(body []byte, text string) bool { return bytes.Contains(body, []byte(text)) }

// postForm submits a form of names and values.
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
	return once(t, r)
}

// once sends a request and follows no redirect.
func once(t *testing.T, r *http.Request) systemtest.Response {
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

// visitor is a browser as far as pages need one: it keeps the cookie, and says where its forms come from.
type visitor struct {
	base, cookie, language string
}

// call opens a page, or sends its form where there are values.
func (v *visitor) call(t *testing.T, path string, pairs ...string) systemtest.Response {
	t.Helper()
	method, form := http.MethodGet, url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		method = http.MethodPost
		form.Add(pairs[i], pairs[i+1])
	}
	r, err := http.NewRequestWithContext(t.Context(), method, v.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.Header.Set("Accept-Language", v.language)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if v.cookie != "" {
		r.Header.Set("Cookie", v.cookie)
	}
	return v.keep(once(t, r))
}

func (v *visitor) keep(got systemtest.Response) systemtest.Response {
	if set := got.Header.Get("Set-Cookie"); set != "" {
		v.cookie, _, _ = strings.Cut(set, ";")
	}
	return got
}

// follow goes where an answer to path sends the browser.
func (v *visitor) follow(t *testing.T, path string, got systemtest.Response) systemtest.Response {
	t.Helper()
	v.keep(got)
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

// shown is what a page shows, as it is told of in a failure.
func shown(page systemtest.Response) string {
	_, main, _ := strings.Cut(string(page.Body), "<main>")
	main, _, _ = strings.Cut(main, "</main>")
	return main
}
