package courier_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"identitypools/infra/check/faulttest"
	"identitypools/infra/check/systemtest"
	"identitypools/shared/once"
)

// batchCase is a batch of records of the table's stream, with what must exist before it and what
// must hold after the courier has handled it.
type batchCase struct {
	name  string
	setup func(f *faulttest.Fixture) // may be nil
	// batch returns the batch. If it is nil, the batch has the messages of the outbox.
	batch func(f *faulttest.Fixture) events.DynamoDBEvent
	check func(f *faulttest.Fixture)
}

func batchCases() []batchCase {
	return []batchCase{
		{
			name: "the code of a registration", setup: registerOnce,
			check: func(f *faulttest.Fixture) {
				f.FindUser()
				f.CheckNewestCode("Confirm your address for Partners")
			},
		},
		{
			name: "a message that an administrator asked for",
			setup: func(f *faulttest.Fixture) {
				f.CreateUser()
				path := f.UserPath() + "/activation/send?code_type_in_message=code&mode=invitation"
				f.Tenant.Admin.Must(f.T, 204, "POST", path, nil)
			},
			check: func(f *faulttest.Fixture) { f.CheckNewestCode("You are invited to Partners") },
		},
		{
			name:  "a notice to the owner of an address",
			setup: func(f *faulttest.Fixture) { f.CreateActiveUser(); registerOnce(f) },
			check: func(f *faulttest.Fixture) { f.CheckOwnerNotice(systemtest.Response{}) },
		},
		{
			name: "a notice that a password was set", setup: activateOneOfTwo,
			check: func(f *faulttest.Fixture) {
				f.CheckMails("Your password for Partners was set")
				for _, it := range f.Stored(f.T, "USER#"+f.Tenant.ID+"#") {
					if isSpent := it["live"] == "[]"; !isSpent && !strings.HasPrefix(it["sk"], "SPARE#") {
						f.T.Errorf("still waits with the user: %v", it)
					}
				}
			},
		},
		{
			name:  "a message that is too late",
			setup: func(f *faulttest.Fixture) { registerOnce(f); f.Clock.Advance(25 * time.Hour) },
			check: (*faulttest.Fixture).CheckNoMails,
		},
		{
			name: "users who came",
			setup: func(f *faulttest.Fixture) {
				f.CreateUser()
				f.Tenant.NewUser(f.T, f.PoolID(), "new", systemtest.Address("ben"), nil)
			},
			batch: func(f *faulttest.Fixture) events.DynamoDBEvent {
				return systemtest.StreamEvent(events.DynamoDBOperationTypeInsert,
					f.Stored(f.T, "USERS#")...)
			},
			check: func(f *faulttest.Fixture) { checkUserCount(f, 2) },
		},
		{
			name: "a user who came and went", batch: createdAndDeletedUser,
			check: func(f *faulttest.Fixture) { checkUserCount(f, 0) },
		},
		{
			name: "what waited with an unproved user expires",
			setup: func(f *faulttest.Fixture) {
				f.RegisterWithCode()
				f.Clock.Advance(5 * 24 * time.Hour)
			},
			batch: func(f *faulttest.Fixture) events.DynamoDBEvent {
				return systemtest.StreamEvent(events.DynamoDBOperationTypeRemove, f.Expire(f.T)...)
			},
			check: func(f *faulttest.Fixture) {
				f.Tenant.RenewTokens(f.T)
				f.CheckStatus("")
			},
		},
		{
			name: "a deleted pool", setup: deletePool,
			batch: func(f *faulttest.Fixture) events.DynamoDBEvent {
				return systemtest.StreamEvent(events.DynamoDBOperationTypeModify,
					f.Stored(f.T, "POOL#")...)
			},
			check: func(f *faulttest.Fixture) { f.CheckPoolIsGone(systemtest.Response{}) },
		},
		{
			name: "a user who came to a deleted pool", setup: deletePool,
			batch: func(f *faulttest.Fixture) events.DynamoDBEvent {
				return systemtest.StreamEvent(events.DynamoDBOperationTypeInsert,
					f.Stored(f.T, "USERS#")...)
			},
			check: func(f *faulttest.Fixture) {
				if left := f.Stored(f.T, "USERS#"); len(left) > 0 {
					f.T.Errorf("is still there: %v", left)
				}
			},
		},
	}
}

// The courier's calls may fail too: a batch comes again then, and in the end each mail has arrived,
// at least once, with the newest code as the one that works, nothing is counted twice, and nothing
// is left behind.
func TestAnyCallOfTheCourierMayFail(t *testing.T) {
	t.Parallel()
	for i, c := range batchCases() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			faulttest.Run(t, i, c.run)
		})
	}
}

// run passes the batch to the courier, whose first attempt meets the fault.
func (c batchCase) run(t *testing.T, fault *systemtest.Fault) {
	f := faulttest.NewFixture(t)
	if c.setup != nil {
		c.setup(f)
	}
	f.ExpireCaches()
	batch := f.OutboxEvent
	if c.batch != nil {
		batch = func(testing.TB) events.DynamoDBEvent { return c.batch(f) }
	}
	attempts := f.Deliver(fault, batch(t))
	if faulttest.IsHarmless(fault) && attempts > 1 {
		t.Errorf("the batch came again")
	}
	f.CheckEmptyOutbox()
	c.check(f)
	f.CheckInvariants("in the end")
}

func registerOnce(f *faulttest.Fixture) { f.Ticket = f.Register(f.Email) }

// activateOneOfTwo activates the user by the code of a registration, while another registration of
// the same address waits.
func activateOneOfTwo(f *faulttest.Fixture) {
	f.RegisterWithoutMail()
	f.RegisterWithCode()
	f.Proved[f.User] = true
	f.Tenant.System.Must(f.T, 201, "POST", f.UserPath()+"/activate",
		fields{"code": f.Code, "password": systemtest.Password})
}

// deletePool deletes the pool, which has users and a text of its own. The courier has not handled
// the deletion.
func deletePool(f *faulttest.Fixture) {
	f.RegisterWithCode()
	f.SetMailText()
	p, err := f.Table.Pools.Get(f.T.Context(), f.Tenant.ID, f.PoolID())
	if err == nil {
		err = f.Table.Pools.Delete(f.T.Context(), p, once.Reply[once.None]{})
	}
	if err != nil {
		f.T.Fatal(err)
	}
}

// createdAndDeletedUser returns a batch with the records of the creation and the deletion of a user.
func createdAndDeletedUser(f *faulttest.Fixture) events.DynamoDBEvent {
	f.CreateUser()
	batch := systemtest.StreamEvent(events.DynamoDBOperationTypeInsert, f.Stored(f.T, "USERS#")...)
	f.Tenant.Admin.Must(f.T, 204, "DELETE", f.UserPath(), nil)
	deleted := batch.Records[0]
	deleted.EventID, deleted.EventName = "another", string(events.DynamoDBOperationTypeRemove)
	deleted.Change.SequenceNumber = "1"
	batch.Records = append(batch.Records, deleted)
	return batch
}

// checkUserCount checks the number of users that the pool says it has.
func checkUserCount(f *faulttest.Fixture, want float64) {
	f.T.Helper()
	pool := f.Tenant.Admin.Must(f.T, 200, "GET", f.Pool, nil)
	if got := pool.Fields(f.T)["number_of_users"]; got != want {
		f.T.Errorf("the pool has %v users, want %v", got, want)
	}
}

// A notice of SES that could not be noted comes again, and then nothing more is sent to the address.
func TestAnyCallForANoticeOfSESMayFail(t *testing.T) {
	t.Parallel()
	faulttest.Run(t, 0, func(t *testing.T, fault *systemtest.Fault) {
		f := faulttest.NewFixture(t)
		if err := f.Bounce(fault); err != nil {
			if faulttest.IsHarmless(fault) {
				t.Error(err)
			}
			f.SuppressEmail()
		}
		f.CreateUser()
		f.Tenant.Admin.Must(t, 204, "POST", f.UserPath()+"/activation/send", nil)
		f.DeliverMessages()
		f.CheckNoMails()
	})
}
