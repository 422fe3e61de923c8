package system_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"identitypools/infra/local/systemtest"
	"identitypools/shared/api"
)

// question is something that the public can ask.
type question struct {
	name, operation string
	status          int
	query           string
	body            func(stranger) any // fields are JSON, a text is a form
}

func questions() []question {
	register := func(more fields) func(stranger) any {
		return func(s stranger) any {
			body := fields{"identifier": s.address}
			maps.Copy(body, more)
			return body
		}
	}
	nothing := func(stranger) any { return nil }
	return []question{
		{"see the form", "publicGetPool", 200, "", nothing},
		{"sign up", "publicRegister", 201, "code_type_in_message=code", register(fields{"payload": fields{"name": "Eve"}})},
		{"sign up by link", "publicRegister", 201, "code_type_in_message=link", register(nil)},
		{"sign up with a password", "publicRegister", 201, "", register(fields{"password": systemtest.Password})},
		{"sign up with a password that is refused", "publicRegister", 422, "", register(fields{"password": "short"})},
		{"sign up by a name", "publicRegister", 201, "", func(s stranger) any {
			return fields{"identifier": "eve-" + systemtest.Unique(), "otp_address": s.address}
		}},
		{"send again to an address", "publicSendActivation", 202, "", func(s stranger) any { return fields{"address": s.address} }},
		{"send a link again to an address", "publicSendActivation", 202, "code_type_in_message=link", func(s stranger) any { return fields{"identifier": s.address} }},
		{"send again by ticket", "publicSendActivation", 202, "", func(s stranger) any { return fields{"ticket": s.ticket} }},
		{"guess a code", "publicActivate", 422, "", func(s stranger) any { return fields{"ticket": s.ticket, "code": "00000x"} }},
		{"guess a link's code", "publicActivate", 422, "", func(s stranger) any { return fields{"code": s.link, "password": systemtest.Password} }},
		{"open the page", "activationPage", 200, "code=LINK", nothing},
		{"send the page's form", "activateByPage", 422, "", func(s stranger) any { return "password=short&code=" + s.link }},
	}
}

// event is a question about an address, each from a source of its own: what is limited by source is another test's.
func (c *crowd) event(tb testing.TB, q question, s stranger) (api.Gateway, events.APIGatewayV2HTTPRequest) {
	tb.Helper()
	routes := api.Routes()
	route := routes[slices.IndexFunc(routes, func(r api.Route) bool { return r.Operation == q.operation })]
	path := strings.NewReplacer("{tid}", c.tenant.ID, "{ipID}", c.pool).Replace(route.Path)
	r, err := http.NewRequestWithContext(tb.Context(), route.Method, path+"?"+strings.Replace(q.query, "LINK", s.link, 1), nil)
	if err != nil {
		tb.Fatal(err)
	}
	c.calls++
	r.RemoteAddr = fmt.Sprintf("[2001:db8:%x:%x::1]:443", 0x1000+c.calls>>12, 0x1000+c.calls&0xfff)
	var body []byte
	switch given := q.body(s).(type) {
	case fields:
		r.Header.Set("Content-Type", "application/json")
		if body, err = json.Marshal(given); err != nil {
			tb.Fatal(err)
		}
	case string:
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		body = []byte(given)
	}
	return c.product.Functions[route.Function], api.Event(r, body, "request")
}

// seen is all that a stranger can see of an answer, and the calls to the table, which make most of the time that it takes.
type seen struct {
	Status  int
	Headers map[string]string
	Body    string // but for what is random, of which the length is left
	Length  int
	Calls   []string
	Bytes   []int64 // of each call's requests
	Cost    systemtest.Cost
}

// work is what the processor had to do, as far as it can be counted: a hash shows in the bytes, a call to the table in both.
type work struct{ objects, bytes float64 }

func (c *crowd) ask(tb testing.TB, q question, s stranger) (seen, work) {
	tb.Helper()
	function, event := c.event(tb, q, s)
	c.trace.Take()
	c.meter.Take()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	answer, err := function(tb.Context(), event)
	runtime.ReadMemStats(&after)
	if err != nil {
		tb.Fatal(err)
	}
	if answer.StatusCode != q.status {
		tb.Fatalf("%s answers %d, want %d: %s", q.name, answer.StatusCode, q.status, answer.Body)
	}
	body := strings.ReplaceAll(answer.Body, s.link, "LINK") // which the stranger knows
	got := seen{Status: answer.StatusCode, Headers: answer.Headers, Length: len(body), Body: plain(body), Cost: c.meter.Take()}
	for _, call := range c.trace.Take() {
		got.Calls, got.Bytes = append(got.Calls, call.Alike()), append(got.Bytes, call.Bytes())
	}
	return got, work{float64(after.Mallocs - before.Mallocs), float64(after.TotalAlloc - before.TotalAlloc)}
}

// plain is a body without what is another each time.
func plain(body string) string {
	var parts fields
	if json.Unmarshal([]byte(body), &parts) != nil {
		return body
	}
	for _, name := range []string{"ticket", "expires_at"} {
		if text, ok := parts[name].(string); ok {
			parts[name] = len(text)
		}
	}
	text, _ := json.Marshal(parts)
	return string(text)
}

// difference is what differs between an answer about an address and one about another, but for what is meant to: a registration checks
// what it would otherwise write, so its bytes differ; they also follow the length of an id; and a call that a condition stopped does not
// say its price.
func difference(q question, state string, a seen, other string, b seen) string {
	if q.operation == "publicRegister" && (state == unknown) != (other == unknown) || (state == chosen) != (other == chosen) {
		a.Bytes, b.Bytes = nil, nil
	}
	if q.operation == "publicActivate" {
		a.Cost, b.Cost = systemtest.Cost{}, systemtest.Cost{}
	}
	if q.name == "guess a code" && (state == earlier || other == earlier) { // TODO(#4): the first guess of a day makes a call more
		a.Calls, b.Calls, a.Bytes, b.Bytes = nil, nil, nil, nil
	}
	if reflect.DeepEqual(a, b) {
		return ""
	}
	return fmt.Sprintf("%s:\n%+v\n%s:\n%+v", state, a, other, b)
}

// "Nobody learns who is registered" (V6.3.8, 63A §3.1): whatever the state of an address, each public route answers alike, and makes the
// same calls to the table in the same order, with as many bytes and for the same price: each of 300 times where tests are long. What the
// processor does besides differs by less than a quarter, of a time that calls and hashes make. Not parallel: it counts memory.
func TestTheStateOfAnAddressDoesNotShow(t *testing.T) {
	rounds := 5
	if long() {
		rounds = 300
	}
	c := newCrowd(t, (rounds+perPerson-1)/perPerson)
	for _, q := range questions() {
		t.Run(q.name, func(t *testing.T) {
			first, objects, bytes := map[string]seen{}, map[string][]float64{}, map[string][]float64{}
			for i := range rounds {
				for _, state := range states() {
					got, did := c.ask(t, q, c.stranger(state, i))
					if i == 0 {
						first[state] = got
					}
					for other, want := range first {
						if d := difference(q, state, got, other, want); d != "" {
							t.Fatal(d)
						}
					}
					objects[state], bytes[state] = append(objects[state], did.objects), append(bytes[state], did.bytes)
				}
			}
			if q.status < 300 && strings.HasPrefix(q.operation, "public") && q.operation != "publicGetPool" && (len(first[unknown].Calls) == 0 || slices.Contains(first[unknown].Bytes, 0)) {
				t.Errorf("not recorded: %+v", first[unknown])
			}
			within(t, "objects", objects, 1.0/4)
			within(t, "bytes", bytes, 1.0/4)
		})
	}
}

// within checks that the medians of the states lie within a share of the least.
func within(t *testing.T, what string, counts map[string][]float64, share float64) {
	t.Helper()
	medians := map[string]float64{}
	for state, values := range counts {
		medians[state] = systemtest.Median(values)
	}
	least, most := slices.Min(slices.Collect(maps.Values(medians))), slices.Max(slices.Collect(maps.Values(medians)))
	if most > least*(1+share) {
		t.Errorf("%s on the heap: %v", what, medians)
	}
	t.Logf("%s on the heap: %.0f to %.0f", what, least, most)
}

// A public route that is not among the questions is not compared.
func TestEveryPublicRouteIsAsked(t *testing.T) {
	t.Parallel()
	for _, r := range api.Routes() {
		if r.Caller == api.Public && !slices.ContainsFunc(questions(), func(q question) bool { return q.operation == r.Operation }) {
			t.Errorf("nothing compares what %s answers", r.Operation)
		}
	}
}

// BenchmarkAlike measures the time of each question about addresses of each state in turn: the medians, and how likely the least alike of
// two states would differ so much by chance (Mann and Whitney). Run it with -benchtime 300x.
func BenchmarkAlike(b *testing.B) {
	for _, q := range questions() {
		b.Run(strings.ReplaceAll(q.name, " ", "_"), func(b *testing.B) {
			c, times := newCrowd(b, b.N/perPerson+1), map[string][]float64{}
			b.ResetTimer()
			for i := range b.N {
				for _, state := range states() {
					function, event := c.event(b, q, c.stranger(state, i))
					start := time.Now()
					if answer, err := function(b.Context(), event); err != nil || answer.StatusCode != q.status {
						b.Fatalf("answers %d %v", answer.StatusCode, err)
					}
					times[state] = append(times[state], float64(time.Since(start).Microseconds()))
				}
			}
			least, known := 1.0, systemtest.Median(times[unknown])
			b.ReportMetric(known, "unknown-µs")
			for _, state := range states()[1:] {
				p := systemtest.MannWhitney(times[unknown], times[state])
				least = min(least, p)
				b.Logf("%-45s median %6.0f µs, of an unknown address %6.0f µs, p = %.3f", state, systemtest.Median(times[state]), known, p)
			}
			b.ReportMetric(least, "least-p")
		})
	}
}
