package system

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go/middleware"
)

// signal returns a middleware that sends to each channel after each call that may have changed the
// table, also after one that failed. It does not wait for the receivers: one signal stands for all
// changes since the last one was received. The channels must have room for one.
func signal(changed ...chan struct{}) func(*middleware.Stack) error {
	return func(stack *middleware.Stack) error {
		return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("signal", func(
			ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
		) (middleware.InitializeOutput, middleware.Metadata, error) {
			out, metadata, err := next.HandleInitialize(ctx, in)
			switch in.Parameters.(type) {
			case *dynamodb.PutItemInput, *dynamodb.UpdateItemInput, *dynamodb.DeleteItemInput,
				*dynamodb.TransactWriteItemsInput:
				for _, receiver := range changed {
					select {
					case receiver <- struct{}{}:
					default:
					}
				}
			}
			return out, metadata, err
		}), middleware.Before)
	}
}
