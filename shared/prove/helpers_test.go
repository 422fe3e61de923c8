package prove_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"

	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/google/uuid"

	"identitypools/infra/check/systemtest"
	"identitypools/infra/local/system"
	"identitypools/shared/cloud"
	"identitypools/shared/identity"
	"identitypools/shared/onetime"
	"identitypools/shared/prove"
)

type fields = systemtest.Fields

// bench has a Prover for the users of a tenant. Nothing else calls the table, and the clock moves only
// with Advance.
type bench struct {
	*prove.Prover
	product *systemtest.Product
	tenant  *systemtest.Tenant
}

func newProduct(t *testing.T, options ...func(*system.Config)) *systemtest.Product {
	t.Helper()
	product := systemtest.New(t, append(options, func(c *system.Config) { c.Quiet = true })...)
	product.Clock.Stop()
	return product
}

// newBench returns a bench with a new tenant of a product.
func newBench(t *testing.T, product *systemtest.Product) *bench {
	t.Helper()
	env := cloud.Environment(func(name string) string { return product.Environment[name] })
	tools, err := onetime.Open(env)
	if err != nil {
		t.Fatal(err)
	}
	prover := prove.New(tools, product.Table, slog.New(slog.DiscardHandler), product.Clock.Now, uuid.NewString)
	return &bench{prover, product, product.NewTenant(t)}
}

// pool creates a pool.
func (b *bench) pool(t *testing.T, settings fields) identity.Pool {
	t.Helper()
	p, err := b.product.Table.Pools.Get(t.Context(), b.tenant.ID, b.tenant.NewPool(t, settings))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// user creates a user of a pool, with a password in the given state unless that is "", and returns the id.
func (b *bench) user(t *testing.T, p identity.Pool, status, email, state string, more ...fields) string {
	t.Helper()
	user := fields{}
	if state != "" {
		user["credentials"] = []fields{{
			"type": "password", "password": systemtest.Password, "must_be_changed": state == "must_be_changed",
		}}
	}
	for _, each := range more {
		for name, value := range each {
			user[name] = value
		}
	}
	return b.tenant.NewUser(t, p.ID, status, email, user)
}

func (b *bench) ref(p identity.Pool, id string) identity.UserRef {
	return identity.UserRef{Tenant: b.tenant.ID, Pool: p.ID, ID: id}
}

// atOnce makes 20 calls at the same time. It returns how many succeeded, how many were refused as wrong
// and how many were limited, and fails the test for any other error.
func atOnce(t *testing.T, call func(i int) error) (right, wrong, limited int) {
	t.Helper()
	var (
		calls sync.WaitGroup
		mu    sync.Mutex
	)
	for i := range 20 {
		calls.Go(func() {
			err := call(i)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				right++
			case isWrong(err):
				wrong++
			case errors.As(err, new(identity.Limited)):
				limited++
			default:
				t.Errorf("call %d: %v", i, err)
			}
		})
	}
	calls.Wait()
	return right, wrong, limited
}

// isWrong reports whether an error says that a code or a password is wrong.
func isWrong(err error) bool {
	return errors.As(err, new(identity.InvalidCode)) || errors.As(err, new(identity.WrongPassword))
}

// recorder records the calls to the table: the operation, and the bytes of the request.
type recorder struct {
	mu    sync.Mutex
	calls []string
}

// watch is a middleware for the clients of AWS.
func (r *recorder) watch(stack *middleware.Stack) error {
	operation := stack.ID()
	return stack.Finalize.Add(middleware.FinalizeMiddlewareFunc("recorder", func(
		ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler,
	) (middleware.FinalizeOutput, middleware.Metadata, error) {
		if request, ok := in.Request.(*smithyhttp.Request); ok {
			r.mu.Lock()
			r.calls = append(r.calls, fmt.Sprintf("%s %d", operation, request.ContentLength))
			r.mu.Unlock()
		}
		return next.HandleFinalize(ctx, in)
	}), middleware.After)
}

// collect returns the calls since the last time.
func (r *recorder) collect() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	calls := r.calls
	r.calls = nil
	return calls
}
