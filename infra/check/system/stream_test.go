package system_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/aws/smithy-go/middleware"

	"identitypools/infra/check/parttest"
	"identitypools/infra/check/systemtest"
	"identitypools/infra/local/database"
	"identitypools/infra/local/part"
	"identitypools/infra/local/system"
)

// calls counts the calls to AWS by their operations.
type calls struct {
	mu    sync.Mutex
	count map[string]int
}

// watch adds the counter to a client.
func (c *calls) watch(stack *middleware.Stack) error {
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("calls", func(
		ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
	) (middleware.InitializeOutput, middleware.Metadata, error) {
		c.mu.Lock()
		c.count[middleware.GetOperationName(ctx)]++
		c.mu.Unlock()
		return next.HandleInitialize(ctx, in)
	}), middleware.After)
}

// The two readers would wait for a day if the changes did not wake them. Each reads once for a change or
// for several, and describes nothing again.
func TestTheStreamIsReadAfterChanges(t *testing.T) {
	t.Parallel()
	seen := calls{count: map[string]int{}}
	product := systemtest.New(t, systemtest.WithMiddleware(seen.watch), func(c *system.Config) {
		c.Interval = 24 * time.Hour
	})
	tenant := product.NewTenant(t)
	pool := tenant.NewPool(t, nil)
	for range 5 {
		address := systemtest.Address("ann")
		tenant.Public.Must(t, 201, "POST", "/pools/"+pool+"/register", fields{"identifier": address})
		product.Inbox.Await(t, address, 1)
		product.AwaitEmptyOutbox(t)
	}
	seen.mu.Lock()
	defer seen.mu.Unlock()
	changes := 0
	for operation, n := range seen.count {
		if systemtest.Writes(operation) {
			changes += n
		}
	}
	if reads := seen.count["GetRecords"]; reads < 10 || reads > 2*(changes+1) {
		t.Errorf("%d changes are read by %d calls", changes, reads)
	}
	for operation, want := range map[string]int{
		"DescribeStream": 2, "GetShardIterator": 2, "DescribeTable": 3, // one waits for the new table
	} {
		if got := seen.count[operation]; got != want {
			t.Errorf("%s is called %d times, want %d", operation, got, want)
		}
	}
}

func TestChangesOfAnotherProcessAreRead(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	other := product.Again(t, alone)
	tenant := other.NewTenant(t)
	address := systemtest.Address("ann")
	tenant.Public.Must(
		t, 201, "POST", "/pools/"+tenant.NewPool(t, nil)+"/register", fields{"identifier": address},
	)
	product.Inbox.Await(t, address, 1)
	product.AwaitEmptyOutbox(t)
}

// The engine keeps 100 records, of which fewer are unread at any time. It is killed while messages
// wait, and every message becomes a mail.
func TestNoMailIsLostWhenOldRecordsAreDeleted(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "engine.sqlite")
	if err := database.Create(file, database.Retention{Records: 100}); err != nil {
		t.Fatal(err)
	}
	engine, err := part.Engine(t.Context(), io.Discard, file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(engine.Stop)
	if engine.PID() == 0 {
		t.Skip("AWS_ENDPOINT_URL_DYNAMODB names an engine that is not ours to kill")
	}
	product := systemtest.New(t, func(c *system.Config) { c.DynamoDBURL = engine.URL() })
	tenant := product.NewTenant(t)
	pool := tenant.NewPool(t, nil)
	var addresses []string
	for round := range 6 {
		for range 4 {
			address := systemtest.Address("ann")
			addresses = append(addresses, address)
			tenant.Public.Must(t, 201, "POST", "/pools/"+pool+"/register", fields{"identifier": address})
		}
		if round < 4 {
			product.AwaitEmptyOutbox(t)
			continue
		}
		before := engine.PID()
		process, err := os.FindProcess(before)
		if err != nil {
			t.Fatal(err)
		}
		if err := process.Kill(); err != nil {
			t.Fatal(err)
		}
		parttest.Until(t, "the engine is back", func() bool {
			return engine.PID() != 0 && engine.PID() != before &&
				tenant.Admin.Call(t, "GET", "/pools", nil).Status == 200
		})
		product.AwaitEmptyOutbox(t)
	}
	for _, address := range addresses {
		if len(product.Inbox.Mails(t, address)) == 0 { // a kill may cause a second mail
			t.Errorf("%s gets no mail", address)
		}
	}
}
