package recovery_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"identitypools/infra/check/systemtest"
)

// Somebody sets a new password on the pages: with a wrong code and a bad password first, then with the
// right ones, and with a code that is in a pasted link.
func TestSomebodySetsAPasswordOnThePages(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	for name, read := range map[string]func(*testing.T, *browser) string{
		"the code": func(t *testing.T, b *browser) string {
			t.Helper()
			return systemtest.CodeIn(t, product.Inbox.Await(t, b.email, 1)[0])
		},
		"a pasted link": func(t *testing.T, b *browser) string {
			t.Helper()
			code := b.tenant.System.Must(t, 201, "POST", b.path()+"/users/"+b.user+"/code/generate", fields{
				"type": "reset_password",
			}).Text(t, "extended_code")
			return product.BaseURL + b.at("reset?code="+code)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBrowser(t, product, nil)
			if name == "a pasted link" {
				b.user, b.email = b.verifiedUser(t)
			}
			page := b.submit(t, b.at("reset?return_to=https://app.example.com/in"), "address", b.email)
			for _, want := range []string{
				b.email, `autocomplete="one-time-code"`, `autocomplete="new-password"`, "has an account, we have sent",
			} {
				if !has(page, want) {
					t.Fatalf("the page for the code lacks %s: %s", want, mainContent(page))
				}
			}
			code := read(t, b)
			for _, c := range []struct{ code, password, says string }{
				{"", newPassword, "Enter the code from the email"},
				{code, "", "Enter a password"},
				{code, "short", "at least 8 characters"},
				{"1", newPassword, "That code is not right."},
			} {
				got := b.call(t, b.at("reset/code"), "code", c.code, "password", c.password)
				if got.Status != 422 || !has(got, `role="alert"`) || !has(got, c.says) || has(got, newPassword) {
					t.Errorf("%q, %q: %d %s", c.code, c.password, got.Status, mainContent(got))
				}
			}
			done := b.submit(t, b.at("reset/code"), "code", code, "password", newPassword)
			for _, want := range []string{`role="status"`, "Use your new password", `href="https://app.example.com/in"`} {
				if !has(done, want) {
					t.Errorf("the last page lacks %s: %s", want, mainContent(done))
				}
			}
			b.checkPassword(t, newPassword, oldPassword)
			if got := b.call(t, b.at("reset")); has(got, b.email) {
				t.Errorf("the form still has the address: %s", mainContent(got))
			}
		})
	}
}

// verifiedUser creates a user with a verified address, for whom a code can be generated.
func (s *setup) verifiedUser(t *testing.T) (id, email string) {
	t.Helper()
	email = systemtest.Address("ann")
	return s.tenant.NewUser(t, s.pool, "active", email, fields{
		"verifiable_addresses": []fields{{"type": "email", "address": email, "verified": true}},
		"credentials":          []fields{{"type": "password", "password": oldPassword}},
	}), email
}

// Somebody sets a new password with the link of a mail. To open it changes nothing, because mail scanners
// open links too. A double click sets the password once and shows the last page. Who has the link only
// cannot repeat what another browser has done.
func TestALinkSetsAPassword(t *testing.T) {
	t.Parallel()
	b := newBrowser(t, systemtest.New(t), nil)
	link := b.at("reset?lang=de&return_to=https://app.example.com/&code=" + b.newLink(t, 1))
	for _, method := range []string{http.MethodHead, http.MethodGet} {
		if got := b.send(t, method, link, nil); method == http.MethodGet && (got.Status != 200 || !has(got, b.email)) {
			t.Fatalf("%s: %d %s", method, got.Status, mainContent(got))
		}
	}
	b.checkPassword(t, oldPassword, newPassword)
	form := linkForm(t, b.call(t, link))
	for password, says := range map[string]string{"": "Geben Sie ein Passwort ein", "short": "mindestens 8 Zeichen"} {
		if got := b.call(t, link, append(form, "password", password)...); got.Status != 422 || !has(got, says) {
			t.Errorf("%q: %d %s", password, got.Status, mainContent(got))
		}
	}
	first, second := *b, *b // the second click comes before the first answer
	for _, click := range []*browser{&first, &second} {
		done := click.submit(t, link, append(form, "password", newPassword)...)
		if !has(done, "Ihr Passwort ist gesetzt") || !has(done, `href="https://app.example.com/"`) {
			t.Errorf("%s", mainContent(done))
		}
	}
	b.checkPassword(t, newPassword, oldPassword)
	stranger := browser{setup: b.setup}
	for name, pairs := range map[string][]string{
		"another form": {"code", form[1], "form", "another", "password", newPassword},
		"no form":      {"code", form[1], "password", newPassword},
		"no password":  {"code", form[1], "form", form[3]},
	} {
		got := stranger.call(t, link, pairs...)
		if got.Status != 422 || !has(got, "Dieser Link gilt nicht mehr") || !has(got, `name="address"`) {
			t.Errorf("%s: %d %s", name, got.Status, mainContent(got))
		}
	}
	if got := second.call(t, link, append(form, "password", oldPassword)...); got.Status != 422 {
		t.Errorf("a repeat with another password: %d", got.Status)
	}
	b.checkPassword(t, newPassword, oldPassword)
	page := stranger.submit(t, link, "address", b.email)
	if !has(page, `name="code"`) {
		t.Errorf("the form of a dead link: %s", mainContent(page))
	}
}

// The link of a user who is not active any more is dead.
func TestALinkOfSomebodyInactiveIsDead(t *testing.T) {
	t.Parallel()
	b := newBrowser(t, systemtest.New(t), nil)
	b.user, b.email = b.verifiedUser(t)
	b.tenant.Admin.Must(t, 200, "PUT", b.path()+"/users/"+b.user, fields{"status": "inactive"})
	code := b.tenant.System.Must(t, 201, "POST", b.path()+"/users/"+b.user+"/code/generate", fields{
		"type": "reset_password",
	})
	link := b.at("reset?code=" + code.Text(t, "extended_code"))
	if got := b.call(t, link); !has(got, "This link no longer works") {
		t.Errorf("%d %s", got.Status, mainContent(got))
	}
	got := b.call(t, link, "code", code.Text(t, "extended_code"), "form", "a form", "password", newPassword)
	if got.Status != 422 || !has(got, "This link no longer works") {
		t.Errorf("%d %s", got.Status, mainContent(got))
	}
}

// An address is proved by the link of the mail to it, which does not contain the address. To open it
// changes nothing. Whatever is wrong with the link, the page is the same.
func TestALinkProvesAnAddress(t *testing.T) {
	t.Parallel()
	b, second := newBrowser(t, systemtest.New(t), nil), systemtest.Address("second")
	b.unprovedAddress(t, second)
	link := b.linkTo(t, second)
	dead := map[string]systemtest.Response{}
	for name, path := range map[string]string{
		"no code":         "verify",
		"another code":    strings.Replace(link, "code=", "code=x", 1),
		"a forged code":   link[:strings.Index(link, "code=")+len("code=")+60] + "AAAA" + link[strings.Index(link, "&for"):],
		"no digest":       link[:strings.Index(link, "&for")],
		"another address": strings.Replace(link, "for=", "for=A", 1),
	} {
		got := b.call(t, b.at(path))
		posted := b.call(t, b.at(path), valuesOf(t, path)...)
		if got.Status != 200 || posted.Status != 422 || mainContent(got) != mainContent(posted) {
			t.Errorf("%s: %d, %d %s", name, got.Status, posted.Status, mainContent(posted))
		}
		dead[mainContent(got)] = got
	}
	if len(dead) != 1 {
		t.Errorf("%d different pages for links that do not work", len(dead))
	}
	page := b.call(t, b.at(link))
	if page.Status != 200 || !has(page, second) {
		t.Fatalf("%d %s", page.Status, mainContent(page))
	}
	b.checkVerified(t, second, false)
	form := linkForm(t, page)
	first, again := *b, *b
	for _, click := range []*browser{&first, &again} {
		if done := click.submit(t, b.at("verify"), form...); !has(done, "Your address is confirmed") {
			t.Errorf("%s", mainContent(done))
		}
	}
	b.checkVerified(t, second, true)
	if got := (&browser{setup: b.setup}).call(t, b.at("verify"), form[0], form[1], form[2], form[3]); got.Status != 422 {
		t.Errorf("another browser repeats it: %d", got.Status)
	}
}

// linkTo returns the page and the query of the link that proves an address of the user.
func (b *browser) linkTo(t *testing.T, address string) string {
	t.Helper()
	code := b.tenant.System.Must(t, 201, "POST", b.path()+"/users/"+b.user+"/code/generate", fields{
		"type": "verify_address", "address": address,
	}).Text(t, "extended_code")
	return "verify?code=" + code + "&for=" + digestOf(address)
}

// valuesOf returns the parameters of a page's query as the pairs of a form.
func valuesOf(t *testing.T, path string) []string {
	t.Helper()
	link, err := url.Parse(path)
	if err != nil {
		t.Fatal(err)
	}
	return []string{"code", link.Query().Get("code"), "for", link.Query().Get("for"), "form", "a form"}
}

// In a pool that leaves resets to administrators there are no pages for them, and no link leads to them.
// An address can be proved.
func TestAPoolMayHaveNoPagesForResets(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	closed := newBrowser(t, product, fields{
		"reset_credentials_settings": fields{"do_not_allow_users_to_self_reset_credentials": true},
	})
	missing := &browser{setup: closed.setup}
	for _, path := range []string{"reset", "reset/code", "reset?code=x"} {
		for _, pairs := range [][]string{nil, {"address", closed.email}, {"code", "1", "password", newPassword}} {
			got := closed.call(t, closed.at(path), pairs...)
			other := missing.call(t, "/"+closed.tenant.ID+"/pools/nothing/"+path, pairs...)
			if got.Status != 404 || other.Status != 404 || !has(got, "Nothing is here") {
				t.Errorf("%s, %v: %d, %d %s", path, pairs, got.Status, other.Status, mainContent(got))
			}
		}
	}
	// The link that an administrator has mailed works all the same.
	closed.tenant.Admin.Must(t, 204, "POST", closed.path()+"/users/"+closed.user+"/password/reset/request", fields{"address": closed.email})
	link := systemtest.LinkIn(t, product.Inbox.Await(t, closed.email, 1)[0])
	shown := closed.call(t, link.RequestURI())
	pairs := append(linkForm(t, shown), "password", newPassword)
	for range 2 { // a double click
		if got := closed.submit(t, link.RequestURI(), pairs...); got.Status != 200 || !has(got, "new password") {
			t.Errorf("the link of an administrator: %d %s", got.Status, mainContent(got))
		}
	}
	closed.checkPassword(t, newPassword, oldPassword)
	if got := closed.call(t, link.RequestURI()); got.Status != 404 {
		t.Errorf("a link that was used: %d", got.Status)
	}
	second := systemtest.Address("second")
	closed.unprovedAddress(t, second)
	if got := closed.call(t, closed.at(closed.linkTo(t, second))); got.Status != 200 || !has(got, second) {
		t.Errorf("an address: %d %s", got.Status, mainContent(got))
	}
	open := newBrowser(t, product, nil)
	alone := newBrowser(t, product, fields{"public_registration_allowed": false})
	for name, c := range map[string]struct {
		b     *browser
		page  string
		link  string
		leads bool
	}{
		"sign up":                                 {open, "register?lang=en", `href="reset?lang=en"`, true},
		"sign up, where nobody may reset":         {closed, "register", `href="reset`, false},
		"reset":                                   {open, "reset?lang=en", `href="register?lang=en"`, true},
		"reset, where nobody may register":        {alone, "reset", `href="register`, false},
		"sign up, then go on somewhere":           {open, "register?return_to=https://app.example.com/", `href="reset?return_to=https`, true},
		"sign up, with a place that is too long.": {open, "reset?return_to=" + strings.Repeat("a", 3000), `href="register"`, true},
	} {
		if got := c.b.call(t, c.b.at(c.page)); has(got, c.link) != c.leads {
			t.Errorf("%s: %s", name, mainContent(got))
		}
	}
}

// The pages are not cached, cannot be framed, and run nothing but their own script. Forms of other sites
// are refused. Only URLs that the deployment allows are returned to.
func TestPagesGiveNothingAway(t *testing.T) {
	t.Parallel()
	b := newBrowser(t, systemtest.New(t), nil)
	for _, page := range []string{"reset", "reset/code", "reset?code=x", "verify?code=x&for=y", "verify"} {
		got := b.call(t, b.at(page))
		policy := got.Header.Get("Content-Security-Policy")
		if got.Header.Get("Cache-Control") != "no-store" || got.Header.Get("Referrer-Policy") != "same-origin" ||
			!strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "frame-ancestors 'none'") {
			t.Errorf("%s: %v", page, got.Header)
		}
		r, err := http.NewRequestWithContext(t.Context(), "POST", b.product.BaseURL+b.at(page), nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if got := systemtest.Send(t, r); got.Status != 403 {
			t.Errorf("%s: a form of another site is answered %d", page, got.Status)
		}
	}
	b.call(t, b.at("reset?return_to=https://evil.example.com/"), "address", b.email)
	code := systemtest.CodeIn(t, b.product.Inbox.Await(t, b.email, 1)[0])
	if done := b.submit(t, b.at("reset/code"), "code", code, "password", newPassword); has(done, "evil") {
		t.Errorf("the last page leads to another place: %s", mainContent(done))
	}
	if got := b.call(t, b.at("reset?return_to=https://app.example.com/"+strings.Repeat("a", 3000))); got.Status != 422 {
		t.Errorf("a place that is too long to be kept: %d", got.Status)
	}
}
