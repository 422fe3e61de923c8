package clients_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// person is somebody with a browser that has no scripts. It keeps cookies as browsers do that treat
// localhost as a secure place: also those with Secure, and of one host for all of its ports.
type person struct {
	cookies map[string]*http.Cookie // by host and name
}

// page is what a person sees.
type page struct {
	at     *url.URL
	status int
	body   string
	forms  []form
}

// form is a form of a page, with what is in its fields.
type form struct {
	action *url.URL
	method string
	fields url.Values
	inputs []input
}

type input struct{ name, kind string }

// maxRedirects is how many redirects a browser follows one after the other.
const maxRedirects = 20

func newPerson() *person { return &person{cookies: map[string]*http.Cookie{}} }

// open opens a page as from the address bar.
func (p *person) open(t *testing.T, address string) page {
	t.Helper()
	at, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return p.send(t, http.MethodGet, at, nil, "none")
}

// submit sends a form with what the person has typed into its fields.
func (p *person) submit(t *testing.T, f form, typed url.Values) page {
	t.Helper()
	for name, values := range typed {
		f.fields[name] = values
	}
	if f.method == http.MethodGet {
		to := *f.action
		to.RawQuery = f.fields.Encode()
		return p.send(t, http.MethodGet, &to, nil, "same-origin")
	}
	return p.send(t, http.MethodPost, f.action, f.fields, "same-origin")
}

// post sends a form that a page of the same origin as the address has.
func (p *person) post(t *testing.T, address string) page {
	t.Helper()
	at, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return p.send(t, http.MethodPost, at, url.Values{}, "same-origin")
}

// signIn fills in the form of the sign-in page, and returns the page to which that leads.
func (p *person) signIn(t *testing.T, at page, identifier, password string) page {
	t.Helper()
	f, ok := at.signIn()
	if !ok {
		t.Fatalf("%s is no page for signing in: %d %s", at.at, at.status, at.body)
	}
	return p.submit(t, f, url.Values{"identifier": {identifier}, "password": {password}})
}

// signIn returns the form for signing in. It reports false if the page has none.
func (p page) signIn() (form, bool) {
	for _, f := range p.forms {
		for _, i := range f.inputs {
			if i.kind == "password" {
				return f, true
			}
		}
	}
	return form{}, false
}

// send sends a request and follows redirects.
func (p *person) send(t *testing.T, method string, at *url.URL, fields url.Values, site string) page {
	t.Helper()
	for range maxRedirects {
		response := p.once(t, method, at, fields, site)
		body, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		location, err := response.Location()
		if err != nil {
			return page{at: at, status: response.StatusCode, body: string(body), forms: formsOf(t, at, string(body))}
		}
		if response.StatusCode != http.StatusTemporaryRedirect && response.StatusCode != http.StatusPermanentRedirect {
			method, fields = http.MethodGet, nil
		}
		if location.Host != at.Host {
			site = "cross-site"
		}
		at = location
	}
	t.Fatalf("%s is the last of %d redirects", at, maxRedirects)
	return page{}
}

// once sends a request with the person's cookies, and keeps those of the answer.
func (p *person) once(t *testing.T, method string, at *url.URL, fields url.Values, site string) *http.Response {
	t.Helper()
	var body io.Reader
	if fields != nil {
		body = strings.NewReader(fields.Encode())
	}
	r, err := http.NewRequestWithContext(t.Context(), method, at.String(), body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "text/html")
	r.Header.Set("Sec-Fetch-Site", site)
	r.Header.Set("Sec-Fetch-Mode", "navigate")
	if fields != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", at.Scheme+"://"+at.Host)
	}
	for key, c := range p.cookies {
		if strings.HasPrefix(key, at.Hostname()+" ") && strings.HasPrefix(at.Path, c.Path) {
			r.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value})
		}
	}
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range response.Cookies() {
		p.keep(t, at, c)
	}
	return response
}

// keep keeps a cookie, or forgets one that has ended. A browser refuses a cookie with __Host- in its name
// that could have come from elsewhere (RFC 6265bis §4.1.3.2).
func (p *person) keep(t *testing.T, at *url.URL, c *http.Cookie) {
	t.Helper()
	if strings.HasPrefix(c.Name, "__Host-") && (!c.Secure || c.Domain != "" || c.Path != "/") {
		t.Errorf("browsers refuse the cookie %s of %s", c.Name, at)
	}
	if c.Path == "" {
		c.Path = "/"
	}
	key := at.Hostname() + " " + c.Name
	if c.MaxAge < 0 || !c.Expires.IsZero() && c.Expires.Year() < 2000 || c.Value == "" {
		delete(p.cookies, key)
		return
	}
	p.cookies[key] = c
}

// formsOf returns the forms of a page.
func formsOf(t *testing.T, at *url.URL, body string) (forms []form) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		switch n.Data {
		case "form":
			action, err := at.Parse(attribute(n, "action"))
			if err != nil {
				t.Fatal(err)
			}
			f := form{action: action, method: http.MethodGet, fields: url.Values{}}
			if strings.EqualFold(attribute(n, "method"), "post") {
				f.method = http.MethodPost
			}
			f.read(n)
			forms = append(forms, f)
		}
	}
	return forms
}

// read reads the fields of a form, and its first button, which the Enter key presses.
func (f *form) read(root *html.Node) {
	hasButton := false
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		name, kind := attribute(n, "name"), attribute(n, "type")
		switch {
		case n.Data == "button" || n.Data == "input" && kind == "submit":
			if !hasButton && name != "" {
				f.fields.Add(name, attribute(n, "value"))
			}
			hasButton = true
		case n.Data == "input" && name != "":
			f.inputs = append(f.inputs, input{name, kind})
			if kind != "checkbox" {
				f.fields.Add(name, attribute(n, "value"))
			}
		}
	}
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}
