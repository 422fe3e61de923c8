package signin_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"identitypools/infra/check/systemtest"
	"identitypools/infra/local/system"
	"identitypools/shared/identity"
)

// crowd is a workspace whose users are in different states. Their addresses have the same length.
type crowd struct {
	*setup
	trace  systemtest.Trace
	meter  systemtest.Meter
	people map[string]string // addresses, by the state
}

// newCrowd returns a workspace that a number of pools is connected to, with people in each of them.
func newCrowd(t *testing.T, pools int) *crowd {
	t.Helper()
	c := &crowd{people: map[string]string{"unknown": systemtest.Address("un"), "unknown too": systemtest.Address("un")}}
	product := systemtest.New(t, func(config *system.Config) { config.Quiet = true }, c.trace.Option,
		systemtest.WithMiddleware(c.meter.Watch))
	c.setup = newSetup(t, product, nil)
	all := []string{c.pool}
	for n := 1; n < pools; n++ {
		all = append(all, c.tenant.NewPool(t, nil))
		c.connect(t, all[n], int64(n+1))
	}
	for n, pool := range all {
		for _, status := range []string{"new", "active", "inactive"} {
			state := fmt.Sprintf("%s in pool %d", status, n)
			c.people[state] = systemtest.Address("un")
			c.newUser(t, pool, status, c.people[state])
		}
		state := fmt.Sprintf("without a password in pool %d", n)
		c.people[state] = systemtest.Address("un")
		c.tenant.NewUser(t, pool, "active", c.people[state], nil)
	}
	product.Clock.Stop()
	return c
}

// lock gives the wrong password of an address so often that no more attempts may start.
func (c *crowd) lock(t *testing.T, address string) {
	t.Helper()
	b := c.product.NewBrowser(t)
	b.Open(t, c.authorizeURL())
	for n := range identity.FreeFailures {
		b.Submit(t, "do", "password", "identifier", address, "password", fmt.Sprint("wrong ", n))
	}
}

// seen is what a stranger can observe of an answer.
type seen struct {
	status   int
	location string
	headers  string
	body     string
	calls    string
	cost     systemtest.Cost
}

// observe returns what can be observed of the answer to a form. What was typed, and what is sealed, are
// replaced by their lengths.
func (c *crowd) observe(t *testing.T, b *systemtest.Browser, address string, form ...string) seen {
	t.Helper()
	c.trace.Collect()
	c.meter.Collect()
	got := b.SubmitOnce(t, form...)
	is := seen{status: got.Status, cost: c.meter.Collect()}
	is.cost.Read = float64(int(is.cost.Read)) // the items of users have different sizes
	for _, call := range c.trace.Collect() {
		is.calls += fmt.Sprintf("%s: %s\n", call.Function, call.Normalized())
	}
	sealed := regexp.MustCompile(`(request|step|__Host-browser)(=|%3D)[\w.-]{20,}`)
	plain := func(text string) string {
		text = strings.ReplaceAll(text, address, strings.Repeat("a", len(address)))
		return sealed.ReplaceAllStringFunc(text, func(found string) string { return fmt.Sprint("sealed ", len(found)) })
	}
	is.location, is.body = plain(got.Header.Get("Location")), plain(string(got.Body))
	for _, name := range slices.Sorted(maps.Keys(got.Header)) {
		if !slices.Contains([]string{"Location", "Date", "X-Request-Id", "Apigw-Requestid"}, name) {
			is.headers += fmt.Sprintf("%s: %s\n", name, plain(got.Header.Get(name)))
		}
	}
	return is
}

// differs describes the first difference between two answers.
func (is seen) differs(want seen) string {
	if is.status != want.status || is.location != want.location || is.cost != want.cost {
		return fmt.Sprintf("%d %s %+v, want %d %s %+v", is.status, is.location, is.cost, want.status, want.location, want.cost)
	}
	all := is.calls + is.headers + is.body
	other := want.calls + want.headers + want.body
	at := 0
	for at < min(len(all), len(other)) && all[at] == other[at] {
		at++
	}
	from := max(0, at-80)
	return fmt.Sprintf("%q, want %q", all[from:min(len(all), at+200)], other[from:min(len(other), at+200)])
}

// Nobody learns who is registered, and in which pool (ASVS 6.3.8): whoever has an address, and in whatever
// state the account is, each form is answered with the same bytes and the same headers, after the same calls
// to the table for the same price. The tests of shared/prove compare the work of the processor.
func TestWhoHasAnAccountDoesNotShow(t *testing.T) {
	t.Parallel()
	for _, pools := range []int{1, 2} {
		t.Run(fmt.Sprintf("with %d pools", pools), func(t *testing.T) {
			t.Parallel()
			c := newCrowd(t, pools)
			for _, q := range []struct {
				name, page string
				form       []string
				status     int
			}{
				{"a wrong password", "", []string{"do", "password", "identifier", "ADDRESS", "password", "wrong"}, 422},
				{"the same wrong password, which is locked", "", []string{
					"do", "password", "identifier", "ADDRESS", "password", "wrong",
				}, 429},
				{"a code by mail", "", []string{"do", "code", "identifier", "ADDRESS"}, 303},
				{"a wrong code", "code", []string{"do", "confirm", "code", "000000000000"}, 422},
				{"another code by mail", "code", []string{"do", "resend"}, 303},
				{"a link for a new password", "forgot", []string{"address", "ADDRESS"}, 200},
			} {
				all := map[string]seen{}
				if q.status == 429 {
					for _, address := range c.people {
						c.lock(t, address)
					}
				}
				for _, state := range slices.Sorted(maps.Keys(c.people)) {
					address := c.people[state]
					b := c.product.NewBrowser(t)
					b.Open(t, c.authorizeURL())
					if q.page == "code" {
						b.Submit(t, "do", "code", "identifier", address)
						c.product.Clock.Advance(time.Minute + time.Second)
						b.Open(t, b.At.String()) // what the function has in memory is fresh
					}
					form := slices.Clone(q.form)
					for i := range form {
						form[i] = strings.ReplaceAll(form[i], "ADDRESS", address)
					}
					if q.page == "forgot" {
						to := *b.At
						to.Path += "/forgot"
						form = append(form, "action", to.String())
					}
					if all[state] = c.observe(t, b, address, form...); all[state].status != q.status {
						t.Errorf("%s, %s: is answered %d, want %d", q.name, state, all[state].status, q.status)
					}
				}
				for state, is := range all {
					if want := all["unknown"]; is != want {
						t.Errorf("%s, %s: %s", q.name, state, is.differs(want))
					}
				}
				if all["unknown"].calls == "" {
					t.Errorf("%s: no calls are recorded", q.name)
				}
				c.product.Clock.Advance(time.Hour)
				c.tenant.RenewTokens(t)
			}
		})
	}
}
