package throttle_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/cfn"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"identitypools/infra/deploy/throttle"
	"identitypools/shared/cloud"
)

// stackTemplate is what a template says about the routes and their limits.
type stackTemplate struct {
	rates  map[string]int // of each route
	others int            // the stage's rate for all other routes
	// inStage says that the limits are settings of the stage, as in the releases before the custom
	// resource, which such a template does not have.
	inStage bool
	// fails says that a resource fails that CloudFormation changes after all of these.
	fails bool
}

// routesOf returns a template of today with routes of the given rates.
func routesOf(rates map[string]int) *stackTemplate { return &stackTemplate{rates: rates, others: 20} }

// deployment is a stack that CloudFormation deploys, with its function and its API. It models what
// the CloudFormation User Guide says: new resources are created, then changed ones updated, then
// those that the template no longer has are deleted, in the cleanup. If something fails, the changed
// resources are updated with their former properties, and the new ones are deleted.
type deployment struct {
	*gateway
	client   *apigatewayv2.Client
	function lambda.Handler
	answers  string // where the function's answers are sent
	answered answer
	current  *stackTemplate // nil before the first deploy
}

// answer is what the function tells CloudFormation.
type answer struct{ Status, Reason, PhysicalResourceId string }

func newDeployment(tb testing.TB) *deployment {
	tb.Helper()
	g, address := newGateway(tb)
	d := &deployment{gateway: g, client: newClient(address)}
	limiter := throttle.New(d.client, slog.New(slog.DiscardHandler))
	d.function = lambda.NewHandler(cfn.LambdaWrap(limiter.Handle))
	bucket := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		d.answered = answer{}
		_ = json.Unmarshal(body, &d.answered)
	}))
	tb.Cleanup(bucket.Close)
	d.answers = bucket.URL
	return d
}

// newClient returns the function's client of the API Gateway at an address, which does not wait
// before it tries again.
func newClient(address string) *apigatewayv2.Client {
	env := cloud.Environment(func(name string) string {
		return map[string]string{
			"AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "example",
			"AWS_ENDPOINT_URL_APIGATEWAYV2": address,
		}[name]
	})
	atOnce := retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
	return throttle.NewClient(env.Config("APIGATEWAYV2"), atOnce)
}

// deploy deploys a template, and rolls back if that fails.
func (d *deployment) deploy(ctx context.Context, next *stackTemplate) error {
	former := d.current
	made, err := d.createRoutes(next)
	if err == nil {
		err = d.change(ctx, former, next)
	}
	if err == nil && next.fails {
		err = errors.New("another resource failed")
	}
	if err != nil {
		return errors.Join(err, d.rollBack(ctx, former, next, made))
	}
	d.current = next
	if former == nil {
		return nil
	}
	if !former.inStage && next.inStage {
		err = d.custom(ctx, cfn.RequestDelete, former, nil)
	}
	for key := range former.rates {
		if _, stays := next.rates[key]; !stays {
			d.deleteRoute(key)
		}
	}
	return err
}

// createRoutes creates the routes that the stack does not have. It returns those that it has made.
func (d *deployment) createRoutes(next *stackTemplate) ([]string, error) {
	var made []string
	for _, key := range slices.Sorted(maps.Keys(next.rates)) {
		if d.current != nil {
			if _, has := d.current.rates[key]; has {
				continue
			}
		}
		if err := d.createRoute(key); err != nil {
			return made, err
		}
		made = append(made, key)
	}
	return made, nil
}

// change updates the stage and what owns the limits from one template to another.
func (d *deployment) change(ctx context.Context, from, to *stackTemplate) error {
	if from != nil && reflect.DeepEqual(*from, *to) {
		return nil
	}
	if err := d.changeStage(ctx, to); err != nil || to.inStage {
		return err
	}
	if from == nil || from.inStage {
		return d.custom(ctx, cfn.RequestCreate, to, nil)
	}
	return d.custom(ctx, cfn.RequestUpdate, to, from)
}

func (d *deployment) rollBack(ctx context.Context, former, failed *stackTemplate, made []string) error {
	var err error
	if former != nil {
		if err = d.changeStage(ctx, former); err == nil && !former.inStage {
			err = d.custom(ctx, cfn.RequestUpdate, former, failed)
		}
	}
	if !failed.inStage && (former == nil || former.inStage) {
		err = errors.Join(err, d.custom(ctx, cfn.RequestDelete, failed, nil))
	}
	for _, key := range made {
		d.deleteRoute(key)
	}
	return err
}

// changeStage updates the stage as a template says. Settings that the template does not have are
// not part of the call.
func (d *deployment) changeStage(ctx context.Context, t *stackTemplate) error {
	input := &apigatewayv2.UpdateStageInput{
		ApiId: aws.String(apiID), StageName: aws.String(stageName), DefaultRouteSettings: routeSettings(t.others),
	}
	if t.inStage {
		input.RouteSettings = map[string]types.RouteSettings{}
		for key, rate := range t.rates {
			input.RouteSettings[key] = *routeSettings(rate)
		}
	}
	_, err := d.client.UpdateStage(ctx, input)
	return err
}

func routeSettings(rate int) *types.RouteSettings {
	return &types.RouteSettings{
		ThrottlingRateLimit: aws.Float64(float64(rate)), ThrottlingBurstLimit: aws.Int32(int32(2 * rate)),
	}
}

// custom sends a request about the custom resource to the function, and returns an error if the
// function answers that it failed.
func (d *deployment) custom(ctx context.Context, request cfn.RequestType, t, old *stackTemplate) error {
	event := map[string]any{
		"RequestType": request, "RequestId": "request", "ResponseURL": d.answers,
		"StackId":      "arn:aws:cloudformation:eu-west-1:123456789012:stack/IdentityPools/x",
		"ResourceType": "Custom::RouteLimits", "LogicalResourceId": "RouteLimits",
		"ResourceProperties": propertiesOf(t),
	}
	if request != cfn.RequestCreate {
		event["PhysicalResourceId"] = throttle.ID
	}
	if old != nil {
		event["OldResourceProperties"] = propertiesOf(old)
	}
	return d.send(ctx, event)
}

func (d *deployment) send(ctx context.Context, event map[string]any) error {
	text, err := json.Marshal(event)
	if err != nil {
		return err
	}
	d.answered = answer{}
	if _, err := d.function.Invoke(ctx, text); err != nil {
		return err
	}
	switch {
	case d.answered.PhysicalResourceId != throttle.ID:
		return fmt.Errorf("the function answers %+v, of another resource", d.answered)
	case d.answered.Status != "SUCCESS":
		return errors.New(d.answered.Reason)
	}
	return nil
}

// propertiesOf returns the properties of the custom resource as CloudFormation sends them, with
// strings in place of numbers.
func propertiesOf(t *stackTemplate) any {
	limits := map[string]throttle.Limit{}
	for key, rate := range t.rates {
		limits[key] = throttle.Limit{Rate: rate, Burst: 2 * rate}
	}
	properties := throttle.Properties(apiID, stageName, limits)
	properties["ServiceToken"] = "arn:aws:lambda:eu-west-1:123456789012:function:throttle"
	text, err := json.Marshal(properties)
	if err != nil {
		panic(err) // impossible: there are only strings, numbers and maps
	}
	var decoded any
	if err := json.Unmarshal(text, &decoded); err != nil {
		panic(err)
	}
	return stringsOf(decoded)
}

func stringsOf(v any) any {
	object, ok := v.(map[string]any)
	if !ok {
		return fmt.Sprint(v)
	}
	for key, value := range object {
		object[key] = stringsOf(value)
	}
	return object
}
