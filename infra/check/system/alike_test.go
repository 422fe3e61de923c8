package system_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"identitypools/functions"
	"identitypools/infra/check/story"
	"identitypools/infra/check/systemtest"
	"identitypools/shared/access"
	"identitypools/shared/api"
)

// question is something that the public can ask.
type question struct {
	name, operation string
	status          int
	query           string
	body            func(stranger) any    // fields are JSON, a text is a form
	key             func(stranger) string // an idempotency key; nil for none
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
	guess := func(s stranger) any { return fields{"ticket": s.ticket, "code": "00000x"} }
	newKey := func(stranger) string { return systemtest.Unique() + systemtest.Unique() + systemtest.Unique() }
	sameKey := func(s stranger) string { return s.ticket[len(s.ticket)-40:] }
	return []question{
		{"see the form", "public.getPool", 200, "", nothing, nil},
		{"sign up", "public.register", 201, "code_type_in_message=code", register(fields{"payload": fields{"name": "Eve"}}), nil},
		{"sign up by link", "public.register", 201, "code_type_in_message=link", register(nil), nil},
		{"sign up with a password", "public.register", 201, "", register(fields{"password": systemtest.Password}), nil},
		{"sign up with a password that is refused", "public.register", 422, "", register(fields{"password": "short"}), nil},
		{"sign up by a name", "public.register", 201, "", func(s stranger) any {
			return fields{"identifier": "eve-" + systemtest.Unique(), "otp_address": s.address}
		}, nil},
		{"send again to an address", "public.sendActivation", 202, "", func(s stranger) any { return fields{"address": s.address} }, nil},
		{"send a link again to an address", "public.sendActivation", 202, "code_type_in_message=link", func(s stranger) any { return fields{"identifier": s.address} }, nil},
		{"send again by ticket", "public.sendActivation", 202, "", func(s stranger) any { return fields{"ticket": s.ticket} }, nil},
		{"guess a code", "public.activate", 422, "", guess, nil},
		{"sign up under a key", "public.register", 201, "", register(nil), newKey},
		{"send again under a key", "public.sendActivation", 202, "", func(s stranger) any { return fields{"address": s.address} }, newKey},
		{"guess a code under a key", "public.activate", 422, "", guess, newKey},
		{"guess a code again under its key", "public.activate", 422, "", guess, sameKey},
		{"guess a link's code", "public.activate", 422, "", func(s stranger) any { return fields{"code": s.link, "password": systemtest.Password} }, nil},
		{"open the page for signing up", "public.registrationPage", 200, "", nothing, nil},
		{"sign up on the page", "public.registerByPage", 303, "", onPage(systemtest.Password), nil},
		{"sign up on the page with a password that is refused", "public.registerByPage", 422, "", onPage("short"), nil},
		{"open the page for the code", "public.codePage", 200, "", nothing, nil},
		{"guess a code on the page", "public.activateByCode", 422, "", func(stranger) any { return "code=00000x" }, nil},
		{"have a mail sent again on the page", "public.activateByPage", 200, "", func(s stranger) any { return "do=resend&address=" + url.QueryEscape(s.address) }, nil},
		{"open the page", "public.activationPage", 200, "code=LINK", nothing, nil},
		{"send the page's form", "public.activateByPage", 422, "", func(s stranger) any { return "password=short&code=" + s.link }, nil},
	}
}

// onPage is the form of the page for signing up.
func onPage(password string) func(stranger) any {
	return func(s stranger) any { return url.Values{"identifier": {s.address}, "password": {password}}.Encode() }
}

// isGuess says whether a question is a guess at a short code.
func (q question) isGuess() bool {
	return q.operation == "public.activate" || q.operation == "public.activateByCode"
}

// event is a question about an address, each from a source of its own: what is limited by source is another test's.
func (c *crowd) event(tb testing.TB, q question, s stranger) (api.Gateway, events.APIGatewayV2HTTPRequest) {
	tb.Helper()
	route := story.Route(q.operation)
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
	if q.key != nil {
		r.Header.Set("Idempotency-Key", q.key(s))
	}
	if strings.Contains(route.Path, "/register") && route.Path[1] == '{' { // a page
		r.Header.Set("Cookie", s.cookie)
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

var anAddress = regexp.MustCompile(`eve-\w+@example\.com`)

func (c *crowd) ask(tb testing.TB, q question, s stranger) (seen, work) {
	tb.Helper()
	function, event := c.event(tb, q, s)
	c.trace.Collect()
	c.meter.Collect()
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
	body := anAddress.ReplaceAllString(strings.ReplaceAll(answer.Body, s.link, "LINK"), "ADDRESS") // which the stranger knows
	got := seen{Status: answer.StatusCode, Headers: answer.Headers, Length: len(body) + len(strings.Join(answer.Cookies, "")), Body: plain(body), Cost: c.meter.Collect()}
	for _, call := range c.trace.Collect() {
		got.Calls, got.Bytes = append(got.Calls, call.Normalized()), append(got.Bytes, call.Bytes())
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

// difference is what differs between an answer about an address and one about another, but for what
// is meant to: a registration of a known address writes in place of its user what is as long under
// another key, so its bytes differ by that of the key; they also follow the length of an id.
func difference(q question, state string, a seen, other string, b seen) string {
	if q.operation == "public.register" || q.operation == "public.registerByPage" {
		a.Calls, b.Calls = replaced(a.Calls, "transact USERS,", "transact USER,"),
			replaced(b.Calls, "transact USERS,", "transact USER,")
		if (state == unknown) != (other == unknown) && differBy(a.Bytes, b.Bytes, 200) {
			a.Bytes, b.Bytes = nil, nil
		}
	}
	// a repeat under its key pays nothing, and a call that a condition stopped does not say its
	// price
	if q.isGuess() && q.key != nil {
		a.Cost, b.Cost = systemtest.Cost{}, systemtest.Cost{}
	}
	if (state == chosen) != (other == chosen) {
		a.Bytes, b.Bytes = nil, nil
	}
	// The first guess of a day makes a call more where no mail has opened the day: a stranger's own registration sends one, unless it is too soon.
	if q.isGuess() && (state == earlier || other == earlier) {
		a.Calls, b.Calls, a.Bytes, b.Bytes = nil, nil, nil, nil
	}
	if reflect.DeepEqual(a, b) {
		return ""
	}
	return fmt.Sprintf("%s:\n%+v\n%s:\n%+v", state, a, other, b)
}

func replaced(texts []string, old, new string) (all []string) {
	for _, text := range texts {
		all = append(all, strings.ReplaceAll(text, old, new))
	}
	return all
}

// differBy says whether no two of the numbers at one place differ by more than most.
func differBy(a, b []int64, most int64) bool {
	for i := range min(len(a), len(b)) {
		if d := a[i] - b[i]; d > most || -d > most {
			return false
		}
	}
	return len(a) == len(b)
}

// "Nobody learns who is registered" (V6.3.8, 63A §3.2.1): whatever the state of an address, each public route answers alike, and makes the
// same calls to the table in the same order, with as many bytes and for the same price: each of 300 times where tests are long. What the
// processor does besides differs by less than a call or a hash, but for what the race detector and the collector add. Not parallel: it counts memory.
func TestTheStateOfAnAddressDoesNotShow(t *testing.T) {
	rounds, c := 5, newCrowd(t, 1)
	if long() {
		rounds = 300
	}
	for _, q := range questions() {
		t.Run(q.name, func(t *testing.T) {
			c := c
			if long() { // the engine slows down as a table grows
				c = newCrowd(t, q.people(rounds))
			}
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
			if q.status < 300 && strings.HasPrefix(q.operation, "public") && q.operation != "public.getPool" && (len(first[unknown].Calls) == 0 || slices.Contains(first[unknown].Bytes, 0)) {
				t.Errorf("not recorded: %+v", first[unknown])
			}
			within(t, "objects", objects, 1.0/4, 64)  // a call to the table makes more than 100
			within(t, "bytes", bytes, 1.0/2, 256<<10) // a hash makes 19 MiB
		})
	}
}

// people are as many in each state as it takes to ask a question so often: whoever is guessed at too often is in another state.
func (q question) people(rounds int) int {
	if q.isGuess() {
		return (rounds + perPerson - 1) / perPerson
	}
	return 1
}

// within checks that the medians of the states lie within a share of the least, and some more.
func within(t *testing.T, what string, counts map[string][]float64, share, more float64) {
	t.Helper()
	medians := map[string]float64{}
	for state, values := range counts {
		medians[state] = systemtest.Median(values)
	}
	least, most := slices.Min(slices.Collect(maps.Values(medians))), slices.Max(slices.Collect(maps.Values(medians)))
	if most > least*(1+share)+more {
		t.Errorf("%s on the heap: %v", what, medians)
	}
	t.Logf("%s on the heap: %.0f to %.0f", what, least, most)
}

// A public route that is not among the questions is not compared.
func TestEveryPublicRouteIsAsked(t *testing.T) {
	t.Parallel()
	for _, r := range functions.Routes() {
		if r.Caller == access.Public && !slices.ContainsFunc(questions(), func(q question) bool { return q.operation == r.Name }) {
			t.Errorf("nothing compares what %s answers", r.Name)
		}
	}
}

// BenchmarkAlike measures the time of each question about addresses of each state in turn: the medians, and how likely a state would differ
// so much from an unknown address by chance (Mann and Whitney). Run it with -benchtime 300x, on a machine that does nothing else.
func BenchmarkAlike(b *testing.B) {
	for _, q := range questions() {
		b.Run(strings.ReplaceAll(q.name, " ", "_"), func(b *testing.B) {
			c, times, order := newCrowd(b, q.people(b.N)), map[string][]float64{}, states()
			b.ResetTimer()
			for i := range b.N {
				rand.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
				for _, state := range order {
					function, event := c.event(b, q, c.stranger(state, i))
					start := time.Now()
					if answer, err := function(b.Context(), event); err != nil || answer.StatusCode != q.status {
						b.Fatalf("answers %d %v", answer.StatusCode, err)
					}
					times[state] = append(times[state], float64(time.Since(start).Microseconds()))
				}
			}
			report(b, times)
		})
	}
}

func report(b *testing.B, times map[string][]float64) {
	b.Helper()
	var text strings.Builder
	least := 1.0
	for _, state := range states()[1:] { // of more than ten lines go test shows ten
		p := systemtest.MannWhitney(times[unknown], times[state])
		least = min(least, p)
		fmt.Fprintf(&text, "\n%-50s median %6.0f µs, p = %.3f", state, systemtest.Median(times[state]), p)
	}
	b.ReportMetric(systemtest.Median(times[unknown]), "unknown-µs")
	b.ReportMetric(least, "least-p")
	if b.N > 1 {
		b.Log(text.String())
	}
}
