package table

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"

	"identitypools/shared/identity"
	"identitypools/shared/once"
)

// errCondition says that the condition of a write does not hold. Every exported method turns it
// into an error of the domain.
var errCondition = errors.New("condition does not hold")

// errThrottled says that the table has left a part of a read undone.
var errThrottled = errors.New("table leaves keys unprocessed")

// retryAfter is how long a caller is told to wait when the table can't serve it now.
const retryAfter = 2 * time.Second

// failure turns an error of the SDK into errCondition, or into identity.Unavailable where a later
// try may succeed, or returns it as it is.
func failure(err error) error {
	var condition *types.ConditionalCheckFailedException
	switch {
	case err == nil:
		return nil
	case errors.As(err, &condition):
		return errCondition
	case isTemporary(err):
		return identity.Unavailable{RetryAfter: retryAfter, Cause: err}
	}
	return err
}

// isTemporary reports whether err is about the moment and not about the request: network,
// time-outs, throttling, 5xx.
func isTemporary(err error) bool {
	var (
		network  net.Error
		response *awshttp.ResponseError
		api      smithy.APIError
	)
	switch {
	case errors.Is(err, errThrottled), errors.Is(err, context.DeadlineExceeded),
		errors.Is(err, context.Canceled), errors.As(err, &network):
		return true
	case errors.As(err, &response) && response.HTTPStatusCode() >= 500:
		return true
	case errors.As(err, &api):
		switch api.ErrorCode() {
		case "ThrottlingException", "ProvisionedThroughputExceededException", "RequestLimitExceeded",
			"TransactionConflictException", "TransactionInProgressException", "InternalServerError",
			"LimitExceededException":
			return true
		}
		return false
	}
	var unreachable *aws.RequestCanceledError
	var sent *smithy.OperationError
	return errors.As(err, &unreachable) || errors.As(err, &sent) && response == nil
}

// conflictTries bounds how often a transaction that conflicts with another one is tried, with
// pauses that grow from conflictPause.
const (
	conflictTries = 5
	conflictPause = 10 * time.Millisecond
)

// cancelled is the error of a transaction some of whose conditions do not hold: failed has the
// index of each write that has one.
type cancelled struct{ failed []int }

func (cancelled) Error() string { return "transaction cancelled: condition does not hold" }

// at reports whether the condition of the write at an index does not hold.
func (c cancelled) at(i int) bool {
	return slices.Contains(c.failed, i)
}

// before reports whether the condition of one of the first n writes does not hold.
func (c cancelled) before(n int) bool {
	return slices.ContainsFunc(c.failed, func(failed int) bool { return failed < n })
}

// errRepeated is the cause where a repeat of the request, under way at the same time, was faster.
var errRepeated = errors.New("a repeat of the request has been carried out")

// transact carries out all writes or none, and stores the answer with them where there is one. It
// tries again, with jitter, after a conflict with another transaction. Errors: cancelled where a
// condition does not hold; identity.Unavailable where conflicts go on, or a repeat of the request
// was faster.
func (t *store) transact(ctx context.Context, writes []types.TransactWriteItem, reply once.Answer) error {
	if reply.IsZero() {
		return t.transactAll(ctx, writes)
	}
	answer, err := t.answering(reply)
	if err != nil {
		return err
	}
	err = t.transactAll(ctx, append(writes, answer))
	var stopped cancelled
	switch {
	case errors.As(err, &stopped) && stopped.at(len(writes)):
		return identity.Unavailable{RetryAfter: retryAfter, Cause: errRepeated}
	case err == nil:
		reply.MarkStored()
	}
	return err
}

func (t *store) transactAll(ctx context.Context, writes []types.TransactWriteItem) error {
	var err error
	for try := range conflictTries {
		if try > 0 {
			pause(ctx, conflictPause<<try)
		}
		_, err = t.db.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: writes})
		var stopped *types.TransactionCanceledException
		if !errors.As(err, &stopped) {
			return failure(err)
		}
		var failed []int
		for i, reason := range stopped.CancellationReasons {
			switch aws.ToString(reason.Code) {
			case "ConditionalCheckFailed":
				failed = append(failed, i)
			case "ValidationError", "ItemCollectionSizeLimitExceeded":
				return err
			}
		}
		if len(failed) > 0 {
			return cancelled{failed}
		}
	}
	return identity.Unavailable{RetryAfter: retryAfter, Cause: err}
}

// pause waits for about d, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d/2 + rand.N(d))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
