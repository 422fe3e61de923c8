package systemtest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"identitypools/infra/local/system"
	"identitypools/shared/retry"
)

// FaultKind is what goes wrong with a call to AWS.
type FaultKind string

// The kinds of faults. Unless its comment says otherwise, a call that meets one has no effect.
const (
	// Failed is an internal error of the service, with status 500.
	Failed FaultKind = "fails"
	// Throttled is a call that the service refuses because of a limit.
	Throttled FaultKind = "is throttled"
	// Cut is a connection that breaks before the call takes effect.
	Cut FaultKind = "is cut off"
	// TimedOut is a call that times out before it takes effect.
	TimedOut FaultKind = "times out"
	// Lost is a connection that breaks after the call has taken effect.
	Lost FaultKind = "loses its answer"
	// Late is a call that takes effect and times out.
	Late FaultKind = "takes effect, times out"
	// Repeated is a call that takes effect twice.
	Repeated FaultKind = "is sent twice"
	// Conflicted is a write to the table that another transaction conflicts with.
	Conflicted FaultKind = "meets a transaction"
	// Unfaulted is no fault. The calls are still recorded.
	Unfaulted FaultKind = "has no fault, is counted"
)

// FaultKinds returns all kinds but Unfaulted.
func FaultKinds() []FaultKind {
	return []FaultKind{Failed, Throttled, Cut, TimedOut, Lost, Late, Repeated, Conflicted}
}

// Reach is how many attempts of a call meet a fault. The SDK makes up to three attempts for a call,
// so our code does not notice most faults of a single attempt.
type Reach string

// The reaches.
const (
	// OnceBelow is a fault of one attempt, which the SDK can retry.
	OnceBelow Reach = "once, before the SDK's retries"
	// OnceAbove is a fault of one call after the SDK's retries. The next call succeeds.
	OnceAbove Reach = "once, after the SDK's retries"
	// Lasting is a fault of this attempt and all that follow, of this call and all later ones.
	Lasting Reach = "until the request ends"
)

// Reaches returns all reaches.
func Reaches() []Reach { return []Reach{OnceBelow, OnceAbove, Lasting} }

// Fault is a fault of one call in a piece of work, and a record of all calls that the work makes.
// [Fault.Context] attaches it to the work. A Fault must not be used for a second piece of work.
type Fault struct {
	Kind  FaultKind
	Reach Reach
	// Call is the index of the call that meets the fault. The first call has the index 0.
	Call int

	mu    sync.Mutex
	calls []string
	met   bool
}

type (
	faultKey struct{}
	callKey  struct{}
)

// call is a call to AWS that is being made.
type call struct {
	number     int
	operation  string
	parameters any
}

// Context returns a context for the work that is to meet the fault.
func (f *Fault) Context(ctx context.Context) context.Context {
	return context.WithValue(ctx, faultKey{}, f)
}

// Calls returns the names of the operations that the work has called.
func (f *Fault) Calls() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.calls)
}

// AppliesTo reports whether a call of an operation can meet the fault.
func (f *Fault) AppliesTo(operation string) bool {
	return f.Kind != Conflicted || Writes(operation)
}

// Writes reports whether an operation writes to the table.
func Writes(operation string) bool {
	return slices.Contains([]string{
		"TransactWriteItems", "PutItem", "UpdateItem", "DeleteItem",
	}, operation)
}

// IsHarmless reports whether a call of an operation succeeds in spite of the fault, without any
// help of our code.
func (f *Fault) IsHarmless(operation string) bool {
	return f.Kind == Repeated && f.Reach != Lasting ||
		f.Reach == OnceBelow && (f.Kind != Conflicted || operation == "TransactWriteItems")
}

// WithoutPauses is an option of [New] after which changes that lose against simultaneous ones are
// tried again at once. It is for faults that last, which no pause ends.
func WithoutPauses(c *system.Config) {
	c.Retry = retry.Policy{Jitter: func(time.Duration) time.Duration { return 0 }}
}

// InjectFaults makes the calls of a client meet the [Fault] of their context. It is an argument of
// [WithMiddleware].
func InjectFaults(stack *middleware.Stack) error {
	operation := stack.ID()
	above := middleware.InitializeMiddlewareFunc("fault", func(
		ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
	) (middleware.InitializeOutput, middleware.Metadata, error) {
		f, ok := ctx.Value(faultKey{}).(*Fault)
		if !ok {
			return next.HandleInitialize(ctx, in)
		}
		c := f.begin(operation, in.Parameters)
		ctx = context.WithValue(ctx, callKey{}, c)
		return meet(f.above(c), c, func() (middleware.InitializeOutput, middleware.Metadata, error) {
			return next.HandleInitialize(ctx, in)
		})
	})
	below := middleware.FinalizeMiddlewareFunc("fault", func(
		ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler,
	) (middleware.FinalizeOutput, middleware.Metadata, error) {
		f, ok := ctx.Value(faultKey{}).(*Fault)
		if !ok {
			return next.HandleFinalize(ctx, in)
		}
		c, _ := ctx.Value(callKey{}).(call)
		return meet(f.below(c), c, func() (middleware.FinalizeOutput, middleware.Metadata, error) {
			return send(ctx, in, next)
		})
	})
	return errors.Join(stack.Initialize.Add(above, middleware.Before),
		stack.Finalize.Insert(below, "Retry", middleware.After))
}

// send passes on a copy of the request, because signing changes it and it may have to be sent
// again.
func send(
	ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler,
) (out middleware.FinalizeOutput, m middleware.Metadata, err error) {
	request, ok := in.Request.(*smithyhttp.Request)
	if !ok {
		return out, m, fmt.Errorf("the request is %T", in.Request)
	}
	sent := request.Clone()
	if err := sent.RewindStream(); err != nil {
		return out, m, err
	}
	return next.HandleFinalize(ctx, middleware.FinalizeInput{Request: sent})
}

// begin records a call.
func (f *Fault) begin(operation string, parameters any) call {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, operation)
	return call{len(f.calls) - 1, operation, parameters}
}

// above returns the fault that a call meets before the SDK handles it.
func (f *Fault) above(c call) FaultKind {
	if f.Reach == OnceAbove && c.number == f.Call && f.AppliesTo(c.operation) {
		return f.Kind
	}
	return Unfaulted
}

// below returns the fault that one attempt of a call meets.
func (f *Fault) below(c call) FaultKind {
	f.mu.Lock()
	defer f.mu.Unlock()
	once := f.Reach == OnceBelow && c.number == f.Call && !f.met
	if f.AppliesTo(c.operation) && (once || f.Reach == Lasting && c.number >= f.Call) {
		f.met = true
		return f.Kind
	}
	return Unfaulted
}

// meet carries out a call that meets a fault.
func meet[T any](
	kind FaultKind, c call, carryOut func() (T, middleware.Metadata, error),
) (out T, m middleware.Metadata, err error) {
	switch kind {
	case Unfaulted:
		return carryOut()
	case Repeated:
		_, _, _ = carryOut() // the result is lost
		return carryOut()
	case Lost, Late:
		_, _, _ = carryOut()
	}
	return out, m, kind.err(c)
}

// err returns the error that the SDK returns for a call that meets the fault.
func (k FaultKind) err(c call) error {
	switch k {
	case Failed:
		return answered(http.StatusInternalServerError,
			&smithy.GenericAPIError{Code: "InternalServerError", Message: "injected"})
	case Throttled:
		return answered(http.StatusBadRequest,
			&smithy.GenericAPIError{Code: "ThrottlingException", Message: "injected"})
	case Conflicted:
		return answered(http.StatusBadRequest, conflict(c))
	case TimedOut, Late:
		return &smithyhttp.RequestSendError{Err: &url.Error{
			Op: "Post", URL: "http://127.0.0.1", Err: context.DeadlineExceeded,
		}}
	}
	return &smithyhttp.RequestSendError{Err: &net.OpError{
		Op: "read", Net: "tcp", Err: syscall.ECONNRESET,
	}}
}

// answered wraps an error of the service as the SDK does for an answer with the status.
func answered(status int, err error) error {
	response := &smithyhttp.Response{Response: &http.Response{StatusCode: status, Header: http.Header{}}}
	return &awshttp.ResponseError{
		ResponseError: &smithyhttp.ResponseError{Response: response, Err: err},
		RequestID:     "injected",
	}
}

// conflict returns the error for a write to items that another transaction is writing.
func conflict(c call) error {
	in, ok := c.parameters.(*dynamodb.TransactWriteItemsInput)
	if !ok {
		return &types.TransactionConflictException{Message: aws.String("injected")}
	}
	reasons := slices.Repeat([]types.CancellationReason{{Code: aws.String("None")}},
		len(in.TransactItems))
	reasons[len(reasons)-1].Code = aws.String("TransactionConflict")
	return &types.TransactionCanceledException{
		Message:             aws.String("injected"),
		CancellationReasons: reasons,
	}
}
