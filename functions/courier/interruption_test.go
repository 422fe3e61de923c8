package courier_test

import (
	"context"
	"strings"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go/middleware"
)

// interruption does something before each call to the table, of any function, that the product makes. Its
// zero value does nothing.
type interruption struct {
	before atomic.Pointer[func(parameters any) error]
}

// set has a function called before each call from now on. The call fails with its error.
func (i *interruption) set(before func(parameters any) error) { i.before.Store(&before) }

// watch puts the interruption into a client: see systemtest.WithMiddleware.
func (i *interruption) watch(stack *middleware.Stack) error {
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

// deletesUser reports whether a call is a transaction that deletes a user.
func deletesUser(parameters any) bool {
	in, ok := parameters.(*dynamodb.TransactWriteItemsInput)
	if !ok {
		return false
	}
	first := in.TransactItems[0].Delete
	return first != nil && isOfUsers(first.Key["pk"])
}

// listsUsers reports whether a call reads a page of the users of a pool.
func listsUsers(parameters any) bool {
	in, ok := parameters.(*dynamodb.QueryInput)
	return ok && isOfUsers(in.ExpressionAttributeValues[":pk"])
}

func isOfUsers(partition types.AttributeValue) bool {
	return strings.HasPrefix(textOf(partition), "USERS#")
}

func textOf(value types.AttributeValue) string {
	text, _ := value.(*types.AttributeValueMemberS)
	if text == nil {
		return ""
	}
	return text.Value
}
