package systemtest

import (
	"context"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go/middleware"
)

// Meter measures what calls to the table cost, as the engine reports it.
type Meter struct {
	mu       sync.Mutex
	inFlight int
	cost     Cost
}

// Cost is the cost of some calls, in round trips and capacity units. Calls that overlap in time
// count as one round trip.
type Cost struct {
	RoundTrips  int
	Write, Read float64
}

// Watch adds the meter to a client. It is an argument of [WithMiddleware].
func (m *Meter) Watch(stack *middleware.Stack) error {
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("meter", m.measure),
		middleware.Before)
}

// Collect returns the cost since the last call of Collect.
func (m *Meter) Collect() Cost {
	m.mu.Lock()
	defer m.mu.Unlock()
	cost := m.cost
	m.cost = Cost{}
	return cost
}

func (m *Meter) measure(
	ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
) (middleware.InitializeOutput, middleware.Metadata, error) {
	if !askForCapacity(in.Parameters) {
		return next.HandleInitialize(ctx, in)
	}
	m.mu.Lock()
	if m.inFlight == 0 {
		m.cost.RoundTrips++
	}
	m.inFlight++
	m.mu.Unlock()
	out, metadata, err := next.HandleInitialize(ctx, in)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.inFlight--
	if err == nil {
		m.cost.add(out.Result)
	}
	return out, metadata, err
}

// askForCapacity makes a call report the capacity that it consumes. It reports false for calls that
// do not concern items.
func askForCapacity(parameters any) bool {
	const total = types.ReturnConsumedCapacityTotal
	switch in := parameters.(type) {
	case *dynamodb.GetItemInput:
		in.ReturnConsumedCapacity = total
	case *dynamodb.BatchGetItemInput:
		in.ReturnConsumedCapacity = total
	case *dynamodb.QueryInput:
		in.ReturnConsumedCapacity = total
	case *dynamodb.PutItemInput:
		in.ReturnConsumedCapacity = total
	case *dynamodb.UpdateItemInput:
		in.ReturnConsumedCapacity = total
	case *dynamodb.DeleteItemInput:
		in.ReturnConsumedCapacity = total
	case *dynamodb.TransactWriteItemsInput:
		in.ReturnConsumedCapacity = total
	default:
		return false
	}
	return true
}

// add adds the capacity that the result of a call reports.
func (c *Cost) add(result any) {
	switch out := result.(type) {
	case *dynamodb.GetItemOutput:
		c.Read += units(out.ConsumedCapacity)
	case *dynamodb.BatchGetItemOutput:
		c.Read += sumOfUnits(out.ConsumedCapacity)
	case *dynamodb.QueryOutput:
		c.Read += units(out.ConsumedCapacity)
	case *dynamodb.PutItemOutput:
		c.Write += units(out.ConsumedCapacity)
	case *dynamodb.UpdateItemOutput:
		c.Write += units(out.ConsumedCapacity)
	case *dynamodb.DeleteItemOutput:
		c.Write += units(out.ConsumedCapacity)
	case *dynamodb.TransactWriteItemsOutput:
		c.Write += sumOfUnits(out.ConsumedCapacity)
	}
}

// units returns the units of a consumed capacity, which is nil if the engine reports none.
func units(consumed *types.ConsumedCapacity) float64 {
	if consumed == nil {
		return 0
	}
	return aws.ToFloat64(consumed.CapacityUnits)
}

// sumOfUnits returns the units of all consumed capacities.
func sumOfUnits(all []types.ConsumedCapacity) (sum float64) {
	for _, consumed := range all {
		sum += units(&consumed)
	}
	return sum
}
