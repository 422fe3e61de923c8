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

func (c *Cost) add(result any) {
	var reads, writes []types.ConsumedCapacity
	one := func(consumed *types.ConsumedCapacity) []types.ConsumedCapacity {
		if consumed == nil {
			return nil
		}
		return []types.ConsumedCapacity{*consumed}
	}
	switch out := result.(type) {
	case *dynamodb.GetItemOutput:
		reads = one(out.ConsumedCapacity)
	case *dynamodb.BatchGetItemOutput:
		reads = out.ConsumedCapacity
	case *dynamodb.QueryOutput:
		reads = one(out.ConsumedCapacity)
	case *dynamodb.PutItemOutput:
		writes = one(out.ConsumedCapacity)
	case *dynamodb.UpdateItemOutput:
		writes = one(out.ConsumedCapacity)
	case *dynamodb.DeleteItemOutput:
		writes = one(out.ConsumedCapacity)
	case *dynamodb.TransactWriteItemsOutput:
		writes = out.ConsumedCapacity
	}
	for _, consumed := range reads {
		c.Read += aws.ToFloat64(consumed.CapacityUnits)
	}
	for _, consumed := range writes {
		c.Write += aws.ToFloat64(consumed.CapacityUnits)
	}
}
