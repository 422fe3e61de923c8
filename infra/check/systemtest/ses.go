package systemtest

import (
	"context"
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"
)

// ses returns a client of the SES that the product uses, which may do everything.
func (p *Product) ses() *sesv2.Client {
	return sesv2.New(sesv2.Options{
		Region: "local", BaseEndpoint: aws.String(p.Inbox.URL()),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
		}),
	})
}

// ListInSES puts an address on SES's list of those to which it sends nothing, as SES does after a
// bounce. SES keeps the spelling.
func (p *Product) ListInSES(tb testing.TB, address string) {
	tb.Helper()
	if _, err := p.ses().PutSuppressedDestination(tb.Context(), &sesv2.PutSuppressedDestinationInput{
		EmailAddress: aws.String(address), Reason: types.SuppressionListReasonBounce,
	}); err != nil {
		tb.Fatal(err)
	}
}

// IsListedInSES reports whether an address is on SES's list in this spelling.
func (p *Product) IsListedInSES(tb testing.TB, address string) bool {
	tb.Helper()
	_, err := p.ses().GetSuppressedDestination(tb.Context(),
		&sesv2.GetSuppressedDestinationInput{EmailAddress: aws.String(address)})
	if err != nil && !errors.As(err, new(*types.NotFoundException)) {
		tb.Fatal(err)
	}
	return err == nil
}
