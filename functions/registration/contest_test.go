package registration_test

import (
	"testing"
	"time"

	"identitypools/infra/local/systemtest"
)

// A registration that names a taken user name waits for its mailbox like any other, so the stranger's is not the only one, and its password does
// not become that of whoever redeems the code on the system tree.
func TestARegistrationOfATakenNameCounts(t *testing.T) {
	t.Parallel()
	for _, order := range []string{"stranger first", "owner first"} {
		t.Run(order, func(t *testing.T) {
			t.Parallel()
			s := peace(t, nil)
			s.tenant.NewUser(t, s.pool, "active", systemtest.Address("other"), fields{"identifiers": []fields{{"identifier": "ann", "type": "uid"}}})
			owner := func() {
				s.tenant.System.Must(t, 201, "POST", s.path()+"/user/register", fields{"identifier": "ann", "otp_address": s.email, "password": ownersPassword})
				s.product.Quiet(t)
			}
			if order == "owner first" {
				owner()
				s.product.Clock.Advance(2 * time.Minute)
			}
			s.tenant.Public.Must(t, 201, "POST", s.path()+"/register?code_type_in_message=link", fields{"identifier": s.email, "password": strangersPassword})
			s.product.Quiet(t)
			if order == "stranger first" {
				owner()
			}
			mails := s.product.Inbox.Mails(t, s.email)
			code := systemtest.LinkIn(t, mails[len(mails)-1]).Query().Get("code")
			got := s.tenant.System.Call(t, "POST", s.path()+"/user/activate", fields{"code": code})
			if got.Status == 201 {
				in := s.tenant.System.Call(t, "POST", s.path()+"/user/password/verify", fields{"identifier": s.email, "password": strangersPassword})
				t.Errorf("two registrations waited for the address, activation is %d, and the stranger's password answers %d", got.Status, in.Status)
			}
		})
	}
}

// Delayed mails are counted for their mailbox, so registrations of one mailbox don't take all later hours of a pool's budget.
func TestOneMailboxDoesNotTakeThePoolsLaterHours(t *testing.T) {
	t.Parallel()
	s := peace(t, fields{"limits": fields{"pool_mails_per_hour": 4}})
	victim := systemtest.Address("victim")
	calm := func() { time.Sleep(700 * time.Millisecond) } // messages that wait stay in the outbox
	first := []string{systemtest.Address("a"), systemtest.Address("b")}
	for _, address := range first {
		s.tenant.Public.Must(t, 201, "POST", s.path()+"/register", fields{"identifier": address})
	}
	calm()
	for range 60 {
		s.tenant.Public.Must(t, 201, "POST", s.path()+"/register", fields{"identifier": victim})
	}
	calm()
	s.tenant.Public.Must(t, 201, "POST", s.path()+"/register", fields{"identifier": s.email, "password": ownersPassword})
	calm()
	for hour := range 25 {
		s.product.Clock.Advance(time.Hour)
		if err := s.product.Courier.Tick(t.Context()); err != nil {
			t.Fatal(err)
		}
		calm()
		if len(s.product.Inbox.Mails(t, s.email)) > 0 {
			t.Logf("the owner's mail comes after %d hours; the stranger's mailbox has %d", hour+1, len(s.product.Inbox.Mails(t, victim)))
			if hour > 1 {
				t.Errorf("late")
			}
			return
		}
	}
	t.Errorf("the owner's mail never comes; 60 registrations of one mailbox sent it %d mails", len(s.product.Inbox.Mails(t, victim)))
}

// A message that was delayed and whose user has become active meanwhile does not tell the owner that somebody else wanted the address.
func TestADelayedMailOfAnActiveUserIsNoNotice(t *testing.T) {
	t.Parallel()
	s := peace(t, fields{"limits": fields{"pool_mails_per_hour": 2}})
	calm := func() { time.Sleep(700 * time.Millisecond) }
	ticket := s.register(t, ownersPassword) // takes the half
	code := systemtest.CodeIn(t, newest(t, s.product, s.email, 1))
	s.product.Clock.Advance(2 * time.Minute)
	s.tenant.Public.Must(t, 202, "POST", s.path()+"/activation/send", fields{"ticket": ticket}) // delayed
	calm()
	s.activate(t, 201, fields{"ticket": ticket, "code": code})
	calm()
	s.product.Clock.Advance(2 * time.Hour)
	if err := s.product.Courier.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	calm()
	for i, m := range s.product.Inbox.Mails(t, s.email) {
		t.Logf("mail %d: %s", i, m.Subject)
	}
}
