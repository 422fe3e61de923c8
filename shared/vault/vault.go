// Package vault reads secrets from AWS Secrets Manager. Only functions that need a secret import
// it.
//
// It makes the one API call that it needs without the SDK's client for Secrets Manager, and uses
// only the signer of the SDK. The client would add 3 ms to every start and, in functions that
// render pages, two megabytes.
package vault

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/go-json-experiment/json"

	"identitypools/shared/cloud"
	"identitypools/shared/secret"
)

// Lambda gives the start of a process ten seconds. In this time an outage that ends soon is waited for.
const (
	timeout    = 8 * time.Second        // for all tries to read a secret, once for each process
	tries      = 5                      // at most
	firstPause = 100 * time.Millisecond // between the first two tries; each further pause is twice as long
)

// maxAnswer limits how much of an answer is read, in bytes. A secret has at most 64 KB.
const maxAnswer = 128 << 10

// Read returns the secret that an environment variable holds or refers to: the variable contains
// the secret itself, or the ARN of a secret in Secrets Manager (see secret.Load). Read tries again for
// some seconds if Secrets Manager cannot be reached, fails or throttles. Read panics if the variable is
// not set.
func Read(env cloud.Env, variable string) (secret.Master, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	master, err := secret.Load(ctx, env.Must(variable), func(ctx context.Context, arn string) (string, error) {
		return getWithRetries(ctx, env.Config("SECRETS_MANAGER"), arn)
	})
	if err != nil {
		return master, fmt.Errorf("read %s: %w", variable, err)
	}
	return master, nil
}

// getWithRetries calls getSecretValue until it succeeds, fails for good, or has been tried often enough.
func getWithRetries(ctx context.Context, config aws.Config, arn string) (string, error) {
	for n, pause := 1, firstPause; ; n, pause = n+1, 2*pause {
		value, err := getSecretValue(ctx, config, arn)
		if err == nil || n == tries || !isTemporary(err) {
			return value, err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return "", err
		}
	}
}

// isTemporary reports whether an error may not occur when the call is repeated.
func isTemporary(err error) bool {
	var answered refusal
	if errors.As(err, &answered) {
		return answered.status >= http.StatusInternalServerError || answered.status == http.StatusTooManyRequests ||
			answered.Type == "ThrottlingException"
	}
	return errors.As(err, new(*url.Error)) // there was no answer
}

// refusal is an answer other than 200. Only its code is told: the text may contain anything.
type refusal struct {
	status int
	Type   string `json:"__type"` // the code of the error, such as AccessDeniedException
}

func (r refusal) Error() string {
	return fmt.Sprintf("secrets manager answered %d %s", r.status, r.Type)
}

// getSecretValue calls GetSecretValue of the Secrets Manager API.
// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html
func getSecretValue(ctx context.Context, config aws.Config, arn string) (string, error) {
	r, err := newRequest(ctx, config, arn)
	if err != nil {
		return "", err
	}
	answer, err := config.HTTPClient.Do(r)
	if err != nil {
		return "", err
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err != nil {
		return "", &url.Error{Op: "Read", URL: r.URL.String(), Err: err}
	}
	if answer.StatusCode != http.StatusOK {
		refused := refusal{status: answer.StatusCode}
		_ = json.Unmarshal(text, &refused) // without a code the status says enough
		return "", refused
	}
	var value struct {
		SecretString string `json:"SecretString"`
	}
	if err := json.Unmarshal(text, &value); err != nil {
		return "", fmt.Errorf("decode answer: %w", err)
	}
	return value.SecretString, nil
}

// newRequest returns the signed request of the call.
func newRequest(ctx context.Context, config aws.Config, arn string) (*http.Request, error) {
	body, err := json.Marshal(map[string]string{"SecretId": arn})
	if err != nil {
		return nil, err
	}
	endpoint, err := cloud.Endpoint(ctx, config, "secretsmanager")
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint+"/", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", "secretsmanager.GetSecretValue")
	credentials, err := config.Credentials.Retrieve(ctx)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(body)
	return r, v4.NewSigner().SignHTTP(
		ctx, credentials, r, hex.EncodeToString(sum[:]), "secretsmanager", config.Region, time.Now())
}
