package courier

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"identitypools/shared/mailqueue"
	"identitypools/shared/metric"
	"identitypools/shared/table"
)

// reserve is the time before the end of an invocation that is left for messages that failed: each
// must still be told when to come back.
const reserve = 5 * time.Second

// Handle delivers the messages that the entries of a batch name, all at once. It answers which
// entries failed, so that SQS deletes only the others. An entry that failed comes back after a pause:
// see mailqueue.Pause. It returns an error only for an event that is no batch, such as one that waited
// for the courier of an earlier release, so that Lambda keeps it as a dead letter.
func (s *Service) Handle(ctx context.Context, batch events.SQSEvent) (events.SQSEventResponse, error) {
	if len(batch.Records) == 0 {
		return events.SQSEventResponse{}, errors.New("the event has no entries of the queue of mails")
	}
	failed := make([]bool, len(batch.Records))
	var all sync.WaitGroup
	for i, entry := range batch.Records {
		all.Go(func() { failed[i] = !s.handle(ctx, entry) })
	}
	all.Wait()
	var out events.SQSEventResponse
	for i, entry := range batch.Records {
		if failed[i] {
			out.BatchItemFailures = append(out.BatchItemFailures,
				events.SQSBatchItemFailure{ItemIdentifier: entry.MessageId})
		}
	}
	return out, nil
}

// handle delivers the message that an entry names, and reports whether it is done with the entry.
func (s *Service) handle(ctx context.Context, entry events.SQSMessage) (done bool) {
	s.countLate(ctx, entry)
	id, err := messageOf(entry)
	if err == nil {
		err = s.deliverInTime(ctx, id)
	}
	if err == nil {
		return true
	}
	received, _ := strconv.Atoi(entry.Attributes["ApproximateReceiveCount"]) // 0, the shortest pause, if there is none
	pause := s.Pause(received)
	_, hidden := s.Queue.ChangeMessageVisibility(ctx, &sqs.ChangeMessageVisibilityInput{
		QueueUrl: aws.String(s.QueueURL), ReceiptHandle: aws.String(entry.ReceiptHandle),
		VisibilityTimeout: int32(pause.Seconds()),
	})
	if hidden != nil { // the entry comes back when the queue's own time-out ends
		err = fmt.Errorf("%w; set its pause: %w", err, hidden)
	}
	s.Log.Error("message failed", "message", id, "received", received, "cause", err.Error())
	metric.CountThrottled(ctx, s.Log, s.Now(), err)
	return false
}

// messageOf returns the id of the message that an entry names.
func messageOf(entry events.SQSMessage) (string, error) {
	partition, err := mailqueue.Partition(entry.Body)
	if err != nil {
		return "", err
	}
	id, ok := table.MessageOf(partition)
	if !ok {
		return "", errors.New("the entry of the queue names no message")
	}
	return id, nil
}

// deliverInTime is like Deliver. It gives up before the invocation ends, and it returns an error if
// Deliver panics: one message must end no other one of its batch.
func (s *Service) deliverInTime(ctx context.Context, id string) (err error) {
	if end, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, end.Add(-reserve))
		defer cancel()
	}
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("panic: %v\n%s", fault, debug.Stack())
		}
	}()
	return s.Deliver(ctx, id)
}
