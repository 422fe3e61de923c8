package system_test

import (
	"testing"
	"time"

	"identitypools/infra/check/systemtest"
	"identitypools/infra/local/system"
)

// The calls for a mail that waits for a later hour may fail, when it is put off and when it is due:
// it comes all the same, and not before its hour.
func TestAnyCallForADelayedMailMayFail(t *testing.T) {
	t.Parallel()
	for name, delayed := range map[string]func(*testing.T, *systemtest.Fault){
		"is put off": func(t *testing.T, f *systemtest.Fault) {
			delayedMail(t, f, &systemtest.Fault{Kind: systemtest.Unfaulted})
		},
		"is due": func(t *testing.T, f *systemtest.Fault) {
			delayedMail(t, &systemtest.Fault{Kind: systemtest.Unfaulted}, f)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clean := &systemtest.Fault{Kind: systemtest.Unfaulted}
			delayed(t, clean)
			for _, f := range faultsOf(clean.Calls(), 0) {
				t.Run(nameOf(f, clean.Calls()), func(t *testing.T) { delayed(t, f) })
			}
		})
	}
}

func delayedMail(t *testing.T, putOff, due *systemtest.Fault) {
	s := newScene(t)
	now := s.Clock.Now().UTC()
	// so that all is in one hour of one day
	s.Clock.Advance(now.Truncate(24 * time.Hour).Add(32*time.Hour + time.Minute).Sub(now))
	s.tenant.RenewTokens(t)
	s.tenant.Admin.Must(t, 200, "PUT", s.pool, fields{
		"name": "Partners", "public_registration_allowed": true,
		"limits": fields{"pool_mails_per_hour": 1},
	})
	s.ExpireCaches()
	register(t, s.tenant, s.poolID(), systemtest.Address("first"))
	s.post()
	register(t, s.tenant, s.poolID(), s.email)
	s.stream(putOff, s.OutboxEvent(t))
	if mails := s.Inbox.Mails(t, s.email); len(mails) > 0 {
		t.Fatalf("%d mails come before their hour", len(mails))
	}
	for hour := range 4 { // a place that was taken and not kept makes it later
		s.Clock.Advance(time.Hour)
		ctx := system.As(t.Context(), "courier")
		if hour == 0 || len(due.Calls()) == 0 {
			ctx = due.Context(ctx)
		}
		_ = s.Courier.Tick(ctx) // a tick that fails leaves the message to the next
		if len(s.Stored(t, "MESSAGE#")) == 0 {
			break
		}
	}
	if mails := s.Inbox.Mails(t, s.email); len(mails) == 0 {
		t.Errorf("no mail; the outbox has %v", s.Stored(t, "MESSAGE#"))
	}
	if left := s.Stored(t, "MESSAGE#"); len(left) > 0 {
		t.Errorf("still in the outbox: %v", left)
	}
}
