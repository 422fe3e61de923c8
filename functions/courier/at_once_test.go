package courier_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go/middleware"

	"identitypools/infra/check/systemtest"
	"identitypools/infra/local/system"
	"identitypools/shared/mailqueue"
)

// atOnce calls f so many times at the same time.
func atOnce(n int, f func()) {
	var all sync.WaitGroup
	for range n {
		all.Go(f)
	}
	all.Wait()
}

// SQS may deliver an entry several times. If it delivers one twenty times at once, the message is counted
// as one mail and spends one place of the budget, and of the codes that are mailed one works.
func TestAnEntryIsDeliveredTwentyTimesAtOnce(t *testing.T) {
	t.Parallel()
	product, tenant := newProductAtEight(t)
	pool, email := tenant.NewPool(t, budget(40)), systemtest.Address("ann")
	register(t, tenant, pool, email)
	batch := events.SQSEvent{Records: []events.SQSMessage{
		{MessageId: "1", Body: mailqueue.Body(product.Stored(t, "MESSAGE#")[0]["pk"])},
	}}
	atOnce(20, func() {
		answer, err := product.Courier.Handle(system.As(t.Context(), "courier"), batch)
		if err != nil || len(answer.BatchItemFailures) > 0 {
			t.Errorf("it comes again: %v, %v", answer.BatchItemFailures, err)
		}
	})
	if left := product.Stored(t, "MESSAGE#"); len(left) > 0 {
		t.Errorf("still in the outbox: %v", left)
	}
	for _, it := range product.Mailboxes(t, tenant.ID) {
		if it["m1"] == "" && it["i1"] == "" || it["m2"] != "" && it["m2"] != "0" || it["i2"] != "" && it["i2"] != "0" {
			t.Errorf("one message is not counted as one mail: %v", it)
		}
	}
	var spent []string
	for _, it := range product.Stored(t, "LIMIT#"+tenant.ID+"#"+pool) {
		if it["day"] != "" {
			spent = append(spent, it["day"])
		}
	}
	if !slices.Equal(slices.Compact(spent), []string{"1"}) { // of the source's budget and of the pool's
		t.Errorf("one message spends %v places", spent)
	}
	right := 0
	for _, m := range product.Inbox.Mails(t, email) {
		code := systemtest.LinkIn(t, m).Query().Get("code")
		if tenant.Public.Call(t, "POST", "/pools/"+pool+"/activate",
			fields{"code": code, "password": systemtest.Password}).Status == 201 {
			right++
		}
	}
	if right != 1 {
		t.Errorf("%d of the codes work", right)
	}
}

// A message whose hour has come is released once, although twenty ticks find it at the same time.
func TestTwentyTicksAtOnceReleaseAMessageOnce(t *testing.T) {
	t.Parallel()
	var released atomic.Int64
	count := func(stack *middleware.Stack) error {
		return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("released", func(
			ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
		) (middleware.InitializeOutput, middleware.Metadata, error) {
			out, metadata, err := next.HandleInitialize(ctx, in)
			update, ok := in.Parameters.(*dynamodb.UpdateItemInput)
			if ok && err == nil && strings.HasPrefix(aws.ToString(update.UpdateExpression), "SET released") {
				released.Add(1)
			}
			return out, metadata, err
		}), middleware.After)
	}
	product, tenant := newProductAtEight(t, systemtest.WithMiddleware(count))
	pool := tenant.NewPool(t, budget(2))
	people := strangers(t, product, tenant, pool, 2) // half of the budget is for strangers
	product.Clock.Advance(time.Hour)
	atOnce(20, func() {
		if err := product.Keeper.Tick(system.As(t.Context(), "keeper")); err != nil {
			t.Error(err)
		}
	})
	if n := released.Load(); n != 1 {
		t.Errorf("the message is released %d times", n)
	}
	product.DeliverAll(t)
	atOnce(20, func() {
		if err := product.Keeper.Tick(system.As(t.Context(), "keeper")); err != nil {
			t.Error(err)
		}
	})
	if left := product.Stored(t, "MESSAGE#"); len(left) > 0 {
		t.Errorf("a tick has made %v", left)
	}
	mailsTo(t, product, people[1], 1)
}
