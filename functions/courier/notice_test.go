package courier_test

import (
	"strings"
	"testing"
	"time"

	"identitypools/infra/check/systemtest"
)

// An address that bounced gets no notice either, in no pool and no tenant: SES counts bounces of an account.
func TestASuppressedAddressGetsNothing(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t, withoutStream)
	email := systemtest.Address("ann")
	bounce(t, product, email)
	for range 2 {
		tenant := product.NewTenant(t)
		pool := tenant.NewPool(t, nil)
		fresh := tenant.NewUser(t, pool, "new", email, nil)
		tenant.Admin.Must(t, 204, "POST", "/pools/"+pool+"/users/"+fresh+"/activation/send?mode=invitation", nil)
		product.DeliverAll(t)
		made := tenant.System.Must(t, 201, "POST", "/pools/"+pool+"/users/"+fresh+"/code/generate", fields{"type": "activation"}).Text(t, "code")
		tenant.System.Must(t, 201, "POST", "/pools/"+pool+"/users/"+fresh+"/activate", fields{"code": made, "password": systemtest.Password})
		product.DeliverAll(t) // of the notice that a password was set
		register(t, tenant, pool, email)
		product.DeliverAll(t) // of the notice that the address is taken
	}
	mailsTo(t, product, email, 0)
}

// "Resending: a pause between two messages to one address (60 s) and a ceiling (5 an hour)", which a repeated registration
// can't get around either.
func TestTheLimitsOfMails(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t, withoutStream)
	tenant := product.NewTenant(t)
	pool := tenant.NewPool(t, nil)
	taken := systemtest.Address("taken")
	tenant.NewUser(t, pool, "active", taken, nil)
	fresh := systemtest.Address("fresh")
	for _, step := range []struct {
		wait  time.Duration
		mails int
	}{
		{0, 1},
		{0, 1},
		{50 * time.Second, 1},
		{15 * time.Second, 2},
		{65 * time.Second, 3},
		{65 * time.Second, 4},
		{65 * time.Second, 5},
		{65 * time.Second, 5},
		{50 * time.Minute, 5},
		{6 * time.Minute, 6}, // an hour after the first
		{65 * time.Second, 7},
		{time.Minute / 2, 7},
	} {
		product.Clock.Advance(step.wait)
		register(t, tenant, pool, fresh) // each a registration of its own
		register(t, tenant, pool, taken) // each tells the owner
		product.DeliverAll(t)
		for _, email := range []string{fresh, taken} {
			if n := len(product.Inbox.Mails(t, email)); n != step.mails {
				t.Fatalf("%d mails to %s, want %d, %s after the last step", n, email, step.mails, step.wait)
			}
		}
	}
	for _, m := range product.Inbox.Mails(t, taken) {
		if m.Subject != "You already have an account with Partners" || strings.Contains(m.Text, "http") {
			t.Errorf("the owner gets %q:\n%s", m.Subject, m.Text)
		}
	}
}

// A notice that could not be sent has not used the owner's limit up.
func TestANoticeThatFailedIsSentAgain(t *testing.T) {
	t.Parallel()
	ses := systemtest.NewMailProxy(t)
	product := systemtest.New(t, withoutStream, ses.Option)
	tenant := product.NewTenant(t)
	pool, email := tenant.NewPool(t, nil), systemtest.Address("ann")
	tenant.NewUser(t, pool, "active", email, nil)
	register(t, tenant, pool, email)
	ses.SetFault(systemtest.HangUp)
	if failed := product.Stream(t.Context(), product.OutboxEvent(t)); len(failed) != 1 {
		t.Fatalf("failed: %v", failed)
	}
	ses.ClearFault()
	product.DeliverAll(t)
	mailsTo(t, product, email, 1)
}
