package registration_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"identitypools/infra/local/system"
	"identitypools/infra/local/systemtest"
)

// beginHour moves the clock to the first minute of an hour.
func (s *siege) beginHour(t *testing.T) {
	t.Helper()
	now := s.product.Clock.Now().UTC()
	s.product.Clock.Advance(now.Truncate(time.Hour).Add(61 * time.Minute).Sub(now))
	s.tenant.Renew(t)
}

// asksForWork says whether the pool shows that half of its mails are spent.
func (s *siege) asksForWork(t *testing.T) bool {
	t.Helper()
	s.product.Quiet(t)
	s.product.Settle()
	var form struct {
		Work json.RawMessage `json:"proof_of_work"`
	}
	if err := json.Unmarshal(s.tenant.Public.Must(t, 200, "GET", s.path(), nil).Body, &form); err != nil {
		t.Fatal(err)
	}
	return form.Work != nil
}

// bounce has SES report that an address can't be reached.
func (s *siege) bounce(t *testing.T) {
	t.Helper()
	detail := fields{"eventType": "Bounce", "bounce": fields{"bounceType": "Permanent", "bouncedRecipients": []fields{{"emailAddress": s.email}}}}
	event, err := json.Marshal(fields{"source": "aws.ses", "detail": detail})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.product.Courier.Handle(system.As(t.Context(), "courier"), event); err != nil {
		t.Fatal(err)
	}
}

// What a request spends of the pool's mails, which anybody sees when half of them is spent, does not depend on who is
// registered, invited, active or out of reach.
func TestWhatARequestSpendsTellsNothing(t *testing.T) {
	t.Parallel()
	states := map[string]func(*testing.T, *siege){
		"unknown":      func(*testing.T, *siege) {},
		"active":       func(t *testing.T, s *siege) { s.tenant.NewUser(t, s.pool, "active", s.email, nil) },
		"invited":      func(t *testing.T, s *siege) { s.tenant.NewUser(t, s.pool, "new", s.email, nil) },
		"out of reach": func(t *testing.T, s *siege) { s.bounce(t) },
	}
	for name, c := range map[string]struct {
		mails int // of the pool in an hour, of which what is asked spends half
		ask   func(*testing.T, *siege)
		want  bool
	}{
		"a registration": {2, func(t *testing.T, s *siege) { s.register(t, strangersPassword) }, true},
		"a resend": {2, func(t *testing.T, s *siege) {
			s.tenant.Public.Must(t, 202, "POST", s.path()+"/activation/send", fields{"address": s.email})
		}, true},
		"a resend by name": {2, func(t *testing.T, s *siege) {
			s.tenant.Public.Must(t, 202, "POST", s.path()+"/activation/send", fields{"address": "some-name"})
		}, true},
		"resends for two within a minute": {4, func(t *testing.T, s *siege) {
			s.tenant.Public.Must(t, 202, "POST", s.path()+"/activation/send", fields{"address": s.email})
			s.product.Quiet(t)
			s.tenant.Public.Must(t, 202, "POST", s.path()+"/activation/send", fields{"address": systemtest.Address("nobody")})
		}, true},
		"two registrations of an address within a minute": {4, func(t *testing.T, s *siege) {
			s.register(t, strangersPassword)
			s.product.Quiet(t)
			s.register(t, strangersPassword)
		}, false},
		"an address and a name with it within a minute": {4, func(t *testing.T, s *siege) {
			s.register(t, strangersPassword)
			s.product.Quiet(t)
			s.tenant.Public.Must(t, 201, "POST", s.path()+"/register", fields{"identifier": "some-name", "otp_address": s.email})
		}, false},
		"two registrations of an address": {4, func(t *testing.T, s *siege) {
			s.register(t, strangersPassword)
			s.product.Quiet(t)
			s.product.Clock.Advance(time.Minute)
			s.register(t, strangersPassword)
		}, true},
	} {
		for state, make := range states {
			t.Run(name+", "+state, func(t *testing.T) {
				t.Parallel()
				s := peace(t, fields{"limits": fields{"pool_mails_per_hour": c.mails}})
				make(t, s)
				s.beginHour(t)
				c.ask(t, s)
				if got := s.asksForWork(t); got != c.want {
					t.Errorf("work is asked for: %t, want %t", got, c.want)
				}
			})
		}
	}
}

// A resend with a ticket spends as much after its owner has become active as before.
func TestATicketDoesNotTellWhetherItsUserIsActive(t *testing.T) {
	t.Parallel()
	for _, activated := range []bool{false, true} {
		t.Run(fmt.Sprint(activated), func(t *testing.T) {
			t.Parallel()
			s := peace(t, fields{"limits": fields{"pool_mails_per_hour": 2}})
			ticket := s.register(t, ownersPassword)
			code := systemtest.CodeIn(t, newest(t, s.product, s.email, 1))
			s.beginHour(t)
			s.stranger = s.register(t, strangersPassword)
			newest(t, s.product, s.email, 2)
			s.product.Quiet(t)
			if activated {
				s.activate(t, 201, fields{"ticket": ticket, "code": code})
				s.product.Quiet(t)
			}
			s.beginHour(t)
			s.tenant.Public.Must(t, 202, "POST", s.path()+"/activation/send", fields{"ticket": s.stranger})
			if !s.asksForWork(t) {
				t.Error("the resend has spent nothing")
			}
		})
	}
}

// A mail that waits for its place in a budget takes nothing of what its mailbox may get until it is sent, so mails that
// strangers cause in a pool whose budget is spent keep nobody from those of another pool.
func TestMailsThatWaitTakeNothing(t *testing.T) {
	t.Parallel()
	for _, has := range []string{"no mail yet", "a mail of another pool"} {
		t.Run(has, func(t *testing.T) {
			t.Parallel()
			s := scarce(t, 4)
			healthy := "/pools/" + s.tenant.NewPool(t, nil)
			want := 1
			if has == "a mail of another pool" {
				other := "/pools/" + s.tenant.NewPool(t, nil)
				s.tenant.Public.Must(t, 201, "POST", other+"/register", fields{"identifier": s.email})
				s.deliver(t)
				want = 2
			}
			for i := range 5 {
				s.product.Clock.Advance(time.Minute)
				s.tenant.Public.Must(t, 201, "POST", s.path()+"/register", fields{"identifier": fmt.Sprint("name", i), "otp_address": s.email})
				s.deliver(t)
			}
			ticket := s.tenant.Public.Must(t, 201, "POST", healthy+"/register", fields{"identifier": s.email, "password": ownersPassword}).Text(t, "ticket")
			s.deliver(t)
			mails := s.product.Inbox.Mails(t, s.email)
			if len(mails) != want {
				t.Fatalf("%d mails, want %d", len(mails), want)
			}
			body := fields{"ticket": ticket, "code": systemtest.CodeIn(t, mails[want-1])}
			if s.tenant.Public.Call(t, "POST", healthy+"/activate", body).Status != 201 {
				body["password"] = ownersPassword // the registration gave way to those of the stranger
				s.tenant.Public.Must(t, 201, "POST", healthy+"/activate", body)
			}
		})
	}
}

// An owner who does the work gets a mail where strangers who do none have mails to the same mailbox waiting.
func TestMailsThatWaitDoNotHoldBackWhoWorks(t *testing.T) {
	t.Parallel()
	s := scarce(t, 20)
	for i := range 5 {
		s.tenant.Public.Must(t, 201, "POST", s.path()+"/register", fields{"identifier": fmt.Sprint("name", i), "otp_address": s.email})
		s.deliver(t)
		s.product.Clock.Advance(time.Minute)
	}
	s.product.Settle()
	short := &shortage{product: s.product, tenant: s.tenant, pool: s.pool}
	s.tenant.Public.Must(t, 201, "POST", s.path()+"/register", fields{
		"identifier": s.email, "password": ownersPassword, "altcha": short.solution(t, s.pool),
	})
	s.deliver(t)
	if n := len(s.product.Inbox.Mails(t, s.email)); n != 1 {
		t.Errorf("%d mails to the owner", n)
	}
}

// Mails that have waited come no faster than others: a minute apart, and five an hour.
func TestMailsThatHaveWaitedKeepToTheLimits(t *testing.T) {
	t.Parallel()
	s := scarce(t, 20)
	for i := range 8 {
		s.product.Clock.Advance(61 * time.Second)
		s.tenant.Renew(t)
		s.tenant.Public.Must(t, 201, "POST", s.path()+"/register", fields{"identifier": fmt.Sprint("name", i), "otp_address": s.email})
		s.deliver(t)
	}
	s.beginHour(t)
	for i, want := range []int{1, 1, 2, 3, 4, 5, 5, 5} {
		after := time.Duration(0)
		if i > 1 {
			after = 61 * time.Second
		}
		s.tick(t, after)
		if n := len(s.product.Inbox.Mails(t, s.email)); n != want {
			t.Errorf("%d mails after tick %d, want %d", n, i, want)
		}
	}
}

// Requests for one mailbox that are not counted take none of the later hours of the budget of notices.
func TestOneMailboxDoesNotTakeTheLaterHoursOfNotices(t *testing.T) {
	t.Parallel()
	s := scarce(t, 4)
	owner := func() string {
		address := systemtest.Address("owner")
		s.tenant.NewUser(t, s.pool, "active", address, nil)
		return address
	}
	ask := func(address string) {
		s.tenant.Public.Must(t, 201, "POST", s.path()+"/register", fields{"identifier": address})
		s.deliver(t)
	}
	for range 2 { // half of the notices of an hour
		ask(owner())
	}
	victim, other := owner(), owner()
	for range 10 {
		ask(victim)
	}
	ask(other)
	s.tick(t, time.Hour)
	for name, address := range map[string]string{"ten times": victim, "once": other} {
		if n := len(s.product.Inbox.Mails(t, address)); n != 1 {
			t.Errorf("an hour later the owner who was asked for %s has %d notices", name, n)
		}
	}
}
