package courier_test

import (
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"identitypools/infra/check/parttest"
	"identitypools/infra/check/systemtest"
	"identitypools/infra/local/system"
)

type fields = systemtest.Fields

func TestMain(m *testing.M) { os.Exit(parttest.Main(m)) }

// alone leaves the stream to the test, which calls the courier itself.
func alone(c *system.Config) { c.NoCourier = true }

// slow moves the clock on whenever somebody looks at it, so that no two steps of a call happen at one instant.
func slow(c *system.Config) {
	var looks atomic.Int64
	now := c.Now
	c.Now = func() time.Time { return now().Add(time.Duration(looks.Add(1)) * time.Millisecond) }
}

// deliver has the courier work through an event, of which nothing may come again.
func deliver(tb testing.TB, product *systemtest.Product, event events.DynamoDBEvent) {
	tb.Helper()
	if failed := product.Courier.Stream(tb.Context(), event).BatchItemFailures; len(failed) > 0 {
		tb.Fatalf("record %s of %d comes again", failed[0].ItemIdentifier, len(event.Records))
	}
}

// empty has the courier work through the outbox, which must be empty then.
func empty(tb testing.TB, product *systemtest.Product) {
	tb.Helper()
	deliver(tb, product, product.OutboxEvent(tb))
	if left := product.Stored(tb, "MESSAGE#"); len(left) > 0 {
		tb.Fatalf("still in the outbox: %v", left)
	}
}

// arrived are the mails to an address, of which there must be n.
func arrived(tb testing.TB, product *systemtest.Product, to string, n int) []parttest.Mail {
	tb.Helper()
	mails := product.Inbox.Mails(tb, to)
	if len(mails) != n {
		tb.Fatalf("%d mails to %s, want %d", len(mails), to, n)
	}
	return mails
}

// register signs an address up, as browsers do.
func register(tb testing.TB, tenant *systemtest.Tenant, pool, email string) {
	tb.Helper()
	tenant.Public.Must(tb, 201, "POST", "/pools/"+pool+"/register?code_type_in_message=link", fields{"identifier": email, "password": systemtest.Password})
}

// activate presents the code of the link in a mail, with a password, since a link alone makes none the user's that somebody registered with.
func activate(tb testing.TB, tenant *systemtest.Tenant, pool string, want int, m parttest.Mail) {
	tb.Helper()
	tenant.Public.Must(tb, want, "POST", "/pools/"+pool+"/activate", fields{"code": systemtest.LinkIn(tb, m).Query().Get("code"), "password": systemtest.Password})
}
