package browser_test

import (
	"net/url"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"identitypools/infra/check/browser"
	"identitypools/infra/check/parttest"
	"identitypools/infra/check/systemtest"
)

// A person signs up, with and without scripts: the form, the code of the mail, the last page. After
// that a back end can verify the password.
func TestSomebodySignsUp(t *testing.T) {
	t.Parallel()
	for name, view := range map[string]browser.View{
		"with scripts": {}, "without": {NoScripts: true},
		"on a phone": {Width: 360, Height: 640, Scale: 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := openDetailed(t, nil)
			email := systemtest.Address("ann")
			tab := browser.NewTab(t, view)
			tab.Go(t, s.page("register"))
			fillPayload(t, tab)
			s.submitRegistration(t, tab, email)
			tab.Fill(t, "#code", s.code(t, email, 1))
			submitForm(t, tab)
			s.mustShow(t, tab, "activate")
			if got := browser.Eval[string](t, tab, "document.cookie"); got != "" {
				t.Errorf("scripts can read the cookie %q", got)
			}
			if got := tab.Text(t, "[role=status]"); !strings.Contains(got, "active") {
				t.Errorf("the page shows %q", got)
			}
			s.checkPassword(t, email, systemtest.Password, 200)
			got := s.tenant.System.Must(t, 200, "POST", "/pools/"+s.pool+"/users/by_key",
				fields{"identifier": email}).Fields(t)["payload"].(fields)
			if got["given_name"] != "Ann" || got["age"] != 42.0 || got["terms"] != "accepted" ||
				got["plan"] != "paid" || got["address"].(fields)["city"] != "Łódź" {
				t.Errorf("the payload is %v", got)
			}
		})
	}
}

// fillPayload fills in the fields of the document.
func fillPayload(t *testing.T, tab *browser.Tab) {
	t.Helper()
	tab.Fill(t, "#payload-given_name", "Ann")
	tab.Fill(t, "#payload-age", "42")
	tab.Fill(t, "#payload-address-city", "Łódź")
	tab.Click(t, "#payload-terms")
	tab.Click(t, "[name='/topics'][value=offers]")
	tab.Choose(t, "#payload-plan", "paid")
}

// The authentication mechanisms of the pool decide what the form asks for.
func TestAPoolWithoutPasswordsAsksForNone(t *testing.T) {
	t.Parallel()
	s := open(t, fields{"authentication_mechanisms": []string{"otp"}})
	email := systemtest.Address("ann")
	tab := browser.NewTab(t, browser.View{})
	s.startRegistration(t, tab, email)
	tab.Fill(t, "#code", s.code(t, email, 1))
	submitForm(t, tab)
	if tab.Has(t, "#password") {
		t.Error("there is a field for a password")
	}
	user := s.tenant.System.Must(t, 200, "POST", "/pools/"+s.pool+"/users/by_key",
		fields{"identifier": email}).Fields(t)
	if user["status"] != "active" {
		t.Errorf("the user is %v", user["status"])
	}
}

// V6.2.6, V6.2.7: password managers recognize the fields, and people can make a typed password
// visible.
func TestBrowsersFillTheFieldsIn(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	tab := browser.NewTab(t, browser.View{})
	tab.Go(t, s.page("register"))
	holds := func(selector, name, want string) {
		t.Helper()
		if got := tab.Attribute(t, selector, name); got != want {
			t.Errorf("%s has %s %q, want %q", selector, name, got, want)
		}
	}
	holds("#identifier", "type", "email")
	holds("#identifier", "autocomplete", "username")
	holds("#password", "autocomplete", "new-password")
	holds("#password", "type", "password")
	tab.Fill(t, "#password", systemtest.Password)
	tab.Click(t, "#password-show")
	holds("#password", "type", "text")
	if got := tab.Value(t, "#password"); got != systemtest.Password {
		t.Errorf("showing the password makes it %q", got)
	}
	tab.Click(t, "#password-show")
	holds("#password", "type", "password")
	holds("#payload-given_name", "autocomplete", "given-name")
	holds("#payload-family_name", "autocomplete", "family-name")
	s.startRegistration(t, tab, systemtest.Address("ann"))
	holds("#code", "autocomplete", "one-time-code")
	holds("#code", "inputmode", "numeric")
}

// A person who came from an application is led back to it, and nowhere else.
func TestWhereToGoOn(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	for to, want := range map[string]string{
		"https://app.example.com/start?a=b&c=d": "https://app.example.com/start?a=b&c=d",
		"https://evil.example.com/":             "",
		"javascript:alert(1)":                   "",
		"":                                      "",
	} {
		email := systemtest.Address("ann")
		tab := browser.NewTab(t, browser.View{})
		tab.Go(t, s.page("register?return_to="+url.QueryEscape(to)))
		s.submitRegistration(t, tab, email)
		tab.Fill(t, "#code", s.code(t, email, 1))
		submitForm(t, tab)
		got := browser.Eval[string](t, tab,
			"document.querySelector('main a')?.getAttribute('href') ?? ''")
		if got != want {
			t.Errorf("who came from %q is led to %q", to, got)
		}
	}
}

// If an address is taken, only its owner learns that.
func TestATakenAddressLooksLikeAFreeOne(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	taken, free := systemtest.Address("ann"), systemtest.Address("bob")
	s.tenant.NewUser(t, s.pool, "active", taken, nil)
	shown := map[string]string{}
	for _, email := range []string{taken, free} {
		tab := browser.NewTab(t, browser.View{})
		s.startRegistration(t, tab, email)
		shown[email] = pageText(t, tab, email)
		tab.Fill(t, "#code", "123456")
		if got := tab.Submit(t, submit); got != 422 {
			t.Errorf("a wrong code of %s is answered %d", email, got)
		}
		shown[email] += pageText(t, tab, email)
	}
	if shown[taken] != shown[free] {
		t.Errorf("a taken address is shown\n%s\nand a free one\n%s", shown[taken], shown[free])
	}
	notice, code := s.Inbox.Await(t, taken, 1)[0], s.Inbox.Await(t, free, 1)[0]
	if notice.Subject == code.Subject || regexp.MustCompile(`\d{6}|code=`).MatchString(notice.Text) {
		t.Errorf("the owner is sent %q: %s", notice.Subject, notice.Text)
	}
}

// Input is kept when the page is reloaded, when the person goes back, and when the address is
// changed.
func TestNothingTypedIsLost(t *testing.T) {
	t.Parallel()
	s := openDetailed(t, nil)
	wrong, email := systemtest.Address("anm"), systemtest.Address("ann")
	tab := browser.NewTab(t, browser.View{})
	tab.Go(t, s.page("register"))
	fillPayload(t, tab)
	s.submitRegistration(t, tab, wrong)
	tab.Reload(t)
	s.mustShow(t, tab, "register/code")
	if !strings.Contains(tab.Text(t, "main"), wrong) {
		t.Errorf("after a reload the page shows %q", tab.Text(t, "main"))
	}
	tab.Submit(t, "main a[href$='/register']")
	s.mustShow(t, tab, "register")
	s.checkKeptInput(t, tab, wrong)
	s.submitRegistration(t, tab, email)
	tab.Back(t)
	s.mustShow(t, tab, "register")
	tab.Go(t, s.page("register/code"))
	tab.Fill(t, "#code", s.code(t, email, 1))
	submitForm(t, tab)
	done := tab.Text(t, "main")
	tab.Reload(t)
	if got := tab.Text(t, "main"); got != done {
		t.Errorf("after a reload the page shows %q", got)
	}
}

// What a browser lets a person enter or choose is accepted, and arrives as the schema has it.
func TestWhatBrowsersAllowIsAccepted(t *testing.T) {
	t.Parallel()
	s := openWithSchema(t, `{"type":"object","additionalProperties":false,"required":["plan"],"properties":{
		"half":{"type":"number"},"five":{"type":"integer"},"large":{"type":"number"},"less":{"type":"number"},
		"plan":{"type":"string","enum":["two  spaces"," around ","two\nlines"]},
		"topics":{"type":"array","items":{"type":"string","enum":["a  b"," c ","d\ne"]}},
		"terms":{"type":"string","const":"yes,  I\nagree "},
		"ids":{"type":"array","items":{"type":"integer"}}}}`, nil)
	for plan, want := range map[string]string{"1": "two  spaces", "2": " around ", "3": "two\nlines"} {
		email := systemtest.Address("ann")
		tab := browser.NewTab(t, browser.View{})
		tab.Go(t, s.page("register"))
		tab.Fill(t, "#payload-half", ".5")
		tab.Fill(t, "#payload-five", "05")
		tab.Fill(t, "#payload-large", "1e3")
		tab.Fill(t, "#payload-less", "-.25")
		browser.Eval[any](t, tab, `document.querySelector("#payload-plan").selectedIndex = `+plan)
		browser.Eval[any](t, tab, `document.querySelectorAll("[name='/topics']").forEach(box => box.click())`)
		tab.Click(t, "#payload-terms")
		tab.Fill(t, "#payload-ids", "007\n 12 \n\n")
		// The first password is refused, so that the form is shown again with what was chosen.
		tab.Fill(t, "#identifier", email)
		tab.Fill(t, "#password", "password")
		if status := tab.Submit(t, submit); status != 422 || tab.Has(t, "[id^=payload-][aria-invalid]") {
			t.Fatalf("the form is answered %d: %s", status, tab.Text(t, "main"))
		}
		s.submitRegistration(t, tab, email)
		tab.Fill(t, "#code", s.code(t, email, 1))
		submitForm(t, tab)
		user := s.tenant.System.Must(t, 200, "POST", "/pools/"+s.pool+"/users/by_key", fields{"identifier": email})
		got := user.Fields(t)["payload"]
		all := fields{
			"half": 0.5, "five": 5.0, "large": 1000.0, "less": -0.25, "plan": want,
			"topics": []any{"a  b", " c ", "d\ne"}, "terms": "yes,  I\nagree ", "ids": []any{7.0, 12.0},
		}
		if !reflect.DeepEqual(got, all) {
			t.Errorf("the payload is %v, want %v", got, all)
		}
	}
}

// checkKeptInput checks the earlier input that the form shows.
func (s *site) checkKeptInput(t *testing.T, tab *browser.Tab, email string) {
	t.Helper()
	got := []string{
		tab.Value(t, "#identifier"), tab.Value(t, "#payload-given_name"),
		tab.Value(t, "#payload-age"), tab.Value(t, "#payload-plan"), tab.Value(t, "#password"),
	}
	want := []string{email, "Ann", "42", "paid", ""}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("the form shows %q, want %q", got, want)
	}
	if !browser.Eval[bool](t, tab, `document.querySelector("[name='/topics'][value=offers]").checked`) {
		t.Error("the box of a topic is no longer checked")
	}
}

// A code can be pasted in the forms in which mails and people write it.
func TestACodeIsPasted(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	for _, write := range []func(code string) string{
		func(code string) string { return code[:3] + " " + code[3:] },
		func(code string) string { return code[:3] + "-" + code[3:] },
		func(code string) string { return " Your code: " + code + "\n" },
	} {
		email := systemtest.Address("ann")
		tab := browser.NewTab(t, browser.View{})
		s.startRegistration(t, tab, email)
		pasted := write(s.code(t, email, 1))
		tab.Paste(t, "#code", pasted)
		if got := tab.Submit(t, submit); got != 200 || !tab.Has(t, "[role=status]") {
			t.Errorf("%q pasted is answered %d", pasted, got)
		}
	}
}

// A person can ask for a new code after a pause. The script shows a countdown, and the server tells
// how long the pause is.
func TestANewCode(t *testing.T) {
	t.Parallel()
	for name, view := range map[string]browser.View{"with scripts": {}, "without": {NoScripts: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t, nil)
			email := systemtest.Address("ann")
			tab := browser.NewTab(t, view)
			s.startRegistration(t, tab, email)
			first := s.code(t, email, 1)
			disabled := browser.Eval[bool](t, tab, "document.querySelector('"+resend+"').disabled")
			if disabled == view.NoScripts {
				t.Errorf("the button is disabled: %t", disabled)
			}
			if !view.NoScripts { // an hour later the script enables the button
				browser.Eval[any](t, tab, "(now => Date.now = () => now() + 3600000)(Date.now)")
				parttest.Until(t, "the button for a new code", func() bool {
					return !browser.Eval[bool](t, tab, "document.querySelector('"+resend+"').disabled")
				})
			} else {
				tab.Submit(t, resend)
				if got := tab.Text(t, "main"); !strings.ContainsAny(tab.Text(t, "#errors"),
					"0123456789") {
					t.Errorf("too early, the page shows %q", got)
				}
			}
			s.Clock.Advance(61 * time.Second)
			tab.Go(t, s.page("register/code"))
			if got := tab.Submit(t, resend); got != 200 {
				t.Fatalf("asking for a new code is answered %d: %s", got, tab.Text(t, "main"))
			}
			s.mustShow(t, tab, "register/code")
			if !tab.Shows(t, "[role=status]") {
				t.Errorf("the page does not say that a new code is on its way: %q", tab.Text(t, "main"))
			}
			second := s.code(t, email, 2)
			if first == second {
				t.Error("the new code is the old one")
			}
			tab.Fill(t, "#code", second)
			if got := tab.Submit(t, submit); got != 200 {
				t.Errorf("the new code is answered %d: %s", got, tab.Text(t, "main"))
			}
		})
	}
}

// resend selects the button that asks for a new code.
const resend = "[name=do][value=resend]"

// A person without a mouse signs up, and can always see where the focus is.
func TestTheKeyboardAlone(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	email := systemtest.Address("ann")
	tab := browser.NewTab(t, browser.View{})
	tab.Go(t, s.page("register"))
	tabTo(t, tab, "identifier")
	tab.Type(t, email)
	tabTo(t, tab, "password")
	tab.Type(t, systemtest.Password)
	if got := tab.Enter(t); got != 200 {
		t.Fatalf("the form is answered %d: %s", got, tab.Text(t, "main"))
	}
	tabTo(t, tab, "code")
	tab.Type(t, s.code(t, email, 1))
	tabTo(t, tab, "do")
	if got := tab.Enter(t); got != 200 {
		t.Fatalf("the code is answered %d: %s", got, tab.Text(t, "main"))
	}
	s.checkPassword(t, email, systemtest.Password, 200)
}

// tabTo presses Tab until an element has the focus. It checks on the way that the focus is visible.
func tabTo(t *testing.T, tab *browser.Tab, want string) {
	t.Helper()
	for range 20 {
		if tab.Focused(t) == want {
			return
		}
		tab.Press(t, kb.Tab)
		if !browser.Eval[bool](t, tab,
			"(s => s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2)(getComputedStyle(document.activeElement))") {
			t.Errorf("the focus on %s cannot be seen", tab.Focused(t))
		}
	}
	t.Fatalf("Tab does not lead to %s on %s", want, tab.URL(t))
}
