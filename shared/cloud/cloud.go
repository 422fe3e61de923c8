// Package cloud configures the AWS clients of a function from the environment variables that Lambda
// sets. It does not use the SDK's config package, which would double the time to start. Endpoints
// come from the SDK's own variables, so nothing here has to know where the process runs.
//
// Callers create the clients themselves, each from a Config, so that a function links only the
// clients that it uses.
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

// Time limits and retries of a call. Together they let a function answer 503 well before API
// Gateway gives up after 30 seconds.
const (
	callTimeout  = 4 * time.Second
	dialTimeout  = 2 * time.Second
	maxAttempts  = 3
	maxRetryWait = 200 * time.Millisecond
)

// An Env gives access to the environment of a function.
type Env struct {
	getenv  func(string) string
	options []func(*middleware.Stack) error
}

// Environment returns an Env that reads variables with getenv, which is usually os.Getenv. The
// options are added to the middleware stack of every client, for example to observe its calls.
func Environment(getenv func(string) string, options ...func(*middleware.Stack) error) Env {
	return Env{getenv, options}
}

// Must returns the value of a variable that must be set. If it is empty, Must panics with a
// sentence that names the variable, so that a function that cannot start says why.
func (e Env) Must(name string) string {
	value := e.getenv(name)
	if value == "" {
		panic(fmt.Sprintf("the environment variable %s must be set", name))
	}
	return value
}

// Get returns the value of a variable, which may be empty.
func (e Env) Get(name string) string { return e.getenv(name) }

// Config returns the configuration for a client of the given service, which is named as in the
// variable AWS_ENDPOINT_URL_<service>. Config panics if AWS_REGION is not set.
func (e Env) Config(service string) aws.Config {
	config := aws.Config{
		APIOptions:  e.options,
		Region:      e.Must("AWS_REGION"),
		Credentials: aws.NewCredentialsCache(aws.CredentialsProviderFunc(e.credentials)),
		HTTPClient: awshttp.NewBuildableClient().WithTimeout(callTimeout).WithTransportOptions(
			func(t *http.Transport) {
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

// credentials returns the credentials of the function's role. Lambda sets them once for the life of
// a process.
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
