package passwords_test

import (
	"context"
	"sync"
	"testing"

	"github.com/aws/smithy-go/middleware"

	"identitypools/infra/check/systemtest"
	"identitypools/infra/local/system"
)

// meanwhile is something that happens once, just before the next transaction of the product.
type meanwhile struct {
	mu      sync.Mutex
	happens func()
}

// arm makes f happen before the next transaction.
func (m *meanwhile) arm(f func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.happens = f
}

// take returns what is to happen, if anything, and forgets it.
func (m *meanwhile) take() func() {
	m.mu.Lock()
	defer m.mu.Unlock()
	f := m.happens
	m.happens = nil
	return f
}

// watch is a middleware for the clients of AWS.
func (m *meanwhile) watch(stack *middleware.Stack) error {
	operation := stack.ID()
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("meanwhile", func(
		ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
	) (middleware.InitializeOutput, middleware.Metadata, error) {
		if operation == "TransactWriteItems" {
			if f := m.take(); f != nil {
				f()
			}
		}
		return next.HandleInitialize(ctx, in)
	}), middleware.Before)
}

// A password that must be changed is judged again if its user changes between the comparison and the
// moment when the password is used up.
func TestAnotherPasswordIsSetMeanwhile(t *testing.T) {
	t.Parallel()
	var m meanwhile
	alone := func(c *system.Config) { c.Quiet = true } // so only the calls of this test make transactions
	tenant := systemtest.New(t, alone, systemtest.WithMiddleware(m.watch)).NewTenant(t)
	pool := "/pools/" + tenant.NewPool(t, nil)
	for name, c := range map[string]struct {
		change func(t *testing.T, email, id string)
		want   int
	}{
		"its user gets metadata": {func(t *testing.T, _, id string) {
			tenant.Admin.Must(t, 200, "PUT", pool+"/users/"+id, fields{"metadata": fields{"a": 1}})
		}, 200},
		"its user is deactivated": {func(t *testing.T, _, id string) {
			tenant.Admin.Must(t, 200, "PUT", pool+"/users/"+id, fields{"status": "inactive"})
		}, 401},
		"its user is deleted": {func(t *testing.T, _, id string) {
			tenant.Admin.Must(t, 204, "DELETE", pool+"/users/"+id, nil)
		}, 401},
		"its user is made again with another password": {func(t *testing.T, email, id string) {
			tenant.Admin.Must(t, 204, "DELETE", pool+"/users/"+id, nil)
			tenant.NewUser(t, pool[len("/pools/"):], "active", email, oneTime("another good password", id))
		}, 401},
	} {
		t.Run(name, func(t *testing.T) {
			email := systemtest.Address("once")
			id := tenant.NewUser(t, pool[len("/pools/"):], "active", email, oneTime(systemtest.Password, ""))
			happened := false
			m.arm(func() {
				happened = true
				c.change(t, email, id)
			})
			got := tenant.System.Call(
				t, "POST", pool+verifyPath, fields{"identifier": email, "password": systemtest.Password},
			)
			if got.Status != c.want || !happened {
				t.Errorf("the answer is %d %s; it happened: %t", got.Status, got.Body, happened)
			}
		})
	}
}

// oneTime returns the fields of a user with a password that must be changed, and with an id unless
// that is "".
func oneTime(password, id string) fields {
	user := fields{"credentials": []fields{{"type": "password", "password": password, "must_be_changed": true}}}
	if id != "" {
		user["id"] = id
	}
	return user
}
