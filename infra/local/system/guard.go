package system

import (
	"context"
	"fmt"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"

	"identitypools/functions/courier"
	"identitypools/infra/deploy/plan"
	"identitypools/shared/api"
)

type functionKey struct{}

// As marks what is done with the context as work of a function.
func As(ctx context.Context, function string) context.Context {
	return context.WithValue(ctx, functionKey{}, function)
}

// named marks all work of a function.
func named(function string, g api.Gateway) api.Gateway {
	return func(ctx context.Context, event events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
		return g(As(ctx, function), event)
	}
}

// streaming is the courier's work with the stream, marked as its own.
func streaming(c *courier.Service) func(context.Context, events.DynamoDBEvent) events.DynamoDBEventResponse {
	return func(ctx context.Context, event events.DynamoDBEvent) events.DynamoDBEventResponse {
		return c.Stream(As(ctx, "courier"), event)
	}
}

// guard stands where IAM stands: it refuses a function's call that the plan does not allow. Calls that no function makes pass, like
// those of a test that looks into the table. watch, where given, sees every call that was allowed.
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
				return middleware.InitializeOutput{}, middleware.Metadata{}, &smithy.GenericAPIError{Code: "AccessDeniedException", Message: err.Error()}
			}
			if watch != nil {
				watch(call)
			}
			return next.HandleInitialize(ctx, in)
		}), middleware.Before)
	}
}

// stepsOf is what a call does as IAM names it. A call that it doesn't know is a step that no plan allows.
func stepsOf(parameters any) []plan.Step {
	switch in := parameters.(type) {
	case *dynamodb.GetItemInput:
		return one("GetItem", in.Key)
	case *dynamodb.PutItemInput:
		return one("PutItem", in.Item)
	case *dynamodb.UpdateItemInput:
		return one("UpdateItem", in.Key)
	case *dynamodb.DeleteItemInput:
		return one("DeleteItem", in.Key)
	case *dynamodb.QueryInput:
		// Every query of ours compares the partition key with :pk.
		return []plan.Step{{Action: "dynamodb:Query", Partition: text(in.ExpressionAttributeValues[":pk"]), Index: in.IndexName != nil}}
	case *dynamodb.BatchGetItemInput:
		var steps []plan.Step
		for _, keys := range in.RequestItems {
			for _, key := range keys.Keys {
				steps = append(steps, one("BatchGetItem", key)...)
			}
		}
		return steps
	case *dynamodb.TransactWriteItemsInput:
		var steps []plan.Step
		for _, write := range in.TransactItems {
			steps = append(steps, writing(write)...)
		}
		return steps
	case *sesv2.SendEmailInput:
		return []plan.Step{{Action: "ses:SendEmail"}}
	}
	return []plan.Step{{Action: fmt.Sprintf("%T", parameters)}}
}

func writing(write types.TransactWriteItem) []plan.Step {
	switch {
	case write.Put != nil:
		return one("PutItem", write.Put.Item)
	case write.Update != nil:
		return one("UpdateItem", write.Update.Key)
	case write.Delete != nil:
		return one("DeleteItem", write.Delete.Key)
	}
	return one("ConditionCheckItem", write.ConditionCheck.Key)
}

func one(action string, key map[string]types.AttributeValue) []plan.Step {
	return []plan.Step{{Action: "dynamodb:" + action, Partition: text(key["pk"])}}
}

func text(value types.AttributeValue) string {
	if s, ok := value.(*types.AttributeValueMemberS); ok {
		return s.Value
	}
	return ""
}
