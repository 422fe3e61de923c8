package users

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"

	"identitypools/shared/cloud"
	"identitypools/shared/identity"
	"identitypools/shared/retry"
)

// SuppressionList is SES's list of the addresses of the AWS account to which it sends nothing. SES adds
// an address after a bounce or a complaint. Beside it are the marks in the table, which the keeper
// makes from the same bounces and complaints.
// https://docs.aws.amazon.com/ses/latest/dg/sending-email-suppression-list.html
type SuppressionList struct {
	Client *sesv2.Client
	Retry  retry.Policy
}

// Remove takes addresses off the list, each in exactly the given spelling. It can safely be repeated,
// and an address that is not on the list is no error. SES allows one call a second, so Remove waits and
// tries again while there are too many. The error is identity.Unavailable if SES cannot be reached or
// still has too many calls. No error names an address.
// https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_DeleteSuppressedDestination.html
// https://docs.aws.amazon.com/ses/latest/dg/quotas.html
func (l SuppressionList) Remove(ctx context.Context, addresses []string) error {
	for _, address := range addresses {
		in := &sesv2.DeleteSuppressedDestinationInput{EmailAddress: aws.String(address)}
		err := l.Retry.DoWhile(ctx, cloud.IsThrottled, func() error {
			_, err := l.Client.DeleteSuppressedDestination(ctx, in)
			return err
		})
		if err != nil && !errors.As(err, new(*types.NotFoundException)) {
			return failure(err)
		}
	}
	return nil
}

// retryAfter is the time after which callers should try again if SES cannot be reached.
const retryAfter = 2 * time.Second

// failure returns identity.Unavailable for an error that may not occur when the call is repeated, and
// another error otherwise. Neither has the text of err, in which the address may be.
func failure(err error) error {
	const what = "take address off SES's list: "
	if errors.As(err, new(identity.Unavailable)) { // after all tries
		return identity.Unavailable{RetryAfter: retryAfter, Cause: errors.New(what + "too many calls")}
	}
	cause := errors.New(what + cloud.Describe(err))
	if cloud.IsTemporary(err) {
		return identity.Unavailable{RetryAfter: retryAfter, Cause: cause}
	}
	return cause
}
