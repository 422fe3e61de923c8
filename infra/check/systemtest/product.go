// Package systemtest starts the whole product for a test, on a table and with a clock of its own, and calls it over HTTP as
// administrators, back ends and browsers do. The engine and the inbox are real and shared by the tests of a binary.
package systemtest

import (
	"crypto/rand"
	"encoding/base64"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/smithy-go/middleware"

	"identitypools/infra/check/parttest"
	"identitypools/infra/local/system"
	"identitypools/shared/access"
	"identitypools/shared/api"
)

// Product is a running product.
type Product struct {
	*system.System
	Clock *Clock
	Inbox *parttest.Inbox
}

// Clock is the time as the product sees it. It stands where the real time was at the start, and moves on by itself and by Advance.
type Clock struct {
	mu     sync.Mutex
	offset time.Duration
}

// Now is the time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.offset)
}

// Advance moves the time on.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset += d
}

// ExpireCaches moves the time on until every function has forgotten the settings of pools and schemas that it remembered.
func (p *Product) ExpireCaches() { p.Clock.Advance(6 * time.Second) }

// New starts a product that stops with the test.
func New(tb testing.TB, options ...func(*system.Config)) *Product {
	tb.Helper()
	clock, inbox := &Clock{}, parttest.OpenInbox(tb)
	c := system.Config{
		DynamoDBURL: parttest.Engine(tb), SESURL: inbox.URL(), Table: "test-" + Unique(), Address: "127.0.0.1:0",
		Environment: map[string]string{"CODE_SECRET": Secret(), "TOKEN_SECRET": Secret(), "RETURN_ORIGINS": "https://app.example.com"},
		Now:         clock.Now, Log: slog.New(slog.DiscardHandler),
	}
	for _, option := range options {
		option(&c)
	}
	running, err := system.Start(tb.Context(), c)
	if err != nil {
		tb.Fatalf("start the product: %v", err)
	}
	tb.Cleanup(running.Stop)
	return &Product{System: running, Clock: clock, Inbox: inbox}
}

// WithMiddleware is an option of New that puts a middleware into every client of AWS.
func WithMiddleware(by func(*middleware.Stack) error) func(*system.Config) {
	return func(c *system.Config) { c.Middleware = append(c.Middleware, by) }
}

// Unique is a short text that no other test has, of lower-case letters and digits.
func Unique() string { return strings.ToLower(rand.Text())[:12] }

// Secret is a master secret as functions read it.
func Secret() string {
	bytes := make([]byte, 32)
	_, _ = rand.Read(bytes) // never fails
	return "base64:" + base64.StdEncoding.EncodeToString(bytes)
}

// Address is an e-mail address that no other test has.
func Address(name string) string { return name + "-" + Unique() + "@example.com" }

// Tenant is a tenant with an admin client and a system client.
type Tenant struct {
	ID            string
	Admin, System *Client
	Public        *Client
	Pages         *Client // that people open
}

// Trees are the two clients of a tenant that may do the same, by tree.
func (t *Tenant) Trees() map[string]*Client {
	return map[string]*Client{"admin": t.Admin, "system": t.System}
}

// NewTenant makes a tenant.
func (p *Product) NewTenant(tb testing.TB) *Tenant {
	tb.Helper()
	t := &Tenant{ID: "t-" + Unique()}
	t.Admin = p.newClient(tb, t.ID, "admin", api.ScopeAdmin)
	t.System = p.newClient(tb, t.ID, "system", api.ScopeSystem, api.ScopeRegistration)
	t.Public = &Client{base: p.BaseURL, tree: "/api/identity/" + t.ID + "/public"}
	t.Pages = &Client{base: p.BaseURL, tree: "/" + t.ID}
	return t
}

func (p *Product) newClient(tb testing.TB, tenant, tree string, scopes ...string) *Client {
	tb.Helper()
	secret := Unique()
	c := access.Client{Tenant: tenant, ID: tree + "-client", Tree: tree, Scopes: scopes}
	if err := p.EnsureClient(tb.Context(), c, secret); err != nil {
		tb.Fatalf("make client: %v", err)
	}
	client := &Client{base: p.BaseURL, tree: "/api/identity/" + tenant + "/" + tree, ID: c.ID, Secret: secret}
	client.Token = client.FetchToken(tb, tenant, tree)
	return client
}

// RenewTokens gets new tokens, where the clock has moved past the old ones.
func (t *Tenant) RenewTokens(tb testing.TB) {
	tb.Helper()
	t.Admin.Token = t.Admin.FetchToken(tb, t.ID, "admin")
	t.System.Token = t.System.FetchToken(tb, t.ID, "system")
}

// AwaitEmptyOutbox waits until the outbox is empty: all that was asked for is sent or dropped.
func (p *Product) AwaitEmptyOutbox(tb testing.TB) {
	tb.Helper()
	parttest.Until(tb, "an empty outbox", func() bool { return len(p.Stored(tb, "MESSAGE#")) == 0 })
}
