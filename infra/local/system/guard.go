package system

import (
	"context"
	"fmt"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"

	"identitypools/infra/deploy/plan"
	"identitypools/shared/api"
)

type functionKey struct{}

// As returns a context whose calls to AWS are made with the permissions of a function.
func As(ctx context.Context, function string) context.Context {
	return context.WithValue(ctx, functionKey{}, function)
}

// named returns a gateway whose calls to AWS are made with the permissions of a function.
func named(function string, g api.Gateway) api.Gateway {
	return func(
		ctx context.Context, event events.APIGatewayV2HTTPRequest,
	) (events.APIGatewayV2HTTPResponse, error) {
		return g(As(ctx, function), event)
	}
}

// guard returns a middleware that does what IAM does: it refuses a call that a function makes and
// the plan does not allow. Calls that belong to no function pass, such as those of a test that
// reads the table. If watch is not nil, it is called with every call that was allowed.
func guard(watch func(plan.Call)) func(*middleware.Stack) error {
	return func(stack *middleware.Stack) error {
		return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("guard", func(
			ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
		) (middleware.InitializeOutput, middleware.Metadata, error) {
			function, ok := ctx.Value(functionKey{}).(string)
			if !ok {
				return next.HandleInitialize(ctx, in)
			}
			call := plan.Call{Function: function, Steps: stepsOf(in.Parameters)}
			if err := plan.Check(call); err != nil {
				return middleware.InitializeOutput{}, middleware.Metadata{}, &smithy.GenericAPIError{
					Code: "AccessDeniedException", Message: err.Error(),
				}
			}
			if watch != nil {
				watch(call)
			}
			return next.HandleInitialize(ctx, in)
		}), middleware.Before)
	}
}

// stepsOf returns the steps of a call, each with the name that IAM has for it. For a call that it
// does not know, it returns a step that no plan allows.
func stepsOf(parameters any) []plan.Step {
	switch in := parameters.(type) {
	case *dynamodb.GetItemInput:
		return itemStep("GetItem", in.Key)
	case *dynamodb.PutItemInput:
		return itemStep("PutItem", in.Item)
	case *dynamodb.UpdateItemInput:
		return itemStep("UpdateItem", in.Key)
	case *dynamodb.DeleteItemInput:
		return itemStep("DeleteItem", in.Key)
	case *dynamodb.QueryInput:
		// All queries of the product compare the partition key with :pk.
		partition := text(in.ExpressionAttributeValues[":pk"])
		return []plan.Step{{
			Action: "dynamodb:Query", Partition: partition, Index: in.IndexName != nil,
		}}
	case *dynamodb.BatchGetItemInput:
		var steps []plan.Step
		for _, keys := range in.RequestItems {
			for _, key := range keys.Keys {
				steps = append(steps, itemStep("BatchGetItem", key)...)
			}
		}
		return steps
	case *dynamodb.TransactWriteItemsInput:
		var steps []plan.Step
		for _, write := range in.TransactItems {
			steps = append(steps, writeSteps(write)...)
		}
		return steps
	case *sesv2.SendEmailInput:
		return []plan.Step{{Action: "ses:SendEmail"}}
	case *sqs.ChangeMessageVisibilityInput:
		return []plan.Step{{Action: "sqs:ChangeMessageVisibility"}}
	case *sqs.SendMessageBatchInput:
		return []plan.Step{{Action: "sqs:SendMessage"}}
	case *sesv2.DeleteSuppressedDestinationInput:
		return []plan.Step{{Action: "ses:DeleteSuppressedDestination"}}
	}
	return []plan.Step{{Action: fmt.Sprintf("%T", parameters)}}
}

// writeSteps returns the steps of one write of a transaction.
func writeSteps(write types.TransactWriteItem) []plan.Step {
	switch {
	case write.Put != nil:
		return itemStep("PutItem", write.Put.Item)
	case write.Update != nil:
		return itemStep("UpdateItem", write.Update.Key)
	case write.Delete != nil:
		return itemStep("DeleteItem", write.Delete.Key)
	}
	return itemStep("ConditionCheckItem", write.ConditionCheck.Key)
}

// itemStep returns the step of an action on one item.
func itemStep(action string, key map[string]types.AttributeValue) []plan.Step {
	return []plan.Step{{Action: "dynamodb:" + action, Partition: text(key["pk"])}}
}

// text returns the value of a string attribute, or "" for any other attribute.
func text(value types.AttributeValue) string {
	if s, ok := value.(*types.AttributeValueMemberS); ok {
		return s.Value
	}
	return ""
}
