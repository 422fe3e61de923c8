package keeper

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/aws/aws-lambda-go/events"

	"identitypools/shared/identity"
	"identitypools/shared/metric"
	"identitypools/shared/table"
)

// Handle handles an event that starts the function: records of the table's stream, or from EventBridge
// an event of SES or of the schedule. For records it answers which failed, so that only these and the
// ones behind them are passed again.
func (s *Service) Handle(ctx context.Context, trigger json.RawMessage) (any, error) {
	var notice sesEvent
	if err := json.Unmarshal(trigger, &notice); err == nil && notice.Source == "aws.ses" {
		return struct{}{}, s.suppress(ctx, notice)
	} else if err == nil && notice.Source == "aws.events" {
		return struct{}{}, s.Tick(ctx)
	}
	var stream events.DynamoDBEvent
	if err := json.Unmarshal(trigger, &stream); err != nil {
		return nil, fmt.Errorf("decode trigger: %w", err)
	}
	return s.Stream(ctx, stream), nil
}

// Stream handles records of the table's stream in their order, up to the first that fails: the order
// matters to the items of a user, and the records behind the failed one are passed again with it. At
// the end it counts the users in the records that were handled.
func (s *Service) Stream(ctx context.Context, stream events.DynamoDBEvent) events.DynamoDBEventResponse {
	var (
		out     events.DynamoDBEventResponse
		changes = map[identity.UserRef][]table.UserChange{}
	)
	for _, record := range stream.Records {
		if err := s.record(ctx, record, changes); err != nil {
			s.Log.Error("stream record failed", "event", record.EventID, "cause", err.Error())
			metric.CountThrottled(ctx, s.Log, s.Now(), err)
			out.BatchItemFailures = []events.DynamoDBBatchItemFailure{{ItemIdentifier: record.Change.SequenceNumber}}
			break
		}
	}
	for pool, list := range changes {
		if err := s.count(ctx, pool, list); err != nil {
			s.Log.Error("counting users failed", "pool", pool.Pool, "cause", err.Error())
			metric.CountThrottled(ctx, s.Log, s.Now(), err)
			out.BatchItemFailures = []events.DynamoDBBatchItemFailure{
				{ItemIdentifier: stream.Records[0].Change.SequenceNumber},
			}
		}
	}
	return out
}

// record handles one record of the table's stream. It adds what changes the number of a pool's users
// to changes.
func (s *Service) record(
	ctx context.Context, record events.DynamoDBEventRecord, changes map[identity.UserRef][]table.UserChange,
) error {
	partition, sort := record.Change.Keys["pk"].String(), record.Change.Keys["sk"].String()
	inserted := record.EventName == string(events.DynamoDBOperationTypeInsert)
	removed := record.EventName == string(events.DynamoDBOperationTypeRemove)
	if ref, ok := table.UserOf(partition, sort); ok && (inserted || removed) {
		pool := identity.UserRef{Tenant: ref.Tenant, Pool: ref.Pool}
		changes[pool] = append(changes[pool], table.UserChange{Event: record.EventID, User: ref, Gone: removed})
	}
	if ref, ok := table.WaitedWith(partition, sort); ok && removed {
		return s.deleteAbandoned(ctx, ref)
	}
	if tenant, pool, ok := table.PoolOf(partition, sort); ok && table.IsDeleted(record.Change.NewImage) {
		return s.purge(ctx, tenant, pool)
	}
	return nil
}

// purgeSteps bounds how much the keeper clears for one record before it goes on to others.
const purgeSteps = 20

// purge clears what a deleted pool leaves, or a part of it.
func (s *Service) purge(ctx context.Context, tenant, pool string) error {
	for range purgeSteps {
		done, err := s.Deletions.Purge(ctx, tenant, pool)
		if done || err != nil {
			return err
		}
	}
	return s.Deletions.PurgeLater(ctx, tenant, pool)
}

// count adds changes to the number of a pool's users. If the pool is gone, the users were made by a
// process that still had the pool in memory, and count erases them.
func (s *Service) count(ctx context.Context, pool identity.UserRef, changes []table.UserChange) error {
	err := s.Pools.CountUsers(ctx, pool.Tenant, pool.Pool, changes)
	if !errors.As(err, new(identity.NotFound)) {
		return err
	}
	for _, change := range changes {
		if change.Gone {
			continue
		}
		u, err := s.Users.Get(ctx, change.User)
		if errors.As(err, new(identity.NotFound)) {
			continue
		}
		if err == nil {
			err = s.Deletions.EraseUser(ctx, u)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
