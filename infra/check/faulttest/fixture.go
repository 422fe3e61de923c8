package faulttest

import (
	"net/http"
	"testing"

	"identitypools/infra/check/systemtest"
	"identitypools/infra/local/system"
)

// Fixture is a product of its own with one pool in it, for one piece of work that meets a fault.
// Only the test reads the stream of its table.
type Fixture struct {
	*systemtest.Product
	T      *testing.T
	Tenant *systemtest.Tenant
	Pool   string // the path of the pool
	Email  string // the address of the person whom the case is about
	Second string // another address of that person

	// What the setup of a case has created: the user of Email, a schema, the ticket of a
	// registration, a code in its short form and in the form of links, the version of what is to be
	// changed, and the cookie of a browser.
	User, Schema, Ticket, Code, Link, Version, Cookie string
	// Workspace and App are a workspace that the pool is connected to and an application of it. Access and
	// Refresh are tokens for the user.
	Workspace       *systemtest.Workspace
	App             systemtest.Application
	Access, Refresh string
	// Proved has the ids of the users who may be active, because an administrator has made them
	// active or because somebody presents a valid code of theirs.
	Proved map[string]bool
}

// NewFixture starts a product whose calls to AWS meet the faults of their contexts.
func NewFixture(t *testing.T) *Fixture {
	t.Helper()
	f := &Fixture{
		T: t, Email: systemtest.Address("ann"), Second: systemtest.Address("second"), Proved: map[string]bool{},
		Product: systemtest.New(t, func(c *system.Config) { c.Quiet = true },
			systemtest.WithMiddleware(systemtest.InjectFaults), systemtest.WithoutPauses),
	}
	f.Tenant = f.NewTenant(t)
	f.Pool = "/pools/" + f.Tenant.NewPool(t, nil)
	return f
}

// AdminRequest returns a request of the admin client. The headers are pairs of names and values.
func (f *Fixture) AdminRequest(method, path string, body any, headers ...string) *http.Request {
	return f.Tenant.Admin.Request(f.T, method, path, body, headers...)
}

// SystemRequest returns a request of the system client.
func (f *Fixture) SystemRequest(method, path string, body any) *http.Request {
	return f.Tenant.System.Request(f.T, method, path, body)
}

// PublicRequest returns a request of a browser.
func (f *Fixture) PublicRequest(method, path string, body any) *http.Request {
	return f.Tenant.Public.Request(f.T, method, path, body)
}

// PoolID returns the id of the pool.
func (f *Fixture) PoolID() string { return f.Pool[len("/pools/"):] }

// UserPath returns the path of the user.
func (f *Fixture) UserPath() string { return f.Pool + "/users/" + f.User }
