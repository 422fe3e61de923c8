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
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/go-json-experiment/json"

	"identitypools/shared/cloud"
	"identitypools/shared/secret"
)

// timeout limits the time to read a secret, which happens once, when a process starts.
const timeout = 5 * time.Second

// maxAnswer limits how much of an answer is read, in bytes. A secret has at most 64 KB.
const maxAnswer = 128 << 10

// Read returns the secret that an environment variable holds or refers to: the variable contains
// the secret itself, or the ARN of a secret in Secrets Manager (see secret.Load). Read panics if
// the variable is not set.
func Read(env cloud.Env, variable string) (secret.Master, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	master, err := secret.Load(ctx, env.Must(variable), func(ctx context.Context, arn string) (string, error) {
		return getSecretValue(ctx, env.Config("SECRETS_MANAGER"), arn)
	})
	if err != nil {
		return master, fmt.Errorf("read %s: %w", variable, err)
	}
	return master, nil
}

// getSecretValue calls GetSecretValue of the Secrets Manager API.
func getSecretValue(ctx context.Context, config aws.Config, arn string) (string, error) {
	body, err := json.Marshal(map[string]string{"SecretId": arn})
	if err != nil {
		return "", err
	}
	url := "https://secretsmanager." + config.Region + ".amazonaws.com"
	if config.BaseEndpoint != nil {
		url = *config.BaseEndpoint
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/", bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", "secretsmanager.GetSecretValue")
	credentials, err := config.Credentials.Retrieve(ctx)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(body)
	err = v4.NewSigner().SignHTTP(
		ctx, credentials, r, hex.EncodeToString(sum[:]), "secretsmanager", config.Region, time.Now())
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
		return "", err
	}
	if answer.StatusCode != http.StatusOK {
		return "", fmt.Errorf("secrets manager answered %d", answer.StatusCode)
	}
	var value struct {
		SecretString string `json:"SecretString"`
	}
	if err := json.Unmarshal(text, &value); err != nil {
		return "", fmt.Errorf("decode answer: %w", err)
	}
	return value.SecretString, nil
}
