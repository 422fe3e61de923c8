package browser_test

import (
	"strings"
	"testing"
	"time"

	"identitypools/infra/check/browser"
	"identitypools/infra/check/systemtest"
	"identitypools/infra/local/system"
)

// openWithScarceMails opens a pool that has used half of its budget of mails. From then on its
// messages stay in the outbox.
func openWithScarceMails(t *testing.T) *site {
	t.Helper()
	s := open(t, fields{"limits": fields{"pool_mails_per_hour": 2}}, func(c *system.Config) {
		c.Quiet = true
	})
	now := s.Clock.Now()
	s.Clock.Advance(now.Truncate(time.Hour).Add(time.Hour).Sub(now)) // a new hour begins now
	s.tenant.RenewTokens(t)
	s.tenant.Public.Must(t, 201, "POST", "/pools/"+s.pool+"/register",
		fields{"identifier": systemtest.Address("first")})
	if failed := s.Stream(t.Context(), s.OutboxEvent(t)); len(failed) > 0 {
		t.Fatalf("failed: %v", failed)
	}
	s.ExpireCaches()
	return s
}

// worked returns how many of the waiting messages have a proof of work, and the number of all
// waiting messages.
func (s *site) worked(t *testing.T) (worked, all int) {
	t.Helper()
	for _, m := range s.Stored(t, "MESSAGE#") {
		if all++; strings.Contains(m["doc"], `"share":"whole"`) {
			worked++
		}
	}
	return worked, all
}

// isSolved is an expression that is true when the form's challenge is solved. The page's script
// starts to solve it when the form is first used.
const isSolved = "document.querySelector('[name=altcha]').value !== ''"

// While mails are scarce, the browser of a person who asks for one does proof of work in the
// background. Without scripts the form works in the same way.
func TestABrowserWorksForMailsThatAreScarce(t *testing.T) {
	t.Parallel()
	for name, hasScripts := range map[string]bool{"with scripts": true, "without": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := openWithScarceMails(t)
			email, tab, asked := systemtest.Address("ann"),
				browser.NewTab(t, browser.View{NoScripts: !hasScripts}), 0
			ask := func(what, touched string, submit func()) {
				t.Helper()
				tab.Fill(t, touched, email)
				if hasScripts {
					tab.Await(t, isSolved)
				}
				submit()
				asked++
				worked, all := s.worked(t)
				if all != asked || hasScripts && worked != asked || !hasScripts && worked != 0 {
					t.Errorf("%s: of %d messages %d are marked", what, all, worked)
				}
			}
			tab.Go(t, s.page("register"))
			ask("a registration", "#identifier", func() { s.submitRegistration(t, tab, email) })
			tab.Go(t, s.page("activate?code=0"))
			ask("another link", "#address", func() { submitForm(t, tab) })
		})
	}
}

// A form that is submitted before the work is done waits for it, but for at most four seconds. The
// button that was pressed is kept.
func TestAFormWaitsForTheWork(t *testing.T) {
	t.Parallel()
	s := openWithScarceMails(t)
	tab := browser.NewTab(t, browser.View{})
	s.startRegistration(t, tab, systemtest.Address("ann"))
	s.Clock.Advance(time.Minute)
	tab.Reload(t)
	before, _ := s.worked(t)
	began := time.Now()
	if got := tab.Submit(t, "#again"); got != 200 {
		t.Errorf("asking for another code is answered %d", got)
	}
	took := time.Since(began)
	s.mustShow(t, tab, "register/code")
	worked, all := s.worked(t)
	if all != 2 || worked != before+1 && took < 4*time.Second {
		t.Errorf("after %s, of %d messages %d are marked", took, all, worked)
	}
}
