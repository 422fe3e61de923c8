package systemtest

import (
	"context"
	"reflect"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go/middleware"
)

// Tape records the answers of the engine and can answer with them in the place of the engine.
// Benchmarks use it to measure only the work of our own code.
type Tape struct {
	mu      sync.Mutex
	playing bool
	answers map[string]any
}

// NewTape returns a tape that records until [Tape.Play] is called.
func NewTape() *Tape { return &Tape{answers: map[string]any{}} }

// Watch puts the tape between a client and the engine. It is an argument of [WithMiddleware].
func (t *Tape) Watch(stack *middleware.Stack) error {
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("tape", t.handle), middleware.Before)
}

// Play makes the tape answer every later call with the last recorded answer to a call of the same
// kind.
func (t *Tape) Play() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.playing = true
}

func (t *Tape) handle(
	ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
) (middleware.InitializeOutput, middleware.Metadata, error) {
	kind := kindOf(in.Parameters)
	t.mu.Lock()
	answer, known := t.answers[kind]
	playing := t.playing
	t.mu.Unlock()
	if playing && known {
		return middleware.InitializeOutput{Result: answer}, middleware.Metadata{}, nil
	}
	out, metadata, err := next.HandleInitialize(ctx, in)
	if err == nil {
		t.mu.Lock()
		t.answers[kind] = out.Result
		t.mu.Unlock()
	}
	return out, metadata, err
}

// kindOf returns the kind of a call: its operation and, for a single item, the first part of the
// item's key.
func kindOf(parameters any) string {
	kind := reflect.TypeOf(parameters).String()
	var key map[string]types.AttributeValue
	switch in := parameters.(type) {
	case *dynamodb.GetItemInput:
		key = in.Key
	case *dynamodb.UpdateItemInput:
		key = in.Key
	}
	if pk, ok := key["pk"].(*types.AttributeValueMemberS); ok {
		first, _, _ := strings.Cut(pk.Value, "#")
		kind += " " + first
	}
	return kind
}
