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

// Tape records what the engine really answered, and plays it back without the engine, for benchmarks of our own work alone.
type Tape struct {
	mu      sync.Mutex
	playing bool
	answers map[string]any
}

// NewTape is a tape that records until Play.
func NewTape() *Tape { return &Tape{answers: map[string]any{}} }

// Watch puts the tape between a client and the engine: see WithMiddleware.
func (t *Tape) Watch(stack *middleware.Stack) error {
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("tape", t.handle), middleware.Before)
}

// Play answers every call from now on with the last recorded answer of its kind.
func (t *Tape) Play() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.playing = true
}

func (t *Tape) handle(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
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

// kindOf names a call by its operation and, for a single item, the first part of the item's key.
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
