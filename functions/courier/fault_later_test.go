package courier_test

import (
	"testing"
	"time"

	"identitypools/infra/check/faulttest"
	"identitypools/infra/check/systemtest"
	"identitypools/infra/local/system"
)

// The calls for a mail that waits for a later hour may fail, when it is put off and when it is due:
// it comes all the same, and not before its hour.
func TestAnyCallForADelayedMailMayFail(t *testing.T) {
	t.Parallel()
	for name, work := range map[string]func(*testing.T, *systemtest.Fault){
		"is put off": func(t *testing.T, fault *systemtest.Fault) {
			delayMail(t, fault, faulttest.NoFault())
		},
		"is due": func(t *testing.T, fault *systemtest.Fault) {
			delayMail(t, faulttest.NoFault(), fault)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			faulttest.Run(t, 0, work)
		})
	}
}

// delayMail has a mail wait until the next hour, which meets the first fault, and has it sent then,
// which meets the second.
func delayMail(t *testing.T, putOff, due *systemtest.Fault) {
	f := faulttest.NewFixture(t)
	f.Tenant.Admin.Must(t, 200, "PUT", f.Pool, fields{
		"name": "Partners", "public_registration_allowed": true,
		"limits": fields{"pool_mails_per_hour": 1},
	})
	f.ExpireCaches()
	f.Register(systemtest.Address("first"))
	f.DeliverMessages()
	f.Register(f.Email)
	f.Deliver(putOff, f.OutboxEvent(t))
	if mails := f.Inbox.Mails(t, f.Email); len(mails) > 0 {
		t.Fatalf("%d mails come before their hour", len(mails))
	}
	for hour := range 4 { // a place that was taken and not kept makes it later
		f.Clock.Advance(time.Hour)
		ctx := t.Context()
		if hour == 0 || len(due.Calls()) == 0 {
			ctx = due.Context(ctx)
		}
		_ = f.Keeper.Tick(system.As(ctx, "keeper")) // a tick that fails leaves the message to the next
		f.StreamReleased(ctx, t)
		if len(f.Stored(t, "MESSAGE#")) == 0 {
			break
		}
	}
	if mails := f.Inbox.Mails(t, f.Email); len(mails) == 0 {
		t.Errorf("no mail; the outbox has %v", f.Stored(t, "MESSAGE#"))
	}
	f.CheckEmptyOutbox()
}
