package recovery_test

import (
	"strings"
	"testing"
	"time"

	"identitypools/infra/check/systemtest"
)

// What a stranger asks for kills no code that a back end or an administrator has asked for, and keeps no mail
// of theirs back.
func TestAStrangerStandsInNobodysWay(t *testing.T) {
	t.Parallel()
	s := newSetup(t, systemtest.New(t), nil)
	made := s.tenant.System.Must(t, 201, "POST", s.path()+"/users/"+s.user+"/code/generate", fields{"type": "reset_password"})
	for n := range 5 {
		s.newCode(t, n+1)
		s.pause()
	}
	s.tenant.System.Must(t, 204, "POST", s.path()+"/user/otp/request", fields{"address": s.email})
	challenge := systemtest.CodeIn(t, s.product.Inbox.Await(t, s.email, 6)[5])
	s.tenant.System.Must(t, 200, "POST", s.path()+"/user/otp/verify", fields{"code": challenge, "userID": s.user})
	s.tenant.System.Must(t, 204, "POST", s.path()+"/user/password/reset/confirm", fields{
		"code": made.Text(t, "extended_code"), "new_password": newPassword,
	})
	// A code that a back end asks for kills those that strangers have asked for.
	s.product.Clock.Advance(time.Hour)
	s.tenant.RenewTokens(t)
	old := s.newLink(t, 8) // the owner was told of the new password
	s.tenant.System.Must(t, 201, "POST", s.path()+"/users/"+s.user+"/code/generate", fields{"type": "reset_password"})
	if got := s.confirm(t, fields{"code": old, "new_password": oldPassword}); got.Status != 401 {
		t.Errorf("answered %d %s", got.Status, got.Body)
	}
}

// Somebody who has signed up and never confirmed the address gets the link that activates the account.
func TestSomebodyNewGetsALink(t *testing.T) {
	t.Parallel()
	s := newSetup(t, systemtest.New(t), nil)
	email := systemtest.Address("new")
	s.tenant.Public.Must(t, 201, "POST", s.path()+"/register", fields{"identifier": email, "password": newPassword})
	s.product.Inbox.Await(t, email, 1)
	s.pause()
	s.ask(t, "", email)
	if link := systemtest.LinkIn(t, s.product.Inbox.Await(t, email, 2)[1]); !strings.HasSuffix(link.Path, "/activate") {
		t.Errorf("the link is %s", link)
	}
}

// In a pool that minds case, each spelling of an address is proved by its own link.
func TestEachSpellingHasItsLink(t *testing.T) {
	t.Parallel()
	b := newBrowser(t, systemtest.New(t), fields{"identifier_case_insensitive": false})
	lower := systemtest.Address("second")
	upper := strings.ToUpper(lower[:1]) + lower[1:]
	for _, address := range []string{lower, upper} {
		b.tenant.Admin.Must(t, 200, "POST", b.path()+"/users/"+b.user+"/addresses/add", fields{"address": address, "type": "email"})
	}
	b.tenant.Admin.Must(t, 204, "POST", b.path()+"/users/"+b.user+"/address/verification/request", fields{"address": upper})
	link := systemtest.LinkIn(t, b.product.Inbox.Await(t, upper, 1)[0])
	if got := b.call(t, link.RequestURI()); got.Status != 200 || !has(got, upper) {
		t.Errorf("%d %s", got.Status, mainContent(got))
	}
}

// Guesses which address a user has are limited like all guesses, whether they are right or wrong.
func TestGuessesAtAddressesAreCounted(t *testing.T) {
	t.Parallel()
	b := newBrowser(t, systemtest.New(t), fields{"limits": fields{"source_guesses_per_hour": 10}})
	second := systemtest.Address("second")
	b.unprovedAddress(t, second)
	link := b.linkTo(t, second)
	forged := link[:strings.Index(link, "code=")+len("code=")+60] + "AAAA" + link[strings.Index(link, "&for"):]
	for i := range 11 {
		path, want := forged, 422
		if i%2 == 0 {
			path = strings.Replace(forged, "for=", "for=A", 1)
		}
		if i == 10 {
			want = 429
		}
		if got := b.call(t, b.at(path), valuesOf(t, path)...); got.Status != want {
			t.Errorf("guess %d is answered %d", i, got.Status)
		}
	}
}
