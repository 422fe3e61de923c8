package browser_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"identitypools/infra/check/browser"
	"identitypools/infra/check/systemtest"
)

// V3.5.1, V3.5.3: a form on a page of another origin, even on the same host, cannot act for a
// person who has the pages open.
func TestFormsOfOthersAreRefused(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	email, other := systemtest.Address("ann"), systemtest.Address("bob")
	tab := browser.NewTab(t, browser.View{})
	s.startRegistration(t, tab, email)
	code := s.code(t, email, 1)
	stored := len(s.Items(t))
	for page, inputs := range map[string]string{
		"register": `<input name="identifier" value="` + other +
			`"><input name="password" value="` + systemtest.Password + `">`,
		"register/code": `<input name="code" value="` + code + `">`,
	} {
		foreign := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			_, _ = fmt.Fprintf(w,
				`<!doctype html><link rel="icon" href="data:,"><form method="post" action="%s">%s<button>Win</button></form>`, s.page(page), inputs)
		}))
		t.Cleanup(foreign.Close)
		tab.Go(t, foreign.URL)
		if got := tab.Submit(t, "button"); got != 403 {
			t.Errorf("a foreign form for %s is answered %d: %s", page, got, tab.Text(t, "body"))
		}
	}
	if got := len(s.Items(t)); got != stored {
		t.Errorf("there are %d items, and were %d", got, stored)
	}
	s.checkPassword(t, email, systemtest.Password, 401)
}

// A page is a single answer that is small enough for any phone. It contains its style and script.
// Only a logo is loaded from elsewhere.
func TestPagesAreLight(t *testing.T) {
	t.Parallel()
	const most = 30 << 10 // bytes
	for name, test := range map[string]struct {
		branding fields
		requests int
	}{
		"without a logo": {nil, 1},
		"with a logo":    {fields{"logo_url": "https://cdn.example.com/logo.svg"}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := openDetailed(t, fields{"branding": test.branding})
			tab := browser.NewTab(t, browser.View{})
			tab.Serve(t, "https://cdn.example.com/logo.svg", "image/svg+xml",
				[]byte(`<svg xmlns="http://www.w3.org/2000/svg" width="120" height="40"><rect width="120" height="40"/></svg>`))
			for _, page := range []string{"register", "activate?code=x", "register/code"} {
				if size := weight(t, s.page(page)); size > most {
					t.Errorf("%s has %d bytes", page, size)
				}
				tab.Go(t, s.page(page))
				if got := tab.Requests(t); len(got) != test.requests {
					t.Errorf("%s makes the requests %v", page, got)
				}
			}
			if test.requests > 1 && !browser.Eval[bool](t, tab,
				"document.querySelector('main img').naturalWidth > 0") {
				t.Error("the logo is not shown")
			}
		})
	}
}

// weight returns the uncompressed size of a page.
func weight(t *testing.T, page string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, page, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return len(body)
}
