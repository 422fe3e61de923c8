package cloud_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"

	"identitypools/shared/cloud"
)

// environment returns an Env with the variables that Lambda always sets and the given ones, which
// take precedence.
func environment(variables map[string]string) cloud.Env {
	lambda := map[string]string{
		"AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "example", "AWS_SESSION_TOKEN": "session",
	}
	return cloud.Environment(func(name string) string {
		if value, ok := variables[name]; ok {
			return value
		}
		return lambda[name]
	})
}

func TestVariables(t *testing.T) {
	t.Parallel()
	env := environment(map[string]string{"TABLE_NAME": "pools"})
	if got := env.Must("TABLE_NAME"); got != "pools" {
		t.Errorf("Must is %q", got)
	}
	if got := env.Get("TABLE_NAME"); got != "pools" {
		t.Errorf("Get is %q", got)
	}
	if got := env.Get("RETURN_ORIGINS"); got != "" {
		t.Errorf("Get of what isn't set is %q", got)
	}
}

func TestMissingVariablesAreNamed(t *testing.T) {
	t.Parallel()
	for name, read := range map[string]func(){
		"TABLE_NAME": func() { environment(nil).Must("TABLE_NAME") },
		"AWS_REGION": func() { environment(map[string]string{"AWS_REGION": ""}).Config("DYNAMODB") },
	} {
		fault := func() (fault any) {
			defer func() { fault = recover() }()
			read()
			return nil
		}()
		if text, _ := fault.(string); !strings.Contains(text, name) {
			t.Errorf("without %s the panic is %v", name, fault)
		}
	}
}

func TestEndpoints(t *testing.T) {
	t.Parallel()
	const one, all = "http://127.0.0.1:1", "http://127.0.0.1:2"
	for _, test := range []struct {
		name      string
		variables map[string]string
		want      string
	}{
		{"none is set: AWS itself", nil, ""},
		{"the service's own", map[string]string{"AWS_ENDPOINT_URL_DYNAMODB": one}, one},
		{"the one for all services", map[string]string{"AWS_ENDPOINT_URL": all}, all},
		{"the service's own comes first", map[string]string{"AWS_ENDPOINT_URL_DYNAMODB": one, "AWS_ENDPOINT_URL": all}, one},
		{"another service's doesn't count", map[string]string{"AWS_ENDPOINT_URL_SESV2": one}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			config := environment(test.variables).Config("DYNAMODB")
			if got := aws.ToString(config.BaseEndpoint); got != test.want ||
				(config.BaseEndpoint == nil) != (test.want == "") {
				t.Errorf("endpoint is %q, want %q", got, test.want)
			}
			if config.Region != "eu-central-1" {
				t.Errorf("region is %q", config.Region)
			}
		})
	}
}

func TestCredentials(t *testing.T) {
	t.Parallel()
	got, err := environment(nil).Config("DYNAMODB").Credentials.Retrieve(t.Context())
	if err != nil || got.AccessKeyID != "AKIDEXAMPLE" || got.SecretAccessKey != "example" ||
		got.SessionToken != "session" || got.CanExpire {
		t.Errorf("credentials are %+v, error is %v", got, err)
	}
	for _, missing := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} {
		config := environment(map[string]string{missing: ""}).Config("DYNAMODB")
		_, err := config.Credentials.Retrieve(t.Context())
		if err == nil || !strings.Contains(err.Error(), missing) || strings.Contains(err.Error(), "example") {
			t.Errorf("without %s the error is %v", missing, err)
		}
	}
}

// All attempts of a call and the waits between them must end before API Gateway gives up after 30
// seconds.
func TestCallsEndInTime(t *testing.T) {
	t.Parallel()
	config := environment(nil).Config("DYNAMODB")
	client, ok := config.HTTPClient.(*awshttp.BuildableClient)
	if !ok {
		t.Fatalf("client is %T", config.HTTPClient)
	}
	retryer := config.Retryer()
	throttled := &smithy.GenericAPIError{Code: "ThrottlingException"}
	attempts := retryer.MaxAttempts()
	if attempts < 2 {
		t.Errorf("%d attempts: a call that is throttled once fails", attempts)
	}
	worst := time.Duration(attempts) * client.GetTimeout()
	for attempt := 1; attempt < attempts; attempt++ {
		wait, err := retryer.RetryDelay(attempt, throttled)
		if err != nil {
			t.Fatal(err)
		}
		worst += wait
	}
	if client.GetTimeout() <= 0 || worst > 20*time.Second {
		t.Errorf("a call takes up to %s", worst)
	}
	if !retryer.IsErrorRetryable(throttled) || retryer.IsErrorRetryable(errors.New("wrong input")) {
		t.Error("the wrong errors are tried again")
	}
	if client.GetTransport().TLSHandshakeTimeout > client.GetTimeout() ||
		client.GetTransport().MaxIdleConnsPerHost <= http.DefaultMaxIdleConnsPerHost {
		t.Error("the transport is not the one for a function")
	}
}

// A service is called in the partition of the region: China and the sovereign clouds have domains of
// their own.
func TestEndpoint(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ region, variable, want string }{
		{"eu-west-1", "", "https://secretsmanager.eu-west-1.amazonaws.com"},
		{"cn-north-1", "", "https://secretsmanager.cn-north-1.amazonaws.com.cn"},
		{"us-gov-west-1", "", "https://secretsmanager.us-gov-west-1.amazonaws.com"},
		{"eusc-de-east-1", "", "https://secretsmanager.eusc-de-east-1.amazonaws.eu"},
		{"xx-new-1", "", "https://secretsmanager.xx-new-1.amazonaws.com"},
		{"cn-north-1", "http://127.0.0.1:8000/", "http://127.0.0.1:8000"},
		{"local", "", ""},
		{"not a region", "", ""},
	} {
		config := environment(map[string]string{
			"AWS_REGION": row.region, "AWS_ENDPOINT_URL_SECRETS_MANAGER": row.variable,
		}).Config("SECRETS_MANAGER")
		got, err := cloud.Endpoint(t.Context(), config, "secretsmanager")
		if got != row.want || (err == nil) != (row.want != "") {
			t.Errorf("in %s with %q: %s, %v, want %s", row.region, row.variable, got, err, row.want)
		}
	}
}
