package table

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"identitypools/shared/cloud"
	"identitypools/shared/identity"
	"identitypools/shared/once"
)

// errCondition is the error for a write whose condition does not hold. Every exported method turns
// it into an error of the domain.
var errCondition = errors.New("condition does not hold")

// errLost is the error for a write that a simultaneous one prevented, and that is made again: see
// store.again.
var errLost = errors.New("a simultaneous write came first")

// errThrottled is the error for a read that the table has carried out only in part.
var errThrottled = errors.New("table leaves keys unprocessed")

// retryAfter is the time after which callers should try again if the table cannot serve them now.
const retryAfter = 2 * time.Second

// failure returns errCondition for the SDK's error that a condition does not hold,
// identity.Unavailable for an error that may not occur when the call is repeated, and any other
// error unchanged.
func failure(err error) error {
	var condition *types.ConditionalCheckFailedException
	switch {
	case err == nil:
		return nil
	case errors.As(err, &condition):
		return errCondition
	case isTemporary(err):
		return identity.Unavailable{RetryAfter: retryAfter, Cause: err, Throttled: isThrottled(err)}
	}
	return err
}

// isTemporary reports whether err may not occur when the call is repeated.
func isTemporary(err error) bool { return errors.Is(err, errThrottled) || cloud.IsTemporary(err) }

// isThrottled reports whether the table refused a call, or a part of it, because it gets too many.
// The SDK has tried the call again before.
func isThrottled(err error) bool { return errors.Is(err, errThrottled) || cloud.IsThrottled(err) }

// cancelled is the error for a transaction of which some conditions do not hold. The field failed
// has the indexes of the writes whose conditions these are.
type cancelled struct{ failed []int }

func (cancelled) Error() string { return "transaction cancelled: condition does not hold" }

// at reports whether the condition of the write with the index i does not hold.
func (c cancelled) at(i int) bool {
	return slices.Contains(c.failed, i)
}

// before reports whether the condition of one of the first n writes does not hold.
func (c cancelled) before(n int) bool {
	return slices.ContainsFunc(c.failed, func(failed int) bool { return failed < n })
}

// errRepeated is the cause of the error for a request whose repeat was carried out simultaneously
// and ended first.
var errRepeated = errors.New("a repeat of the request has been carried out")

// transact carries out all writes or none of them, and stores the answer with them unless it is
// zero. After a conflict with another transaction, it tries again. The error is cancelled if a
// condition does not hold, and identity.Unavailable if conflicts go on or if a repeat of the request
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

// transactAll is transact without an answer.
func (t *store) transactAll(ctx context.Context, writes []types.TransactWriteItem) error {
	throttled := false // in the last try
	err := t.again(ctx, func() error {
		throttled = false
		_, err := t.db.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: writes})
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
			case "ThrottlingError", "ProvisionedThroughputExceeded":
				throttled = true
			}
		}
		if len(failed) > 0 {
			return cancelled{failed}
		}
		return errLost
	})
	var unavailable identity.Unavailable
	if throttled && errors.As(err, &unavailable) {
		unavailable.Throttled = true
		return unavailable
	}
	return err
}

// updateItem carries out an update of one item outside of a transaction. If a transaction has the
// item at this moment, it tries again. Items that are put or deleted alone are in no transaction at
// the same time.
func (t *store) updateItem(
	ctx context.Context, in *dynamodb.UpdateItemInput,
) (out *dynamodb.UpdateItemOutput, err error) {
	err = t.retry.DoWhile(ctx, isConflict, func() error {
		out, err = t.db.UpdateItem(ctx, in)
		return err
	})
	return out, err
}

// isConflict reports whether err says that a transaction has an item.
func isConflict(err error) bool { return errors.As(err, new(*types.TransactionConflictException)) }

// again calls try until its result is not errLost, as retry.Policy.DoWhile does.
func (t *store) again(ctx context.Context, try func() error) error {
	return t.retry.DoWhile(ctx, isLost, try)
}

// isLost reports whether err is errLost.
func isLost(err error) bool { return errors.Is(err, errLost) }
