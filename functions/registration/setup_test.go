package registration_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"identitypools/infra/check/parttest"
	"identitypools/infra/check/systemtest"
	"identitypools/infra/local/system"
)

// setup is a pool of a running product, and an e-mail address with which its owner and strangers
// register. The tickets are those of the last registration of each.
type setup struct {
	product                     *systemtest.Product
	tenant                      *systemtest.Tenant
	pool, email                 string
	strangerTicket, ownerTicket string
}

// The passwords of the two who register the address.
const (
	ownersPassword    = "the owner's own password"
	strangersPassword = "a stranger's long phrase"
)

// newSetup starts a product with a pool. Nobody has registered the address yet.
func newSetup(t *testing.T, settings fields, options ...func(*system.Config)) *setup {
	t.Helper()
	s := &setup{product: systemtest.New(t, options...), email: systemtest.Address("gil")}
	s.tenant = s.product.NewTenant(t)
	s.pool = s.tenant.NewPool(t, settings)
	return s
}

// newScarceSetup returns a setup whose pool may send a number of mails an hour, and has sent half
// of them in an hour that has just begun. The test has to call the courier.
func newScarceSetup(t *testing.T, hourly int) *setup {
	t.Helper()
	s := newSetup(t, fields{"limits": fields{"pool_mails_per_hour": hourly}}, noCourier)
	for range hourly / 2 {
		s.tenant.Public.Must(t, 201, "POST", s.path()+"/register", fields{
			"identifier": systemtest.Address("first"),
		})
	}
	s.deliver(t)
	return s
}

// newProxiedSetup returns a setup whose pool may send a number of mails an hour, at the beginning
// of an hour, and the proxy that its mails pass. The test has to call the courier.
func newProxiedSetup(t *testing.T, hourly int) (*setup, *systemtest.MailProxy) {
	t.Helper()
	proxy := systemtest.NewMailProxy(t)
	s := newSetup(t, fields{"limits": fields{"pool_mails_per_hour": hourly}}, noCourier, proxy.Option)
	s.advanceToNextHour(t)
	return s, proxy
}

// noCourier is an option with which nothing but the test calls the courier.
func noCourier(c *system.Config) { c.Quiet = true }

// exhaustMails returns a setup in which a stranger has used up the mails with a code to the
// address, by registrations that are not the owner's. After that the owner has registered and got
// no mail. register makes the stranger's registration with the index i and returns its ticket.
func exhaustMails(t *testing.T, register func(s *setup, i int) (ticket string)) *setup {
	t.Helper()
	s := newSetup(t, nil)
	for i := range 5 {
		s.strangerTicket = register(s, i)
		s.product.Inbox.Await(t, s.email, i+1)
		s.product.Clock.Advance(time.Minute)
	}
	s.ownerTicket = s.register(t, ownersPassword)
	s.product.AwaitEmptyOutbox(t)
	if n := len(s.product.Inbox.Mails(t, s.email)); n != 5 {
		t.Fatalf("%d mails in five minutes", n)
	}
	return s
}

// exhaustMailsByAddress is like exhaustMails. The stranger registers the address itself.
func exhaustMailsByAddress(t *testing.T) *setup {
	t.Helper()
	return exhaustMails(t, func(s *setup, i int) string {
		return s.register(t, fmt.Sprintf("the stranger's password no. %d", i))
	})
}

// path returns the path of the pool in the trees of the API.
func (s *setup) path() string { return "/pools/" + s.pool }

// register registers the address and returns the ticket. The text is the password and the name in
// the payload.
func (s *setup) register(t *testing.T, text string) string {
	t.Helper()
	return s.tenant.Public.Must(t, 201, "POST", "/pools/"+s.pool+"/register", fields{
		"identifier": s.email, "password": text, "payload": fields{"name": text},
	}).Text(t, "ticket")
}

// registerName registers a user name whose mail goes to the address, and returns the ticket. The
// mail has a code if form is "code" and a link if form is "link".
func (s *setup) registerName(t *testing.T, name, form string) (ticket string) {
	t.Helper()
	return s.tenant.Public.Must(t, 201, "POST", s.path()+"/register?code_type_in_message="+form, fields{
		"identifier": name, "otp_address": s.email,
	}).Text(t, "ticket")
}

// activate presents a code on the public tree and checks the status of the answer.
func (s *setup) activate(t *testing.T, want int, body fields) {
	t.Helper()
	s.tenant.Public.Must(t, want, "POST", "/pools/"+s.pool+"/activate", body)
}

// mustBelongToOwner checks that the user has the owner's password, no payload of the stranger's,
// and that the code does not work for the stranger.
func (s *setup) mustBelongToOwner(t *testing.T, code string) {
	t.Helper()
	verify(t, s.tenant, s.pool, s.email, ownersPassword, 200)
	if text := fmt.Sprint(
		findUser(t, s.tenant, s.pool, s.email)["payload"],
	); strings.Contains(text, "stranger") {
		t.Errorf("the stranger's payload is the owner's: %s", text)
	}
	s.activate(t, 422, fields{"ticket": s.strangerTicket, "code": code})
}

// newestMail waits for n mails to an address and returns the last one.
func newestMail(t *testing.T, product *systemtest.Product, address string, n int) parttest.Mail {
	t.Helper()
	return product.Inbox.Await(t, address, n)[n-1]
}

// deliver lets the courier process the messages that are in the outbox now.
func (s *setup) deliver(t *testing.T) {
	t.Helper()
	if failed := s.product.Stream(t.Context(), s.product.OutboxEvent(t)); len(failed) > 0 {
		t.Fatalf("failed: %v", failed)
	}
}

// tick moves the clock and lets the courier process what is due.
func (s *setup) tick(t *testing.T, after time.Duration) {
	t.Helper()
	s.product.Clock.Advance(after)
	s.tenant.RenewTokens(t)
	s.product.Tick(t)
}

// advanceToNextHour moves the clock to one minute after the next full hour.
func (s *setup) advanceToNextHour(t *testing.T) {
	t.Helper()
	now := s.product.Clock.Now().UTC()
	s.product.Clock.Advance(now.Truncate(time.Hour).Add(61 * time.Minute).Sub(now))
	s.tenant.RenewTokens(t)
}

// asksForWork reports whether the pool asks for proofs of work, which means that half of its mails
// are spent.
func (s *setup) asksForWork(t *testing.T) bool {
	t.Helper()
	s.product.AwaitEmptyOutbox(t)
	s.product.ExpireCaches()
	var form struct {
		Work json.RawMessage `json:"proof_of_work"`
	}
	if err := json.Unmarshal(s.tenant.Public.Must(t, 200, "GET", s.path(), nil).Body, &form); err != nil {
		t.Fatal(err)
	}
	return form.Work != nil
}

// reportBounce passes the keeper a notice of SES that a mail to the address bounced.
func (s *setup) reportBounce(t *testing.T) {
	t.Helper()
	if _, err := s.product.Keeper.Handle(
		system.As(t.Context(), "keeper"), systemtest.BounceEvent(t, s.email),
	); err != nil {
		t.Fatal(err)
	}
}
