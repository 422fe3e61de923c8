package harness_test

import (
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	jsonv2 "github.com/go-json-experiment/json"

	"identitypools/shared/cloud"
	"identitypools/shared/identity"
	"identitypools/shared/once"
)

// TestBackgroundEvents passes mail.json to the courier's program, and stream.json, bounce.json and
// clock.json to that of the keeper: a message reaches the inbox and its link activates the user; the
// user of stream.json is counted. After the bounce nothing is sent to that address.
func TestBackgroundEvents(t *testing.T) {
	t.Parallel()
	d := newDeployment(t)
	d.given(t, "client.adminToken", "client.systemToken", "admin.createPool", "admin.createUser", "system.createUser")

	message := invitation()
	d.addMessage(t, message)
	d.deliver(t, message.ID)
	mail := d.inbox.Await(t, "ann@example.com", 1)[0]
	if mail.Subject != "You are invited to Partners" ||
		mail.From != `"Partners" <no-reply@example.com>` {
		t.Errorf("the mail is %q from %s", mail.Subject, mail.From)
	}
	d.values.Set("EXTENDED_CODE", linkCode(t, mail.Text))
	d.given(t, "public.activateByPage")

	d.invoke(t, "keeper", string(readEvent(t, "bounce")))
	if got := string(d.invoke(t, "keeper", string(readEvent(t, "clock")))); got != "{}" {
		t.Errorf("a tick is answered %s", got)
	}
	if got := string(d.invoke(t, "keeper", string(readEvent(t, "stream")))); got != `{"batchItemFailures":null}` {
		t.Errorf("a record of the stream is answered %s", got)
	}
	pool, err := d.table.Pools.Get(t.Context(), "default", "partners")
	if err != nil || pool.Users != 1 {
		t.Errorf("the pool has %d users: %v", pool.Users, err)
	}
	// This kind of message has no limits that could delay it.
	message.ID, message.Kind, message.Counted = "after-the-bounce", identity.MessagePasswordSet, false
	d.addMessage(t, message)
	d.deliver(t, message.ID)
	message.ID, message.User, message.Address, message.Normalized = "to-another", "ben",
		"ben@example.com", "ben@example.com"
	d.addMessage(t, message)
	d.deliver(t, message.ID)
	d.inbox.Await(t, "ben@example.com", 1)
	if mails := d.inbox.Mails(t, "ann@example.com"); len(mails) != 1 {
		t.Errorf("%d mails went to the address that bounced, the last is %q", len(mails),
			mails[len(mails)-1].Subject)
	}
}

// addMessage adds a message to the outbox with the current time.
func (d *deployment) addMessage(tb testing.TB, m identity.Message) {
	tb.Helper()
	m.CreatedAt = identity.At(time.Now())
	if err := d.table.Outbox.Ask(tb.Context(), m, once.Reply[once.None]{}); err != nil {
		tb.Fatal(err)
	}
}

// deliver passes mail.json for a message to the courier, and checks that the message is not in the
// outbox afterwards.
func (d *deployment) deliver(tb testing.TB, message string) {
	tb.Helper()
	event := strings.ReplaceAll(string(readEvent(tb, "mail")), invitation().ID, message)
	var response events.SQSEventResponse
	if err := json.Unmarshal(d.invoke(tb, "courier", event), &response); err != nil {
		tb.Fatal(err)
	}
	if len(response.BatchItemFailures) > 0 {
		tb.Fatalf("the entry comes again: %v", response.BatchItemFailures)
	}
	if _, err := d.table.Outbox.Get(tb.Context(), message); !errors.As(err, new(identity.NotFound)) {
		tb.Fatalf("message %s is still in the outbox: %v", message, err)
	}
}

// linkCode returns the code of the link in a mail.
func linkCode(tb testing.TB, text string) string {
	tb.Helper()
	link := regexp.MustCompile(`https://id\.example\.com/default/pools/partners/activate\?code=([\w-]+)`).FindStringSubmatch(text)
	if link == nil {
		tb.Fatalf("the mail has no link:\n%s", text)
	}
	return link[1]
}

// invitation returns a message with the id of the one in mail.json.
func invitation() identity.Message {
	return identity.Message{
		ID: "6c7a9b52-0d5e-4f0a-9a3c-3d1f0f1e8b27", Kind: identity.MessageActivation, Tenant: "default", Pool: "partners",
		User: "ann", Address: "ann@example.com", Normalized: "ann@example.com", CodeType: identity.CodeTypeLink,
		Mode: identity.ModeInvitation, Counted: true,
	}
}

// TestMailEventIsWhatTheQueueSends passes outbox.json to the relay's program, and compares mail.json with
// the entry that is in the queue then.
func TestMailEventIsWhatTheQueueSends(t *testing.T) {
	t.Parallel()
	d := newDeployment(t)
	queue := sqs.NewFromConfig(cloud.Environment(func(name string) string { return d.env[name] }).Config("SQS"))
	made, err := queue.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String(d.env["TABLE_NAME"])})
	if err != nil {
		t.Fatal(err)
	}
	d.env["MAIL_QUEUE_URL"] = aws.ToString(made.QueueUrl)
	if got := string(d.invoke(t, "relay", string(readEvent(t, "outbox")))); got != `{"batchItemFailures":null}` {
		t.Fatalf("the record is answered %s", got)
	}
	received, err := queue.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: made.QueueUrl})
	if err != nil || len(received.Messages) != 1 {
		t.Fatalf("the queue has %d entries: %v", len(received.Messages), err)
	}
	var event events.SQSEvent
	strictly(t, readEvent(t, "mail"), &event)
	if len(event.Records) != 1 {
		t.Fatalf("%d entries, want one", len(event.Records))
	}
	entry, real := event.Records[0], received.Messages[0]
	if entry.Body != aws.ToString(real.Body) || entry.Md5OfBody != aws.ToString(real.MD5OfBody) ||
		entry.EventSource != "aws:sqs" || entry.Attributes["ApproximateReceiveCount"] != "1" {
		t.Errorf("the entry is %+v, and mail.json has %+v", real, entry)
	}
}

// record returns the only record of stream.json or outbox.json.
func record(tb testing.TB, name string) events.DynamoDBEventRecord {
	tb.Helper()
	var event events.DynamoDBEvent
	strictly(tb, readEvent(tb, name), &event)
	if len(event.Records) != 1 {
		tb.Fatalf("%d records, want one", len(event.Records))
	}
	return event.Records[0]
}

// TestStreamEventsAreWhatTheTableSends compares stream.json and outbox.json with the items that the
// table stores for the same user and message.
func TestStreamEventsAreWhatTheTableSends(t *testing.T) {
	t.Parallel()
	d := newDeployment(t)
	var (
		user    identity.User
		message identity.Message
	)
	for name, into := range map[string]any{"stream": &user, "outbox": &message} {
		doc := record(t, name).Change.NewImage["doc"].String()
		if err := jsonv2.Unmarshal([]byte(doc), into, jsonv2.RejectUnknownMembers(true)); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.table.Users.Create(t.Context(), user, once.Reply[identity.User]{}); err != nil {
		t.Fatal(err)
	}
	if err := d.table.Outbox.Ask(t.Context(), message, once.Reply[once.None]{}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"stream", "outbox"} {
		t.Run(name, func(t *testing.T) { d.checkStored(t, record(t, name)) })
	}
}

// checkStored checks that the table stores the item of a record.
func (d *deployment) checkStored(t *testing.T, sent events.DynamoDBEventRecord) {
	t.Helper()
	db := dynamodb.NewFromConfig(cloud.Environment(func(name string) string {
		return d.env[name]
	}).Config("DYNAMODB"))
	key := map[string]types.AttributeValue{}
	for name, value := range sent.Change.Keys {
		key[name] = &types.AttributeValueMemberS{Value: value.String()}
	}
	out, err := db.GetItem(t.Context(),
		&dynamodb.GetItemInput{TableName: aws.String(d.env["TABLE_NAME"]), Key: key})
	if err != nil {
		t.Fatal(err)
	}
	stored := map[string]string{}
	for name, value := range out.Item {
		switch v := value.(type) {
		case *types.AttributeValueMemberS:
			stored[name] = v.Value
		case *types.AttributeValueMemberN:
			stored[name] = v.Value
		}
	}
	for name, value := range sent.Change.NewImage {
		text := value.String
		if value.DataType() == events.DataTypeNumber {
			text = value.Number
		}
		if stored[name] != text() {
			t.Errorf("%s is\n%s\nand the table stores\n%s", name, text(), stored[name])
		}
	}
	if len(stored) != len(sent.Change.NewImage) {
		t.Errorf("%d attributes, and the table stores %d", len(sent.Change.NewImage), len(stored))
	}
	if sent.EventName != "INSERT" || sent.EventSource != "aws:dynamodb" ||
		sent.Change.StreamViewType != "NEW_IMAGE" {
		t.Errorf("the record is %s of %s with %s", sent.EventName, sent.EventSource,
			sent.Change.StreamViewType)
	}
}

// TestBounceEventIsWhatEventBridgeSends decodes the envelope of bounce.json strictly.
func TestBounceEventIsWhatEventBridgeSends(t *testing.T) {
	t.Parallel()
	var event events.CloudWatchEvent
	strictly(t, readEvent(t, "bounce"), &event)
	if event.Source != "aws.ses" || event.DetailType != "Email Bounced" {
		t.Errorf("the event is %s of %s", event.DetailType, event.Source)
	}
}
