package main

import (
	"context"
	"net/http"
	"sync"

	"identitypools/infra/deploy/gateway"
)

// checkRate sends more requests to a public route than the deployment accepts. A route accepts its
// rate and a burst of twice as many. API Gateway applies both on a best-effort basis
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-throttling.html), so only
// many more requests than that show that there is a limit.
func (v *visit) checkRate(ctx context.Context) {
	const check = "gateway: Requests above the rate of a route are answered 429"
	switch {
	case v.local:
		v.report.skip(check, "a laptop has no rates")
		return
	case v.publicRate == 0:
		v.report.skip(check, "no -public-rate was given")
		return
	}
	answers := v.burst(ctx, 10*v.publicRate)
	if answers[http.StatusTooManyRequests] == 0 {
		v.report.fail(check, "Of %d requests at once none is refused: the answers by status are %v. Look at the throttling "+
			"settings of the route GET …/public/pools/{ipID} in the stage $default.", 10*v.publicRate, answers)
		return
	}
	v.report.succeed(check)
}

// burst sends requests for the form of the pool, many at once, and counts the answers by their
// status. A refusal counts only with the body that API Gateway has for it, and a request without an
// answer counts as 0.
func (v *visit) burst(ctx context.Context, requests int) map[int]int {
	const callers = 50
	work, answers := make(chan struct{}), map[int]int{}
	var mu sync.Mutex
	var all sync.WaitGroup
	path := v.fill("/api/identity/{tenant}/public/pools/{pool}")
	for range callers {
		all.Go(func() {
			for range work {
				status := 0
				if r, err := v.newRequest(ctx, http.MethodGet, path, ""); err == nil {
					if got, err := v.send(r); err == nil {
						status = got.status
						if status == http.StatusTooManyRequests && string(got.body) != gateway.Message(status) {
							status = -status
						}
					}
				}
				mu.Lock()
				answers[status]++
				mu.Unlock()
			}
		})
	}
	for range requests {
		work <- struct{}{}
	}
	close(work)
	all.Wait()
	return answers
}
