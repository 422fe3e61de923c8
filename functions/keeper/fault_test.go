package keeper_test

import (
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"identitypools/infra/check/faulttest"
	"identitypools/infra/check/systemtest"
	"identitypools/shared/once"
)

// The keeper's calls may fail: a batch comes again then, and in the end nothing is counted twice, and
// nothing is left behind.
func TestAnyCallOfTheKeeperMayFail(t *testing.T) {
	t.Parallel()
	faulttest.RunBatches(t, []faulttest.Batch{
		{
			Name: "users who came",
			Setup: func(f *faulttest.Fixture) {
				f.CreateUser()
				f.Tenant.NewUser(f.T, f.PoolID(), "new", systemtest.Address("ben"), nil)
			},
			Records: func(f *faulttest.Fixture) events.DynamoDBEvent {
				return systemtest.StreamEvent(inserted,
					f.Stored(f.T, "USERS#")...)
			},
			Check: func(f *faulttest.Fixture) { checkUserCount(f, 2) },
		},
		{
			Name: "a user who came and went", Records: createdAndDeletedUser,
			Check: func(f *faulttest.Fixture) { checkUserCount(f, 0) },
		},
		{
			Name: "what waited with an unproved user expires",
			Setup: func(f *faulttest.Fixture) {
				f.RegisterWithCode()
				f.Clock.Advance(5 * 24 * time.Hour)
			},
			Records: func(f *faulttest.Fixture) events.DynamoDBEvent {
				return systemtest.StreamEvent(removed, f.Expire(f.T)...)
			},
			Check: func(f *faulttest.Fixture) {
				f.Tenant.RenewTokens(f.T)
				f.CheckStatus("")
			},
		},
		{
			Name: "a deleted pool", Setup: deletePool,
			Records: func(f *faulttest.Fixture) events.DynamoDBEvent {
				return systemtest.StreamEvent(modified,
					f.Stored(f.T, "POOL#")...)
			},
			Check: func(f *faulttest.Fixture) { f.CheckPoolIsGone(systemtest.Response{}) },
		},
		{
			Name: "a user who came to a deleted pool", Setup: deletePool,
			Records: func(f *faulttest.Fixture) events.DynamoDBEvent {
				return systemtest.StreamEvent(inserted,
					f.Stored(f.T, "USERS#")...)
			},
			Check: func(f *faulttest.Fixture) {
				if left := f.Stored(f.T, "USERS#"); len(left) > 0 {
					f.T.Errorf("is still there: %v", left)
				}
			},
		},
	})
}

// deletePool deletes the pool, which has users and a text of its own. The keeper has not handled
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
	batch := systemtest.StreamEvent(inserted, f.Stored(f.T, "USERS#")...)
	f.Tenant.Admin.Must(f.T, 204, "DELETE", f.UserPath(), nil)
	deleted := batch.Records[0]
	deleted.EventID, deleted.EventName = "another", string(removed)
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
		f.Tenant.System.Must(t, 204, "POST", f.UserPath()+"/activation/send", nil)
		f.DeliverMessages()
		f.CheckNoMails()
	})
}
