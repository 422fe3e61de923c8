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

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// FaultKind is what goes wrong with a call to AWS.
type FaultKind string

// The kinds.
const (
	Failed     FaultKind = "fails"                    // an error of the service (500); nothing has happened
	Throttled  FaultKind = "is throttled"             // nothing has happened
	Cut        FaultKind = "is cut off"               // the connection breaks; nothing has happened
	TimedOut   FaultKind = "times out"                // nothing has happened
	Lost       FaultKind = "loses its answer"         // it took effect, then the connection breaks
	Late       FaultKind = "takes effect, times out"  //
	Repeated   FaultKind = "is sent twice"            //
	Conflicted FaultKind = "meets a transaction"      // of somebody else; nothing has happened. Of writes to the table alone
	Unfaulted  FaultKind = "has no fault, is counted" //
)

// FaultKinds are all that go wrong.
func FaultKinds() []FaultKind {
	return []FaultKind{Failed, Throttled, Cut, TimedOut, Lost, Late, Repeated, Conflicted}
}

// Reach is how far a fault gets.
type Reach string

// The reaches. The SDK sends a call up to three times, so most faults that are over then are never seen by our code.
const (
	OnceBelow Reach = "once, before the SDK's retries"
	OnceAbove Reach = "once, after the SDK's retries"
	Lasting   Reach = "until the request ends" // this try and all that follow, of this call and of the later ones
)

// Reaches are all reaches.
func Reaches() []Reach { return []Reach{OnceBelow, OnceAbove, Lasting} }

// Fault is a fault of one call of a piece of work, and the record of all its calls. It is put into the context of the work, and is good
// for one.
type Fault struct {
	Kind  FaultKind
	Reach Reach
	Call  int // which call; the first is 0

	mu    sync.Mutex
	calls []string
	met   bool
}

type (
	faultKey struct{}
	callKey  struct{}
)

// call is a call on its way to AWS.
type call struct {
	number     int
	operation  string
	parameters any
}

// Context is ctx for the work that meets the fault.
func (f *Fault) Context(ctx context.Context) context.Context {
	return context.WithValue(ctx, faultKey{}, f)
}

// Calls are the operations that the work has called.
func (f *Fault) Calls() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.calls)
}

// AppliesTo says whether a call of an operation can have the fault.
func (f *Fault) AppliesTo(operation string) bool {
	return f.Kind != Conflicted || Writes(operation)
}

// Writes says whether an operation writes to the table.
func Writes(operation string) bool {
	return slices.Contains([]string{"TransactWriteItems", "PutItem", "UpdateItem", "DeleteItem"}, operation)
}

// IsHarmless says whether a call of an operation goes well in spite of the fault, without our doing.
func (f *Fault) IsHarmless(operation string) bool {
	return f.Kind == Repeated && f.Reach != Lasting || f.Reach == OnceBelow && (f.Kind != Conflicted || operation == "TransactWriteItems")
}

// InjectFaults lets the calls of a client meet the faults of their contexts: see WithMiddleware.
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
		return meet(f.below(c), c, func() (middleware.FinalizeOutput, middleware.Metadata, error) { return send(ctx, in, next) })
	})
	return errors.Join(stack.Initialize.Add(above, middleware.Before), stack.Finalize.Insert(below, "Retry", middleware.After))
}

// send hands a copy of the request on: signing changes it, and it may have to be sent again.
func send(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (out middleware.FinalizeOutput, m middleware.Metadata, err error) {
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

func (f *Fault) begin(operation string, parameters any) call {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, operation)
	return call{len(f.calls) - 1, operation, parameters}
}

// above is what a call meets before the SDK looks at it.
func (f *Fault) above(c call) FaultKind {
	if f.Reach == OnceAbove && c.number == f.Call && f.AppliesTo(c.operation) {
		return f.Kind
	}
	return Unfaulted
}

// below is what a try of a call meets.
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

// meet carries a call out with a fault.
func meet[T any](kind FaultKind, c call, carryOut func() (T, middleware.Metadata, error)) (out T, m middleware.Metadata, err error) {
	switch kind {
	case Unfaulted:
		return carryOut()
	case Repeated:
		_, _, _ = carryOut() // whatever it comes to, nobody hears of it
		return carryOut()
	case Lost, Late:
		_, _, _ = carryOut()
	}
	return out, m, kind.err(c)
}

// err is what the SDK makes of the fault.
func (k FaultKind) err(c call) error {
	switch k {
	case Failed:
		return answered(http.StatusInternalServerError, &smithy.GenericAPIError{Code: "InternalServerError", Message: "injected"})
	case Throttled:
		return answered(http.StatusBadRequest, &smithy.GenericAPIError{Code: "ThrottlingException", Message: "injected"})
	case Conflicted:
		return answered(http.StatusBadRequest, conflict(c))
	case TimedOut, Late:
		return &smithyhttp.RequestSendError{Err: &url.Error{Op: "Post", URL: "http://127.0.0.1", Err: context.DeadlineExceeded}}
	}
	return &smithyhttp.RequestSendError{Err: &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}}
}

func answered(status int, err error) error {
	response := &smithyhttp.Response{Response: &http.Response{StatusCode: status, Header: http.Header{}}}
	return &awshttp.ResponseError{ResponseError: &smithyhttp.ResponseError{Response: response, Err: err}, RequestID: "injected"}
}

// conflict is the error of a write to items that another transaction is writing.
func conflict(c call) error {
	in, ok := c.parameters.(*dynamodb.TransactWriteItemsInput)
	if !ok {
		return &types.TransactionConflictException{Message: aws.String("injected")}
	}
	reasons := slices.Repeat([]types.CancellationReason{{Code: aws.String("None")}}, len(in.TransactItems))
	reasons[len(reasons)-1].Code = aws.String("TransactionConflict")
	return &types.TransactionCanceledException{Message: aws.String("injected"), CancellationReasons: reasons}
}
