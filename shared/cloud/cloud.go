// Package cloud makes the AWS clients of a function from the variables that Lambda sets, without the SDK's config package,
// which would double the time to start. Endpoints come from the SDK's own variables, so nothing here asks where it runs.
// Each client is made where it is used, so that a function links only the ones that it needs.
package cloud

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go/middleware"
)

// Time limits of one call. A function answers 503 long before API Gateway gives up after 30 seconds.
const (
	callTimeout  = 4 * time.Second
	dialTimeout  = 2 * time.Second
	maxAttempts  = 3
	maxRetryWait = 200 * time.Millisecond
)

// Env reads the environment of a function.
type Env struct {
	getenv  func(string) string
	options []func(*middleware.Stack) error
}

// Environment is Env with os.Getenv as getenv. The options are put into every client, for whoever watches its calls.
func Environment(getenv func(string) string, options ...func(*middleware.Stack) error) Env {
	return Env{getenv, options}
}

// Must is a variable that has to be set. It panics with a sentence, which is how a function that can't start says why.
func (e Env) Must(name string) string {
	value := e.getenv(name)
	if value == "" {
		panic(fmt.Sprintf("the environment variable %s must be set", name))
	}
	return value
}

// Get is a variable that may be empty.
func (e Env) Get(name string) string { return e.getenv(name) }

// Config is what every client starts from; service is the name in AWS_ENDPOINT_URL_<service>.
func (e Env) Config(service string) aws.Config {
	config := aws.Config{
		APIOptions:  e.options,
		Region:      e.Must("AWS_REGION"),
		Credentials: aws.NewCredentialsCache(aws.CredentialsProviderFunc(e.credentials)),
		HTTPClient: awshttp.NewBuildableClient().WithTimeout(callTimeout).WithTransportOptions(func(t *http.Transport) {
			t.MaxIdleConnsPerHost = 64
			t.TLSHandshakeTimeout = dialTimeout
		}),
		Retryer: func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) {
				o.MaxAttempts, o.MaxBackoff = maxAttempts, maxRetryWait
			})
		},
	}
	for _, name := range []string{"AWS_ENDPOINT_URL_" + service, "AWS_ENDPOINT_URL"} {
		if url := e.getenv(name); url != "" {
			config.BaseEndpoint = aws.String(url)
			break
		}
	}
	return config
}

// credentials reads the role's credentials, which Lambda sets for the life of the process.
func (e Env) credentials(context.Context) (aws.Credentials, error) {
	c := aws.Credentials{
		AccessKeyID: e.getenv("AWS_ACCESS_KEY_ID"), SecretAccessKey: e.getenv("AWS_SECRET_ACCESS_KEY"),
		SessionToken: e.getenv("AWS_SESSION_TOKEN"), Source: "environment",
	}
	if !c.HasKeys() {
		return c, fmt.Errorf("the environment variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY must be set")
	}
	return c, nil
}
