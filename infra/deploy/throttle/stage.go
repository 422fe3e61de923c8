package throttle

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
)

// How the client tries again. API Gateway takes few calls of its control plane in a second, which
// CloudFormation makes at the same time, and refuses a change while another one is made. A role that
// was made a moment ago is not known everywhere yet (IAM User Guide, "Troubleshoot IAM").
const (
	maxAttempts = 10
	maxWait     = 10 * time.Second
	callTimeout = 30 * time.Second
	maxBurst    = math.MaxInt32 // API Gateway's type of a burst
)

// Backoff returns the waits of the deployed function between the attempts of a call: random ones
// that grow up to ten seconds.
func Backoff() retry.BackoffDelayer { return retry.NewExponentialJitterBackoff(maxWait) }

// NewClient returns a client of API Gateway that makes up to ten attempts of each call, with waits
// of backoff between them. It tries again what the SDK tries again, and calls that are refused
// because of another change or for want of a permission.
func NewClient(config aws.Config, backoff retry.BackoffDelayer) *apigatewayv2.Client {
	return apigatewayv2.NewFromConfig(config, func(o *apigatewayv2.Options) {
		o.HTTPClient = awshttp.NewBuildableClient().WithTimeout(callTimeout)
		o.Retryer = retry.NewStandard(func(r *retry.StandardOptions) {
			r.MaxAttempts, r.Backoff = maxAttempts, backoff
			r.Retryables = append(r.Retryables, retry.RetryableErrorCode{Codes: map[string]struct{}{
				"ConflictException": {}, "AccessDeniedException": {}, "AccessDenied": {},
			}})
		})
	})
}

// limit is a limit as API Gateway has it. A rate of 0 stands for none, and a route without a rate
// accepts what the account accepts.
type limit struct {
	rate  float64
	burst int32
}

func limitOf(s *types.RouteSettings) limit {
	if s == nil {
		return limit{}
	}
	return limit{aws.ToFloat64(s.ThrottlingRateLimit), aws.ToInt32(s.ThrottlingBurstLimit)}
}

// isStricterThan reports whether l accepts fewer requests in a second than other.
func (l limit) isStricterThan(other limit) bool {
	return l.rate > 0 && (other.rate == 0 || l.rate < other.rate)
}

// settings are the limits that a stage has: those of single routes, and that of all others.
type settings struct {
	limits map[string]limit
	others limit
}

// read returns the limits that the stage has.
func (l *Limiter) read(ctx context.Context, s stage) (settings, error) {
	found, err := l.api.GetStage(ctx, &apigatewayv2.GetStageInput{ApiId: &s.api, StageName: &s.name})
	if err != nil {
		return settings{}, fmt.Errorf("read the stage: %w", err)
	}
	has := settings{limits: map[string]limit{}, others: limitOf(found.DefaultRouteSettings)}
	for key, setting := range found.RouteSettings {
		has.limits[key] = limitOf(&setting)
	}
	return has, nil
}

// update adds limits to those of the stage. It fails if one of all of them has no route.
func (l *Limiter) update(ctx context.Context, s stage, limits map[string]limit) error {
	routes := map[string]types.RouteSettings{}
	for key, limit := range limits {
		routes[key] = types.RouteSettings{
			ThrottlingRateLimit: aws.Float64(limit.rate), ThrottlingBurstLimit: aws.Int32(limit.burst),
		}
	}
	_, err := l.api.UpdateStage(ctx, &apigatewayv2.UpdateStageInput{
		ApiId: &s.api, StageName: &s.name, RouteSettings: routes,
	})
	if err != nil {
		return fmt.Errorf("set the limits of %d routes: %w", len(routes), err)
	}
	return nil
}

// remove deletes the limit of a route. It returns nil if there is none.
func (l *Limiter) remove(ctx context.Context, s stage, key string) error {
	_, err := l.api.DeleteRouteSettings(ctx, &apigatewayv2.DeleteRouteSettingsInput{
		ApiId: &s.api, StageName: &s.name, RouteKey: &key,
	})
	if err != nil && !isGone(err) {
		return fmt.Errorf("delete the limit of %s: %w", key, err)
	}
	return nil
}

// isGone reports whether API Gateway has answered that it does not have what a call names.
func isGone(err error) bool {
	var response *awshttp.ResponseError
	return errors.As(err, &response) && response.HTTPStatusCode() == http.StatusNotFound
}
