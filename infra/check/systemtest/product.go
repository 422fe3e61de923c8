// Package systemtest starts the whole product for a test and calls it over HTTP as administrators,
// back ends and browsers do. Each product has a table and a clock of its own. The DynamoDB engine,
// the queue and the SES inbox are real, and all tests of a binary share them. A package that uses systemtest
// needs a TestMain: see parttest.Main.
package systemtest

import (
	"crypto/rand"
	"encoding/base64"
	"log/slog"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/smithy-go/middleware"

	"identitypools/infra/check/parttest"
	"identitypools/infra/local/system"
	"identitypools/shared/access"
	"identitypools/shared/api"
	"identitypools/shared/retry"
)

// Product is a running product.
type Product struct {
	*system.System
	Clock *Clock
	Inbox *parttest.Inbox
	quiet bool // nothing follows the stream but what a test calls
}

// Clock is the clock of a product. It starts at 8:01 (UTC) on the next day, so that hours and days, to which
// budgets belong, begin when a test says so. It moves with the real time, or, in a quiet product, by a
// millisecond whenever it is read, so that what a test sees does not depend on how long the machine takes.
// A test can stop it and move it forward.
type Clock struct {
	mu     sync.Mutex
	offset time.Duration // ahead of the real time
	now    time.Time     // zero if the clock moves with the real time
	step   time.Duration // how far the clock moves when it is read, if it does not move with the real time
}

// newClock returns a clock that starts now.
func newClock() *Clock {
	now := time.Now().UTC()
	return &Clock{offset: now.Truncate(24 * time.Hour).Add(32*time.Hour + time.Minute).Sub(now)}
}

// Now returns the clock's time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.now.IsZero() {
		return time.Now().Add(c.offset)
	}
	c.now = c.now.Add(c.step)
	return c.now
}

// Stop makes the clock stand still from now on, except for Advance.
func (c *Clock) Stop() { c.moveBy(0) }

// moveBy makes the clock move by a duration whenever it is read, and not with the real time.
func (c *Clock) moveBy(step time.Duration) {
	now := c.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now, c.step = now, step
}

// Advance moves the clock forward.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset += d
	if !c.now.IsZero() {
		c.now = c.now.Add(d)
	}
}

// ExpireCaches moves the clock forward until no function uses the settings of pools and schemas any
// more that it has in memory.
func (p *Product) ExpireCaches() { p.Clock.Advance(6 * time.Second) }

// New starts a product, which is stopped at the end of the test. Options change its configuration.
func New(tb testing.TB, options ...func(*system.Config)) *Product {
	tb.Helper()
	return start(tb, newClock(), options...)
}

// Again starts the product once more, on the same table, with the same environment and by the same clock,
// as another process of a deployment does.
func (p *Product) Again(tb testing.TB, options ...func(*system.Config)) *Product {
	tb.Helper()
	return start(tb, p.Clock, append([]func(*system.Config){func(c *system.Config) {
		c.Table, c.Environment = p.TableName, maps.Clone(p.Environment)
	}}, options...)...)
}

func start(tb testing.TB, clock *Clock, options ...func(*system.Config)) *Product {
	tb.Helper()
	inbox := parttest.OpenInbox(tb)
	c := system.Config{
		DynamoDBURL: parttest.Engine(tb), SQSURL: parttest.Queue(tb), SESURL: inbox.URL(), Table: "test-" + Unique(),
		Address: "127.0.0.1:0",
		Environment: map[string]string{
			"CODE_SECRET": Secret(), "TOKEN_SECRET": Secret(),
			"RETURN_ORIGINS": "https://app.example.com",
		},
		Now: clock.Now, Retry: retry.Random(), Log: slog.New(slog.DiscardHandler),
		MailPause: soon, MailReceives: maxReceives,
	}
	for _, option := range options {
		option(&c)
	}
	if c.Quiet {
		clock.moveBy(time.Millisecond)
	}
	running, err := system.Start(tb.Context(), c)
	if err != nil {
		tb.Fatalf("start the product: %v", err)
	}
	tb.Cleanup(running.Stop)
	return &Product{System: running, Clock: clock, Inbox: inbox, quiet: c.Quiet}
}

// maxReceives is the largest number of receives that SQS takes, so that no entry of a test's queue
// becomes a dead letter before the test is over.
const maxReceives = 1000

// soon is the pause of entries that failed: none at first, and later up to three seconds, so that entries
// which keep failing leave the processors to the test. The queue does not have the clock that a test
// moves.
func soon(received int) time.Duration {
	return min(3, time.Duration(max(received-2, 0))) * time.Second
}

// WithMiddleware returns an option of [New] that adds a middleware to every client of AWS.
func WithMiddleware(by func(*middleware.Stack) error) func(*system.Config) {
	return func(c *system.Config) { c.Middleware = append(c.Middleware, by) }
}

// Unique returns a short string of lower-case letters and digits that no other test has.
func Unique() string { return strings.ToLower(rand.Text())[:12] }

// Secret returns a random master secret in the form in which functions read it.
func Secret() string {
	bytes := make([]byte, 32)
	_, _ = rand.Read(bytes) // never fails
	return "base64:" + base64.StdEncoding.EncodeToString(bytes)
}

// Address returns an e-mail address that no other test has.
func Address(name string) string { return name + "-" + Unique() + "@example.com" }

// Tenant is a tenant with an admin client and a system client.
type Tenant struct {
	ID            string
	Admin, System *Client
	Public        *Client
	// Workspaces is the admin client in the tree of workspaces and their applications.
	Workspaces *Client
	// Pages calls the pages that people open in a browser.
	Pages *Client
}

// Trees returns the clients of the admin and the system tree, by the name of the tree. They are for
// requests that both trees allow.
func (t *Tenant) Trees() map[string]*Client {
	return map[string]*Client{"admin": t.Admin, "system": t.System}
}

// NewTenant creates a tenant.
func (p *Product) NewTenant(tb testing.TB) *Tenant {
	tb.Helper()
	t := &Tenant{ID: "t-" + Unique()}
	t.Admin = p.newClient(tb, t.ID, "admin", api.ScopeAdmin)
	t.System = p.newClient(tb, t.ID, "system", api.ScopeSystem, api.ScopeRegistration)
	t.Workspaces = &Client{
		base: p.BaseURL, tree: "/api/admin/" + t.ID, ID: t.Admin.ID, Secret: t.Admin.Secret, Token: t.Admin.Token,
	}
	t.Public = &Client{base: p.BaseURL, tree: "/api/identity/" + t.ID + "/public"}
	t.Pages = &Client{base: p.BaseURL, tree: "/" + t.ID}
	return t
}

func (p *Product) newClient(tb testing.TB, tenant, tree string, scopes ...string) *Client {
	tb.Helper()
	secret := Unique()
	c := access.Client{Tenant: tenant, ID: tree + "-client", Caller: access.Caller(tree), Scopes: scopes}
	if err := p.EnsureClient(tb.Context(), c, secret); err != nil {
		tb.Fatalf("make client: %v", err)
	}
	client := &Client{
		base: p.BaseURL, tree: "/api/identity/" + tenant + "/" + tree, ID: c.ID,
		Secret: secret,
	}
	client.Token = client.FetchToken(tb, tenant, tree)
	return client
}

// RenewTokens gets new tokens. A test needs them after it has moved the clock beyond the end of the
// old ones.
func (t *Tenant) RenewTokens(tb testing.TB) {
	tb.Helper()
	t.Admin.Token = t.Admin.FetchToken(tb, t.ID, "admin")
	t.System.Token = t.System.FetchToken(tb, t.ID, "system")
	t.Workspaces.Token = t.Admin.Token
}

// AwaitEmptyOutbox waits until all messages that were asked for have been sent or dropped.
func (p *Product) AwaitEmptyOutbox(tb testing.TB) {
	tb.Helper()
	parttest.Until(tb, "an empty outbox", func() bool { return len(p.Stored(tb, "MESSAGE#")) == 0 })
}
