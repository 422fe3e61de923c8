package courier_test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"identitypools/infra/check/systemtest"
	"identitypools/shared/identity"
	"identitypools/shared/once"
)

// The address for replies is stored, shown and sent in one form, however it was typed. SES refuses the
// mail otherwise.
func TestTheAddressForReplies(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t, withoutStream)
	tenant := product.NewTenant(t)
	for given, want := range map[string]string{
		"info@example.com":         "info@example.com",
		"info@example.com ":        "info@example.com",
		"\u00a0info@example.com\t": "info@example.com",
		"Info@EXAMPLE.com":         "Info@example.com",
		"info@bücher.example":      "info@xn--bcher-kva.example",
		"ｉｎｆｏ＠ｅｘａｍｐｌｅ．ｃｏｍ":         "info@example.com",
	} {
		t.Run(given, func(t *testing.T) {
			pool, email := tenant.NewPool(t, branding("reply_to", given)), systemtest.Address("ann")
			shown := tenant.Admin.Must(t, 200, "GET", "/pools/"+pool, nil).Fields(t)["branding"].(fields)["reply_to"]
			register(t, tenant, pool, email)
			product.DeliverAll(t)
			m := mailsTo(t, product, email, 1)[0]
			if shown != want || len(m.ReplyTo) != 1 || m.ReplyTo[0] != want || !strings.Contains(m.Text, want) {
				t.Errorf("%q is shown as %q and sent as %q, want %q", given, shown, m.ReplyTo, want)
			}
		})
	}
	for _, given := range []string{
		"jörg@example.com", "info", "info@", "info@example .com", "a@example.com, b@example.com",
	} {
		systemtest.CheckRefusal(t, tenant.Admin.Call(t, "POST", "/pools", fields{
			"name": "Partners", "branding": fields{"reply_to": given},
		}), 422, "invalid", "/branding/reply_to")
	}
}

func branding(name, value string) fields { return fields{"branding": fields{name: value}} }

// What earlier releases have stored is no reason to lose a mail.
func TestAStoredAddressForRepliesLosesNoMail(t *testing.T) {
	t.Parallel()
	for stored, want := range map[string][]string{
		"info@example.com ":     {"info@example.com"},
		"info@bücher.example":   {"info@xn--bcher-kva.example"},
		"jörg@example.com":      nil,
		"not an address at all": nil,
	} {
		t.Run(stored, func(t *testing.T) {
			t.Parallel()
			var log systemtest.Log
			product := systemtest.New(t, withoutStream, log.Option)
			tenant := product.NewTenant(t)
			pool, email := tenant.NewPool(t, nil), systemtest.Address("ann")
			old, err := product.Table.Pools.Get(t.Context(), tenant.ID, pool)
			if err != nil {
				t.Fatal(err)
			}
			changed := old
			changed.Branding.ReplyTo = stored
			if _, err := product.Table.Pools.Replace(
				t.Context(), old, changed, once.Reply[identity.Pool]{},
			); err != nil {
				t.Fatal(err)
			}
			product.ExpireCaches()
			register(t, tenant, pool, email)
			product.DeliverAll(t)
			if got := mailsTo(t, product, email, 1)[0].ReplyTo; strings.Join(got, ",") != strings.Join(want, ",") {
				t.Errorf("replies go to %q, want %q", got, want)
			}
			if told := strings.Contains(
				log.String(), "mail sent without what its pool says of the sender",
			); told != (want == nil) {
				t.Errorf("operators are told: %t\n%s", told, log.String())
			}
		})
	}
}

// registered returns a product whose mails a test can refuse, with a pool in which somebody has
// registered whose mail is not sent yet.
func registered(t *testing.T, settings fields) (
	ses *systemtest.MailProxy, product *systemtest.Product, tenant *systemtest.Tenant, pool, email string,
) {
	t.Helper()
	ses = systemtest.NewMailProxy(t)
	product = systemtest.New(t, withoutStream, ses.Option)
	tenant = product.NewTenant(t)
	pool, email = tenant.NewPool(t, settings), systemtest.Address("ann")
	register(t, tenant, pool, email)
	return ses, product, tenant, pool, email
}

// SES may refuse a mail for what its pool says of the sender, although the product has accepted it.
// Then the mail is sent without that.
func TestAFaultOfAPoolsSettingsLosesNoMail(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"BadRequestException", "MessageRejected", "InvalidParameterValue"} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			ses, product, tenant, pool, email := registered(t, branding("reply_to", "info@example.com"))
			ses.SetFault(func(w http.ResponseWriter, r *http.Request, inbox http.Handler) {
				body, _ := io.ReadAll(r.Body)
				r.Body = io.NopCloser(bytes.NewReader(body))
				if bytes.Contains(body, []byte("ReplyToAddresses")) {
					systemtest.Refuse(400, code)(w, r, inbox)
					return
				}
				inbox.ServeHTTP(w, r)
			})
			product.DeliverAll(t)
			m := mailsTo(t, product, email, 1)[0]
			if len(m.ReplyTo) > 0 {
				t.Errorf("replies go to %q", m.ReplyTo)
			}
			activate(t, tenant, pool, 201, m)
		})
	}
}

// A refusal that may be a fault of ours is not final: the queue passes the message to the courier again.
func TestARefusalThatMayBeOursIsNotFinal(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"BadRequestException", "MessageRejected", "InvalidParameterValue"} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			ses, product, tenant, pool, email := registered(t, nil)
			ses.SetFault(systemtest.Refuse(400, code))
			for try := range 3 {
				if failed := product.Stream(t.Context(), product.OutboxEvent(t)); len(failed) != 1 {
					t.Fatalf("failed: %v", failed)
				}
				// Each try is one with the name of the pool and one without.
				if tries := len(ses.Faulted); tries != 2*(try+1) {
					t.Fatalf("SES was tried %d times after try %d", tries, try)
				}
			}
			ses.ClearFault()
			product.Clock.Advance(23 * time.Hour)
			product.DeliverAll(t)
			tenant.RenewTokens(t)
			activate(t, tenant, pool, 201, mailsTo(t, product, email, 1)[0])
		})
	}
}

// A sender in the environment is sent in the form in which SES takes it. Its name counts where a pool has none that may stand there.
func TestTheSenderOfTheEnvironment(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		" Ann <no-reply@Bücher.example> ": `"Ann" <no-reply@xn--bcher-kva.example>`,
		"Żółć <no-reply@example.com>":     "=?utf-8?q?=C5=BB=C3=B3=C5=82=C4=87?= <no-reply@example.com>",
		"no-reply@EXAMPLE.com\n":          `no-reply@example.com`,
	} {
		t.Run(given, func(t *testing.T) {
			t.Parallel()
			product := systemtest.New(t, withoutStream, withSender(given))
			tenant := product.NewTenant(t)
			email := systemtest.Address("ann")
			pool := tenant.NewPool(t, fields{"name": "ann@example.com"}) // which must not stand before an address
			register(t, tenant, pool, email)
			product.DeliverAll(t)
			if got := mailsTo(t, product, email, 1)[0].From; got != want {
				t.Errorf("sent from %s, want %s", got, want)
			}
		})
	}
}
