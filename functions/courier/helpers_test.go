package courier_test

import (
	"os"
	"testing"

	"identitypools/infra/check/parttest"
	"identitypools/infra/check/systemtest"
	"identitypools/infra/local/system"
)

type fields = systemtest.Fields

func TestMain(m *testing.M) { os.Exit(parttest.Main(m)) }

// withSender returns an option that sets the sender of all mails.
func withSender(from string) func(*system.Config) {
	return func(c *system.Config) { c.Environment["MAIL_FROM"] = from }
}

// withoutStream is an option of a product whose test reads the stream and calls the courier itself.
func withoutStream(c *system.Config) { c.Quiet = true }

// bounce tells the keeper that a mail to an address bounced permanently.
func bounce(tb testing.TB, product *systemtest.Product, address string) {
	tb.Helper()
	if _, err := product.Keeper.Handle(tb.Context(), systemtest.BounceEvent(tb, address)); err != nil {
		tb.Fatal(err)
	}
}

// mailsTo returns the mails to an address, of which there must be n.
func mailsTo(tb testing.TB, product *systemtest.Product, to string, n int) []parttest.Mail {
	tb.Helper()
	mails := product.Inbox.Mails(tb, to)
	if len(mails) != n {
		tb.Fatalf("%d mails to %s, want %d", len(mails), to, n)
	}
	return mails
}

// register registers an address as browsers do.
func register(tb testing.TB, tenant *systemtest.Tenant, pool, email string) {
	tb.Helper()
	tenant.Public.Must(tb, 201, "POST", "/pools/"+pool+"/register?code_type_in_message=link", fields{"identifier": email, "password": systemtest.Password})
}

// activate presents the code of the link in a mail with a password. A link alone does not take over the
// password of a registration.
func activate(tb testing.TB, tenant *systemtest.Tenant, pool string, want int, m parttest.Mail) {
	tb.Helper()
	tenant.Public.Must(tb, want, "POST", "/pools/"+pool+"/activate", fields{"code": systemtest.LinkIn(tb, m).Query().Get("code"), "password": systemtest.Password})
}
