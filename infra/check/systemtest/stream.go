package systemtest

import (
	"encoding/json"
	"fmt"
	"strconv"
	"testing"

	"github.com/aws/aws-lambda-go/events"
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
