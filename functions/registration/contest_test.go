package registration_test

import (
	"testing"
	"time"

	"identitypools/infra/check/systemtest"
)

// A registration that names a taken user name waits for its mailbox like any other. So the
// stranger's registration is not the only one that waits, and its password does not become that of
// whoever redeems the code on the system tree.
func TestARegistrationOfATakenNameCounts(t *testing.T) {
	t.Parallel()
	for _, order := range []string{"stranger first", "owner first"} {
		t.Run(order, func(t *testing.T) {
			t.Parallel()
			s := newSetup(t, nil)
			s.tenant.NewUser(t, s.pool, "active", systemtest.Address("other"), fields{
				"identifiers": []fields{{"identifier": "ann", "type": "uid"}},
			})
			owner := func() {
				s.tenant.System.Must(t, 201, "POST", s.path()+"/user/register", fields{
					"identifier": "ann", "otp_address": s.email, "password": ownersPassword,
				})
				s.product.AwaitEmptyOutbox(t)
			}
			if order == "owner first" {
				owner()
				s.product.Clock.Advance(2 * time.Minute)
			}
			s.tenant.Public.Must(
				t, 201, "POST", s.path()+"/register?code_type_in_message=link",
				fields{"identifier": s.email, "password": strangersPassword},
			)
			s.product.AwaitEmptyOutbox(t)
			if order == "stranger first" {
				owner()
			}
			mails := s.product.Inbox.Mails(t, s.email)
			if order == "stranger first" {
				mails = mails[:1] // the other is the notice about the name
			}
			code := systemtest.LinkIn(t, mails[len(mails)-1]).Query().Get("code")
			got := s.tenant.System.Call(t, "POST", s.path()+"/user/activate", fields{"code": code})
			if got.Status == 201 {
				in := s.tenant.System.Call(t, "POST", s.path()+"/user/password/verify", fields{
					"identifier": s.email, "password": strangersPassword,
				})
				t.Errorf(
					"two registrations waited for the address, activation is %d, and the stranger's password answers %d",
					got.Status, in.Status,
				)
			}
		})
	}
}

// Delayed mails count for their mailbox, so many registrations of one mailbox do not use up the
// later hours of a pool's budget.
func TestOneMailboxDoesNotTakeThePoolsLaterHours(t *testing.T) {
	t.Parallel()
	s := newScarceSetup(t, 4)
	victim := systemtest.Address("victim")
	for range 30 {
		s.tenant.Public.Must(t, 201, "POST", s.path()+"/register", fields{"identifier": victim})
	}
	s.deliver(t)
	s.tenant.Public.Must(t, 201, "POST", s.path()+"/register", fields{"identifier": s.email})
	s.deliver(t)
	s.tick(t, time.Hour)
	mine, theirs := len(s.product.Inbox.Mails(t, s.email)), len(s.product.Inbox.Mails(t, victim))
	if mine != 1 || theirs != 1 {
		t.Errorf(
			"an hour later one mailbox of 30 registrations has %d mails, and that of one has %d",
			theirs, mine,
		)
	}
}

// A delayed mail is not lost if its mailbox has just got another mail. It is sent as soon as the
// limits of the mailbox allow it.
func TestADelayedMailIsNotHeldBackByAnother(t *testing.T) {
	t.Parallel()
	s := newScarceSetup(t, 2)
	s.tenant.Public.Must(t, 201, "POST", s.path()+"/register", fields{"identifier": s.email})
	s.deliver(t)
	if mails := s.product.Inbox.Mails(t, s.email); len(mails) > 0 {
		t.Fatalf("%d mails come though the budget is spent", len(mails))
	}
	s.product.Clock.Advance(58*time.Minute + 30*time.Second) // half a minute before the next hour
	s.tenant.RenewTokens(t)
	other := s.tenant.NewPool(t, nil)
	s.tenant.Public.Must(t, 201, "POST", "/pools/"+other+"/register", fields{"identifier": s.email})
	s.deliver(t)
	for after, want := range []int{1, 2} { // the mails to a mailbox are a minute apart
		s.tick(t, 45*time.Second)
		if mails := s.product.Inbox.Mails(t, s.email); len(mails) != want {
			t.Errorf(
				"%d mails at tick %d, want %d: that of the other pool, and then the delayed one",
				len(mails), after, want,
			)
		}
	}
}

// A delayed message whose user has become active meanwhile does not tell the owner that somebody
// else wanted the address.
func TestADelayedMailOfAnActiveUserIsNoNotice(t *testing.T) {
	t.Parallel()
	s := newScarceSetup(t, 4)
	s.product.Clock.Advance(time.Hour)
	s.tenant.RenewTokens(t)
	ticket := s.register(t, ownersPassword)
	s.deliver(t)
	code := systemtest.CodeIn(t, s.product.Inbox.Mails(t, s.email)[0])
	s.tenant.Public.Must(t, 201, "POST", s.path()+"/register", fields{
		"identifier": systemtest.Address("second"),
	})
	s.deliver(t) // half of the budget is spent now
	s.product.Clock.Advance(2 * time.Minute)
	s.tenant.Public.Must(t, 202, "POST", s.path()+"/activation/send", fields{"ticket": ticket})
	s.deliver(t)
	if waiting := len(s.product.Stored(t, "MESSAGE#")); waiting != 1 {
		t.Fatalf("%d messages wait", waiting)
	}
	s.activate(t, 201, fields{"ticket": ticket, "code": code})
	s.deliver(t)
	s.tick(t, time.Hour)
	for _, m := range s.product.Inbox.Mails(t, s.email) {
		if m.Subject == "You already have an account with Partners" {
			t.Error("the owner is told of somebody else, who was the owner")
		}
	}
	if waiting := len(s.product.Stored(t, "MESSAGE#")); waiting != 0 {
		t.Errorf("%d messages still wait", waiting)
	}
}
