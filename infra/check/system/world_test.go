package system_test

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"identitypools/infra/check/systemtest"
	"identitypools/infra/local/sample"
	"identitypools/infra/local/system"
)

// worlds sends requests to routes of one product. A world is a tenant in which the events have been
// sent that come before the sample event of a route. It is replaced after a request that has changed
// something, so that the next one finds the same, unless the route answers the sample event again as
// it does at first.
type worlds struct {
	product *systemtest.Product
	log     *logOfFaults
	events  sample.Set
	current map[string]*world // by the names of routes
	repeats map[string]bool   // the routes that answer the sample event twice alike
	sources atomic.Int64
}

// world is a tenant, and what the answers to its events have told.
type world struct {
	tenant string
	values *sample.Values
}

// logOfFaults keeps the end of the last line of the log, which says why a request is answered with
// 500.
type logOfFaults struct {
	mu   sync.Mutex
	last string
}

// Write keeps the end of a line.
func (l *logOfFaults) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last = string(line[max(0, len(line)-300):])
	return len(line), nil
}

// String returns what is kept.
func (l *logOfFaults) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.last
}

// newWorlds starts a product.
func newWorlds(tb testing.TB) *worlds {
	tb.Helper()
	set, err := sample.Read(filepath.Join("..", "..", ".."))
	if err != nil {
		tb.Fatal(err)
	}
	log := &logOfFaults{}
	product := systemtest.New(tb, func(c *system.Config) {
		c.Log = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelError}))
	})
	return &worlds{product: product, log: log, events: set, current: map[string]*world{}, repeats: map[string]bool{}}
}

// of returns the world of a route.
func (w *worlds) of(tb testing.TB, route string) *world {
	tb.Helper()
	if known, ok := w.current[route]; ok {
		return known
	}
	made := &world{tenant: "t-" + systemtest.Unique(), values: sample.NewValues()}
	for _, c := range sample.Clients() {
		c.Tenant = made.tenant
		if err := w.product.EnsureClient(tb.Context(), c, sample.Secret); err != nil {
			tb.Fatalf("make client: %v", err)
		}
	}
	for _, earlier := range w.events.Before(route) {
		answer := w.call(tb, made, earlier, w.events[earlier].Request())
		if answer.StatusCode >= 400 {
			tb.Fatalf("%s, before %s, is answered %d %s", earlier, route, answer.StatusCode, answer.Body)
		}
		made.values.SetFromResponse(earlier, answer)
	}
	w.current[route] = made
	if _, known := w.repeats[route]; !known {
		event := func() int { return w.call(tb, made, route, w.events[route].Request()).StatusCode }
		first := event()
		if first != w.events[route].Answer.Status {
			tb.Errorf("%s: the sample event is answered %d, so that others show little", route, first)
		}
		w.repeats[route] = event() == first
		delete(w.current, route)
		return w.of(tb, route)
	}
	return made
}

// call passes an event, which has a name of its own or that of its route, to its function, for the tenant of the world and with its values.
func (w *worlds) call(
	tb testing.TB, in *world, route string, event events.APIGatewayV2HTTPRequest,
) events.APIGatewayV2HTTPResponse {
	tb.Helper()
	fill := in.values.Fill
	event.RawPath = strings.Replace(event.RawPath, "/"+sample.Tenant+"/", "/"+in.tenant+"/", 1)
	event.RawQueryString, event.Body = fill(event.RawQueryString), fill(event.Body)
	for name, value := range event.Headers {
		event.Headers[name] = fill(value)
	}
	cookies := make([]string, len(event.Cookies))
	for i, cookie := range event.Cookies {
		cookies[i] = fill(cookie)
	}
	event.Cookies = cookies
	// each request from a source of its own, or the limits of one would answer for what is tested
	n := w.sources.Add(1)
	event.RequestContext.HTTP.SourceIP = fmt.Sprintf("10.%d.%d.%d", n>>16&255, n>>8&255, n&255)
	row, ok := w.events[route]
	if !ok {
		tb.Fatalf("there is no event %s", route)
	}
	answer, err := w.product.Functions[row.Route.Function](tb.Context(), event)
	if err != nil {
		tb.Fatalf("call %s: %v", route, err)
	}
	return answer
}

// check sends an event to a route and fails the test if it is answered with a fault of the product.
func (w *worlds) check(tb testing.TB, route, what string, event events.APIGatewayV2HTTPRequest) {
	tb.Helper()
	answer := w.call(tb, w.of(tb, route), route, event)
	if answer.StatusCode >= 500 && answer.StatusCode != 503 { // 503 says that the engine is busy
		tb.Errorf("%s: %s is answered %d %s\n%s", route, what, answer.StatusCode, answer.Body, w.log)
	}
	if answer.StatusCode < 400 && !w.repeats[route] && event.RequestContext.HTTP.Method != "GET" {
		delete(w.current, route)
	}
}
