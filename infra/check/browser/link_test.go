package browser_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"identitypools/infra/check/browser"
	"identitypools/infra/check/systemtest"
)

// An invited person opens the link, sees what it is about, sets a password and is active.
func TestAnInvitationIsTaken(t *testing.T) {
	t.Parallel()
	for name, view := range map[string]browser.View{"with scripts": {}, "without": {NoScripts: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t, fields{"name": "Acme Customers"})
			email := systemtest.Address("ann")
			s.invite(t, email, "&post_activation_url="+url.QueryEscape("https://app.example.com/start"))
			tab := browser.NewTab(t, view)
			if got := tab.Go(t, s.link(t, email, 1)); got != 200 {
				t.Fatalf("the link is answered %d", got)
			}
			for _, told := range []string{email, "Acme Customers"} {
				if got := tab.Text(t, "main"); !strings.Contains(got, told) {
					t.Errorf("the page does not name %s: %q", told, got)
				}
			}
			tab.Fill(t, "#password", systemtest.Password)
			if got := tab.Submit(t, submit); got != 200 {
				t.Fatalf("the form is answered %d: %s", got, tab.Text(t, "main"))
			}
			s.mustShow(t, tab, "activate")
			if strings.Contains(tab.URL(t), "code=") {
				t.Errorf("the code is still in the address: %s", tab.URL(t))
			}
			if !tab.Shows(t, "[role=status]") {
				t.Errorf("the page shows %q", tab.Text(t, "main"))
			}
			if got := tab.Attribute(t, "main a", "href"); got != "https://app.example.com/start" {
				t.Errorf("it goes on to %q", got)
			}
			s.checkPassword(t, email, systemtest.Password, 200)
		})
	}
}

// A person for whom an administrator has set a password is not asked for another.
func TestALinkAsksForWhatIsMissing(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	email := systemtest.Address("ann")
	id := s.tenant.NewUser(t, s.pool, "new", email,
		fields{"credentials": []fields{{"type": "password", "password": systemtest.Password}}})
	s.tenant.Admin.Must(t, 204, "POST", "/pools/"+s.pool+"/users/"+id+"/activation/send", nil)
	tab := browser.NewTab(t, browser.View{})
	tab.Go(t, s.link(t, email, 1))
	if tab.Has(t, "#password") {
		t.Error("there is a field for a password")
	}
	if got := tab.Submit(t, submit); got != 200 || !tab.Has(t, "[role=status]") {
		t.Errorf("answered %d: %s", got, tab.Text(t, "main"))
	}
	s.checkPassword(t, email, systemtest.Password, 200)
}

// What is wrong with the password of an invited person is reported at the field, and the link stays
// valid.
func TestWhatIsWrongWithALinksPassword(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	email := systemtest.Address("ann")
	s.invite(t, email, "")
	tab := browser.NewTab(t, browser.View{})
	tab.Go(t, s.link(t, email, 1))
	for _, password := range []string{"", "x7!kQ", "password123"} {
		disableValidation(t, tab)
		tab.Fill(t, "#password", password)
		if got := tab.Submit(t, submit); got != 422 {
			t.Errorf("%q is answered %d", password, got)
		}
		checkFaulty(t, tab, "password")
		if got := tab.Value(t, "#password"); got != "" {
			t.Errorf("the password came back: %q", got)
		}
	}
	tab.Fill(t, "#password", systemtest.Password)
	if got := tab.Submit(t, submit); got != 200 || !tab.Has(t, "[role=status]") {
		t.Errorf("answered %d: %s", got, tab.Text(t, "main"))
	}
}

// A link that was used, replaced or has expired reports so at once, before a person chooses a
// password.
func TestALinkThatIsDead(t *testing.T) {
	t.Parallel()
	for what, kill := range map[string]func(t *testing.T, s *site, user, link string){
		"spent": func(t *testing.T, s *site, _, link string) {
			tab := browser.NewTab(t, browser.View{})
			tab.Go(t, link)
			tab.Fill(t, "#password", systemtest.Password)
			tab.Submit(t, submit)
		},
		"replaced": func(t *testing.T, s *site, user, _ string) {
			s.Clock.Advance(61 * time.Second)
			s.tenant.Admin.Must(t, 204, "POST", "/pools/"+s.pool+"/users/"+user+"/activation/send", nil)
			s.AwaitEmptyOutbox(t)
		},
		"too old": func(_ *testing.T, s *site, _, _ string) { s.Clock.Advance(25 * time.Hour) },
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			s := open(t, nil)
			email := systemtest.Address("ann")
			user := s.invite(t, email, "")
			link := s.link(t, email, 1)
			kill(t, s, user, link)
			tab := browser.NewTab(t, browser.View{})
			tab.Go(t, link)
			if tab.Has(t, "#password") || tab.Has(t, "[role=status]") {
				t.Errorf("the page shows %q", tab.Text(t, "main"))
			}
			tab.CheckAccessibility(t)
		})
	}
}

// Programs open the links of mails before people do, to check them and to show previews. That
// changes nothing.
func TestScannersOpenALink(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	email := systemtest.Address("ann")
	s.invite(t, email, "")
	link := s.link(t, email, 1)
	s.AwaitEmptyOutbox(t)
	stored := len(s.Items(t))
	for method, times := range map[string]int{http.MethodHead: 3, http.MethodGet: 10} {
		for range times {
			r, err := http.NewRequestWithContext(t.Context(), method, link, nil)
			if err != nil {
				t.Fatal(err)
			}
			if got := systemtest.Send(t, r); got.Status >= 500 ||
				method == http.MethodGet && got.Status != 200 {
				t.Errorf("%s is answered %d", method, got.Status)
			}
		}
	}
	if got := len(s.Items(t)); got != stored {
		t.Errorf("there are %d items, and were %d", got, stored)
	}
	tab := browser.NewTab(t, browser.View{})
	tab.Go(t, link)
	tab.Fill(t, "#password", systemtest.Password)
	if got := tab.Submit(t, submit); got != 200 || !tab.Has(t, "[role=status]") {
		t.Errorf("answered %d: %s", got, tab.Text(t, "main"))
	}
	s.checkPassword(t, email, systemtest.Password, 200)
}

// V14.3.2: the code of a link is not sent to anybody else, wherever its holder goes next.
func TestTheCodeOfALinkStaysThere(t *testing.T) {
	t.Parallel()
	s := open(t, fields{"branding": fields{"privacy_url": "https://app.example.com/privacy"}})
	email := systemtest.Address("ann")
	s.invite(t, email, "")
	link := s.link(t, email, 1)
	tab := browser.NewTab(t, browser.View{})
	tab.Serve(t, "https://app.example.com/privacy", "text/html",
		[]byte("<!doctype html><title>Privacy</title>"))
	tab.Go(t, link)
	tab.Submit(t, ".languages a[hreflang=de]")
	tab.Fill(t, "#password", systemtest.Password)
	tab.Submit(t, submit)
	tab.Go(t, link)
	tab.Submit(t, "footer a[href='https://app.example.com/privacy']")
	requests, code := tab.Requests(t), strings.SplitN(link, "code=", 2)[1]
	for _, r := range requests {
		if !strings.HasPrefix(r.URL, s.BaseURL) && strings.Contains(r.Referer, code) {
			t.Errorf("%s %s is told of %s", r.Method, r.URL, r.Referer)
		}
	}
	if len(requests) < 5 {
		t.Errorf("only %d requests were seen", len(requests))
	}
}

// The form of a link is submitted twice before the browser has the first answer, as by a double click.
// The second answer, which is the one that the person sees, leads to the last page.
func TestTheFormOfALinkIsSubmittedTwice(t *testing.T) {
	t.Parallel()
	for name, view := range map[string]browser.View{"with scripts": {}, "without": {NoScripts: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t, nil)
			email := systemtest.Address("ann")
			s.invite(t, email, "")
			tab := browser.NewTab(t, view)
			tab.Go(t, s.link(t, email, 1))
			tab.Fill(t, "#password", systemtest.Password)
			form := url.Values{"password": {systemtest.Password}}
			for _, hidden := range []string{"code", "form"} {
				form.Set(hidden, tab.Attribute(t, "main input[name="+hidden+"]", "value"))
			}
			r, err := http.NewRequestWithContext(
				t.Context(), http.MethodPost, tab.URL(t), strings.NewReader(form.Encode()),
			)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			systemtest.Send(t, r) // the browser never sees the answer, nor its cookie
			if got := tab.Submit(t, submit); got != 200 {
				t.Fatalf("the form is answered %d: %s", got, tab.Text(t, "main"))
			}
			s.mustShow(t, tab, "activate")
			if !tab.Shows(t, "[role=status]") {
				t.Errorf("the page shows %q", tab.Text(t, "main"))
			}
			s.checkPassword(t, email, systemtest.Password, 200)
		})
	}
}
