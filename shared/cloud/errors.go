package cloud

import (
	"context"
	"errors"
	"net"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
)

// IsTemporary reports whether an error of a client of the SDK may not occur when the call is repeated:
// errors of the network, time-outs, throttling, conflicts of transactions, and 5xx.
func IsTemporary(err error) bool {
	var (
		network  net.Error
		response *awshttp.ResponseError
		api      smithy.APIError
	)
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled), errors.As(err, &network):
		return true
	case errors.As(err, &response) && response.HTTPStatusCode() >= 500:
		return true
	case errors.As(err, &api):
		return IsThrottled(err) || slices.Contains([]string{
			"TransactionConflictException", "TransactionInProgressException", "InternalServerError",
		}, api.ErrorCode())
	}
	var unreachable *aws.RequestCanceledError
	var sent *smithy.OperationError
	return errors.As(err, &unreachable) || errors.As(err, &sent) && response == nil
}

// IsThrottled reports whether an error of a client of the SDK says that there are too many calls.
func IsThrottled(err error) bool {
	var api smithy.APIError
	return errors.As(err, &api) && slices.Contains([]string{
		"ThrottlingException", "ProvisionedThroughputExceededException", "RequestLimitExceeded",
		"LimitExceededException", "TooManyRequestsException",
	}, api.ErrorCode())
}

// Describe returns what an error of a client of the SDK says without its text, which may name the
// person whom a call is about: the code of the service's answer, such as "NotFoundException", or that
// there was no answer.
func Describe(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return "the service answers " + api.ErrorCode()
	}
	return "the service does not answer"
}
