package signin_test

import (
	"fmt"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"identitypools/infra/check/golden"
	"identitypools/infra/check/systemtest"
	"identitypools/shared/identity"
)

// gallery compares the pages of a workspace with golden files.
type gallery struct {
	*setup
	browser *systemtest.Browser
	hidden  *strings.Replacer
}

// TestGoldenPages compares each page, in each of its states, with a golden file that has the page in
// English and the main content in every language. It does not compare white space that browsers do not
// show, values that differ between runs, and the text of the style and the script.
func TestGoldenPages(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	s := newSetup(t, product, fields{"name": `A & "B" <c>`})
	product.Clock.Stop()
	g := &gallery{setup: s}
	g.open(t)
	g.show(t, "signin")
	g.show(t, "signin_refused", "do", "password", "identifier", " ", "password", "")
	g.show(t, "signin_wrong", "do", "password", "identifier", s.email, "password", "wrong")
	g.show(t, "forgot_refused", "action", "forgot", "address", `ann "<b>"`)
	g.show(t, "forgotten", "action", "forgot", "address", s.email)
	g.at(t, "forgot")
	g.show(t, "forgot")

	g.open(t)
	g.browser.Submit(t, "do", "code", "identifier", "somebody@example.com")
	g.show(t, "code")
	g.show(t, "code_refused", "code", " ")
	g.show(t, "code_wrong", "code", "1")
	g.show(t, "code_wait", "do", "resend")
	product.Clock.Advance(time.Minute + time.Second)
	g.browser.Submit(t, "do", "resend")
	g.show(t, "code_again")
	g.at(t, "code?step=x")
	g.show(t, "lost")

	g.mustChange(t)
	g.show(t, "password")
	g.show(t, "password_refused", "password", "short")

	g.remember(t)
	g.at(t, s.authorizeURL("prompt", "select_account"))
	g.show(t, "signin_names")
	g.at(t, s.issuer()+"/signin")
	g.show(t, "signed")
	g.at(t, s.issuer()+"/oidc/logout")
	g.show(t, "logout")
	g.at(t, s.authorizeURL("response_mode", "form_post", "prompt", "none"))
	g.show(t, "send")
	g.browser.Cookies = map[string]string{}
	g.at(t, s.issuer()+"/oidc/logout")
	g.show(t, "loggedout")
	g.at(t, s.authorizeURL("redirect_uri", "https://elsewhere.example"))
	g.show(t, "refused")
	g.factors(t, product)
}

// factors compares the pages for a second factor.
func (g *gallery) factors(t *testing.T, product *systemtest.Product) {
	t.Helper()
	app := []fields{{"type": "totp", "totp_secret": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"}, {"type": "password", "password": systemtest.Password}}
	for _, c := range []struct {
		name        string
		ways        []string
		credentials []fields
	}{
		{"factor_app", []string{"totp", "email_otp"}, app},
		{"factor_mail", []string{"email_otp"}, app[1:]},
		{"factor_none", []string{"totp"}, app[1:]},
	} {
		tenant := product.NewTenant(t)
		pool := tenant.NewPool(t, fields{"second_factor_authentication_mechanisms": c.ways})
		of := &gallery{setup: newWorkspace(t, product, tenant, pool)}
		tenant.NewUser(t, pool, "active", of.email, fields{"credentials": c.credentials})
		of.open(t)
		of.browser.Submit(t, "do", "password", "identifier", of.email, "password", systemtest.Password)
		of.show(t, c.name)
		if c.name == "factor_app" {
			of.show(t, "factor_wrong", "code", "1")
		}
	}
}

// open opens the page for signing in with a new browser.
func (g *gallery) open(t *testing.T) {
	t.Helper()
	g.hidden = strings.NewReplacer(
		g.product.BaseURL, "URL", url.QueryEscape(g.product.BaseURL), "URL", g.tenant.ID, "TENANT", g.pool, "POOL",
	)
	g.browser = g.product.NewBrowser(t)
	g.at(t, g.authorizeURL())
}

// at opens a page below that for signing in, with the same errand, or another address.
func (g *gallery) at(t *testing.T, address string) {
	t.Helper()
	if !strings.HasPrefix(address, "http") {
		query := g.browser.At.RawQuery
		if name, more, has := strings.Cut(address, "?"); has {
			address, query = name, query+"&"+more
		}
		address = g.issuer() + "/signin/" + address + "?" + query
	}
	g.browser.Open(t, address)
}

// mustChange brings the browser to the page on which a password is changed.
func (g *gallery) mustChange(t *testing.T) {
	t.Helper()
	email := systemtest.Address("bob")
	path := "/pools/" + g.pool + "/users/" + g.newUser(t, g.pool, "active", email) + "/password/state"
	g.tenant.Admin.Must(t, 204, "PUT", path, fields{"state": "must_be_changed"})
	g.open(t)
	g.browser.Submit(t, "do", "password", "identifier", email, "password", systemtest.Password)
}

// remember signs the person in, who stays signed in.
func (g *gallery) remember(t *testing.T) {
	t.Helper()
	g.open(t)
	g.browser.Submit(t, "do", "password", "identifier", g.email, "password", systemtest.Password, "remember", "true")
}

// show compares the page of the browser in each language with the golden file of a name: as it is opened,
// or as it is answered to a form.
func (g *gallery) show(t *testing.T, name string, form ...string) {
	t.Helper()
	sealed := regexp.MustCompile(`(request|step)(=|%3D)[\w.-]{20,}`)
	var text string
	at, cookies := *g.browser.At, g.browser.Cookies
	for _, language := range identity.Languages() {
		query := at.Query()
		query.Set("lang", language)
		page := at
		page.RawQuery = query.Encode()
		g.browser.At = &page
		g.browser.Cookies = map[string]string{}
		for name, value := range cookies {
			g.browser.Cookies[name] = value
		}
		var got systemtest.Response
		if len(form) == 0 {
			got = g.browser.Open(t, page.String())
		} else {
			got = g.submitAt(t, &page, form)
		}
		shown := got.Body
		if language != identity.Languages()[0] {
			shown = []byte(main(got))
		}
		shown = sealed.ReplaceAll([]byte(g.hidden.Replace(string(shown))), []byte("$1$2…"))
		text += fmt.Sprintf("%s %d\n%s\n", language, got.Status, golden.Page(shown))
	}
	g.browser.At, g.browser.Cookies = &at, cookies
	golden.Same(t, filepath.Join("testdata", "pages", name+".txt"), text)
}

// submitAt submits a form to a page, or to the page below it that the first pair names.
func (g *gallery) submitAt(t *testing.T, page *url.URL, form []string) systemtest.Response {
	t.Helper()
	if form[0] == "action" {
		to := *page
		to.Path += "/" + form[1]
		form = append([]string{"action", to.String()}, form[2:]...)
	}
	return g.browser.Submit(t, form...)
}

// The page for signing in is small, so that it is there at once also on a phone with a weak signal.
func TestTheSignInPageIsSmall(t *testing.T) {
	t.Parallel()
	s := newSetup(t, systemtest.New(t), nil)
	got := s.product.NewBrowser(t).Open(t, s.authorizeURL())
	if got.Status != 200 || len(got.Body) > 10<<10 {
		t.Errorf("the page is answered %d and has %d bytes", got.Status, len(got.Body))
	}
	if testing.Verbose() {
		t.Logf("%d bytes", len(got.Body))
	}
}
