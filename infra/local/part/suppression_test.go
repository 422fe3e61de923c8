package part_test

import (
	"context"
	"errors"
	"io"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"

	"identitypools/infra/local/part"
)

// The inbox has the list of addresses to which SES sends nothing, as AWS documents it.
func TestTheInboxHasSESsList(t *testing.T) {
	t.Parallel()
	inbox, err := part.Inbox(t.Context(), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(inbox.Stop)
	ses := sesv2.New(sesv2.Options{
		Region: "local", BaseEndpoint: aws.String(inbox.URL()), Retryer: aws.NopRetryer{},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
		}),
	})
	const listed, otherwise = "Ann/x+y@example.com", "ann/X+y@example.com"
	remove := func(address string) error {
		_, err := ses.DeleteSuppressedDestination(t.Context(),
			&sesv2.DeleteSuppressedDestinationInput{EmailAddress: aws.String(address)})
		return err
	}
	isMissing := func(err error) bool { return errors.As(err, new(*types.NotFoundException)) }
	if err := remove(listed); !isMissing(err) {
		t.Errorf("an address that is not on the list: %v", err)
	}
	if _, err := ses.PutSuppressedDestination(t.Context(), &sesv2.PutSuppressedDestinationInput{
		EmailAddress: aws.String(listed), Reason: types.SuppressionListReasonBounce,
	}); err != nil {
		t.Fatal(err)
	}
	got, err := ses.GetSuppressedDestination(t.Context(),
		&sesv2.GetSuppressedDestinationInput{EmailAddress: aws.String(listed)})
	if err != nil || aws.ToString(got.SuppressedDestination.EmailAddress) != listed ||
		got.SuppressedDestination.Reason != types.SuppressionListReasonBounce {
		t.Errorf("the list has %+v, %v", got, err)
	}
	if err := remove(otherwise); !isMissing(err) {
		t.Errorf("another spelling: %v", err)
	}
	if err := remove(listed); err != nil {
		t.Error(err)
	}
	if err := remove(listed); !isMissing(err) {
		t.Errorf("a second time: %v", err)
	}
}
