package activation_test

import (
	"context"
	"sync"
	"testing"

	"github.com/aws/smithy-go/middleware"

	"identitypools/infra/check/systemtest"
)

// interruption calls a function just before the first transaction of a request. The function stands
// for what another process may do at that moment.
type interruption struct {
	once sync.Once
	do   func()
}

type interruptionKey struct{}

// during returns the context of the request that is interrupted.
func (i *interruption) during(ctx context.Context) context.Context {
	return context.WithValue(ctx, interruptionKey{}, i)
}

// interruptible is a middleware that allows the calls of a client to be interrupted: see
// systemtest.WithMiddleware.
func interruptible(stack *middleware.Stack) error {
	transaction := stack.ID() == "TransactWriteItems"
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("interruption", func(
		ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
	) (middleware.InitializeOutput, middleware.Metadata, error) {
		if i, ok := ctx.Value(interruptionKey{}).(*interruption); ok && transaction {
			i.once.Do(i.do)
		}
		return next.HandleInitialize(ctx, in)
	}), middleware.Before)
}

// A code is replaced at once (V6.5.1): a new one that is made while the old one activates its user,
// after it was compared and before the user is stored, wins.
func TestACodeThatIsReplacedMeanwhileActivatesNobody(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t, systemtest.WithMiddleware(interruptible))
	tenant := product.NewTenant(t)
	pool := tenant.NewPool(t, nil)
	for _, form := range []string{"code", "extended_code"} {
		t.Run(form, func(t *testing.T) {
			path := "/pools/" + pool + "/users/" + tenant.NewUser(t, pool, "new", systemtest.Address("ann"), nil)
			generate := func() string {
				return tenant.System.Must(t, 201, "POST", path+"/code/generate",
					fields{"type": "activation"}).Text(t, form)
			}
			old, next := generate(), ""
			meanwhile := &interruption{do: func() { next = generate() }}
			present := tenant.System.Request(t, "POST", path+"/activate", fields{"code": old})
			if got := product.InvokeFunction(meanwhile.during(t.Context()), t, "activation", present); got.Status != 422 {
				t.Errorf("the old code answers %d %s", got.Status, got.Body)
			}
			if next == "" {
				t.Fatal("the activation was not interrupted")
			}
			tenant.System.Must(t, 201, "POST", path+"/activate", fields{"code": next})
		})
	}
}
