package system_test

import (
	"io"
	"syscall"
	"testing"

	"identitypools/infra/check/systemtest"
	"identitypools/infra/local/part"
	"identitypools/infra/local/system"
)

// The local queue keeps its entries in memory. When its process is killed, the messages that wait in the
// outbox are put into the new one, and all mails arrive. The same happens when the product starts again.
func TestTheQueueIsKilled(t *testing.T) {
	t.Parallel()
	queue, err := part.Queue(t.Context(), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(queue.Stop)
	ses := systemtest.NewMailProxy(t)
	own := func(c *system.Config) { c.SQSURL = queue.URL() }
	product := systemtest.New(t, own, ses.Option)
	tenant := product.NewTenant(t)
	pool := tenant.NewPool(t, nil)
	ses.SetFault(systemtest.HangUp)
	var people []string
	ask := func() {
		t.Helper()
		people = append(people, systemtest.Address("ann"))
		register(t, tenant, pool, people[len(people)-1])
	}
	ask()
	<-ses.Faulted // the entry is in the queue
	if err := syscall.Kill(queue.PID(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	ask()
	ses.ClearFault()
	product.AwaitEmptyOutbox(t)
	ses.SetFault(systemtest.HangUp)
	ask()
	<-ses.Faulted
	product.Stop()
	ses.ClearFault()
	again := product.Again(t, own)
	again.AwaitEmptyOutbox(t)
	for _, address := range people {
		product.Inbox.Await(t, address, 1)
	}
}
