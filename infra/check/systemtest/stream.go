package systemtest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"identitypools/infra/deploy/plan"
	"identitypools/infra/local/system"
	"identitypools/shared/mailqueue"
	"identitypools/shared/table"
)

// StreamEvent returns an event of the table's stream that has a record for each item. The same
// version of an item always has the same event id, as it has when Lambda delivers a record again.
func StreamEvent(event events.DynamoDBOperationType, items ...Item) events.DynamoDBEvent {
	var out events.DynamoDBEvent
	for i, it := range items {
		image := map[string]events.DynamoDBAttributeValue{}
		for name, value := range it {
			image[name] = events.NewStringAttribute(value)
		}
		keys := map[string]events.DynamoDBAttributeValue{"pk": image["pk"], "sk": image["sk"]}
		out.Records = append(out.Records, events.DynamoDBEventRecord{
			EventID: fmt.Sprint(event, it["pk"], it["sk"], it["version"]), EventName: string(event),
			Change: events.DynamoDBStreamRecord{
				Keys: keys, NewImage: image,
				SequenceNumber: strconv.Itoa(i),
			},
		})
	}
	return out
}

// Stream passes an event of the table's stream on as AWS does: messages by the queue to the courier, in
// batches, and all other records to the keeper. It returns the ids of the messages, and the sequence
// numbers of the records, that come again.
func (p *Product) Stream(ctx context.Context, event events.DynamoDBEvent) (failed []string) {
	var keeping events.DynamoDBEvent
	var entries []events.SQSMessage
	for _, r := range event.Records {
		partition := r.Change.Keys["pk"].String()
		if _, ok := table.MessageOf(partition); ok {
			entries = append(entries, events.SQSMessage{
				MessageId: partition, Body: mailqueue.Body(partition),
				Attributes: map[string]string{"ApproximateReceiveCount": "1"},
			})
			continue
		}
		keeping.Records = append(keeping.Records, r)
	}
	for batch := range slices.Chunk(entries, plan.MailBatch) {
		answer, err := p.Courier.Handle(system.As(ctx, "courier"), events.SQSEvent{Records: batch})
		if err != nil {
			panic(err) // the courier never returns one
		}
		for _, f := range answer.BatchItemFailures {
			failed = append(failed, f.ItemIdentifier)
		}
	}
	for _, f := range p.Keeper.Stream(system.As(ctx, "keeper"), keeping).BatchItemFailures {
		failed = append(failed, f.ItemIdentifier)
	}
	return failed
}

// Deliver is like Stream, and fails the test if anything comes again.
func (p *Product) Deliver(tb testing.TB, event events.DynamoDBEvent) {
	tb.Helper()
	if failed := p.Stream(tb.Context(), event); len(failed) > 0 {
		tb.Fatalf("of %d records these come again: %v", len(event.Records), failed)
	}
}

// DeliverAll has the courier handle the messages of the outbox, which must be empty afterwards.
func (p *Product) DeliverAll(tb testing.TB) {
	tb.Helper()
	p.Deliver(tb, p.OutboxEvent(tb))
	if left := p.Stored(tb, "MESSAGE#"); len(left) > 0 {
		tb.Fatalf("still in the outbox: %v", left)
	}
}

// Tick lets the keeper's clock tick. In a quiet product, which has no stream, the courier delivers the
// messages that are released before Tick returns.
func (p *Product) Tick(tb testing.TB) {
	tb.Helper()
	event := []byte(`{"version":"0","source":"aws.events","detail-type":"Scheduled Event","detail":{}}`)
	if _, err := p.Keeper.Handle(system.As(tb.Context(), "keeper"), event); err != nil {
		tb.Fatalf("the keeper's clock ticks: %v", err)
	}
	if p.quiet {
		p.StreamReleased(tb.Context(), tb)
	}
}

// StreamReleased has the courier deliver the messages that are released.
func (p *Product) StreamReleased(ctx context.Context, tb testing.TB) {
	tb.Helper()
	var released []Item
	for _, it := range p.Stored(tb, "MESSAGE#") {
		if it["released"] != "" {
			released = append(released, it)
		}
	}
	p.Stream(ctx, StreamEvent(events.DynamoDBOperationTypeModify, released...))
}

// OutboxEvent returns an event of the table's stream with all messages of the outbox, in no
// particular order.
func (p *Product) OutboxEvent(tb testing.TB) events.DynamoDBEvent {
	tb.Helper()
	return StreamEvent(events.DynamoDBOperationTypeInsert, p.Stored(tb, "MESSAGE#")...)
}

// BounceEvent returns the event in which EventBridge passes on SES's report that mails to an
// address bounce permanently.
func BounceEvent(tb testing.TB, address string) []byte {
	tb.Helper()
	event, err := json.Marshal(Fields{
		"source": "aws.ses",
		"detail": Fields{"eventType": "Bounce", "bounce": Fields{
			"bounceType": "Permanent", "bouncedRecipients": []Fields{{"emailAddress": address}},
		}},
	})
	if err != nil {
		tb.Fatal(err)
	}
	return event
}
