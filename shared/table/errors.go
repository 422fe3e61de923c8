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

// errCondition is a conditional write whose condition does not hold; every method turns it into a domain error.
var errCondition = errors.New("condition does not hold")

// errThrottled is a read of which the table has left a part undone.
var errThrottled = errors.New("table leaves keys unprocessed")

// retryAfter is what a caller is told when the table can't serve it now.
const retryAfter = 2 * time.Second

// failure turns an SDK error into errCondition, into identity.Unavailable where a later try may do better, or leaves it.
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

// isTemporary says whether err is about the moment, not about the request: network, time-outs, throttling, 5xx.
func isTemporary(err error) bool {
	var (
		network  net.Error
		response *awshttp.ResponseError
		api      smithy.APIError
	)
	switch {
	case errors.Is(err, errThrottled), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled), errors.As(err, &network):
		return true
	case errors.As(err, &response) && response.HTTPStatusCode() >= 500:
		return true
	case errors.As(err, &api):
		switch api.ErrorCode() {
		case "ThrottlingException", "ProvisionedThroughputExceededException", "RequestLimitExceeded", "TransactionConflictException",
			"TransactionInProgressException", "InternalServerError", "LimitExceededException":
			return true
		}
		return false
	}
	var unreachable *aws.RequestCanceledError
	var sent *smithy.OperationError
	return errors.As(err, &unreachable) || errors.As(err, &sent) && response == nil
}

// conflictTries bounds how often a transaction that met another one is tried, with pauses that grow from conflictPause.
const (
	conflictTries = 5
	conflictPause = 10 * time.Millisecond
)

// cancelled is a transaction of which some conditions do not hold: failed has the index of each.
type cancelled struct{ failed []int }

func (cancelled) Error() string { return "transaction cancelled: condition does not hold" }

func (c cancelled) at(i int) bool {
	return slices.Contains(c.failed, i)
}

// before says whether the condition of one of the first n writes does not hold.
func (c cancelled) before(n int) bool {
	return slices.ContainsFunc(c.failed, func(failed int) bool { return failed < n })
}

// errRepeated is a request that a repeat of it, under way at the same time, was faster than.
var errRepeated = errors.New("a repeat of the request has been carried out")

// transact carries out all writes or none; the change comes to result, which the request that ctx is for is answered with (shared/once). A
// condition that does not hold is cancelled; a conflict with another transaction is tried again with jitter, and in the end identity.Unavailable.
func (t *Table) transact(ctx context.Context, writes []types.TransactWriteItem, result any) error {
	request := once.Of(ctx)
	if request == nil {
		return t.transactAll(ctx, writes)
	}
	answer, err := t.answering(request, result)
	if err != nil {
		return err
	}
	err = t.transactAll(ctx, append(writes, answer))
	var stopped cancelled
	switch {
	case errors.As(err, &stopped) && stopped.at(len(writes)):
		return identity.Unavailable{RetryAfter: retryAfter, Cause: errRepeated}
	case err == nil:
		request.Stored()
	}
	return err
}

func (t *Table) transactAll(ctx context.Context, writes []types.TransactWriteItem) error {
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
