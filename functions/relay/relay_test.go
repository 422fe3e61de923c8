package relay_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go/middleware"

	"identitypools/functions/relay"
	"identitypools/infra/check/parttest"
	"identitypools/infra/check/systemtest"
	"identitypools/shared/cloud"
	"identitypools/shared/mailqueue"
)

func TestMain(m *testing.M) { os.Exit(parttest.Main(m)) }

// open returns a relay with a queue of its own. It calls SQS at the endpoint with the middleware.
func open(t *testing.T, endpoint string, by ...func(*middleware.Stack) error) (*relay.Service, *sqs.Client) {
	t.Helper()
	variables := map[string]string{
		"AWS_REGION": "local", "AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local",
		"AWS_ENDPOINT_URL_SQS": parttest.Queue(t),
	}
	queue := sqs.NewFromConfig(cloud.Environment(func(name string) string { return variables[name] }).Config("SQS"))
	made, err := queue.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("q-" + systemtest.Unique())})
	if err != nil {
		t.Fatal(err)
	}
	variables["MAIL_QUEUE_URL"], variables["AWS_ENDPOINT_URL_SQS"] = aws.ToString(made.QueueUrl), endpoint
	env := cloud.Environment(func(name string) string { return variables[name] }, by...)
	return relay.New(env, slog.New(slog.DiscardHandler)), queue
}

// records returns an event of the stream about n messages, with sequence numbers from 0.
func records(n int) (stream events.DynamoDBEvent) {
	for i := range n {
		key := events.NewStringAttribute(fmt.Sprintf("MESSAGE#%03d", i))
		stream.Records = append(stream.Records, events.DynamoDBEventRecord{Change: events.DynamoDBStreamRecord{
			Keys: map[string]events.DynamoDBAttributeValue{"pk": key}, SequenceNumber: fmt.Sprint(i),
		}})
	}
	return stream
}

// queued returns the messages that the entries of a queue name, and empties the queue.
func queued(t *testing.T, queue *sqs.Client, url string) (all []string) {
	t.Helper()
	for {
		from := &sqs.ReceiveMessageInput{QueueUrl: aws.String(url), MaxNumberOfMessages: 10}
		got, err := queue.ReceiveMessage(t.Context(), from)
		if err != nil {
			t.Fatal(err)
		}
		if len(got.Messages) == 0 {
			slices.Sort(all)
			return all
		}
		for _, m := range got.Messages {
			partition, err := mailqueue.Partition(aws.ToString(m.Body))
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, partition)
		}
	}
}

// refuse makes SQS refuse one entry of each call, which it may do. With "" it refuses none.
func refuse(id string) func(*middleware.Stack) error {
	return func(stack *middleware.Stack) error {
		return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("refuse", func(
			ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
		) (out middleware.InitializeOutput, metadata middleware.Metadata, err error) {
			batch := in.Parameters.(*sqs.SendMessageBatchInput)
			batch.Entries = slices.DeleteFunc(batch.Entries, func(e types.SendMessageBatchRequestEntry) bool {
				return aws.ToString(e.Id) == id
			})
			out, metadata, err = next.HandleInitialize(ctx, in)
			if answer, ok := out.Result.(*sqs.SendMessageBatchOutput); ok && id != "" {
				refused := types.BatchResultErrorEntry{Id: aws.String(id), Code: aws.String("InternalError")}
				answer.Failed = append(answer.Failed, refused)
			}
			return out, metadata, err
		}), middleware.Before)
	}
}

// Each record makes an entry. What SQS does not take is passed again, with all that is behind it.
func TestEachMessageGetsAnEntry(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		records   int
		refused   string // the id of the entry of each call that SQS refuses
		again     string // the sequence number from which on the records are passed again
		inTheMean int    // how many entries there are until then
	}{
		{name: "none", records: 0},
		{name: "one", records: 1, inTheMean: 1},
		{name: "more than SQS takes in one call", records: 25, inTheMean: 25},
		{name: "with an entry that SQS refuses", records: 25, refused: "3", again: "3", inTheMean: 9},
		{name: "with a first entry that SQS refuses", records: 2, refused: "0", again: "0", inTheMean: 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r, queue := open(t, parttest.Queue(t), refuse(c.refused))
			out, err := r.Handle(t.Context(), records(c.records))
			if err != nil {
				t.Fatal(err)
			}
			var again string
			for _, f := range out.BatchItemFailures {
				again += f.ItemIdentifier
			}
			if got := queued(t, queue, r.QueueURL); again != c.again || len(got) != c.inTheMean {
				t.Errorf("passed again from %q on, and the queue has %v", again, got)
			}
		})
	}
}

// While SQS is away, all records are passed again.
func TestTheQueueIsAway(t *testing.T) {
	t.Parallel()
	away := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	t.Cleanup(away.Close)
	r, _ := open(t, away.URL)
	out, err := r.Handle(t.Context(), records(3))
	if err != nil || len(out.BatchItemFailures) != 1 || out.BatchItemFailures[0].ItemIdentifier != "0" {
		t.Errorf("passed again: %v, %v", out.BatchItemFailures, err)
	}
}
