package systemtest

import (
	"context"
	"strings"
	"sync"

	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"identitypools/infra/deploy/plan"
	"identitypools/infra/local/system"
	"identitypools/shared/table"
)

// Trace records which calls to the table functions make, for tests that compare requests. The
// requests must be made one after the other.
type Trace struct {
	mu    sync.Mutex
	calls []TracedCall
}

// TracedCall describes a call to the table by what an observer could learn from its duration: what
// it does to which kinds of keys, and the sizes in bytes of the requests that were sent. A call
// that was retried has several.
type TracedCall struct {
	Function string
	What     []string
	Sent     []int64
}

// Option is an option of [New] that makes t record calls.
func (t *Trace) Option(c *system.Config) {
	c.Watch = t.watch
	c.Middleware = append(c.Middleware, func(stack *middleware.Stack) error {
		// after the retries, so that it sees each attempt
		return stack.Finalize.Add(middleware.FinalizeMiddlewareFunc("trace", t.send), middleware.After)
	})
}

// Collect returns the calls since the last call of Collect.
func (t *Trace) Collect() []TracedCall {
	t.mu.Lock()
	defer t.mu.Unlock()
	calls := t.calls
	t.calls = nil
	return calls
}

func (t *Trace) watch(c plan.Call) {
	call := TracedCall{Function: c.Function}
	for _, s := range c.Steps {
		call.What = append(call.What, s.Action+" "+string(table.KindOf(s.Partition)))
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.calls = append(t.calls, call)
}

func (t *Trace) send(
	ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler,
) (middleware.FinalizeOutput, middleware.Metadata, error) {
	request, ok := in.Request.(*smithyhttp.Request)
	t.mu.Lock()
	// Requests before the first call of a function are the test's own.
	if n := len(t.calls); ok && n > 0 {
		t.calls[n-1].Sent = append(t.calls[n-1].Sent, request.ContentLength)
	}
	t.mu.Unlock()
	return next.HandleFinalize(ctx, in)
}

// Bytes returns the total size of all requests that the call sent.
func (c TracedCall) Bytes() (sum int64) {
	for _, n := range c.Sent {
		sum += n
	}
	return sum
}

// Normalized returns the call without the differences that are intended: a step of a transaction
// may write an item of a kind or only check it, at the same price.
func (c TracedCall) Normalized() string {
	kinds := make([]string, len(c.What))
	for i, what := range c.What {
		action, kind, _ := strings.Cut(what, " ")
		if len(c.What) > 1 {
			action = "transact"
		}
		kinds[i] = action + " " + kind
	}
	return strings.Join(kinds, ", ")
}
