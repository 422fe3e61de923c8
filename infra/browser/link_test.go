package browser_test

import (
	"testing"

	"identitypools/infra/browser"
	"identitypools/infra/local/systemtest"
)

// Who is invited opens the link, sees what it is about, sets a password and is in.
func TestAnInvitationIsTaken(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	email := systemtest.Address("ann")
	s.invite(t, email, "")
	tab := browser.NewTab(t, browser.View{})
	if got := tab.Go(t, s.link(t, email, 1)); got != 200 {
		t.Fatalf("the link is answered %d", got)
	}
	tab.Fill(t, "#password", systemtest.Password)
	if got := tab.Submit(t, submit); got != 200 {
		t.Fatalf("the form is answered %d: %s", got, tab.Text(t, "main"))
	}
	if !tab.Shows(t, "[role=status]") {
		t.Errorf("the page shows %q", tab.Text(t, "main"))
	}
	s.verified(t, email, systemtest.Password, 200)
}
