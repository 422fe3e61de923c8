package browser_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"identitypools/infra/check/browser"
	"identitypools/infra/check/systemtest"
)

// If input is invalid, the page says where and why, in a summary, which has the focus, and at the field. It
// keeps the other input.
func TestWhatIsWrongWithTheForm(t *testing.T) {
	t.Parallel()
	s := openDetailed(t, nil)
	for _, test := range []struct {
		what   string
		change map[string]string // invalid input by field
		faulty []string          // in the order of the page
	}{
		{"no address", map[string]string{"#identifier": ""}, []string{"identifier"}},
		{"a bad address", map[string]string{"#identifier": "ann@"}, []string{"identifier"}},
		{"no password", map[string]string{"#password": ""}, []string{"password"}},
		{"a short password", map[string]string{"#password": "x7!kQ"}, []string{"password"}},
		{"a common password", map[string]string{"#password": "password123"}, []string{"password"}},
		{"a short name", map[string]string{"#payload-given_name": "A"}, []string{"payload-given_name"}},
		{"somebody young", map[string]string{"#payload-age": "12"}, []string{"payload-age"}},
		{"no number", map[string]string{"#payload-age": "old"}, []string{"payload-age"}},
		{"more than one thing", map[string]string{
			"#identifier": "ann", "#payload-given_name": "A",
			"#payload-age": "1",
		}, []string{"identifier", "payload-given_name", "payload-age"}},
		{
			"nothing",
			map[string]string{"#identifier": "", "#password": "", "#payload-given_name": ""},
			[]string{"identifier", "password", "payload-given_name"},
		},
	} {
		t.Run(test.what, func(t *testing.T) {
			t.Parallel()
			tab := browser.NewTab(t, browser.View{})
			tab.Go(t, s.page("register"))
			fillPayload(t, tab)
			tab.Fill(t, "#identifier", systemtest.Address("ann"))
			tab.Fill(t, "#password", systemtest.Password)
			disableValidation(t, tab) // the browser would find some of the errors itself
			for selector, text := range test.change {
				tab.Fill(t, selector, text)
			}
			before := tab.Value(t, "#identifier")
			if got := tab.Submit(t, submit); got != 422 {
				t.Errorf("answered %d", got)
			}
			s.mustShow(t, tab, "register")
			checkFaulty(t, tab, test.faulty...)
			if got := tab.Value(t, "#identifier"); got != before {
				t.Errorf("the address is now %q", got)
			}
			if got := tab.Value(t, "#password"); got != "" {
				t.Errorf("the password came back: %q", got)
			}
		})
	}
}

// disableValidation makes fields accept any text and forms be sent with it. Anybody can omit the
// checks of a browser.
func disableValidation(t *testing.T, tab *browser.Tab) {
	t.Helper()
	browser.Eval[any](t, tab, `document.querySelectorAll("form").forEach(f => f.noValidate = true);
		document.querySelectorAll("input[type=email], input[type=number], input[type=date]").forEach(i => i.type = "text")`)
}

// checkFaulty checks that exactly the given fields are marked as invalid, in the summary and at the
// field.
func checkFaulty(t *testing.T, tab *browser.Tab, faulty ...string) {
	t.Helper()
	marked := browser.Eval[[]string](t, tab,
		`[...document.querySelectorAll("[aria-invalid=true]")].map(e => e.id)`)
	if !slices.Equal(marked, faulty) {
		t.Errorf("marked are %q, want %q", marked, faulty)
	}
	if role := tab.Attribute(t, "#errors", "role"); role != "alert" {
		t.Errorf("the summary has the role %q", role)
	}
	if got := tab.Focused(t); got != "errors" {
		t.Errorf("the focus is in %s, want the summary", got)
	}
	got := browser.Eval[[]string](t, tab,
		`[...document.querySelectorAll("#errors a")].map(a => a.hash.slice(1))`)
	if !slices.Equal(got, faulty) {
		t.Errorf("the summary leads to %q, want %q", got, faulty)
	}
	for _, id := range faulty {
		if !slices.Contains(strings.Fields(tab.Attribute(t, "#"+id, "aria-describedby")), id+"-error") {
			t.Errorf("%s is not described by its error", id)
		}
		if tab.Text(t, "#"+id+"-error") == "" {
			t.Errorf("the error of %s is empty", id)
		}
	}
}

// A code that is wrong, used, expired or guessed too often is always refused in the same way.
func TestWhatIsWrongWithTheCode(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	email := systemtest.Address("ann")
	tab := browser.NewTab(t, browser.View{})
	s.startRegistration(t, tab, email)
	code := s.code(t, email, 1)
	refused := func(what, typed string) string {
		t.Helper()
		disableValidation(t, tab)
		tab.Fill(t, "#code", typed)
		if got := tab.Submit(t, submit); got != 422 {
			t.Fatalf("%s is answered %d: %s", what, got, tab.Text(t, "main"))
		}
		checkFaulty(t, tab, "code")
		return pageText(t, tab, email)
	}
	refused("no code", "")
	refused("letters", "abcdef")
	var wrong string
	for range 6 {
		wrong = refused("a wrong code", systemtest.WrongCode(code))
	}
	if !strings.Contains(wrong, "tries a code no longer works") {
		t.Errorf("after too many tries the page does not say what to do: %s", wrong)
	}
	if got := refused("the right code after too many tries", code); got != wrong {
		t.Errorf("it is refused with %q, and a wrong one with %q", got, wrong)
	}

	s.Clock.Advance(61 * time.Second)
	tab.Go(t, s.page("register/code"))
	tab.Submit(t, resend)
	// after so many guesses the mail has a link, which completes the registration
	tab.Go(t, s.link(t, email, 2))
	if tab.Has(t, "#password") {
		t.Error("the page asks for the password of the registration again")
	}
	submitForm(t, tab)
	tab.Go(t, s.page("register/code"))
	if tab.Has(t, "#code") {
		refused("a spent code", code)
	}
}

// A person who comes a day late is told so, and how to start again.
func TestACodeIsTooOld(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	email := systemtest.Address("ann")
	tab := browser.NewTab(t, browser.View{})
	s.startRegistration(t, tab, email)
	code := s.code(t, email, 1)
	s.Clock.Advance(25 * time.Hour)
	tab.Fill(t, "#code", code)
	if got := tab.Submit(t, submit); got >= 500 {
		t.Errorf("answered %d", got)
	}
	if tab.Has(t, "[role=status]") || !tab.Has(t, "main a[href$='/register']") {
		t.Errorf("the page shows %q", tab.Text(t, "main"))
	}
	tab.CheckAccessibility(t)
}

// A page that nobody can use gives the reason on a page.
func TestPagesThatDoNothing(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	closed := s.tenant.NewPool(t, fields{"public_registration_allowed": false})
	base := s.BaseURL + "/" + s.tenant.ID + "/pools/"
	for _, test := range []struct {
		what, page string
		status     int
	}{
		{"registration is off", base + closed + "/register", 404},
		{"registration is off, the code", base + closed + "/register/code", 200},
		{"no pool", base + "nowhere/register", 404},
		{"no pool, a link", base + "nowhere/activate?code=x", 404},
		{"no tenant", s.BaseURL + "/nobody/pools/" + s.pool + "/register", 404},
		{"a link that never was", s.page("activate?code=x"), 200},
		{"a link without a code", s.page("activate"), 200},
		{"the code without a registration", s.page("register/code"), 200},
	} {
		t.Run(test.what, func(t *testing.T) {
			t.Parallel()
			tab := browser.NewTab(t, browser.View{Language: "de"})
			if got := tab.Go(t, test.page); got != test.status {
				t.Errorf("answered %d, want %d", got, test.status)
			}
			if !tab.Has(t, "h1") || tab.Has(t, "#password") {
				t.Errorf("the page shows %q", tab.Text(t, "body"))
			}
			if got := tab.Attribute(t, "html", "lang"); got != "de" {
				t.Errorf("it is in the language %q", got)
			}
			tab.CheckAccessibility(t)
		})
	}
}
