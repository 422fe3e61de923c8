// Package throttle is the function behind the custom resource that owns the limits of the routes. A
// limit says how many requests a route accepts. API Gateway calls limits the route settings of a
// stage.
//
// The template cannot own them. UpdateStage adds the settings that it is given to those that the
// stage has, and never removes any. It fails with "Unable to find Route by key … within the provided
// RouteSettings" if a setting has no route. So a template with settings can't be deployed again
// after one of its routes was renamed or removed. This function deletes the settings of routes that
// the template no longer names, while the routes still exist: CloudFormation deletes them later, in
// the cleanup of an update.
//
// Sources: API Gateway Version 2 API Reference, Stage and RouteSettings; AWS CloudFormation User
// Guide, "Custom resource request objects"; API Gateway Developer Guide, "Throttle requests to your
// HTTP APIs".
package throttle

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-lambda-go/cfn"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
)

// ID is the physical id of the resource. It never changes: if it did, CloudFormation would delete
// the resource with the former id after an update, and with it the limits.
const ID = "route-limits"

// answerTime is how long before the function is stopped it gives up a call, so that it can still
// tell CloudFormation why. Without an answer CloudFormation waits until the resource's time-out.
const answerTime = 5 * time.Second

// Limiter sets and deletes the limits of the routes of a stage.
type Limiter struct {
	api *apigatewayv2.Client
	log *slog.Logger
}

// New returns a Limiter that calls API Gateway with the client api, which is usually one of
// [NewClient].
func New(api *apigatewayv2.Client, log *slog.Logger) *Limiter { return &Limiter{api: api, log: log} }

// Handle does what a request of CloudFormation asks for. It is a [cfn.CustomResourceFunction].
//
//   - Create and Update give the stage exactly the limits in the properties, which have the shape of
//     [Properties]. A request that failed can be repeated. The error says what could not be done.
//   - Delete deletes the limits, except those that are stricter than the limit for all routes that
//     the stage has by then: such a stage belongs to a template that sets limits itself. Delete never
//     fails, because a stack that cannot be deleted is worse than a setting that is left.
//
// In a rollback, CloudFormation sends an Update with the former properties, or a Delete if there
// were none.
func (l *Limiter) Handle(ctx context.Context, event cfn.Event) (string, map[string]any, error) {
	if end, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, end.Add(-answerTime))
		defer cancel()
	}
	wanted, err := parse(event.ResourceProperties)
	switch event.RequestType {
	case cfn.RequestCreate, cfn.RequestUpdate:
		if err == nil {
			err = l.set(ctx, wanted)
		}
		return ID, nil, err
	case cfn.RequestDelete:
		if err == nil {
			err = l.release(ctx, wanted.stage)
		}
		if err != nil {
			l.log.WarnContext(ctx, "limits are left on the stage", "error", err.Error())
		}
		return ID, nil, nil
	}
	return ID, nil, fmt.Errorf("unknown type of request %q", event.RequestType)
}

// set gives the stage the wanted limits and no others. The limits of other routes are deleted first:
// one whose route is gone would make the update fail. Until the update, routes without a limit of
// their own have the stage's limit for all routes, which is the strictest.
func (l *Limiter) set(ctx context.Context, wanted properties) error {
	has, err := l.read(ctx, wanted.stage)
	if err != nil {
		return err
	}
	var unwanted []string
	for _, key := range slices.Sorted(maps.Keys(has.limits)) {
		if _, ok := wanted.limits[key]; !ok {
			unwanted = append(unwanted, key)
		}
	}
	for _, key := range unwanted {
		if err := l.remove(ctx, wanted.stage, key); err != nil {
			return err
		}
	}
	if err := l.update(ctx, wanted.stage, wanted.limits); err != nil {
		return err
	}
	l.log.InfoContext(ctx, "limits are set", "routes", len(wanted.limits), "deleted", unwanted)
	return nil
}

// release deletes the limits of the stage that do not protect it. It returns nil if the API or the
// stage is gone. It goes on after an error, and returns all errors.
func (l *Limiter) release(ctx context.Context, s stage) error {
	has, err := l.read(ctx, s)
	if isGone(err) {
		return nil
	}
	if err != nil {
		return err
	}
	var faults []error
	for _, key := range slices.Sorted(maps.Keys(has.limits)) {
		if has.limits[key].isStricterThan(has.others) {
			continue
		}
		faults = append(faults, l.remove(ctx, s, key))
	}
	return errors.Join(faults...)
}
