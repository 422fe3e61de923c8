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

// password is one that every pool accepts. Its hash is as much work for one person as for another.
const password = "correct horse battery staple"

// traffic is the callers of a load: who comes, what they ask for, and what they were answered.
type traffic struct {
	product *product
	crowd   *crowd
	tally   *tally
	admin   caller
	random  *rand.Rand // draws who comes: the same people each time

	visits sync.WaitGroup
	late   time.Duration // the longest that somebody came after their time
}

// arrive lets people come at the rate, each at a time that is fixed beforehand, however long others wait for their answers. It
// returns when the last has come.
func (t *traffic) arrive(ctx context.Context, l Load, begin time.Time) {
	for n := range l.arrivals() {
		due := begin.Add(time.Duration(float64(n) / l.Rate * float64(time.Second)))
		sleep(ctx, time.Until(due))
		if ctx.Err() != nil {
			return
		}
		t.late = max(t.late, time.Since(due))
		visit := t.visit(next(t.random), n)
		t.visits.Go(func() { visit(ctx, due) })
	}
}

// visit is what somebody does who comes for k from a source. Who needs somebody that has come before, and there is nobody yet, lists
// users instead.
func (t *traffic) visit(k kind, source int) func(ctx context.Context, due time.Time) {
	public := visitor(t.product.BaseURL, source)
	switch k {
	case register, registerWithPassword:
		p := t.crowd.newcomer(source, k == registerWithPassword)
		return func(ctx context.Context, due time.Time) { t.register(ctx, due, public, p) }
	case activate:
		if p, ok := t.crowd.activating(); ok {
			public = visitor(t.product.BaseURL, p.person.source)
			return func(ctx context.Context, due time.Time) { t.activate(ctx, due, public, p) }
		}
	case guess:
		if p, ok := t.crowd.guessed(t.random); ok {
			return func(ctx context.Context, due time.Time) { t.ask(ctx, due, public, guess, presenting(p)) }
		}
	case getUser:
		if u, ok := t.crowd.known(t.random); ok {
			r := request{method: http.MethodGet, path: path("admin", u.pool) + "/users/" + u.id}
			return func(ctx context.Context, due time.Time) { t.ask(ctx, due, t.admin, getUser, r) }
		}
	}
	pool := t.crowd.pools[t.random.IntN(len(t.crowd.pools))]
	return func(ctx context.Context, due time.Time) { t.list(ctx, due, pool) }
}

func (t *traffic) register(ctx context.Context, due time.Time, public caller, p *Person) {
	k, body := register, map[string]any{"identifier": p.Address}
	if p.HasPassword {
		k, body["password"] = registerWithPassword, password
	}
	got := t.ask(ctx, due, public, k, request{http.MethodPost, path("public", p.Pool) + "/register", body, newKey()})
	var told struct{ Ticket string }
	_ = got.fields(&told) // an error has none
	t.crowd.registered(p, outcomeOf(got, k.right()), told.Ticket)
}

func (t *traffic) activate(ctx context.Context, due time.Time, public caller, p proof) {
	got := t.ask(ctx, due, public, activate, presenting(p))
	t.crowd.activated(p.person, p.code, outcomeOf(got, activate.right()))
}

// presenting is the call that presents a proof.
func presenting(p proof) request {
	return request{http.MethodPost, path("public", p.pool) + "/activate", map[string]string{"ticket": p.ticket, "code": p.code}, newKey()}
}

func (t *traffic) list(ctx context.Context, due time.Time, pool string) {
	got := t.ask(ctx, due, t.admin, listUsers, request{method: http.MethodGet, path: path("admin", pool) + "/users?order=desc"})
	var page struct{ Users []struct{ ID string } }
	_ = got.fields(&page) // an error has none
	for _, u := range page.Users {
		t.crowd.seen(user{pool, u.ID})
	}
}

// ask calls, and counts the call.
func (t *traffic) ask(ctx context.Context, due time.Time, c caller, k kind, r request) answer {
	t.tally.begin(k)
	got := c.call(ctx, r, func(answer string) { t.tally.again(k, answer) })
	t.tally.end(k, got.String(), got.status == k.right(), time.Since(due))
	return got
}

// newKey names a call that may be repeated: 52 letters and digits.
func newKey() string { return strings.ToLower(crypto.Text() + crypto.Text()) }
