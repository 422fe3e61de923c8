package system

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"identitypools/infra/deploy/plan"
	"identitypools/shared/table"
)

// longPoll is how many seconds a request for entries waits for one, as Lambda's do.
const longPoll = 20

// queue is the queue of mails with its dead-letter queue. Its engine keeps it in memory and may lose
// it. The queue is then created again, with the messages that wait in the outbox.
type queue struct {
	sqs      *sqs.Client
	db       *dynamodb.Client
	table    string
	url      string
	deadURL  string
	batch    int // how many entries a batch has at most
	relay    func(context.Context, events.DynamoDBEvent) events.DynamoDBEventResponse
	receives int // how often an entry is received before it is a dead letter
	now      func() time.Time
	log      *slog.Logger
}

// create creates the queue and its dead-letter queue with the attributes that they have in AWS, and
// sets their URLs. If they exist, it does not change them.
func (q *queue) create(ctx context.Context) error {
	retention := strconv.Itoa(int(plan.MailRetention.Seconds()))
	dead, err := q.sqs.CreateQueue(ctx, &sqs.CreateQueueInput{
		QueueName:  aws.String(q.table + "-dead-mails"),
		Attributes: map[string]string{"MessageRetentionPeriod": retention},
	})
	if err != nil {
		return fmt.Errorf("create the dead-letter queue: %w", err)
	}
	described, err := q.sqs.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
		QueueUrl: dead.QueueUrl, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameQueueArn},
	})
	if err != nil {
		return fmt.Errorf("describe the dead-letter queue: %w", err)
	}
	made, err := q.sqs.CreateQueue(ctx, &sqs.CreateQueueInput{
		QueueName: aws.String(q.table + "-mails"), Attributes: map[string]string{
			"MessageRetentionPeriod": retention,
			"VisibilityTimeout":      strconv.Itoa(int(plan.MailVisibility.Seconds())),
			"RedrivePolicy": fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":%d}`,
				described.Attributes["QueueArn"], q.receives),
		},
	})
	if err != nil {
		return fmt.Errorf("create the queue of mails: %w", err)
	}
	q.url, q.deadURL = aws.ToString(made.QueueUrl), aws.ToString(dead.QueueUrl)
	return nil
}

// refill puts every message of the outbox into the queue that does not wait in the index. The courier
// does nothing twice.
func (q *queue) refill(ctx context.Context) error {
	pages := dynamodb.NewScanPaginator(q.db,
		&dynamodb.ScanInput{TableName: aws.String(q.table), ConsistentRead: aws.Bool(true)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return fmt.Errorf("read the outbox: %w", err)
		}
		for _, it := range page.Items {
			partition := text(it["pk"])
			if _, ok := table.MessageOf(partition); !ok || it["gsi1pk"] != nil {
				continue
			}
			record := events.DynamoDBEventRecord{Change: events.DynamoDBStreamRecord{
				Keys: map[string]events.DynamoDBAttributeValue{"pk": events.NewStringAttribute(partition)},
			}}
			out := q.relay(ctx, events.DynamoDBEvent{Records: []events.DynamoDBEventRecord{record}})
			if len(out.BatchItemFailures) > 0 {
				return errors.New("the queue of mails takes no entry")
			}
		}
	}
	return nil
}

// patient returns a configuration whose calls may take as long as a long poll.
func patient(c aws.Config) aws.Config {
	c.HTTPClient = awshttp.NewBuildableClient().WithTimeout((longPoll + 10) * time.Second)
	return c
}

// mailFunction is a function that takes batches of entries.
type mailFunction = func(context.Context, events.SQSEvent) (events.SQSEventResponse, error)

// poll does what one of Lambda's pollers does until ctx ends: it receives batches, passes each to the
// function, and deletes the entries that did not fail. An entry whose function has not answered in its
// time comes back, as does one that is not deleted.
func (q *queue) poll(ctx context.Context, function mailFunction) {
	failures := 0
	for ctx.Err() == nil {
		err := q.round(ctx, function)
		if err == nil {
			failures = 0
			continue
		}
		if errors.As(err, new(*types.QueueDoesNotExist)) {
			if err = q.create(ctx); err == nil {
				err = q.refill(ctx)
			}
		}
		if err != nil && ctx.Err() == nil {
			q.log.Warn("the queue of mails is read again", "cause", err.Error())
			failures++
			backOff(ctx, failures)
		}
	}
}

// round handles one batch.
func (q *queue) round(ctx context.Context, function mailFunction) error {
	received, err := q.sqs.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl: aws.String(q.url), MaxNumberOfMessages: int32(q.batch), WaitTimeSeconds: longPoll,
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameAll},
	})
	if err != nil || len(received.Messages) == 0 {
		return err
	}
	invocation, cancel := context.WithTimeout(ctx, plan.MailTimeout)
	defer cancel()
	answer, err := function(As(invocation, "courier"), q.eventOf(received.Messages))
	if err != nil {
		return err
	}
	failed := map[string]bool{}
	for _, failure := range answer.BatchItemFailures {
		failed[failure.ItemIdentifier] = true
	}
	var done []types.DeleteMessageBatchRequestEntry
	for _, m := range received.Messages {
		if id := aws.ToString(m.MessageId); !failed[id] {
			done = append(done, types.DeleteMessageBatchRequestEntry{Id: aws.String(id), ReceiptHandle: m.ReceiptHandle})
		}
	}
	if len(done) == 0 {
		return nil
	}
	_, err = q.sqs.DeleteMessageBatch(ctx, &sqs.DeleteMessageBatchInput{QueueUrl: aws.String(q.url), Entries: done})
	return err
}

// eventOf returns the event that Lambda makes of entries. It translates the time at which an entry was
// sent from the clock of the engine to that of the product.
func (q *queue) eventOf(entries []types.Message) (event events.SQSEvent) {
	ahead := time.Until(q.now())
	for _, m := range entries {
		if sent, err := strconv.ParseInt(m.Attributes["SentTimestamp"], 10, 64); err == nil {
			m.Attributes["SentTimestamp"] = strconv.FormatInt(time.UnixMilli(sent).Add(ahead).UnixMilli(), 10)
		}
		event.Records = append(event.Records, events.SQSMessage{
			MessageId: aws.ToString(m.MessageId), ReceiptHandle: aws.ToString(m.ReceiptHandle),
			Body: aws.ToString(m.Body), Attributes: m.Attributes, EventSource: "aws:sqs",
		})
	}
	return event
}
