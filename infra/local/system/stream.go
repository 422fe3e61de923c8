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

	"identitypools/functions/keeper"
	"identitypools/functions/relay"
	"identitypools/infra/deploy/plan"
	"identitypools/shared/table"
)

// The reader reads the stream when this process has changed the table, and otherwise at an interval,
// for the changes of other processes. It pauses before each read, so that a read under load finds
// the records of many changes. It retries a batch that failed after a pause that grows, as Lambda's
// event source does.
const (
	idleInterval = time.Second
	readPause    = 50 * time.Millisecond
	retryPause   = 100 * time.Millisecond
	maxRetry     = 2 * time.Second
)

// stream reads the table's stream for one consumer, and passes it records as an event source of AWS
// does. Each shard is read in order. After a failure, reading goes on with the first record that failed, and skips
// it only if it has kept failing for plan.Patience. Lambda measures that time from the creation of
// the record. stream measures it from the first failure, because the engine does not have the
// product's clock.
type stream struct {
	db         *dynamodb.Client
	streams    *dynamodbstreams.Client
	table      string
	checkpoint string
	consumer   consumer
	changed    <-chan struct{} // receives something after a change of the table
	interval   time.Duration   // between reads, if nothing changes
	now        func() time.Time
	log        *slog.Logger

	// arn and shards are the table's stream and its shards. They are listed if shards is nil.
	arn    *string
	shards []types.Shard
	// iterators has the iterators of the shards, by stream and shard. The iterator of a shard that
	// has been read to its end is nil.
	iterators map[string]*string
	// done has the sequence number of the last record that is done, by stream and shard.
	done map[string]string
}

// of returns a reader for a consumer, with a position of its own. If checkpoint is not "", the position
// is kept in that file with suffix behind its name. The other fields are those of s.
func (s stream) of(suffix, checkpoint string, changed <-chan struct{}, c consumer) *stream {
	if checkpoint != "" {
		s.checkpoint = checkpoint + suffix
	}
	s.changed, s.consumer = changed, c
	return &s
}

// run reads the stream until ctx ends. It tries again after every error.
func (s *stream) run(ctx context.Context) {
	s.restore()
	failures := 0
	for ctx.Err() == nil {
		more, err := s.round(ctx)
		if err != nil {
			failures++
			s.shards, s.iterators = nil, nil
			backOff(ctx, failures)
			continue
		}
		failures = 0
		if !more {
			s.rest(ctx)
		}
	}
}

// rest waits until there may be something to read, or until ctx ends.
func (s *stream) rest(ctx context.Context) {
	interval := time.NewTimer(s.interval)
	defer interval.Stop()
	select {
	case <-s.changed:
	case <-interval.C:
	case <-ctx.Done():
	}
	sleep(ctx, readPause)
}

// round reads each shard once and reports whether there is more to read at once.
//
// It lists the shards only at the beginning, after an error and at the end of a shard, which other
// shards then continue. The engine reads all records to answer how far a shard reaches.
func (s *stream) round(ctx context.Context) (more bool, err error) {
	if s.shards == nil {
		if err := s.list(ctx); err != nil {
			return false, err
		}
	}
	for _, shard := range s.shards {
		id := aws.ToString(s.arn) + " " + aws.ToString(shard.ShardId)
		iterator := s.iterators[id]
		if iterator == nil {
			continue // the shard has been read to its end
		}
		out, err := s.streams.GetRecords(ctx, &dynamodbstreams.GetRecordsInput{
			ShardIterator: iterator, Limit: aws.Int32(table.StreamBatch),
		})
		if err != nil {
			return more, err
		}
		s.iterators[id] = out.NextShardIterator
		if out.NextShardIterator == nil {
			s.shards = nil
		}
		more = more || len(out.Records) == table.StreamBatch || out.NextShardIterator == nil
		s.deliver(ctx, id, out.Records)
	}
	return more, nil
}

// list lists the shards of the table's stream, and gets an iterator for each new one.
func (s *stream) list(ctx context.Context) error {
	described, err := s.db.DescribeTable(ctx, &dynamodb.DescribeTableInput{
		TableName: aws.String(s.table),
	})
	if err != nil {
		return err
	}
	if s.iterators == nil {
		s.iterators = map[string]*string{}
	}
	s.arn = described.Table.LatestStreamArn
	in := &dynamodbstreams.DescribeStreamInput{StreamArn: s.arn}
	var shards []types.Shard
	for {
		out, err := s.streams.DescribeStream(ctx, in)
		if err != nil {
			return err
		}
		shards = append(shards, out.StreamDescription.Shards...)
		in.ExclusiveStartShardId = out.StreamDescription.LastEvaluatedShardId
		if in.ExclusiveStartShardId == nil {
			break
		}
	}
	for _, shard := range shards {
		id := aws.ToString(s.arn) + " " + aws.ToString(shard.ShardId)
		if _, known := s.iterators[id]; known {
			continue
		}
		if s.iterators[id], err = s.iterator(ctx, s.arn, shard.ShardId, s.done[id]); err != nil {
			return err
		}
	}
	s.shards = shards
	return nil
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

// deliver passes on the records that the consumer takes, until each of them is done or has been
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
	if event := s.consumer.event(records); len(event.Records) > 0 {
		for _, failure := range s.consumer.take(ctx, event).BatchItemFailures {
			failed := slices.IndexFunc(records, func(r types.Record) bool {
				return aws.ToString(r.Dynamodb.SequenceNumber) == failure.ItemIdentifier
			})
			done = min(done, max(failed, 0)) // an unknown record fails all of them, as in Lambda
		}
	}
	return done
}

// consumer is what takes records of the stream: those that match one of its triggers. Take answers
// from which record on it must get them again.
type consumer struct {
	triggers []table.Trigger
	take     func(context.Context, events.DynamoDBEvent) events.DynamoDBEventResponse
}

// keeping returns the consumer that is Lambda's event source of the keeper.
func keeping(k *keeper.Service) consumer {
	return consumer{table.KeeperTriggers(), func(
		ctx context.Context, e events.DynamoDBEvent,
	) events.DynamoDBEventResponse {
		return k.Stream(As(ctx, "keeper"), e)
	}}
}

// relaying returns the consumer that is Lambda's event source of the relay.
func relaying(r *relay.Service) consumer {
	return consumer{table.MailTriggers(), func(
		ctx context.Context, e events.DynamoDBEvent,
	) events.DynamoDBEventResponse {
		out, _ := r.Handle(As(ctx, "relay"), e) // it never returns an error
		return out
	}}
}

// event returns the event that an event source makes of records.
func (c consumer) event(records []types.Record) events.DynamoDBEvent {
	event := events.DynamoDBEvent{}
	for _, record := range records {
		r := eventRecord(record)
		pk, sk := r.Change.Keys["pk"].String(), r.Change.Keys["sk"].String()
		if table.IsTrigger(c.triggers, r.EventName, pk, sk, r.Change.NewImage) {
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
