package registration_test

import (
	"testing"
	"time"

	"identitypools/infra/check/systemtest"
)

// A user whom an administrator made with a user name alone gets no address by a stranger's registration of that name: neither a resend by
// the name nor the administrator's own message brings the stranger a code.
func TestAUserWithoutAnAddressGetsNoneFromAStranger(t *testing.T) {
	t.Parallel()
	for _, by := range []string{"public resend", "administrator's send"} {
		t.Run(by, func(t *testing.T) {
			t.Parallel()
			s := peace(t, nil)
			s.product.NewTenant(t)
			name, mine := "root-"+systemtest.Unique(), systemtest.Address("stranger")
			id := s.tenant.Admin.Must(t, 201, "POST", s.path()+"/users", fields{
				"status": "new", "identifiers": []fields{{"identifier": name, "type": "uid"}}, "metadata": fields{"role": "administrator"},
			}).Text(t, "id")
			ticket := s.tenant.Public.Must(t, 201, "POST", s.path()+"/register", fields{"identifier": name, "otp_address": mine, "password": strangersPassword}).Text(t, "ticket")
			s.product.Inbox.Await(t, mine, 1)
			s.product.Clock.Advance(2 * time.Minute)
			if by == "public resend" {
				s.tenant.Public.Must(t, 202, "POST", s.path()+"/activation/send", fields{"address": name})
			} else {
				if got := s.tenant.Admin.Call(t, "POST", s.path()+"/users/"+id+"/activation/send?code_type_in_message=code", nil); got.Status == 422 {
					return
				}
			}
			s.product.AwaitEmptyOutbox(t)
			mails := s.product.Inbox.Mails(t, mine)
			if len(mails) < 2 {
				return
			}
			t.Errorf("the stranger gets %q for the administrator's user", mails[1].Subject)
			got := s.tenant.Public.Call(t, "POST", s.path()+"/activate", fields{"ticket": ticket, "code": systemtest.CodeIn(t, mails[1]), "password": strangersPassword})
			t.Logf("activate: %d %s", got.Status, got.Body)
			in := s.tenant.System.Call(t, "POST", s.path()+"/user/password/verify", fields{"identifier": name, "password": strangersPassword})
			if in.Status == 200 {
				t.Errorf("the stranger signs in as %v", byKey(t, s.tenant, s.pool, name))
			}
		})
	}
}

// A user who has proved an address, and whom an administrator makes new again, is not completed by a stranger's registration of the user name
// with the stranger's address, in a pool without passwords either.
func TestNoRegistrationCompletesAUserWhoHasProvedAnAddress(t *testing.T) {
	t.Parallel()
	s := peace(t, fields{"authentication_mechanisms": []string{"otp"}, "preferred_authentication_mechanism": "otp"})
	name, mine := "ann-"+systemtest.Unique(), systemtest.Address("stranger")
	owner := s.tenant.Public.Must(t, 201, "POST", s.path()+"/register", fields{"identifier": name, "otp_address": s.email}).Text(t, "ticket")
	s.activate(t, 201, fields{"ticket": owner, "code": systemtest.CodeIn(t, newest(t, s.product, s.email, 1))})
	id := byKey(t, s.tenant, s.pool, name)["id"].(string)
	s.tenant.Admin.Must(t, 200, "PUT", s.path()+"/users/"+id, fields{"metadata": fields{"role": "administrator"}})
	s.product.Clock.Advance(2 * time.Minute)
	s.tenant.Admin.Must(t, 200, "PUT", s.path()+"/users/"+id, fields{"status": "new"})
	s.product.Clock.Advance(2 * time.Minute)
	ticket := s.tenant.Public.Must(t, 201, "POST", s.path()+"/register", fields{"identifier": name, "otp_address": mine, "payload": fields{"name": "stranger"}}).Text(t, "ticket")
	m := newest(t, s.product, mine, 1)
	t.Logf("the stranger gets %q", m.Subject)
	if m.Subject == "The name you chose for Partners is taken" {
		return
	}
	got := s.tenant.Public.Call(t, "POST", s.path()+"/activate", fields{"ticket": ticket, "code": systemtest.CodeIn(t, m)})
	if got.Status == 201 {
		t.Errorf("the stranger has become %v", byKey(t, s.tenant, s.pool, mine))
	}
}

// A stranger who has registered an address as an identifier does not keep whoever proves it for a user name from it.
func TestAnUnprovedIdentifierGivesWayToWhoeverProvesIt(t *testing.T) {
	t.Parallel()
	s := peace(t, nil)
	s.stranger = s.register(t, strangersPassword)
	newest(t, s.product, s.email, 1)
	s.product.Clock.Advance(2 * time.Minute)
	owner := s.tenant.Public.Must(t, 201, "POST", s.path()+"/register", fields{"identifier": "ann-" + systemtest.Unique(), "otp_address": s.email, "password": ownersPassword}).Text(t, "ticket")
	code := systemtest.CodeIn(t, newest(t, s.product, s.email, 2))
	if got := s.tenant.Public.Call(t, "POST", s.path()+"/activate", fields{"ticket": owner, "code": code}); got.Status != 201 {
		t.Errorf("who proves the address is answered %d %s", got.Status, got.Body)
	}
}
