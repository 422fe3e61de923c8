package registration_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"identitypools/infra/check/systemtest"
)

// Anybody can see when half of a pool's mails are spent. What a request spends does not depend on
// whether its address is registered, invited, active or unreachable.
func TestWhatARequestSpendsTellsNothing(t *testing.T) {
	t.Parallel()
	states := map[string]func(*testing.T, *setup){
		"unknown": func(*testing.T, *setup) {},
		"active": func(t *testing.T, s *setup) {
			s.tenant.NewUser(t, s.pool, "active", s.email, nil)
		},
		"invited": func(t *testing.T, s *setup) {
			s.tenant.NewUser(t, s.pool, "new", s.email, nil)
		},
		"out of reach": func(t *testing.T, s *setup) { s.reportBounce(t) },
	}
	for name, c := range map[string]struct {
		mails int // limit of an hour; work is asked for when half of it is spent
		ask   func(*testing.T, *setup)
		want  bool
	}{
		"a registration": {2, func(t *testing.T, s *setup) { s.register(t, strangersPassword) }, true},
		"a resend": {2, func(t *testing.T, s *setup) {
			s.tenant.Public.Must(t, 202, "POST", s.path()+"/activation/send", fields{
				"address": s.email,
			})
		}, true},
		"a resend by name": {2, func(t *testing.T, s *setup) {
			s.tenant.Public.Must(t, 202, "POST", s.path()+"/activation/send", fields{
				"address": "some-name",
			})
		}, true},
		"resends for two within a minute": {4, func(t *testing.T, s *setup) {
			s.tenant.Public.Must(t, 202, "POST", s.path()+"/activation/send", fields{
				"address": s.email,
			})
			s.product.AwaitEmptyOutbox(t)
			s.tenant.Public.Must(t, 202, "POST", s.path()+"/activation/send", fields{
				"address": systemtest.Address("nobody"),
			})
		}, true},
		"two registrations of an address within a minute": {4, func(t *testing.T, s *setup) {
			s.register(t, strangersPassword)
			s.product.AwaitEmptyOutbox(t)
			s.register(t, strangersPassword)
		}, false},
		"an address and a name with it within a minute": {4, func(t *testing.T, s *setup) {
			s.register(t, strangersPassword)
			s.product.AwaitEmptyOutbox(t)
			s.registerName(t, "some-name", "code")
		}, true},
		"two registrations of an address": {4, func(t *testing.T, s *setup) {
			s.register(t, strangersPassword)
			s.product.AwaitEmptyOutbox(t)
			s.product.Clock.Advance(time.Minute)
			s.register(t, strangersPassword)
		}, true},
	} {
		for state, make := range states {
			t.Run(name+", "+state, func(t *testing.T) {
				t.Parallel()
				s := newSetup(t, fields{"limits": fields{"pool_mails_per_hour": c.mails}})
				make(t, s)
				s.advanceToNextHour(t)
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
			s := newSetup(t, fields{"limits": fields{"pool_mails_per_hour": 2}})
			ticket := s.register(t, ownersPassword)
			code := systemtest.CodeIn(t, newestMail(t, s.product, s.email, 1))
			s.advanceToNextHour(t)
			s.strangerTicket = s.register(t, strangersPassword)
			newestMail(t, s.product, s.email, 2)
			s.product.AwaitEmptyOutbox(t)
			if activated {
				s.activate(t, 201, fields{"ticket": ticket, "code": code})
				s.product.AwaitEmptyOutbox(t)
			}
			s.advanceToNextHour(t)
			s.tenant.Public.Must(t, 202, "POST", s.path()+"/activation/send", fields{
				"ticket": s.strangerTicket,
			})
			if !s.asksForWork(t) {
				t.Error("the resend has spent nothing")
			}
		})
	}
}

// A mail that waits because the budget of its pool is spent does not count against the limits of
// its mailbox until it is sent. So the mails that strangers cause in such a pool do not prevent
// mails from another pool.
func TestMailsThatWaitTakeNothing(t *testing.T) {
	t.Parallel()
	for _, has := range []string{"no mail yet", "a mail of another pool"} {
		t.Run(has, func(t *testing.T) {
			t.Parallel()
			s := newScarceSetup(t, 4)
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
				s.registerName(t, fmt.Sprint("name", i), "code")
				s.deliver(t)
			}
			ticket := s.tenant.Public.Must(t, 201, "POST", healthy+"/register", fields{
				"identifier": s.email, "password": ownersPassword,
			}).Text(t, "ticket")
			s.deliver(t)
			mails := s.product.Inbox.Mails(t, s.email)
			if len(mails) != want {
				t.Fatalf("%d mails, want %d", len(mails), want)
			}
			body := fields{"ticket": ticket, "code": systemtest.CodeIn(t, mails[want-1])}
			if s.tenant.Public.Call(t, "POST", healthy+"/activate", body).Status != 201 {
				body["password"] = ownersPassword // the stranger's registrations have replaced this one
				s.tenant.Public.Must(t, 201, "POST", healthy+"/activate", body)
			}
		})
	}
}

// An owner whose browser solves a challenge gets a mail at once, although mails to the same mailbox
// wait that strangers have caused without any work.
func TestMailsThatWaitDoNotHoldBackWhoWorks(t *testing.T) {
	t.Parallel()
	s := newScarceSetup(t, 20)
	for i := range 5 {
		s.registerName(t, fmt.Sprint("name", i), "code")
		s.deliver(t)
		s.product.Clock.Advance(time.Minute)
	}
	s.product.ExpireCaches()
	scarce := &scarcePool{product: s.product, tenant: s.tenant, pool: s.pool}
	s.tenant.Public.Must(t, 201, "POST", s.path()+"/register", fields{
		"identifier": s.email, "password": ownersPassword, "altcha": scarce.solution(t, s.pool),
	})
	s.deliver(t)
	if n := len(s.product.Inbox.Mails(t, s.email)); n != 1 {
		t.Errorf("%d mails to the owner", n)
	}
}

// Mails that have waited are sent under the same limits as others: at most one a minute and five an
// hour.
func TestMailsThatHaveWaitedKeepToTheLimits(t *testing.T) {
	t.Parallel()
	s := newScarceSetup(t, 20)
	for i := range 8 {
		s.product.Clock.Advance(61 * time.Second)
		s.tenant.RenewTokens(t)
		s.registerName(t, fmt.Sprint("name", i), "code")
		s.deliver(t)
	}
	s.advanceToNextHour(t)
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

// Requests that cause no mail, because nobody has the address or because they are made in another
// pool, do not make the product drop the mail of a registration while mails are scarce.
func TestRequestsThatSendNothingDropNoMail(t *testing.T) {
	t.Parallel()
	for _, where := range []string{"nowhere", "in the pool", "in another pool"} {
		t.Run(where, func(t *testing.T) {
			t.Parallel()
			s := newScarceSetup(t, 40)
			path := s.path()
			if where == "in another pool" {
				path = "/pools/" + s.tenant.NewPool(t, nil)
			}
			for range 5 {
				if where != "nowhere" {
					s.tenant.Public.Must(t, 202, "POST", path+"/activation/send", fields{
						"address": s.email,
					})
					s.deliver(t)
				}
				s.product.Clock.Advance(61 * time.Second)
			}
			s.register(t, ownersPassword)
			s.deliver(t)
			s.tick(t, time.Hour)
			if n := len(s.product.Inbox.Mails(t, s.email)); n != 1 {
				t.Errorf("%d mails to the owner an hour later", n)
			}
		})
	}
}

// Resends by an address that is nobody's identifier do not make the product drop a resend by ticket
// to the same mailbox while mails are scarce.
func TestResendsThatSendNothingDropNoResendByTicket(t *testing.T) {
	t.Parallel()
	s := newScarceSetup(t, 40)
	ticket := s.registerName(t, "ann", "code")
	s.deliver(t)
	for range 5 {
		s.product.Clock.Advance(61 * time.Second)
		s.tenant.Public.Must(t, 202, "POST", s.path()+"/activation/send", fields{"address": s.email})
		s.deliver(t)
	}
	s.tenant.Public.Must(t, 202, "POST", s.path()+"/activation/send", fields{"ticket": ticket})
	s.deliver(t)
	s.tick(t, time.Hour)
	s.tick(t, 5*time.Minute)
	mails := s.product.Inbox.Mails(t, s.email) // that of the registration is dropped if it comes later
	if n := len(mails); n == 0 || !strings.HasPrefix(mails[n-1].Subject, "Your new code") {
		t.Fatalf("of %d mails, none is that of the resend", n)
	}
	s.activate(t, 201, fields{
		"ticket": ticket, "code": systemtest.CodeIn(t, mails[len(mails)-1]), "password": ownersPassword,
	})
}

// A message that SES refuses temporarily is counted once, however often it is tried, and keeps its
// place in the budget when other mails are asked for meanwhile.
func TestAMessageThatIsTriedAgainPaysOnce(t *testing.T) {
	t.Parallel()
	for _, state := range []string{"unknown", "active"} {
		t.Run(state, func(t *testing.T) {
			t.Parallel()
			s, proxy := newProxiedSetup(t, 4)
			if state == "active" {
				s.tenant.NewUser(t, s.pool, "active", s.email, nil)
			}
			proxy.SetFault(systemtest.Refuse(429, "TooManyRequestsException"))
			s.register(t, ownersPassword)
			mine := s.product.OutboxEvent(t)
			for range 20 {
				s.product.Stream(t.Context(), mine)
			}
			proxy.ClearFault()
			s.product.Clock.Advance(61 * time.Second)
			s.register(t, strangersPassword) // takes the second of the two places that strangers have
			other := s.product.OutboxEvent(t)
			for _, record := range other.Records {
				if record.Change.Keys["pk"].String() != mine.Records[0].Change.Keys["pk"].String() {
					other.Records = []events.DynamoDBEventRecord{record}
				}
			}
			s.product.Stream(t.Context(), other)
			s.product.Clock.Advance(61 * time.Second)
			s.product.Stream(t.Context(), mine)
			if n := len(s.product.Inbox.Mails(t, s.email)); n != 2 {
				t.Errorf("%d mails in the hour, want both", n)
			}
			last := systemtest.Address("last")
			s.tenant.Public.Must(t, 201, "POST", s.path()+"/register", fields{"identifier": last})
			s.deliver(t)
			s.tick(t, time.Hour)
			if n := len(s.product.Inbox.Mails(t, last)); n != 1 {
				t.Errorf("an hour later %d mails to who came after the two", n)
			}
		})
	}
}

// What a resend spends does not depend on the state of the address either while SES refuses mails.
func TestAnOutageTellsNothing(t *testing.T) {
	t.Parallel()
	for _, state := range []string{"unknown", "new", "active"} {
		t.Run(state, func(t *testing.T) {
			t.Parallel()
			s, proxy := newProxiedSetup(t, 2)
			if state != "unknown" {
				s.tenant.NewUser(t, s.pool, state, s.email, nil)
			}
			proxy.SetFault(systemtest.Refuse(429, "TooManyRequestsException"))
			s.tenant.Public.Must(t, 202, "POST", s.path()+"/activation/send", fields{
				"address": s.email,
			})
			s.product.Stream(t.Context(), s.product.OutboxEvent(t))
			s.product.ExpireCaches()
			if !contains(s.tenant.Public.Must(t, 200, "GET", s.path(), nil).Body, "challenge") {
				t.Error("a resend has not spent half of two mails")
			}
		})
	}
}

// Notices to owners are sent before the mails that strangers cause, up to a limit an hour. Above
// the limit they wait as those mails do.
func TestTheNoticesOfAnHourAreBounded(t *testing.T) {
	t.Parallel()
	for _, spent := range []string{"999", "1000"} { // the limit is half of 2000
		t.Run(spent, func(t *testing.T) {
			t.Parallel()
			s := newScarceSetup(t, 4)
			s.tenant.NewUser(t, s.pool, "active", s.email, nil)
			now := s.product.Clock.Now().UTC()
			if _, err := s.product.DB.PutItem(t.Context(), &dynamodb.PutItemInput{
				TableName: aws.String(s.product.TableName), Item: map[string]types.AttributeValue{
					"pk": &types.AttributeValueMemberS{
						Value: "LIMIT#" + s.tenant.ID + "#" + s.pool + "#notices",
					},
					"sk": &types.AttributeValueMemberS{
						Value: now.Format("2006-01-02T15"),
					},
					"h" + now.Format("15"): &types.AttributeValueMemberN{Value: spent},
				},
			}); err != nil {
				t.Fatal(err)
			}
			s.register(t, strangersPassword)
			s.deliver(t)
			if n, want := len(s.product.Inbox.Mails(t, s.email)), map[string]int{
				"999": 1, "1000": 0,
			}[spent]; n != want {
				t.Errorf("%d notices at once, want %d", n, want)
			}
			s.tick(t, time.Hour)
			if n := len(s.product.Inbox.Mails(t, s.email)); n != 1 {
				t.Errorf("%d notices an hour later", n)
			}
		})
	}
}

// Of concurrent requests for one mailbox, one is counted and one sends a mail.
func TestRequestsAtOnceCountOnce(t *testing.T) {
	t.Parallel()
	s, _ := newProxiedSetup(t, 1000)
	for range 20 {
		s.register(t, strangersPassword)
	}
	outbox := s.product.OutboxEvent(t)
	var all sync.WaitGroup
	for _, record := range outbox.Records {
		all.Go(func() {
			one := events.DynamoDBEvent{Records: []events.DynamoDBEventRecord{record}}
			for range 5 { // a record that met a conflict is delivered again
				if len(s.product.Stream(t.Context(), one)) == 0 {
					return
				}
			}
			t.Error("a message is not worked on")
		})
	}
	all.Wait()
	spent := s.product.Stored(t, "LIMIT#"+s.tenant.ID+"#"+s.pool+"#mails")
	if len(spent) != 1 || spent[0]["day"] != "1" {
		t.Errorf("20 requests at once have spent %v", spent)
	}
	if n := len(s.product.Inbox.Mails(t, s.email)); n != 1 {
		t.Errorf("%d mails", n)
	}
}
