package browser_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"identitypools/infra/browser"
	"identitypools/infra/local/system"
	"identitypools/infra/local/systemtest"
)

// openScarce is a pool that has spent half of its mails, and whose messages stay in the outbox from then on.
func openScarce(t *testing.T) *scene {
	t.Helper()
	s := open(t, fields{"limits": fields{"pool_mails_per_hour": 2}}, func(c *system.Config) { c.NoCourier = true })
	now := s.Clock.Now()
	s.Clock.Advance(now.Truncate(time.Hour).Add(time.Hour).Sub(now)) // an hour's mails begin now
	s.tenant.Renew(t)
	s.tenant.Public.Must(t, 201, "POST", "/pools/"+s.pool+"/register", fields{"identifier": systemtest.Address("first")})
	event, err := json.Marshal(s.Outbox(t))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Courier.Handle(system.As(t.Context(), "courier"), event); err != nil {
		t.Fatal(err)
	}
	s.Settle()
	return s
}

// worked says for how many of the messages that wait work was done, and how many these are.
func (s *scene) worked(t *testing.T) (worked, all int) {
	t.Helper()
	for _, m := range s.Stored(t, "MESSAGE#") {
		if all++; strings.Contains(m["doc"], `"worked":true`) {
			worked++
		}
	}
	return worked, all
}

// While mails are scarce, the browser of whoever asks for one works for it without a word. Who has no script goes on alike.
func TestABrowserWorksForMailsThatAreScarce(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		view browser.View
		each int // marked messages of each that is asked for
	}{"with scripts": {browser.View{}, 1}, "without": {browser.View{NoScripts: true}, 0}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := openScarce(t)
			email, tab := systemtest.Address("ann"), browser.NewTab(t, c.view)
			check := func(what string, n int) {
				t.Helper()
				if worked, all := s.worked(t); worked != n*c.each || all != n {
					t.Errorf("%s: of %d messages %d are marked", what, all, worked)
				}
			}
			s.signsUp(t, tab, email)
			check("a registration", 1)
			s.Clock.Advance(time.Minute)
			tab.Reload(t)
			if got := tab.Submit(t, "#again"); got != 200 {
				t.Errorf("asking for another code is answered %d", got)
			}
			s.at(t, tab, "register/code")
			check("another code", 2)
			tab.Go(t, s.page("activate?code=0"))
			tab.Fill(t, "#address", email)
			goesOn(t, tab)
			check("another link", 3)
		})
	}
}
