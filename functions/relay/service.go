// Package relay is the function between the outbox and the queue of mails. The table's stream passes it
// the messages that are to be sent now, and it puts an entry for each into the queue. It has no access
// to the table and no secret.
package relay

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strconv"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"identitypools/shared/cloud"
	"identitypools/shared/mailqueue"
)

// Service has the one use case of the relay.
type Service struct {
	Queue    *sqs.Client
	QueueURL string // of the queue of mails
	Log      *slog.Logger
}

// New returns the function with its real parts.
func New(env cloud.Env, log *slog.Logger) *Service {
	return &Service{
		Queue: sqs.NewFromConfig(env.Config("SQS")), QueueURL: env.Must("MAIL_QUEUE_URL"), Log: log,
	}
}

// batchSize is the largest number of entries that SQS takes in one call.
const batchSize = 10

// Handle puts an entry into the queue for the message of each record of the stream, in their order. It
// answers with which record it must get them again, if SQS did not take an entry. A message may get
// several entries: the courier does nothing twice. It never returns an error.
func (s *Service) Handle(ctx context.Context, stream events.DynamoDBEvent) (out events.DynamoDBEventResponse, _ error) {
	for records := range slices.Chunk(stream.Records, batchSize) {
		if failed, err := s.put(ctx, records); err != nil {
			s.Log.Error("messages are not in the queue yet", "cause", err.Error())
			out.BatchItemFailures = []events.DynamoDBBatchItemFailure{
				{ItemIdentifier: records[failed].Change.SequenceNumber},
			}
			break
		}
	}
	return out, nil
}

// put puts an entry into the queue for each of at most batchSize records. If there is an error, it also
// returns the index of the first record whose entry is not in the queue.
func (s *Service) put(ctx context.Context, records []events.DynamoDBEventRecord) (failed int, err error) {
	entries := make([]types.SendMessageBatchRequestEntry, len(records))
	for i, record := range records {
		entries[i] = types.SendMessageBatchRequestEntry{
			Id: aws.String(strconv.Itoa(i)), MessageBody: aws.String(mailqueue.Body(record.Change.Keys["pk"].String())),
		}
	}
	answer, err := s.Queue.SendMessageBatch(ctx, &sqs.SendMessageBatchInput{
		QueueUrl: aws.String(s.QueueURL), Entries: entries,
	})
	if err != nil {
		return 0, fmt.Errorf("put entries into the queue of mails: %w", err)
	}
	failed = len(records)
	for _, refused := range answer.Failed {
		if i, _ := strconv.Atoi(aws.ToString(refused.Id)); i < failed {
			failed = i
			err = fmt.Errorf("put an entry into the queue of mails: it answers %s", aws.ToString(refused.Code))
		}
	}
	return failed, err
}
