package browser_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"

	"identitypools/infra/check/browser"
	"identitypools/infra/check/systemtest"
	"identitypools/shared/identity"
)

// Every page in every state can be read and used by everybody, on the smallest phone and on a
// desktop, with light and dark colors.
func TestPagesAreForEverybody(t *testing.T) {
	t.Parallel()
	s := openDetailed(t, nil)
	for _, st := range states() {
		t.Run(st.name, func(t *testing.T) {
			t.Parallel()
			tab := browser.NewTab(t, browser.View{})
			st.reach(t, s, tab)
			if st.spoil != nil {
				st.spoil(t, tab)
			}
			checkLooks(t, tab)
		})
	}
}

func looks() []browser.View {
	return []browser.View{
		{Width: 320},
		{Width: 390, Dark: true},
		{Width: 1440},
		{Width: 1440, Dark: true},
	}
}

// The color of a brand may be hard to read on white or black. The pages correct it.
func TestAnyColorCanBeRead(t *testing.T) {
	t.Parallel()
	tenant := open(t, nil)
	for _, color := range []string{"#ffee00", "#0b1f4d", "#777777", "#ffffff", "#000000"} {
		t.Run(color, func(t *testing.T) {
			t.Parallel()
			s := *tenant
			s.pool = s.tenant.NewPool(t, fields{"badge_color": color})
			tab := browser.NewTab(t, browser.View{})
			tab.Go(t, s.page("register"))
			for _, dark := range []bool{false, true} {
				tab.SetView(t, browser.View{Width: 320, Dark: dark})
				tab.CheckAccessibility(t)
			}
		})
	}
}

// Every page is in the reader's language, and its text fits a phone.
func TestPagesSpeakTheReadersLanguage(t *testing.T) {
	t.Parallel()
	s := openDetailed(t, nil)
	for _, st := range states() {
		t.Run(st.name, func(t *testing.T) {
			t.Parallel()
			view, titles := browser.View{Width: 320}, map[string]string{}
			tab := browser.NewTab(t, view)
			st.reach(t, s, tab)
			for _, language := range identity.Languages() {
				tab.Go(t, in(t, tab.URL(t), language))
				if st.spoil != nil {
					st.spoil(t, tab)
				}
				checkLanguage(t, tab, language, view)
				got := untranslated.FindString(address.ReplaceAllString(tab.Text(t, "body"), ""))
				if got != "" {
					t.Errorf("in %s the page shows %s", language, got)
				}
				title := tab.Text(t, "h1")
				if other, twice := titles[title]; twice {
					t.Errorf("in %s and in %s the page is called %q", language, other, title)
				}
				titles[title] = language
			}
		})
	}
}

// in returns the address of a page in a language.
func in(t *testing.T, page, language string) string {
	t.Helper()
	translated, err := url.Parse(page)
	if err != nil {
		t.Fatal(err)
	}
	query := translated.Query()
	query.Set("lang", language)
	translated.RawQuery = query.Encode()
	return translated.String()
}

// untranslated matches keys of texts, and names in texts that were not replaced.
var (
	untranslated = regexp.MustCompile(`\b[a-z]+(\.[a-z_]+)+\b|\b[a-z]+_[a-z]+\b|\{\w*\}`)
	address      = regexp.MustCompile(`\S+@\S+`)
)

// checkLooks checks that everybody can read and use the page that a tab shows, in every look.
func checkLooks(t *testing.T, tab *browser.Tab) {
	t.Helper()
	for _, view := range looks() {
		tab.SetView(t, view)
		tab.CheckAccessibility(t)
		checkWidth(t, tab, view)
	}
}

// checkLanguage checks that a tab shows a page in a language, whose text fits the view.
func checkLanguage(t *testing.T, tab *browser.Tab, language string, view browser.View) {
	t.Helper()
	if got := tab.Attribute(t, "html", "lang"); got != language {
		t.Errorf("who reads %s is shown %s in %q", language, tab.URL(t), got)
	}
	checkWidth(t, tab, view)
}

// checkWidth checks that a page does not scroll horizontally.
func checkWidth(t *testing.T, tab *browser.Tab, view browser.View) {
	t.Helper()
	if got := browser.Eval[int](t, tab, "document.documentElement.scrollWidth"); got > view.Width {
		t.Errorf("%s is %d px wide at %+v", tab.URL(t), got, view)
	}
}

// What was typed is kept when another language is chosen, except the password, and is then forgotten.
func TestAnotherLanguageKeepsWhatWasTyped(t *testing.T) {
	t.Parallel()
	s := openDetailed(t, nil)
	tab := browser.NewTab(t, browser.View{})
	tab.Go(t, s.page("register"))
	fillPayload(t, tab)
	tab.Fill(t, "#identifier", "ann@example.com")
	tab.Fill(t, "#password", systemtest.Password)
	tab.Submit(t, ".languages a[hreflang=de]")
	for selector, want := range map[string]string{
		"#identifier": "ann@example.com", "#payload-address-city": "Łódź", "#payload-plan": "paid", "#password": "",
	} {
		if got := tab.Value(t, selector); got != want {
			t.Errorf("%s has %q, want %q", selector, got, want)
		}
	}
	checked := browser.Eval[[]string](t, tab, `[...document.querySelectorAll("input:checked")].map(i => i.name + " " + i.value)`)
	if len(checked) != 2 {
		t.Errorf("checked are %q", checked)
	}
	if n := browser.Eval[int](t, tab, "sessionStorage.length"); n != 0 {
		t.Errorf("the browser still keeps %d forms", n)
	}
	tab.Reload(t)
	if got := tab.Value(t, "#identifier"); got != "" {
		t.Errorf("what was typed comes back: %q", got)
	}
}

// The language is the browser's until a person chooses another, which is then kept.
func TestALanguageIsChosen(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	tab := browser.NewTab(t, browser.View{Language: "fr-CH, fr;q=0.9, en;q=0.8"})
	speaks := func(want string) {
		t.Helper()
		if got := tab.Attribute(t, "html", "lang"); got != want {
			t.Errorf("the page %s is in %q, want %q", tab.URL(t), got, want)
		}
	}
	tab.Go(t, s.page("register"))
	speaks("fr")
	tab.Submit(t, ".languages a[hreflang=pl]")
	speaks("pl")
	email := systemtest.Address("ann")
	s.submitRegistration(t, tab, email)
	speaks("pl")
	if mail := s.Inbox.Await(t, email, 1)[0]; !strings.Contains(mail.HTML, `lang="pl"`) {
		t.Errorf("the mail is in another language: %s", mail.Text)
	}
	tab.Fill(t, "#code", s.code(t, email, 1))
	submitForm(t, tab)
	speaks("pl")
	tab.Go(t, s.page("register?lang=es"))
	speaks("es")
	tab.Go(t, s.page("register?lang=xx"))
	speaks("fr")
}
