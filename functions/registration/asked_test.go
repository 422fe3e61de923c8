package registration_test

import (
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"identitypools/infra/check/systemtest"
	"identitypools/infra/local/system"
)

// beginHour moves the clock to the first minute of an hour.
func (s *siege) beginHour(t *testing.T) {
	t.Helper()
	now := s.product.Clock.Now().UTC()
	s.product.Clock.Advance(now.Truncate(time.Hour).Add(61 * time.Minute).Sub(now))
	s.tenant.RenewTokens(t)
}

// asksForWork says whether the pool shows that half of its mails are spent.
func (s *siege) asksForWork(t *testing.T) bool {
	t.Helper()
	s.product.AwaitEmptyOutbox(t)
	s.product.ExpireCaches()
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
	if _, err := s.product.Courier.Handle(system.As(t.Context(), "courier"), systemtest.BounceEvent(t, s.email)); err != nil {
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
			s.product.AwaitEmptyOutbox(t)
			s.tenant.Public.Must(t, 202, "POST", s.path()+"/activation/send", fields{"address": systemtest.Address("nobody")})
		}, true},
		"two registrations of an address within a minute": {4, func(t *testing.T, s *siege) {
			s.register(t, strangersPassword)
			s.product.AwaitEmptyOutbox(t)
			s.register(t, strangersPassword)
		}, false},
		"an address and a name with it within a minute": {4, func(t *testing.T, s *siege) {
			s.register(t, strangersPassword)
			s.product.AwaitEmptyOutbox(t)
			s.registerName(t, "some-name", "code")
		}, true},
		"two registrations of an address": {4, func(t *testing.T, s *siege) {
			s.register(t, strangersPassword)
			s.product.AwaitEmptyOutbox(t)
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
			s.product.AwaitEmptyOutbox(t)
			if activated {
				s.activate(t, 201, fields{"ticket": ticket, "code": code})
				s.product.AwaitEmptyOutbox(t)
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
		s.registerName(t, fmt.Sprint("name", i), "code")
		s.deliver(t)
		s.product.Clock.Advance(time.Minute)
	}
	s.product.ExpireCaches()
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
		s.tenant.RenewTokens(t)
		s.registerName(t, fmt.Sprint("name", i), "code")
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

// Requests that send nothing, for an address that nobody has or in another pool, drop no mail of
// whoever registers it while mails are scarce.
func TestRequestsThatSendNothingDropNoMail(t *testing.T) {
	t.Parallel()
	for _, where := range []string{"nowhere", "in the pool", "in another pool"} {
		t.Run(where, func(t *testing.T) {
			t.Parallel()
			s := scarce(t, 40)
			path := s.path()
			if where == "in another pool" {
				path = "/pools/" + s.tenant.NewPool(t, nil)
			}
			for range 5 {
				if where != "nowhere" {
					s.tenant.Public.Must(t, 202, "POST", path+"/activation/send", fields{"address": s.email})
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

// Resends by an address that nobody has as an identifier drop no resend with a ticket for the
// mailbox while mails are scarce.
func TestResendsThatSendNothingDropNoResendByTicket(t *testing.T) {
	t.Parallel()
	s := scarce(t, 40)
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
	if n := len(s.product.Inbox.Mails(t, s.email)); n != 2 {
		t.Errorf("%d mails, want that of the registration and that of the resend", n)
	}
}

// slow is a pool of so many mails an hour, at the beginning of one, whose mails go through a door.
// Its courier works when the test says so.
func slow(t *testing.T, hourly int) (*siege, *systemtest.MailProxy) {
	t.Helper()
	door := systemtest.NewMailProxy(t)
	s := peace(t, fields{"limits": fields{"pool_mails_per_hour": hourly}}, noCourier, door.Option)
	s.beginHour(t)
	return s, door
}

// A message that SES refuses for a moment pays once, however often it is tried again, and keeps its
// place whatever else is asked for meanwhile.
func TestAMessageThatIsTriedAgainPaysOnce(t *testing.T) {
	t.Parallel()
	for _, state := range []string{"unknown", "active"} {
		t.Run(state, func(t *testing.T) {
			t.Parallel()
			s, door := slow(t, 4)
			if state == "active" {
				s.tenant.NewUser(t, s.pool, "active", s.email, nil)
			}
			door.SetFault(systemtest.Refuse(429, "TooManyRequestsException"))
			s.register(t, ownersPassword)
			mine := s.product.OutboxEvent(t)
			for range 20 {
				s.product.Courier.Stream(t.Context(), mine)
			}
			door.ClearFault()
			s.product.Clock.Advance(61 * time.Second)
			s.register(t, strangersPassword) // which is counted instead, and takes the other place that strangers have
			other := s.product.OutboxEvent(t)
			for _, record := range other.Records {
				if record.Change.Keys["pk"].String() != mine.Records[0].Change.Keys["pk"].String() {
					other.Records = []events.DynamoDBEventRecord{record}
				}
			}
			s.product.Courier.Stream(t.Context(), other)
			s.product.Clock.Advance(61 * time.Second)
			s.product.Courier.Stream(t.Context(), mine)
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

// While SES refuses, what a resend spends tells nothing either.
func TestAnOutageTellsNothing(t *testing.T) {
	t.Parallel()
	for _, state := range []string{"unknown", "new", "active"} {
		t.Run(state, func(t *testing.T) {
			t.Parallel()
			s, door := slow(t, 2)
			if state != "unknown" {
				s.tenant.NewUser(t, s.pool, state, s.email, nil)
			}
			door.SetFault(systemtest.Refuse(429, "TooManyRequestsException"))
			s.tenant.Public.Must(t, 202, "POST", s.path()+"/activation/send", fields{"address": s.email})
			s.product.Courier.Stream(t.Context(), s.product.OutboxEvent(t))
			s.product.ExpireCaches()
			if !contains(s.tenant.Public.Must(t, 200, "GET", s.path(), nil).Body, "challenge") {
				t.Error("a resend has not spent half of two mails")
			}
		})
	}
}

// Notices to owners don't wait for the mails that strangers cause, up to a number an hour. Above it
// they wait as those do.
func TestTheNoticesOfAnHourAreBounded(t *testing.T) {
	t.Parallel()
	for _, spent := range []string{"999", "1000"} { // of 2000, of which strangers may cause half
		t.Run(spent, func(t *testing.T) {
			t.Parallel()
			s := scarce(t, 4)
			s.tenant.NewUser(t, s.pool, "active", s.email, nil)
			now := s.product.Clock.Now().UTC()
			if _, err := s.product.DB.PutItem(t.Context(), &dynamodb.PutItemInput{
				TableName: aws.String(s.product.TableName), Item: map[string]types.AttributeValue{
					"pk":                   &types.AttributeValueMemberS{Value: "LIMIT#" + s.tenant.ID + "#" + s.pool + "#notices"},
					"sk":                   &types.AttributeValueMemberS{Value: now.Format("2006-01-02T15")},
					"h" + now.Format("15"): &types.AttributeValueMemberN{Value: spent},
				},
			}); err != nil {
				t.Fatal(err)
			}
			s.register(t, strangersPassword)
			s.deliver(t)
			if n, want := len(s.product.Inbox.Mails(t, s.email)), map[string]int{"999": 1, "1000": 0}[spent]; n != want {
				t.Errorf("%d notices at once, want %d", n, want)
			}
			s.tick(t, time.Hour)
			if n := len(s.product.Inbox.Mails(t, s.email)); n != 1 {
				t.Errorf("%d notices an hour later", n)
			}
		})
	}
}

// Of requests for one mailbox that are worked on at once, one is counted and one sends a mail.
func TestRequestsAtOnceCountOnce(t *testing.T) {
	t.Parallel()
	s, _ := slow(t, 1000)
	for range 20 {
		s.register(t, strangersPassword)
	}
	outbox := s.product.OutboxEvent(t)
	var all sync.WaitGroup
	for _, record := range outbox.Records {
		all.Go(func() {
			one := events.DynamoDBEvent{Records: []events.DynamoDBEventRecord{record}}
			for range 5 { // what fails because others were faster comes again
				if len(s.product.Courier.Stream(t.Context(), one).BatchItemFailures) == 0 {
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
