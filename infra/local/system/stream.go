package system

import (
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"slices"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"identitypools/functions/courier"
	"identitypools/infra/deploy/plan"
	"identitypools/shared/table"
)

// The reader pauses between reads of an idle stream. It retries a batch that failed after a pause
// that grows, as Lambda's event source does.
const (
	idlePause  = 50 * time.Millisecond
	retryPause = 100 * time.Millisecond
	maxRetry   = 2 * time.Second
)

// stream reads the table's stream and passes its records to the courier as Lambda does. Each shard
// is read in order. After a failure, reading goes on with the first record that failed, and skips
// it only if it has kept failing for plan.Patience. Lambda measures that time from the creation of
// the record. stream measures it from the first failure, because the engine does not have the
// product's clock.
type stream struct {
	db         *dynamodb.Client
	streams    *dynamodbstreams.Client
	table      string
	checkpoint string
	courier    *courier.Service
	now        func() time.Time
	log        *slog.Logger

	// done has the sequence number of the last record that is done, by stream and shard.
	done map[string]string
}

// run reads the stream until ctx ends. It tries again after every error.
func (s *stream) run(ctx context.Context) {
	s.restore()
	iterators, failures := map[string]*string{}, 0
	for ctx.Err() == nil {
		progress, err := s.round(ctx, iterators)
		if err != nil {
			failures++
			iterators = map[string]*string{}
			backOff(ctx, failures)
			continue
		}
		failures = 0
		if !progress {
			sleep(ctx, idlePause)
		}
	}
}

// round reads each shard once and reports whether there was any record.
func (s *stream) round(ctx context.Context, iterators map[string]*string) (progress bool, err error) {
	arn, shards, err := s.shards(ctx)
	if err != nil {
		return false, err
	}
	for _, shard := range shards {
		id := aws.ToString(arn) + " " + aws.ToString(shard.ShardId)
		iterator, known := iterators[id]
		if !known {
			if iterator, err = s.iterator(ctx, arn, shard.ShardId, s.done[id]); err != nil {
				return progress, err
			}
		}
		if iterator == nil {
			continue // the shard has been read to its end
		}
		out, err := s.streams.GetRecords(ctx, &dynamodbstreams.GetRecordsInput{
			ShardIterator: iterator, Limit: aws.Int32(table.StreamBatch),
		})
		if err != nil {
			return progress, err
		}
		iterators[id] = out.NextShardIterator
		if len(out.Records) > 0 {
			progress = true
			s.deliver(ctx, id, out.Records)
		}
	}
	return progress, nil
}

// shards returns the table's stream and its shards.
func (s *stream) shards(ctx context.Context) (arn *string, shards []types.Shard, err error) {
	described, err := s.db.DescribeTable(ctx, &dynamodb.DescribeTableInput{
		TableName: aws.String(s.table),
	})
	if err != nil {
		return nil, nil, err
	}
	arn = described.Table.LatestStreamArn
	in := &dynamodbstreams.DescribeStreamInput{StreamArn: arn}
	for {
		out, err := s.streams.DescribeStream(ctx, in)
		if err != nil {
			return arn, nil, err
		}
		shards = append(shards, out.StreamDescription.Shards...)
		in.ExclusiveStartShardId = out.StreamDescription.LastEvaluatedShardId
		if in.ExclusiveStartShardId == nil {
			return arn, shards, nil
		}
	}
}

// iterator returns an iterator that begins after the record with the sequence number last, or, if
// last is "", at the beginning of the shard.
func (s *stream) iterator(ctx context.Context, arn, shard *string, last string) (*string, error) {
	in := &dynamodbstreams.GetShardIteratorInput{
		StreamArn: arn, ShardId: shard, ShardIteratorType: types.ShardIteratorTypeTrimHorizon,
	}
	if last != "" {
		in.ShardIteratorType = types.ShardIteratorTypeAfterSequenceNumber
		in.SequenceNumber = aws.String(last)
	}
	out, err := s.streams.GetShardIterator(ctx, in)
	if err != nil {
		return nil, err
	}
	return out.ShardIterator, nil
}

// deliver passes on the records that trigger the courier, until each of them is done or has been
// given up.
func (s *stream) deliver(ctx context.Context, id string, records []types.Record) {
	var since time.Time // the first failure of records[0]
	for failures := 0; len(records) > 0 && ctx.Err() == nil; {
		done, now := s.passOn(ctx, records), s.now()
		if done == 0 && !since.IsZero() && now.Sub(since) >= plan.Patience {
			s.log.Error("stream record is a dead letter",
				"event", aws.ToString(records[0].EventID),
				"sequence", aws.ToString(records[0].Dynamodb.SequenceNumber))
			done = 1
		}
		if done > 0 || since.IsZero() {
			failures, since = 0, now
		}
		if done > 0 {
			s.done[id] = aws.ToString(records[done-1].Dynamodb.SequenceNumber)
			s.save()
		}
		if records = records[done:]; len(records) > 0 {
			failures++
			backOff(ctx, failures)
		}
	}
}

// passOn passes records on once and returns how many of them are done, counted from the first.
func (s *stream) passOn(ctx context.Context, records []types.Record) (done int) {
	done = len(records)
	if event := triggering(records); len(event.Records) > 0 {
		for _, failure := range s.courier.Stream(As(ctx, "courier"), event).BatchItemFailures {
			failed := slices.IndexFunc(records, func(r types.Record) bool {
				return aws.ToString(r.Dynamodb.SequenceNumber) == failure.ItemIdentifier
			})
			done = min(done, max(failed, 0)) // an unknown record fails all of them, as in Lambda
		}
	}
	return done
}

// triggering returns the event that Lambda makes of records. It leaves out the records that match
// no trigger.
func triggering(records []types.Record) events.DynamoDBEvent {
	event := events.DynamoDBEvent{}
	for _, record := range records {
		r := eventRecord(record)
		pk, sk := r.Change.Keys["pk"].String(), r.Change.Keys["sk"].String()
		if table.IsTrigger(r.EventName, pk, sk, r.Change.NewImage) {
			event.Records = append(event.Records, r)
		}
	}
	return event
}

// restore reads the checkpoint file, if there is one.
func (s *stream) restore() {
	s.done = map[string]string{}
	if s.checkpoint == "" {
		return
	}
	text, err := os.ReadFile(s.checkpoint)
	if err == nil {
		err = json.Unmarshal(text, &s.done)
	}
	if err != nil && !os.IsNotExist(err) {
		s.log.Warn("the place in the stream is unknown; reading it from its beginning",
			"cause", err.Error())
		s.done = map[string]string{}
	}
}

// save writes the checkpoint file, if there is one.
func (s *stream) save() {
	if s.checkpoint == "" {
		return
	}
	text, err := json.Marshal(s.done)
	if err == nil {
		err = os.WriteFile(s.checkpoint+".new", text, 0o600)
	}
	if err == nil {
		err = os.Rename(s.checkpoint+".new", s.checkpoint)
	}
	if err != nil {
		s.log.Warn("the place in the stream could not be kept", "cause", err.Error())
	}
}

// backOff waits after a number of failures in a row, or until ctx ends.
func backOff(ctx context.Context, failures int) {
	sleep(ctx, min(maxRetry, retryPause<<min(failures, 10)))
}

// sleep waits for d, or until ctx ends.
func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
