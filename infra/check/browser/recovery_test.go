package browser_test

import (
	"strings"
	"testing"

	"identitypools/infra/check/browser"
	"identitypools/infra/check/systemtest"
	"identitypools/shared/identity"
)

// newPassword is the password that people set on the pages.
const newPassword = "quite another, new phrase"

// newMember creates an active user with a verified address, and an unverified one if it is given.
func (s *site) newMember(t *testing.T, email string, unverified ...string) (user string) {
	t.Helper()
	addresses := []fields{{"type": "email", "address": email, "verified": true}}
	for _, address := range unverified {
		addresses = append(addresses, fields{"type": "email", "address": address})
	}
	return s.tenant.NewUser(t, s.pool, "active", email, fields{
		"payload": s.payload, "verifiable_addresses": addresses,
		"credentials": []fields{{"type": "password", "password": systemtest.Password}},
	})
}

// askForReset goes from the sign-up page to the one for a new password and asks for a mail. After that the
// tab shows the page for the code.
func (s *site) askForReset(t *testing.T, tab *browser.Tab, email string) {
	t.Helper()
	tab.Go(t, s.page("register"))
	tab.Submit(t, "main a[href^=reset]")
	s.mustShow(t, tab, "reset")
	tab.Fill(t, "#address", email)
	submitForm(t, tab)
	s.mustShow(t, tab, "reset/code")
}

// Somebody has forgotten the password and sets another one with the code of a mail, with and without
// scripts, and on a phone. After that a back end can verify the new password only.
func TestSomebodyForgotThePassword(t *testing.T) {
	t.Parallel()
	for name, view := range map[string]browser.View{
		"with scripts": {}, "without": {NoScripts: true}, "on a phone": {Width: 360, Height: 640, Scale: 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, email, tab := open(t, nil), systemtest.Address("ann"), browser.NewTab(t, view)
			s.newMember(t, email)
			s.askForReset(t, tab, email)
			code := s.code(t, email, 1)
			tab.Fill(t, "#code", systemtest.WrongCode(code))
			tab.Fill(t, "#password", newPassword)
			if got := tab.Submit(t, submit); got != 422 || !tab.Has(t, "#code-error") {
				t.Errorf("a wrong code is answered %d: %s", got, tab.Text(t, "main"))
			}
			tab.Fill(t, "#code", code)
			tab.Fill(t, "#password", newPassword)
			submitForm(t, tab)
			s.mustShow(t, tab, "reset/code")
			if !tab.Has(t, "[role=status]") || tab.Has(t, "form") {
				t.Errorf("the last page shows %q", tab.Text(t, "main"))
			}
			s.checkPassword(t, email, newPassword, 200)
			s.checkPassword(t, email, systemtest.Password, 401)
		})
	}
}

// The link of a mail opens the form for a new password, and that of another one proves an address. The
// code of the link does not stay in the address of the page.
func TestTheLinksOfMailsToMembers(t *testing.T) {
	t.Parallel()
	s, email, second := open(t, nil), systemtest.Address("ann"), systemtest.Address("second")
	user := s.newMember(t, email, second)
	tab := browser.NewTab(t, browser.View{})
	s.tenant.Public.Must(t, 204, "POST", "/pools/"+s.pool+"/password/reset/request?code_type_in_message=link", fields{
		"address": email,
	})
	tab.Go(t, s.link(t, email, 1))
	if got := tab.Text(t, "main"); !strings.Contains(got, email) {
		t.Errorf("the page shows %q", got)
	}
	tab.Fill(t, "#password", newPassword)
	submitForm(t, tab)
	s.mustShow(t, tab, "reset/code")
	s.checkPassword(t, email, newPassword, 200)

	s.tenant.Admin.Must(t, 204, "POST", "/pools/"+s.pool+"/users/"+user+"/address/verification/request", fields{
		"address": second,
	})
	tab.Go(t, s.link(t, second, 1))
	if got := tab.Text(t, "main"); !strings.Contains(got, second) {
		t.Errorf("the page shows %q", got)
	}
	submitForm(t, tab)
	s.mustShow(t, tab, "verify")
	if strings.Contains(tab.URL(t), "code=") || !tab.Has(t, "[role=status]") {
		t.Errorf("the last page, %s, shows %q", tab.URL(t), tab.Text(t, "main"))
	}
	of := s.tenant.Admin.Must(t, 200, "GET", "/pools/"+s.pool+"/users/"+user, nil).Fields(t)
	for _, address := range of["verifiable_addresses"].([]any) {
		if address.(fields)["verified"] != true {
			t.Errorf("%v", address)
		}
	}
}

// Every page of the way back in can be read and used by everybody, on the smallest phone and on a desktop,
// with light and dark colours, and its text fits a phone in every language.
func TestThePagesOfTheWayBackInAreForEverybody(t *testing.T) {
	t.Parallel()
	s, email, second := open(t, nil), systemtest.Address("ann"), systemtest.Address("second")
	path := "/pools/" + s.pool + "/users/" + s.newMember(t, email, second) + "/code/generate"
	generate := func(purpose, address string) string {
		return s.tenant.System.Must(t, 201, "POST", path, fields{
			"type": purpose, "address": address,
		}).Text(t, "extended_code")
	}
	link := "reset?code=" + generate("reset_password", email)
	digest := identity.MailboxDigest(identity.TypeEmail, second)
	proof := "verify?code=" + generate("verify_address", second) + "&for=" + digest
	tab := browser.NewTab(t, browser.View{})
	check := func(page string) {
		t.Helper()
		checkLooks(t, tab)
		narrow := browser.View{Width: 320}
		tab.SetView(t, narrow)
		for _, language := range identity.Languages() {
			tab.Go(t, in(t, s.page(page), language))
			checkLanguage(t, tab, language, narrow)
		}
	}
	for _, page := range []string{"reset/code", "reset", link, "reset?code=x", proof, "verify?code=x&for=y"} {
		tab.Go(t, s.page(page))
		check(page)
	}
	tab.Go(t, s.page("reset"))
	tab.Fill(t, "#address", "somebody@example.com")
	submitForm(t, tab)
	check("reset/code")
	tab.Fill(t, "#code", "1")
	tab.Fill(t, "#password", newPassword)
	if got := tab.Submit(t, submit); got != 422 {
		t.Errorf("a wrong code is answered %d", got)
	}
	tab.CheckAccessibility(t)
	tab.Go(t, s.page(link))
	tab.Fill(t, "#password", newPassword)
	submitForm(t, tab)
	check("reset/code")
}
