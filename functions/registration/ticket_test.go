package registration_test

import (
	"testing"
	"time"

	"identitypools/infra/check/systemtest"
)

// A ticket expires after a day, which is earlier than its registration. A code that was sent late in
// that day is valid for longer than the ticket.
func TestAnExpiredTicketIsGoodForNothing(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name          string
		age           time.Duration // of the ticket when it is used
		status, mails int           // that are expected
	}{
		{"within the day", 24*time.Hour - time.Minute, 201, 3},
		{"after the day", 24 * time.Hour, 422, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			product := systemtest.New(t)
			tenant := product.NewTenant(t)
			pool, email := tenant.NewPool(t, fields{
				"otp_settings": fields{"activation": fields{"ttl": "24h"}},
			}), systemtest.Address("ann")
			ticket := tenant.Public.Must(t, 201, "POST", "/pools/"+pool+"/register", fields{
				"identifier": email, "password": systemtest.Password,
			}).Text(t, "ticket")
			product.Inbox.Await(t, email, 1)
			resend := func() {
				t.Helper()
				tenant.Public.Must(t, 202, "POST", "/pools/"+pool+"/activation/send", fields{
					"ticket": ticket,
				})
			}
			activate := func(want int, code string) {
				t.Helper()
				tenant.Public.Must(t, want, "POST", "/pools/"+pool+"/activate", fields{
					"ticket": ticket, "code": code,
				})
			}
			product.Clock.Advance(23 * time.Hour)
			resend()
			code := systemtest.CodeIn(t, product.Inbox.Await(t, email, 2)[1])
			product.Clock.Advance(c.age - 23*time.Hour)
			t.Run("it sends", func(t *testing.T) {
				resend()
				product.AwaitEmptyOutbox(t)
				mails := product.Inbox.Mails(t, email)
				if len(mails) != c.mails {
					t.Errorf("%d mails, want %d", len(mails), c.mails)
				}
				code = systemtest.CodeIn(t, mails[len(mails)-1])
			})
			t.Run("it activates", func(t *testing.T) { activate(c.status, code) })
		})
	}
}
