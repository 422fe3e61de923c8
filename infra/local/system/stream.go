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

	"identitypools/infra/deploy/plan"
	"identitypools/shared/table"
)

// Pace of the reader. A batch that failed comes again after a pause that grows, as with Lambda's event source.
const (
	idlePause  = 50 * time.Millisecond
	retryPause = 100 * time.Millisecond
	maxRetry   = 2 * time.Second
)

// stream reads the table's stream and hands its records on as Lambda does: in the order of each shard, again from the first that
// failed, and past it only when that has failed for as long as the plan has patience. Lambda counts from when the record came, this from
// its first failure: the engine's clock isn't the product's.
type stream struct {
	db         *dynamodb.Client
	streams    *dynamodbstreams.Client
	table      string
	checkpoint string
	handle     func(context.Context, events.DynamoDBEvent) events.DynamoDBEventResponse
	now        func() time.Time
	log        *slog.Logger

	done map[string]string // stream and shard -> sequence number of the last record that is done
}

// run reads until ctx ends. What cannot be read now is tried again.
func (s *stream) run(ctx context.Context) {
	s.restore()
	iterators, failures := map[string]*string{}, 0
	for ctx.Err() == nil {
		progress, err := s.round(ctx, iterators)
		switch {
		case err != nil:
			failures++
			iterators = map[string]*string{}
			sleep(ctx, min(maxRetry, retryPause<<min(failures, 10)))
		case progress:
			failures = 0
		default:
			failures = 0
			sleep(ctx, idlePause)
		}
	}
}

// round reads each shard once.
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
			continue // read to its end
		}
		out, err := s.streams.GetRecords(ctx, &dynamodbstreams.GetRecordsInput{ShardIterator: iterator, Limit: aws.Int32(table.StreamBatch)})
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

func (s *stream) shards(ctx context.Context) (arn *string, shards []types.Shard, err error) {
	described, err := s.db.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: aws.String(s.table)})
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
		if in.ExclusiveStartShardId = out.StreamDescription.LastEvaluatedShardId; in.ExclusiveStartShardId == nil {
			return arn, shards, nil
		}
	}
}

// iterator begins after the last record that is done, or where the stream begins.
func (s *stream) iterator(ctx context.Context, arn, shard *string, last string) (*string, error) {
	in := &dynamodbstreams.GetShardIteratorInput{StreamArn: arn, ShardId: shard, ShardIteratorType: types.ShardIteratorTypeTrimHorizon}
	if last != "" {
		in.ShardIteratorType, in.SequenceNumber = types.ShardIteratorTypeAfterSequenceNumber, aws.String(last)
	}
	out, err := s.streams.GetShardIterator(ctx, in)
	if err != nil {
		return nil, err
	}
	return out.ShardIterator, nil
}

// deliver hands on the records that the courier is triggered by, until all are done or given up.
func (s *stream) deliver(ctx context.Context, id string, records []types.Record) {
	var since time.Time // when the first of records failed first
	for failures := 0; len(records) > 0 && ctx.Err() == nil; {
		done, now := s.hand(ctx, records), s.now()
		if done == 0 && !since.IsZero() && now.Sub(since) >= plan.Patience {
			s.log.Error("stream record is a dead letter", "event", aws.ToString(records[0].EventID), "sequence", aws.ToString(records[0].Dynamodb.SequenceNumber))
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
			sleep(ctx, min(maxRetry, retryPause<<min(failures, 10)))
		}
	}
}

// hand hands records on once and is how many are done.
func (s *stream) hand(ctx context.Context, records []types.Record) (done int) {
	done = len(records)
	if event := triggering(records); len(event.Records) > 0 {
		for _, failure := range s.handle(ctx, event).BatchItemFailures {
			failed := slices.IndexFunc(records, func(r types.Record) bool { return aws.ToString(r.Dynamodb.SequenceNumber) == failure.ItemIdentifier })
			done = min(done, max(failed, 0)) // what names no record fails all, as in Lambda
		}
	}
	return done
}

// triggering is the event that Lambda makes of records: what no trigger fits is filtered out.
func triggering(records []types.Record) events.DynamoDBEvent {
	event := events.DynamoDBEvent{}
	for _, record := range records {
		r := eventRecord(record)
		if table.IsTrigger(r.EventName, r.Change.Keys["pk"].String(), r.Change.Keys["sk"].String(), r.Change.NewImage) {
			event.Records = append(event.Records, r)
		}
	}
	return event
}

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
		s.log.Warn("the place in the stream is unknown; reading it from its beginning", "cause", err.Error())
		s.done = map[string]string{}
	}
}

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

func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
