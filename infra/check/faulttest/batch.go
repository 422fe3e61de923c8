package faulttest

import (
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"identitypools/infra/check/systemtest"
)

// Batch is a batch of records of the table's stream, with what must exist before it and what must hold
// after the courier or the keeper has handled it.
type Batch struct {
	Name  string
	Setup func(f *Fixture) // may be nil
	// Records returns the batch. If it is nil, the batch has the messages of the outbox.
	Records func(f *Fixture) events.DynamoDBEvent
	Check   func(f *Fixture)
}

// RunBatches passes each batch on, again and again with another fault of one call at the first attempt.
func RunBatches(t *testing.T, all []Batch) {
	t.Helper()
	for i, b := range all {
		t.Run(b.Name, func(t *testing.T) {
			t.Parallel()
			Run(t, i, b.run)
		})
	}
}

// run passes the batch on. The first attempt meets the fault.
func (b Batch) run(t *testing.T, fault *systemtest.Fault) {
	f := NewFixture(t)
	if b.Setup != nil {
		b.Setup(f)
	}
	f.ExpireCaches()
	records := func(f *Fixture) events.DynamoDBEvent { return f.OutboxEvent(t) }
	if b.Records != nil {
		records = b.Records
	}
	attempts := f.Deliver(fault, records(f))
	if IsHarmless(fault) && attempts > 1 {
		t.Errorf("the batch came again")
	}
	f.CheckEmptyOutbox()
	b.Check(f)
	f.CheckInvariants("in the end")
}
