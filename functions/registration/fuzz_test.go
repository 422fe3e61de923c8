package registration_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"identitypools/infra/check/systemtest"
	"identitypools/shared/api"
)

// FuzzPage opens each page with any query and sends it any form. The answers consist only of the
// elements and attributes that pages have: no input becomes markup, and only allowed URLs become
// links.
func FuzzPage(f *testing.F) {
	product := systemtest.New(f)
	tenant := product.NewTenant(f)
	pool := tenant.NewPool(f, nil)
	for _, text := range []string{
		"", "123456", `"><script>alert(1)</script>`, `" autofocus onfocus="alert(1)`, "</title>",
		"{faults}", "{code}{pool}", "\x00", "\xff\xfe", "&quot;&#34;", "<!--",
		"javascript:alert(1)",
		"https://app.example.com/\"x", "https://evil.example/", "\u202e", "a\r\nSet-Cookie: x=y",
		"%22%3e", strings.Repeat("a", 9000),
	} {
		f.Add(
			"code="+url.QueryEscape(text), text,
			"code="+url.QueryEscape(text)+"&password="+url.QueryEscape(text),
		)
	}
	call := func(t *testing.T, method, page, query, body string) (status int, text string) {
		t.Helper()
		r, err := http.NewRequestWithContext(
			t.Context(), method, "https://id.example.com/"+tenant.ID+"/pools/"+pool+"/"+page,
			strings.NewReader(body),
		)
		if err != nil {
			t.Fatal(err)
		}
		r.URL.RawQuery = query
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		answer, err := product.Functions["registration"](
			t.Context(), api.Event(r, []byte(body), "fuzz"),
		)
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range answer.Headers {
			if strings.ContainsAny(name+value, "\r\n") {
				t.Errorf("header %q: %q", name, value)
			}
		}
		w := httptest.NewRecorder()
		if err := api.WriteResponse(w, answer); err != nil {
			t.Fatal(err)
		}
		return w.Code, w.Body.String()
	}
	f.Fuzz(func(t *testing.T, query, to, form string) {
		for _, name := range []string{"register", "register/code", "activate"} {
			for _, q := range []string{
				query, "return_to=" + url.QueryEscape(to), "lang=" + url.QueryEscape(to),
			} {
				status, page := call(t, http.MethodGet, name, q, "")
				if status != http.StatusOK {
					t.Errorf("%s: %q answers %d %s", name, q, status, page)
				}
				checkMarkup(t, page)
			}
			status, page := call(t, http.MethodPost, name, query, form)
			if status >= http.StatusInternalServerError {
				t.Errorf("%s: %q answers %d %s", name, form, status, page)
			}
			checkMarkup(t, page)
		}
	})
}

// FuzzForm draws the form for any schema that is accepted, and sends it back with any values. Each
// id occurs once, and the answer is the form again or a redirect.
func FuzzForm(f *testing.F) {
	product := systemtest.New(f)
	tenant := product.NewTenant(f)
	for _, schema := range []string{
		`{}`,
		`{"type":"object","properties":{"a":{"type":"string"},"A b/~":{"type":"integer","minimum":1},"1":{"type":"boolean"},"\u00e9":{"type":"number"},"":{"type":"string"},"__":{"type":"string"}}}`,
		`{"properties":{"a":{"type":"object","properties":{"b":{"type":"object","required":["c"],"properties":{"c":{"const":"x"}}}}},"d":{"enum":["<",">"]}},"required":["a","d"]}`,
		`{"properties":{"l":{"type":"array","items":{"type":"integer"}},"m":{"type":"array","items":{"enum":["a","b"]}},"o":{"type":"array","items":{"type":"object"}},"h":{"type":"string","hidden":true}}}`,
		`{"anyOf":[{"required":["x"]}],"properties":{"x":true}}`,
		`{"properties":{"\"><script>":{"type":"string","title":"</label><script>","description":"<!--"}}}`,
	} {
		f.Add(schema, "1.5")
		f.Add(schema, "\xff<x>\r\n2")
	}
	f.Fuzz(func(t *testing.T, schema, value string) {
		made := tenant.Admin.Call(t, "POST", "/schemas", `{"name":"any","schema":`+schema+`}`)
		if made.Status != http.StatusCreated {
			return
		}
		v := browser{base: product.BaseURL}
		page := "/" + tenant.ID + "/pools/" + tenant.NewPool(t, fields{
			"payload_schema_id": made.Text(t, "id"),
		}) + "/register"
		got := v.call(t, page)
		if got.Status != http.StatusOK {
			t.Fatalf("%d %s", got.Status, got.Body)
		}
		seen, form := map[string]bool{}, []string{
			"identifier", systemtest.Address("ann"), "password", systemtest.Password,
		}
		for tokens := html.NewTokenizer(
			strings.NewReader(string(got.Body)),
		); tokens.Next() != html.ErrorToken; {
			for _, a := range tokens.Token().Attr {
				if a.Key == "id" && seen[a.Val] {
					t.Errorf("the id %q is there twice", a.Val)
				}
				seen[a.Val] = seen[a.Val] || a.Key == "id"
				if a.Key == "name" && strings.HasPrefix(a.Val, "/") {
					form = append(form, a.Val, value)
				}
			}
		}
		if got = v.call(t, page, form...); got.Status != http.StatusSeeOther &&
			got.Status != http.StatusUnprocessableEntity {
			t.Errorf("%q is answered %d %s", form, got.Status, got.Body)
		}
		if strings.Contains(string(got.Body), "<x>") ||
			strings.Count(string(got.Body), "<script>") > 1 {
			t.Errorf("it became markup: %s", got.Body)
		}
	})
}

// checkMarkup fails the test if a page has an element or an attribute that pages do not have, or a
// link that is not allowed.
func checkMarkup(t *testing.T, page string) {
	t.Helper()
	const elements = " html head meta title link style body div main p h1 h2 ul li a form label input " +
		"button span nav footer b script "
	const attributes = " lang charset name content rel href id class role method for type value dir readonly " +
		"autocomplete inputmode required autofocus tabindex hidden hreflang " +
		"aria-describedby aria-invalid aria-controls aria-label aria-current " +
		"data-show data-hide data-rule data-bound data-wait data-later data-challenge "
	counts := map[string]int{}
	for tokens := html.NewTokenizer(strings.NewReader(page)); tokens.Next() != html.ErrorToken; {
		token := tokens.Token()
		if token.Type != html.StartTagToken && token.Type != html.SelfClosingTagToken {
			continue
		}
		counts[token.Data]++
		if !strings.Contains(elements, " "+token.Data+" ") {
			t.Errorf("an element %s", token.Data)
		}
		for _, attribute := range token.Attr {
			if !strings.Contains(attributes, " "+attribute.Key+" ") {
				t.Errorf("an attribute %s of %s", attribute.Key, token.Data)
			}
			if attribute.Key == "href" && !isAllowedLink(attribute.Val) {
				t.Errorf("a link to %q", attribute.Val)
			}
		}
	}
	if counts["script"] > 1 || counts["style"] > 2 || counts["form"] > 2 {
		t.Errorf("too many elements: %v", counts)
	}
}

// isAllowedLink reports whether a link leads to a page of the pool, to a place in the same page, or
// to the only origin that is allowed.
func isAllowedLink(to string) bool {
	if to == "data:," {
		return true
	}
	u, err := url.Parse(to)
	return err == nil &&
		(u.Scheme == "" && u.Host == "" && !strings.HasPrefix(to, "/") ||
			u.Scheme == "https" && u.Host == "app.example.com")
}
