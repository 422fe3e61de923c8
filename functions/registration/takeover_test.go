package registration_test

import (
	"testing"
	"time"

	"identitypools/infra/check/systemtest"
)

// An administrator's user who has only a user name gets no address by a stranger's registration of
// that name: neither a resend by the name nor the administrator's own message sends the stranger a
// code.
func TestAUserWithoutAnAddressGetsNoneFromAStranger(t *testing.T) {
	t.Parallel()
	for _, by := range []string{"public resend", "administrator's send"} {
		t.Run(by, func(t *testing.T) {
			t.Parallel()
			s := newSetup(t, nil)
			s.product.NewTenant(t)
			name, mine := "root-"+systemtest.Unique(), systemtest.Address("stranger")
			id := s.tenant.Admin.Must(t, 201, "POST", s.path()+"/users", fields{
				"status": "new", "identifiers": []fields{{"identifier": name, "type": "uid"}},
				"metadata": fields{"role": "administrator"},
			}).Text(t, "id")
			ticket := s.tenant.Public.Must(t, 201, "POST", s.path()+"/register", fields{
				"identifier": name, "otp_address": mine, "password": strangersPassword,
			}).Text(t, "ticket")
			s.product.Inbox.Await(t, mine, 1)
			s.product.Clock.Advance(2 * time.Minute)
			if by == "public resend" {
				s.tenant.Public.Must(t, 202, "POST", s.path()+"/activation/send", fields{
					"address": name,
				})
			} else {
				if got := s.tenant.Admin.Call(
					t, "POST", s.path()+"/users/"+id+"/activation/send?code_type_in_message=code",
					nil,
				); got.Status == 422 {
					return
				}
			}
			s.product.AwaitEmptyOutbox(t)
			mails := s.product.Inbox.Mails(t, mine)
			if len(mails) < 2 {
				return
			}
			t.Errorf("the stranger gets %q for the administrator's user", mails[1].Subject)
			got := s.tenant.Public.Call(t, "POST", s.path()+"/activate", fields{
				"ticket": ticket, "code": systemtest.CodeIn(t, mails[1]),
				"password": strangersPassword,
			})
			t.Logf("activate: %d %s", got.Status, got.Body)
			in := s.tenant.System.Call(t, "POST", s.path()+"/user/password/verify", fields{
				"identifier": name, "password": strangersPassword,
			})
			if in.Status == 200 {
				t.Errorf("the stranger signs in as %v", findUser(t, s.tenant, s.pool, name))
			}
		})
	}
}

// A user has proved an address and is then set to new by an administrator. A stranger's
// registration of the user name, with the stranger's address, does not complete that user, even in
// a pool without passwords.
func TestNoRegistrationCompletesAUserWhoHasProvedAnAddress(t *testing.T) {
	t.Parallel()
	s := newSetup(t, fields{
		"authentication_mechanisms": []string{"otp"}, "preferred_authentication_mechanism": "otp",
	})
	name, mine := "ann-"+systemtest.Unique(), systemtest.Address("stranger")
	owner := s.tenant.Public.Must(t, 201, "POST", s.path()+"/register", fields{
		"identifier": name, "otp_address": s.email,
	}).Text(t, "ticket")
	s.activate(t, 201, fields{
		"ticket": owner, "code": systemtest.CodeIn(t, newestMail(t, s.product, s.email, 1)),
	})
	id := findUser(t, s.tenant, s.pool, name)["id"].(string)
	s.tenant.Admin.Must(t, 200, "PUT", s.path()+"/users/"+id, fields{
		"metadata": fields{"role": "administrator"},
	})
	s.product.Clock.Advance(2 * time.Minute)
	s.tenant.Admin.Must(t, 200, "PUT", s.path()+"/users/"+id, fields{"status": "new"})
	s.product.Clock.Advance(2 * time.Minute)
	ticket := s.tenant.Public.Must(t, 201, "POST", s.path()+"/register", fields{
		"identifier": name, "otp_address": mine, "payload": fields{"name": "stranger"},
	}).Text(t, "ticket")
	m := newestMail(t, s.product, mine, 1)
	t.Logf("the stranger gets %q", m.Subject)
	if m.Subject == "The name you chose for Partners is taken" {
		return
	}
	got := s.tenant.Public.Call(t, "POST", s.path()+"/activate", fields{
		"ticket": ticket, "code": systemtest.CodeIn(t, m),
	})
	if got.Status == 201 {
		t.Errorf("the stranger has become %v", findUser(t, s.tenant, s.pool, mine))
	}
}

// A stranger who has registered an address as an identifier does not prevent somebody else from
// proving it for a user name.
func TestAnUnprovedIdentifierGivesWayToWhoeverProvesIt(t *testing.T) {
	t.Parallel()
	s := newSetup(t, nil)
	s.strangerTicket = s.register(t, strangersPassword)
	newestMail(t, s.product, s.email, 1)
	s.product.Clock.Advance(2 * time.Minute)
	owner := s.tenant.Public.Must(t, 201, "POST", s.path()+"/register", fields{
		"identifier": "ann-" + systemtest.Unique(), "otp_address": s.email,
		"password": ownersPassword,
	}).Text(t, "ticket")
	code := systemtest.CodeIn(t, newestMail(t, s.product, s.email, 2))
	if got := s.tenant.Public.Call(t, "POST", s.path()+"/activate", fields{
		"ticket": owner, "code": code,
	}); got.Status != 201 {
		t.Errorf("who proves the address is answered %d %s", got.Status, got.Body)
	}
}
