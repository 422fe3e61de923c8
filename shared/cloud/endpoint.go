package cloud

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// Endpoint returns the URL of a service, without a slash at the end, for a call that is made without a
// client of the SDK. The service is named as in host names, such as "secretsmanager". The URL is the one
// that config names, or else that of the service in the region of config. Its domain depends on the
// region's partition, such as amazonaws.com.cn in China. The SDK knows the domain, but tells it only as
// part of the endpoints of its clients; that of DynamoDB is one that every function links.
// https://docs.aws.amazon.com/general/latest/gr/rande.html
func Endpoint(ctx context.Context, config aws.Config, service string) (string, error) {
	if config.BaseEndpoint != nil {
		return strings.TrimSuffix(*config.BaseEndpoint, "/"), nil
	}
	known, err := dynamodb.NewDefaultEndpointResolverV2().
		ResolveEndpoint(ctx, dynamodb.EndpointParameters{Region: aws.String(config.Region)})
	if err != nil {
		return "", fmt.Errorf("find endpoint of %s: %w", service, err)
	}
	domain, ok := strings.CutPrefix(known.URI.Host, "dynamodb."+config.Region+".")
	if !ok {
		return "", fmt.Errorf("find endpoint of %s: the region %s has no domain", service, config.Region)
	}
	return "https://" + service + "." + config.Region + "." + domain, nil
}
