package systemtest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
)

// StreamEvent is an event of the table's stream with a record for each item. The same item has the same event id whenever it is told of, as
// a repeat has.
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
			Change: events.DynamoDBStreamRecord{Keys: keys, NewImage: image, SequenceNumber: strconv.Itoa(i)},
		})
	}
	return out
}

// Stored are the stored items whose partition key begins with prefix.
func (p *Product) Stored(tb testing.TB, prefix string) []Item {
	tb.Helper()
	var found []Item
	for _, it := range p.Items(tb) {
		if strings.HasPrefix(it["pk"], prefix) {
			found = append(found, it)
		}
	}
	return found
}

// Mailboxes are the items that count what is sent to mailboxes of a tenant and guessed at there, of
// which there is one at least.
func (p *Product) Mailboxes(tb testing.TB, tenant string) []Item {
	tb.Helper()
	items := slices.DeleteFunc(p.Stored(tb, "MAILBOX#"+tenant+"#"), func(it Item) bool { return it["sk"] != "MAILBOX" })
	if len(items) == 0 {
		tb.Fatal("nothing is counted of any mailbox")
	}
	return items
}

// OutboxEvent is an event with the messages that wait. Which of several comes first is open.
func (p *Product) OutboxEvent(tb testing.TB) events.DynamoDBEvent {
	tb.Helper()
	return StreamEvent(events.DynamoDBOperationTypeInsert, p.Stored(tb, "MESSAGE#")...)
}

// BounceEvent is the event that tells the courier that mails to an address bounce for good, as EventBridge passes it on from SES.
func BounceEvent(tb testing.TB, address string) []byte {
	tb.Helper()
	event, err := json.Marshal(Fields{"source": "aws.ses", "detail": Fields{"eventType": "Bounce", "bounce": Fields{
		"bounceType": "Permanent", "bouncedRecipients": []Fields{{"emailAddress": address}},
	}}})
	if err != nil {
		tb.Fatal(err)
	}
	return event
}
