package main

import (
	"context"
	crypto "crypto/rand"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"
)

// password is a password that every pool accepts. Its hash takes the same time for everyone.
const password = "correct horse battery staple"

// traffic generates the callers of a load and records how they were answered.
type traffic struct {
	product  *product
	registry *registry
	tally    *tally
	admin    caller
	// random has a fixed seed, so that each run has the same callers.
	random *rand.Rand

	visits sync.WaitGroup
	// late is the longest time by which a caller started after it was due.
	late time.Duration
}

// arrive starts callers at the rate of the load. The times are fixed beforehand, however long
// earlier callers wait for their answers. It returns after the last start.
func (t *traffic) arrive(ctx context.Context, l Load, begin time.Time) {
	for n := range l.arrivals() {
		due := begin.Add(time.Duration(float64(n) / l.Rate * float64(time.Second)))
		sleep(ctx, time.Until(due))
		if ctx.Err() != nil {
			return
		}
		t.late = max(t.late, time.Since(due))
		visit := t.visit(randomKind(t.random), n)
		t.visits.Go(func() { visit(ctx, due) })
	}
}

// visit returns what a caller of the kind k does. If the kind needs a person or a user, and there
// is none yet, the caller lists users instead.
func (t *traffic) visit(k kind, source int) func(ctx context.Context, due time.Time) {
	public := newPublicCaller(t.product.BaseURL, source)
	switch k {
	case register, registerWithPassword:
		p := t.registry.add(source, k == registerWithPassword)
		return func(ctx context.Context, due time.Time) { t.register(ctx, due, public, p) }
	case activate:
		if p, ok := t.registry.nextActivation(); ok {
			public = newPublicCaller(t.product.BaseURL, p.person.source)
			return func(ctx context.Context, due time.Time) { t.activate(ctx, due, public, p) }
		}
	case guess:
		if p, ok := t.registry.wrongGuess(t.random); ok {
			return func(ctx context.Context, due time.Time) {
				t.callAndCount(ctx, due, public, guess, activationRequest(p))
			}
		}
	case getUser:
		if u, ok := t.registry.randomUser(t.random); ok {
			r := request{method: http.MethodGet, path: path("admin", u.pool) + "/users/" + u.id}
			return func(ctx context.Context, due time.Time) {
				t.callAndCount(ctx, due, t.admin, getUser, r)
			}
		}
	}
	pool := t.registry.pools[t.random.IntN(len(t.registry.pools))]
	return func(ctx context.Context, due time.Time) { t.list(ctx, due, pool) }
}

func (t *traffic) register(ctx context.Context, due time.Time, public caller, p *Person) {
	k, body := register, map[string]any{"identifier": p.Address}
	if p.HasPassword {
		k, body["password"] = registerWithPassword, password
	}
	got := t.callAndCount(ctx, due, public, k,
		request{http.MethodPost, path("public", p.Pool) + "/register", body, newKey()})
	var told struct{ Ticket string }
	_ = got.fields(&told) // an error answer has no ticket
	t.registry.recordRegistration(p, outcomeOf(got, k.expectedStatus()), told.Ticket)
}

func (t *traffic) activate(ctx context.Context, due time.Time, public caller, p proof) {
	got := t.callAndCount(ctx, due, public, activate, activationRequest(p))
	t.registry.recordActivation(p.person, p.code, outcomeOf(got, activate.expectedStatus()))
}

// activationRequest returns the request that presents a proof.
func activationRequest(p proof) request {
	return request{
		http.MethodPost, path("public", p.pool) + "/activate",
		map[string]string{"ticket": p.ticket, "code": p.code},
		newKey(),
	}
}

func (t *traffic) list(ctx context.Context, due time.Time, pool string) {
	got := t.callAndCount(ctx, due, t.admin, listUsers,
		request{method: http.MethodGet, path: path("admin", pool) + "/users?order=desc"})
	var page struct{ Users []struct{ ID string } }
	_ = got.fields(&page) // an error answer has no users
	for _, u := range page.Users {
		t.registry.recordUser(user{pool, u.ID})
	}
}

// callAndCount makes a call and counts it.
func (t *traffic) callAndCount(ctx context.Context, due time.Time, c caller, k kind, r request) answer {
	t.tally.countStart(k)
	got := c.call(ctx, r, func(answer string) { t.tally.countRetry(k, answer) })
	t.tally.countEnd(k, got.String(), got.status == k.expectedStatus(), time.Since(due))
	return got
}

// newKey returns a new Idempotency-Key of 52 letters and digits.
func newKey() string { return strings.ToLower(crypto.Text() + crypto.Text()) }
