package system_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"identitypools/infra/check/systemtest"
	"identitypools/infra/local/system"
	"identitypools/shared/table"
)

// These are the states of an address that the public must not be able to distinguish.
const (
	unknown  = "unknown"
	waiting  = "new, signed up by itself"
	invited  = "new, made by an administrator"
	chosen   = "new, with an id that an administrator chose"
	earlier  = "new, and its codes are of the day before"
	limited  = "new, and its mails are used up"
	guessed  = "new, and its guesses are used up"
	bounced  = "new, and it bounced"
	active   = "active"
	inactive = "inactive"
)

// states returns all states of an address.
func states() []string {
	return []string{
		unknown, waiting, invited, chosen, earlier, limited, guessed, bounced, active, inactive,
	}
}

// guessesPerTarget is how often the test guesses at the codes of one address. It is less than the
// number of guesses that an address has.
const guessesPerTarget = 15

// target is an address in a state, with what somebody who asks about it knows: the ticket and the
// cookie of a registration, and a link's code that was never issued.
type target struct{ state, address, user, ticket, link, cookie, resetCookie, step string }

// population is a product with a pool that has addresses in each state. The test has to call the
// courier. The product's clock stands still, so that no function reads its settings again between
// two calls that are compared.
type population struct {
	now     atomic.Int64 // in nanoseconds
	product *systemtest.Product
	tenant  *systemtest.Tenant
	pool    string
	trace   systemtest.Trace
	meter   systemtest.Meter
	targets map[string][]target
	calls   int
	// People sign in to an application of a workspace, whose request is sealed.
	workspace *systemtest.Workspace
	app       systemtest.Application
	request   string
}

// newPopulation returns a population with n addresses in each state. It checks that they are in it.
func newPopulation(tb testing.TB, n int) *population {
	tb.Helper()
	c := &population{targets: map[string][]target{}}
	c.now.Store(time.Now().UnixNano())
	stillClock := func(config *system.Config) {
		config.Now = func() time.Time { return time.Unix(0, c.now.Load()) }
	}
	c.product = systemtest.New(
		tb, alone, stillClock, c.trace.Option, systemtest.WithMiddleware(c.meter.Watch),
	)
	c.tenant = c.product.NewTenant(tb)
	c.pool = c.tenant.NewPool(tb, nil)
	c.workspace = c.product.NewWorkspace(tb, c.tenant.ID, c.pool)
	c.app = c.workspace.NewApplication(tb, nil)
	for _, state := range states() {
		for range n {
			c.targets[state] = append(c.targets[state], target{
				state: state, address: systemtest.Address("eve"),
			})
		}
	}
	c.enter(tb, earlier)
	c.now.Add(int64(25 * time.Hour))
	c.tenant.RenewTokens(tb)
	c.enter(tb, states()...)
	for range 4 {
		c.now.Add(int64(61 * time.Second))
		c.enter(tb, limited)
	}
	for _, p := range c.targets[guessed] {
		for range 20 {
			c.tenant.System.Must(
				tb, 422, "POST", "/pools/"+c.pool+"/users/"+c.id(tb, p.address)+"/activate",
				fields{"code": "not a code"},
			)
		}
	}
	c.now.Add(int64(61 * time.Second))
	for _, targets := range c.targets {
		for i, p := range targets {
			targets[i].ticket = c.register(tb, p.address)
			targets[i].user = c.id(tb, p.address)
			targets[i].link = neverIssued(targets[i].user, "activation")
			targets[i].cookie = c.registerOnPage(tb, p.address) // too soon for another mail
		}
	}
	c.deliver(tb)
	c.checkMails(tb)
	c.request = c.sealed(tb, "come from an application", target{}, "request")
	for _, targets := range c.targets {
		for i, p := range targets {
			targets[i].resetCookie = c.askOnPage(tb, p.address) // nobody delivers the mail
			targets[i].step = c.sealed(tb, "ask for a code to sign in", p, "step")
		}
	}
	// The functions read the pool and its budget of mails now, so that no question is the first to do so.
	c.tenant.Public.Must(tb, 200, "GET", "/pools/"+c.pool, nil)
	for _, q := range []question{
		{operation: "public.resetPage", status: 200}, {operation: "public.signInPage", status: 200, query: "request=REQUEST"},
	} {
		q.body = func(target) any { return nil }
		c.ask(tb, q, target{})
	}
	return c
}

// enter brings the addresses of some states into their state.
func (c *population) enter(tb testing.TB, states ...string) {
	tb.Helper()
	for _, state := range states {
		for _, p := range c.targets[state] {
			switch state {
			case waiting, limited, guessed, bounced, earlier:
				c.register(tb, p.address)
			case invited:
				c.tenant.NewUser(tb, c.pool, "new", p.address, nil)
			case chosen:
				c.tenant.NewUser(tb, c.pool, "new", p.address, fields{
					"id": "an-id-that-is-quite-long-indeed-" + systemtest.Unique(),
				})
			case active, inactive:
				c.tenant.NewUser(tb, c.pool, state, p.address, nil)
			}
			if state == bounced {
				c.reportComplaint(tb, p.address)
			}
		}
	}
	c.deliver(tb)
}

// reportComplaint passes the keeper a notice of SES that the owner of an address complained about
// a mail.
func (c *population) reportComplaint(tb testing.TB, address string) {
	tb.Helper()
	notice, err := json.Marshal(fields{"source": "aws.ses", "detail": fields{
		"eventType": "Complaint",
		"complaint": fields{"complainedRecipients": []fields{{"emailAddress": address}}},
	}})
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := c.product.Keeper.Handle(tb.Context(), notice); err != nil {
		tb.Fatal(err)
	}
}

// checkMails checks that each address has got the number of mails that its state implies. A
// registration causes one mail, within the limits.
func (c *population) checkMails(tb testing.TB) {
	tb.Helper()
	mails := map[string]int{
		unknown: 1, waiting: 2, invited: 1, chosen: 1, earlier: 3, limited: 5, guessed: 2,
		bounced: 0, active: 1, inactive: 1,
	}
	for _, state := range states() {
		if got := c.product.Inbox.Mails(tb, c.targets[state][0].address); len(got) != mails[state] {
			tb.Fatalf("an address that is %s has got %d mails, want %d", state, len(got), mails[state])
		}
	}
}

// registerOnPage registers an address on the page and returns the cookie.
func (c *population) registerOnPage(tb testing.TB, address string) (cookie string) {
	tb.Helper()
	function, event := c.event(
		tb, question{operation: "public.registerByPage", body: pageForm(systemtest.Password)},
		target{address: address},
	)
	answer, err := function(tb.Context(), event)
	if err != nil || answer.StatusCode != http.StatusSeeOther {
		tb.Fatalf("the page answers %d %s, %v", answer.StatusCode, answer.Body, err)
	}
	cookie, _, _ = strings.Cut(answer.Cookies[0], ";")
	return cookie
}

// sealed asks a question of the function signin, and returns what is sealed in the address to which the answer
// leads.
func (c *population) sealed(tb testing.TB, name string, s target, parameter string) string {
	tb.Helper()
	all := signInQuestions()
	i := slices.IndexFunc(all, func(q question) bool { return q.name == name })
	function, event := c.event(tb, all[i], s)
	answer, err := function(tb.Context(), event)
	if err != nil {
		tb.Fatal(err)
	}
	to, err := url.Parse(answer.Headers["Location"])
	if err != nil || to.Query().Get(parameter) == "" {
		tb.Fatalf("%s is answered %d %s, %v", name, answer.StatusCode, answer.Body, err)
	}
	return to.Query().Get(parameter)
}

// askOnPage asks for a mail to reset the password on the page, and returns the cookie.
func (c *population) askOnPage(tb testing.TB, address string) (cookie string) {
	tb.Helper()
	function, event := c.event(
		tb, question{operation: "public.resetByPage", body: func(s target) any {
			return url.Values{"address": {s.address}}.Encode()
		}}, target{address: address},
	)
	answer, err := function(tb.Context(), event)
	if err != nil || answer.StatusCode != http.StatusSeeOther {
		tb.Fatalf("the page answers %d %s, %v", answer.StatusCode, answer.Body, err)
	}
	cookie, _, _ = strings.Cut(answer.Cookies[0], ";")
	return cookie
}

// register registers an address and returns the ticket.
func (c *population) register(tb testing.TB, address string) (ticket string) {
	tb.Helper()
	return c.tenant.Public.Must(tb, 201, "POST", "/pools/"+c.pool+"/register", fields{
		"identifier": address,
	}).Text(tb, "ticket")
}

// id returns the id of the user who has an address.
func (c *population) id(tb testing.TB, address string) string {
	tb.Helper()
	return c.tenant.System.Must(tb, 200, "POST", "/pools/"+c.pool+"/users/by_key", fields{
		"identifier": address,
	}).Text(tb, "id")
}

// deliver lets the courier process the messages that are in the outbox now.
func (c *population) deliver(tb testing.TB) {
	tb.Helper()
	for _, it := range c.product.Items(tb) {
		if id, ok := table.MessageOf(it["pk"]); ok {
			if err := c.product.Courier.Deliver(tb.Context(), id); err != nil {
				tb.Fatal(err)
			}
		}
	}
}

// neverIssued returns a code that has the form of a link's code for the user and the purpose, and was
// never issued.
func neverIssued(user, purpose string) string {
	code := slices.Concat(
		[]byte{1, byte(len(purpose))}, []byte(purpose), []byte{byte(len(user))}, []byte(user),
		make([]byte, 16),
	)
	return base64.RawURLEncoding.EncodeToString(code)
}

// target returns the target of the i-th question about a state. An unknown address is registered by
// the first question that names it, so each question about that state has another address.
func (c *population) target(state string, i int) target {
	p := c.targets[state][i/guessesPerTarget%len(c.targets[state])]
	if state == unknown {
		p.address = systemtest.Address("eve")
	}
	return p
}
