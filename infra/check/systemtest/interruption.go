package systemtest

import (
	"context"
	"sync/atomic"

	"github.com/aws/smithy-go/middleware"
)

// Interruption does something before each call to AWS that the product makes, of any function. Its zero
// value does nothing.
type Interruption struct {
	before atomic.Pointer[func(parameters any) error]
}

// Set has a function called before each call from now on. The call fails with its error.
func (i *Interruption) Set(before func(parameters any) error) { i.before.Store(&before) }

// Watch puts the interruption into a client: see [WithMiddleware].
func (i *Interruption) Watch(stack *middleware.Stack) error {
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("interruption", func(
		ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
	) (middleware.InitializeOutput, middleware.Metadata, error) {
		if before := i.before.Load(); before != nil {
			if err := (*before)(in.Parameters); err != nil {
				return middleware.InitializeOutput{}, middleware.Metadata{}, err
			}
		}
		return next.HandleInitialize(ctx, in)
	}), middleware.Before)
}
