package courier

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/aws/aws-lambda-go/events"

	"identitypools/shared/identity"
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
			out.BatchItemFailures = []events.DynamoDBBatchItemFailure{{ItemIdentifier: record.Change.SequenceNumber}}
			break
		}
	}
	for pool, list := range changes {
		if err := s.count(ctx, pool, list); err != nil {
			s.Log.Error("counting users failed", "pool", pool.Pool, "cause", err.Error())
			out.BatchItemFailures = []events.DynamoDBBatchItemFailure{{ItemIdentifier: stream.Records[0].Change.SequenceNumber}}
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
	if id, ok := table.MessageOf(partition); ok && !removed {
		return s.Deliver(ctx, id)
	}
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

// purgeSteps bounds how much the courier clears for one record before it goes on to mails.
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

// sesEvent is an event of SES as EventBridge passes it on, as far as it is read.
// https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html
type sesEvent struct {
	Source string `json:"source"`
	Detail struct {
		Type   string `json:"eventType"`
		Bounce struct {
			Type       string      `json:"bounceType"`
			SubType    string      `json:"bounceSubType"`
			Recipients []recipient `json:"bouncedRecipients"`
		} `json:"bounce"`
		Complaint struct {
			SubType    string      `json:"complaintSubType"`
			Recipients []recipient `json:"complainedRecipients"`
		} `json:"complaint"`
	} `json:"detail"`
}

type recipient struct {
	Address string `json:"emailAddress"`
}

// isUntried reports whether an event says, by its subtype, that SES has not tried to send the mail,
// because its recipient is on a list of SES's own: that of the account, or the global one.
func (e sesEvent) isUntried() bool {
	const account, global = "OnAccountSuppressionList", "Suppressed"
	bounce, complaint := e.Detail.Bounce.SubType, e.Detail.Complaint.SubType
	return bounce == account || bounce == global || complaint == account
}

// suppress marks the addresses in an event that bounced permanently or whose owners complained. No
// further mail is sent to them. A mail that SES has not tried to send marks nothing: it shows nothing
// new of the address, and may be older than an administrator's decision to clear the address.
func (s *Service) suppress(ctx context.Context, e sesEvent) error {
	reason, recipients := identity.SuppressionReason(""), []recipient(nil)
	switch {
	case e.isUntried():
		s.Log.Warn("SES has not tried to send a mail, because the address is on a list of its own")
	case e.Detail.Type == "Bounce" && e.Detail.Bounce.Type == "Permanent":
		reason, recipients = identity.SuppressedByBounce, e.Detail.Bounce.Recipients
	case e.Detail.Type == "Complaint":
		reason, recipients = identity.SuppressedByComplaint, e.Detail.Complaint.Recipients
	}
	for _, r := range recipients {
		mark, err := identity.NewSuppression(r.Address, reason, s.Now())
		if err != nil {
			s.Log.Warn("notice of SES names no address")
			continue
		}
		if err := s.Suppressions.Put(ctx, mark); err != nil {
			return err
		}
	}
	return nil
}
