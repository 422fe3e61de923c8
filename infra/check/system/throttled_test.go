package system_test

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"

	"identitypools/infra/check/systemtest"
	"identitypools/infra/local/system"
)

// refusal answers calls to the table as DynamoDB does when it refuses one, after the SDK's retries.
// A nil refusal answers nothing.
type refusal func(operation string, parameters any) (result any, err error)

// refusing is a middleware whose refusal can be changed while the product runs.
type refusing struct{ now atomic.Pointer[refusal] }

func (r *refusing) add(stack *middleware.Stack) error {
	operation := stack.ID()
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("refusal", func(
		ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
	) (middleware.InitializeOutput, middleware.Metadata, error) {
		if refuse := r.now.Load(); refuse != nil {
			result, err := (*refuse)(operation, in.Parameters)
			if result != nil || err != nil {
				return middleware.InitializeOutput{Result: result}, middleware.Metadata{}, err
			}
		}
		return next.HandleInitialize(ctx, in)
	}), middleware.Before)
}

// withCode returns a refusal of every call with an error code.
func withCode(code string) refusal {
	return func(string, any) (any, error) { return nil, &smithy.GenericAPIError{Code: code, Message: "refused"} }
}

// cancelling returns a refusal of every transaction, for a reason that one of its items has.
func cancelling(reason string) refusal {
	return func(_ string, parameters any) (any, error) {
		in, ok := parameters.(*dynamodb.TransactWriteItemsInput)
		if !ok {
			return nil, nil
		}
		reasons := slices.Repeat([]types.CancellationReason{{Code: aws.String("None")}}, len(in.TransactItems))
		reasons[0].Code = aws.String(reason)
		return nil, &types.TransactionCanceledException{CancellationReasons: reasons}
	}
}

// leavingKeys is a refusal of a part of every batch.
func leavingKeys(_ string, parameters any) (any, error) {
	if in, ok := parameters.(*dynamodb.BatchGetItemInput); ok {
		return &dynamodb.BatchGetItemOutput{UnprocessedKeys: in.RequestItems}, nil
	}
	return nil, nil
}

// A request that the table refuses as one of too many is counted once, and one that fails for another
// reason is not.
func TestARequestThatTheTableThrottlesIsCounted(t *testing.T) {
	t.Parallel()
	var (
		log  systemtest.Log
		with refusing
	)
	product := systemtest.New(t, log.Option, systemtest.WithMiddleware(with.add), systemtest.WithoutPauses,
		func(c *system.Config) { c.Quiet = true })
	tenant := product.NewTenant(t)
	pool := "/pools/" + tenant.NewPool(t, nil)
	for name, c := range map[string]struct {
		refuse refusal
		counts int
	}{
		"the table's capacity":              {withCode("ProvisionedThroughputExceededException"), 1},
		"the table's rate":                  {withCode("ThrottlingException"), 1},
		"the account's rate":                {withCode("RequestLimitExceeded"), 1},
		"a transaction above the capacity":  {cancelling("ProvisionedThroughputExceeded"), 1},
		"a transaction above the rate":      {cancelling("ThrottlingError"), 1},
		"a transaction that meets another":  {cancelling("TransactionConflict"), 0},
		"an error of the table":             {withCode("InternalServerError"), 0},
		"a batch that is read only in part": {leavingKeys, 1},
	} {
		before := strings.Count(log.String(), `"TableThrottled":1`)
		with.now.Store(&c.refuse)
		answer := tenant.Admin.Call(t, "POST", pool+"/users", fields{"status": "new"})
		if name == "a batch that is read only in part" {
			answer = tenant.System.Call(t, "POST", pool+"/user/password/verify",
				fields{"identifier": systemtest.Address("ann"), "password": systemtest.Password})
		}
		with.now.Store(nil)
		if answer.Status != 503 {
			t.Errorf("%s: answered %d %s", name, answer.Status, answer.Body)
		}
		if counts := strings.Count(log.String(), `"TableThrottled":1`) - before; counts != c.counts {
			t.Errorf("%s: counted %d times, want %d", name, counts, c.counts)
		}
	}
}

// So is a delivery to the courier.
func TestADeliveryThatTheTableThrottlesIsCounted(t *testing.T) {
	t.Parallel()
	var (
		log  systemtest.Log
		with refusing
	)
	product := systemtest.New(t, log.Option, systemtest.WithMiddleware(with.add), systemtest.WithoutPauses,
		func(c *system.Config) { c.Quiet = true })
	tenant := product.NewTenant(t)
	tenant.Public.Must(t, 201, "POST", "/pools/"+tenant.NewPool(t, nil)+"/register",
		fields{"identifier": systemtest.Address("ann"), "password": systemtest.Password})
	batch := systemtest.StreamEvent(events.DynamoDBOperationTypeInsert, product.Stored(t, "MESSAGE#")...)
	for code, counts := range map[string]int{"ThrottlingException": 1, "InternalServerError": 0} {
		before := strings.Count(log.String(), `"TableThrottled":1`)
		refuse := withCode(code)
		with.now.Store(&refuse)
		failed := product.Stream(t.Context(), batch)
		with.now.Store(nil)
		if len(failed) != 1 {
			t.Errorf("%s: the courier has dropped the message", code)
		}
		if got := strings.Count(log.String(), `"TableThrottled":1`) - before; got != counts {
			t.Errorf("%s: counted %d times, want %d", code, got, counts)
		}
	}
}
