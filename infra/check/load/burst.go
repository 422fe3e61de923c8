package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"github.com/aws/smithy-go/middleware"
	"golang.org/x/sync/errgroup"

	"identitypools/infra/deploy/plan"
	"identitypools/infra/local/system"
	"identitypools/shared/table"
)

// The time that calls take longer in AWS than here: docs/cost.md has the assumptions.
const (
	tableLatency = 4 * time.Millisecond
	mailLatency  = 50 * time.Millisecond
)

// runBurst puts the mails of many registrations into the outbox, while nothing sends them. Then it
// measures how many mails a second the courier sends, first one at a time and then as in AWS. Calls
// take as long as in AWS.
func (l Load) runBurst(ctx context.Context, out *screen) error {
	folder, err := os.MkdirTemp("", "load")
	if err != nil {
		return fmt.Errorf("make a folder for what is stored: %w", err)
	}
	defer func() { _ = os.RemoveAll(folder) }()
	few := max(1, l.Burst/25) // one at a time takes long
	alone, err := measureBurst(ctx, folder, few, func(c *system.Config) { c.MailProcesses, c.MailBatch = 1, 1 })
	if err != nil {
		return err
	}
	out.printLine("one message at a time: %d mails, %.1f a second", few, alone)
	together, err := measureBurst(ctx, folder, l.Burst, func(*system.Config) {})
	if err != nil {
		return err
	}
	out.printLine("as in AWS: %d mails, %.1f a second, which is %.1f times as many", l.Burst, together, together/alone)
	return nil
}

// measureBurst returns how many mails a second a product sends that is changed by an option.
func measureBurst(ctx context.Context, folder string, n int, option func(*system.Config)) (rate float64, err error) {
	p, err := start(ctx, folder, func(c *system.Config) { c.Quiet = true })
	if err != nil {
		return 0, err
	}
	defer p.stop()
	if err := p.registerMany(ctx, n); err != nil {
		return 0, err
	}
	var done atomic.Int64
	all := make(chan struct{})
	began := time.Now()
	err = p.restart(ctx, option, func(c *system.Config) {
		c.Middleware = append(c.Middleware, asFarAsInAWS)
		c.Watch = func(call plan.Call) {
			_, isMessage := table.MessageOf(call.Steps[0].Partition)
			if isMessage && call.Steps[0].Action == "dynamodb:DeleteItem" && done.Add(1) == int64(n) {
				close(all)
			}
		}
	})
	if err != nil {
		return 0, err
	}
	select {
	case <-all:
		return float64(n) / time.Since(began).Seconds(), nil
	case <-ctx.Done():
		return 0, errors.New("stopped before the end")
	}
}

// registerMany registers n people, each with an address of its own and without a password.
func (p *product) registerMany(ctx context.Context, n int) error {
	pools, err := p.makePools(ctx, 1+n/arrivalsAPool)
	if err != nil {
		return err
	}
	back := newTokenCaller(p.BaseURL, p.tokens["system"])
	callers, ctx := errgroup.WithContext(ctx)
	callers.SetLimit(16)
	for i := range n {
		callers.Go(func() error {
			return back.must(ctx, http.StatusCreated, request{
				method: http.MethodPost, path: path("system", pools[i%len(pools)]) + "/user/register",
				body: map[string]any{"identifier": fmt.Sprintf("burst-%d@example.com", i)},
			}, &struct{}{})
		})
	}
	return callers.Wait()
}

// asFarAsInAWS is a middleware that makes the calls of the courier take as long as in AWS.
func asFarAsInAWS(stack *middleware.Stack) error {
	latency := map[string]time.Duration{"DynamoDB": tableLatency, "SESv2": mailLatency}
	return stack.Finalize.Add(middleware.FinalizeMiddlewareFunc("asFarAsInAWS", func(
		ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler,
	) (middleware.FinalizeOutput, middleware.Metadata, error) {
		select {
		case <-time.After(latency[middleware.GetServiceID(ctx)]):
		case <-ctx.Done():
		}
		return next.HandleFinalize(ctx, in)
	}), middleware.After)
}
