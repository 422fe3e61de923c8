package system_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"identitypools/infra/check/systemtest"
	"identitypools/infra/local/system"
	"identitypools/shared/once"
)

// delivery is a batch of the table's stream for the courier, with what must be there before and what holds when it is done.
type delivery struct {
	name  string
	given func(s *scene)
	batch func(s *scene) events.DynamoDBEvent // nil: what waits in the outbox
	done  func(s *scene)
}

func deliveries() []delivery {
	signUp := func(s *scene) { s.ticket = register(s.t, s.tenant, s.poolID(), s.email) }
	return []delivery{
		{name: "the code of a registration", given: signUp, done: func(s *scene) {
			s.user = s.tenant.System.Must(s.t, 200, "POST", s.pool+"/users/by_key", fields{"identifier": s.email}).Text(s.t, "id")
			s.newest("Confirm your address for Partners")
		}},
		{name: "a message that an administrator asked for", done: func(s *scene) { s.newest("You are invited to Partners") }, given: func(s *scene) {
			s.newUser()
			s.tenant.Admin.Must(s.t, 204, "POST", s.userPath()+"/activation/send?code_type_in_message=code&mode=invitation", nil)
		}},
		{name: "a notice to the owner of an address", done: func(s *scene) { s.ownerHears(systemtest.Response{}) }, given: func(s *scene) {
			s.activeUser()
			signUp(s)
		}},
		{name: "a notice that a password was set", given: passwordIsSet, done: func(s *scene) {
			s.arrived("Your password for Partners was set")
			for _, it := range s.Stored(s.t, "USER#"+s.tenant.ID+"#") {
				if isSpent := it["live"] == "[]"; !isSpent && !strings.HasPrefix(it["sk"], "SPARE#") {
					s.t.Errorf("still waits with the user: %v", it)
				}
			}
		}},
		{name: "a message that is too late", given: func(s *scene) { signUp(s); s.Clock.Advance(25 * time.Hour) }, done: func(s *scene) {
			if mails := s.Inbox.Mails(s.t, s.email); len(mails) > 0 {
				s.t.Errorf("%d mails are sent", len(mails))
			}
		}},
		{
			name: "users who came", given: func(s *scene) { s.newUser(); s.tenant.NewUser(s.t, s.poolID(), "new", systemtest.Address("ben"), nil) },
			batch: func(s *scene) events.DynamoDBEvent {
				return systemtest.StreamEvent(events.DynamoDBOperationTypeInsert, s.Stored(s.t, "USERS#")...)
			},
			done: func(s *scene) { s.counted(2) },
		},
		{name: "a user who came and went", batch: comingAndGoing, done: func(s *scene) { s.counted(0) }},
		{
			name:  "what waited with an unproved user expires",
			given: func(s *scene) { s.registeredWithCode(); s.Clock.Advance(5 * 24 * time.Hour) },
			batch: func(s *scene) events.DynamoDBEvent {
				return systemtest.StreamEvent(events.DynamoDBOperationTypeRemove, s.Expire(s.t)...)
			},
			done: func(s *scene) { s.tenant.RenewTokens(s.t); s.mustBe("") },
		},
		{name: "a deleted pool", given: poolIsDeleted, batch: func(s *scene) events.DynamoDBEvent {
			return systemtest.StreamEvent(events.DynamoDBOperationTypeModify, s.Stored(s.t, "POOL#")...)
		}, done: func(s *scene) { s.poolGoes(systemtest.Response{}) }},
		{name: "a user who came to a deleted pool", given: poolIsDeleted, batch: func(s *scene) events.DynamoDBEvent {
			return systemtest.StreamEvent(events.DynamoDBOperationTypeInsert, s.Stored(s.t, "USERS#")...)
		}, done: func(s *scene) {
			if left := s.Stored(s.t, "USERS#"); len(left) > 0 {
				s.t.Errorf("is still there: %v", left)
			}
		}},
	}
}

func (s *scene) poolID() string { return s.pool[len("/pools/"):] }

// passwordIsSet is a user who has got in, while another registration of the same address waits.
func passwordIsSet(s *scene) {
	s.ticketed()
	s.ticketed()
	s.coded()
	s.proved[s.user] = true
	s.tenant.System.Must(s.t, 201, "POST", s.userPath()+"/activate", fields{"code": s.code, "password": systemtest.Password})
}

// poolIsDeleted is a pool with users and a text of its own that was deleted a moment ago, with all to be done yet.
func poolIsDeleted(s *scene) {
	s.registeredWithCode()
	s.worded()
	p, err := s.Table.Pools.Get(s.t.Context(), s.tenant.ID, s.poolID())
	if err == nil {
		err = s.Table.Pools.Delete(s.t.Context(), p, once.Reply[once.None]{})
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// comingAndGoing is a batch with both records of a user.
func comingAndGoing(s *scene) events.DynamoDBEvent {
	s.newUser()
	came := systemtest.StreamEvent(events.DynamoDBOperationTypeInsert, s.Stored(s.t, "USERS#")...)
	s.tenant.Admin.Must(s.t, 204, "DELETE", s.userPath(), nil)
	went := came.Records[0]
	went.EventID, went.EventName, went.Change.SequenceNumber = "another", string(events.DynamoDBOperationTypeRemove), "1"
	came.Records = append(came.Records, went)
	return came
}

// counted checks how many users the pool is said to have.
func (s *scene) counted(n float64) {
	s.t.Helper()
	if got := s.tenant.Admin.Must(s.t, 200, "GET", s.pool, nil).Fields(s.t)["number_of_users"]; got != n {
		s.t.Errorf("the pool has %v users, want %v", got, n)
	}
}

// The courier's calls may fail too: a batch comes again then, and in the end each mail has arrived, at least once, with the newest code
// as the one that works, nothing is counted twice, and nothing is left behind.
func TestAnyCallOfTheCourierMayFail(t *testing.T) {
	t.Parallel()
	for i, d := range deliveries() {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			clean := &systemtest.Fault{Kind: systemtest.Unfaulted}
			d.meets(t, clean)
			for _, f := range faultsOf(clean.Calls(), i) {
				t.Run(nameOf(f, clean.Calls()), func(t *testing.T) { d.meets(t, f) })
			}
		})
	}
}

func (d delivery) meets(t *testing.T, f *systemtest.Fault) {
	s := newScene(t)
	if d.given != nil {
		d.given(s)
	}
	s.ExpireCaches()
	var batch events.DynamoDBEvent
	if d.batch == nil {
		batch = s.OutboxEvent(t)
	} else {
		batch = d.batch(s)
	}
	tries := s.stream(f, batch)
	calls := f.Calls()
	if smooth := f.Kind == systemtest.Unfaulted || f.IsHarmless(calls[f.Call]); smooth && tries > 1 {
		t.Errorf("the batch came again")
	}
	if left := s.Stored(t, "MESSAGE#"); len(left) > 0 {
		t.Errorf("still in the outbox: %v", left)
	}
	d.done(s)
	s.sound("in the end")
}

// A notice of SES that could not be noted comes again, and then nothing more is sent to the address.
func TestAnyCallForANoticeOfSESMayFail(t *testing.T) {
	t.Parallel()
	bounces := func(t *testing.T, f *systemtest.Fault) {
		s := newScene(t)
		if err := s.bounce(f); err != nil {
			if f.Kind == systemtest.Unfaulted || f.IsHarmless(f.Calls()[f.Call]) {
				t.Error(err)
			}
			s.bounced()
		}
		s.newUser()
		s.tenant.Admin.Must(t, 204, "POST", s.userPath()+"/activation/send", nil)
		s.post()
		if mails := s.Inbox.Mails(t, s.email); len(mails) > 0 {
			t.Errorf("%d mails are sent to an address that bounced", len(mails))
		}
	}
	clean := &systemtest.Fault{Kind: systemtest.Unfaulted}
	bounces(t, clean)
	for _, f := range faultsOf(clean.Calls(), 0) {
		t.Run(nameOf(f, clean.Calls()), func(t *testing.T) { bounces(t, f) })
	}
}

// bounce tells the courier that a mail to the scene's address has bounced.
func (s *scene) bounce(f *systemtest.Fault) error {
	s.t.Helper()
	_, err := s.Courier.Handle(f.Context(system.As(s.t.Context(), "courier")), systemtest.BounceEvent(s.t, s.email))
	return err
}

func (s *scene) bounced() {
	s.t.Helper()
	if err := s.bounce(&systemtest.Fault{Kind: systemtest.Unfaulted}); err != nil {
		s.t.Fatal(err)
	}
}
