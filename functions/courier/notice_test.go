package courier_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"identitypools/infra/check/systemtest"
	"identitypools/shared/identity"
)

// TestNoticesOfChanges checks that each change of a user has a notice of its own, in the user's
// language, with the time of the change and no address. It goes to the address that its message names,
// takes no place in a budget, and does not count for the mailbox. Only the notice that a password was
// set ends the registrations that wait.
func TestNoticesOfChanges(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t, withoutStream)
	product.Clock.Stop()
	tenant := product.NewTenant(t)
	pool := tenant.NewPool(t, fields{"branding": fields{"language": "fr"}})
	email, old := systemtest.Address("ann"), systemtest.Address("ann-before")
	payload := fields{"locale": "de-AT"}
	about := identity.UserRef{Tenant: tenant.ID, Pool: pool, ID: tenant.NewUser(t, pool, "active", email, fields{"payload": payload})}
	register(t, tenant, pool, email)
	product.DeliverAll(t)
	mailsTo(t, product, email, 1)
	kept := func() (items []string) { // what counts, and what waits
		for _, prefix := range []string{"LIMIT#", "MAILBOX#", "USER#"} {
			for _, it := range product.Stored(t, prefix) {
				items = append(items, fmt.Sprint(it))
			}
		}
		slices.Sort(items)
		return items
	}
	if !strings.Contains(strings.Join(kept(), ""), " sk:REG#") {
		t.Fatalf("no registration waits: %q", kept())
	}
	for _, c := range []struct {
		kind identity.MessageKind
		says string
	}{
		{identity.MessageTOTPSet, "Für Ihr Konto bei Partners wurde eine Authenticator-App eingerichtet"},
		{identity.MessageKeyAdded, "Ihrem Konto bei Partners wurde ein Passkey hinzugefügt"},
		{identity.MessageKeyRemoved, "Aus Ihrem Konto bei Partners wurde ein Passkey entfernt"},
		{identity.MessageAddressAdded, "Ihrem Konto bei Partners wurde eine Adresse hinzugefügt"},
		{identity.MessageAddressRemoved, "Aus Ihrem Konto bei Partners wurde eine Adresse entfernt"},
		{identity.MessagePasswordSet, "Ihr Passwort für Partners wurde festgelegt"},
	} {
		t.Run(string(c.kind), func(t *testing.T) {
			before, number := kept(), len(product.Inbox.Mails(t, old))
			notify(t, product, c.kind, about, old)
			at := product.Clock.Now().UTC().Format("15:04")
			product.Clock.Advance(10 * time.Minute) // the mail is late, and tells of the change all the same
			product.DeliverAll(t)
			m := mailsTo(t, product, old, number+1)[number]
			if m.Subject != c.says || !strings.Contains(m.Text, at) || strings.Contains(m.Text+m.HTML, "@example") {
				t.Errorf("subject %q, and not of %s or with an address:\n%s", m.Subject, at, m.Text)
			}
			after := kept()
			if c.kind == identity.MessagePasswordSet {
				before = slices.DeleteFunc(before, func(it string) bool { return strings.Contains(it, " sk:REG#") })
			}
			if !slices.Equal(after, before) {
				t.Errorf("what is stored was\n%q\nand is\n%q", before, after)
			}
		})
	}
}

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
		tenant.Admin.Must(t, 422, "POST", "/pools/"+pool+"/users/"+fresh+"/activation/send?mode=invitation", nil)
		tenant.System.Must(t, 204, "POST", "/pools/"+pool+"/users/"+fresh+"/activation/send?mode=invitation", nil)
		product.DeliverAll(t)
		made := tenant.System.Must(t, 201, "POST", "/pools/"+pool+"/users/"+fresh+"/code/generate", fields{"type": "activation"}).Text(t, "code")
		tenant.System.Must(t, 201, "POST", "/pools/"+pool+"/users/"+fresh+"/activate", fields{"code": made, "password": systemtest.Password})
		product.DeliverAll(t) // of the welcome
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
