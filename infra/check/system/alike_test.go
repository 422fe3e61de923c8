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
	"identitypools/infra/check/systemtest"
	"identitypools/shared/access"
	"identitypools/shared/api"
	"identitypools/shared/identity"
)

// question is a request that the public can make about an address.
type question struct {
	name, operation string
	status          int
	query           string
	body            func(target) any    // fields for JSON, a string for a form
	key             func(target) string // the idempotency key; nil for none
}

// questions returns all questions.
func questions() []question {
	return slices.Concat(registrationQuestions(), recoveryQuestions(), signInQuestions())
}

// recoveryQuestions returns the questions to the function recovery.
func recoveryQuestions() []question {
	const newPassword = "quite another, new phrase"
	nothing := func(target) any { return nil }
	ask := func(s target) any { return fields{"address": s.address} }
	guess := func(s target) any {
		return fields{"code": neverGuessed(), "identifier": s.address, "new_password": newPassword}
	}
	link := func(s target) any {
		return fields{"code": neverIssued(s.user, "reset_password"), "new_password": newPassword}
	}
	proof := func(s target) url.Values {
		return url.Values{
			"code": {neverIssued(s.user, "verify_address")}, "form": {"a form"},
			"for": {identity.MailboxDigest(identity.TypeEmail, s.address)},
		}
	}
	newKey := func(target) string { return systemtest.Unique() + systemtest.Unique() + systemtest.Unique() }
	return []question{
		{"ask for a reset", "public.requestReset", 204, "", ask, nil},
		{"ask for a reset by link", "public.requestReset", 204, "code_type_in_message=link", ask, nil},
		{"ask for a reset under a key", "public.requestReset", 204, "", ask, newKey},
		{"guess a code for a reset", "public.confirmReset", 401, "", guess, nil},
		{"guess a code for a reset under a key", "public.confirmReset", 401, "", guess, newKey},
		{"guess a link's code for a reset", "public.confirmReset", 401, "", link, nil},
		{"guess a code at the published path", "public.resetPasswordConfirm", 401, "", guess, nil},
		{"guess a proof of an address", "public.confirmAddress", 422, "", func(s target) any {
			return fields{"code": neverIssued(s.user, "verify_address"), "address": s.address}
		}, nil},
		{"open the page for a reset", "public.resetPage", 200, "", nothing, nil},
		{"ask for a reset on the page", "public.resetByPage", 303, "", func(s target) any {
			return url.Values{"address": {s.address}}.Encode()
		}, nil},
		{"guess a link's code on the page", "public.resetByPage", 422, "", func(s target) any {
			return url.Values{"code": {neverIssued(s.user, "reset_password")}, "password": {newPassword}}.Encode()
		}, nil},
		{"open the page for the code of a reset", "public.resetCodePage", 200, "", nothing, nil},
		{"guess a code for a reset on the page", "public.resetByCode", 422, "", func(target) any {
			return url.Values{"code": {neverGuessed()}, "password": {newPassword}}.Encode()
		}, nil},
		{"open the page for an address", "public.verificationPage", 200, "code=x&for=y", nothing, nil},
		{"guess a proof on the page", "public.verifyByPage", 422, "", func(s target) any {
			return proof(s).Encode()
		}, nil},
	}
}

// wrongPassword is the name of the question in which a password is given.
const wrongPassword = "give a wrong password"

// signInQuestions returns the questions to the function signin. The tests of that function compare its answers
// in further states, and with several pools.
func signInQuestions() []question {
	const application = "client_id=APP&response_type=code&redirect_uri=https%3A%2F%2Fapp.example.com%2Fcallback&scope=openid" +
		"&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256"
	nothing := func(target) any { return nil }
	form := func(pairs ...string) func(target) any {
		return func(s target) any {
			values := url.Values{}
			for i := 0; i < len(pairs); i += 2 {
				values.Set(pairs[i], strings.ReplaceAll(pairs[i+1], "ADDRESS", s.address))
			}
			return values.Encode()
		}
	}
	guess := func(target) any { return url.Values{"code": {neverGuessed()}}.Encode() }
	return []question{
		{"come from an application", "public.authorize", 303, application, nothing, nil},
		{"come from an application with a form", "public.authorizeByForm", 303, "", form("client_id", "APP"), nil},
		{"open the page for signing in", "public.signInPage", 200, "request=REQUEST", nothing, nil},
		{wrongPassword, "public.signInByPage", 422, "request=REQUEST", form(
			"do", "password", "identifier", "ADDRESS", "password", "not the password"), nil},
		{"ask for a code to sign in", "public.signInByPage", 303, "request=REQUEST", form("do", "code", "identifier", "ADDRESS"), nil},
		{"open the page for the code of a sign-in", "public.signInCodePage", 200, "request=REQUEST&step=STEP", nothing, nil},
		{"guess a code to sign in", "public.signInByCode", 422, "request=REQUEST&step=STEP", guess, nil},
		{"open the page for a second factor", "public.signInFactorPage", 400, "request=REQUEST&step=STEP", nothing, nil},
		{"guess a second factor", "public.signInByFactor", 400, "request=REQUEST&step=STEP", guess, nil},
		{"open the page for a password that must be changed", "public.signInPasswordPage", 400, "request=REQUEST&step=STEP", nothing, nil},
		{"choose a password without a proof", "public.signInByNewPassword", 400, "request=REQUEST&step=STEP", form(
			"password", "quite another, new phrase"), nil},
		{"open the page for a forgotten password", "public.forgotPage", 200, "request=REQUEST", nothing, nil},
		{"ask for a link for a new password", "public.forgotByPage", 200, "request=REQUEST", form("address", "ADDRESS"), nil},
		{"sign out", "public.logout", 200, "", nothing, nil},
		{"sign out with a form", "public.logoutByForm", 200, "", form("do", "signout"), nil},
	}
}

// registrationQuestions returns the questions to the function registration.
func registrationQuestions() []question {
	register := func(more fields) func(target) any {
		return func(s target) any {
			body := fields{"identifier": s.address}
			maps.Copy(body, more)
			return body
		}
	}
	nothing := func(target) any { return nil }
	// A guess that is the same as the one before makes one more call, so each guess is another one.
	guess := func(s target) any { return fields{"ticket": s.ticket, "code": neverGuessed()} }
	sameGuess := func(s target) any { return fields{"ticket": s.ticket, "code": "00000x"} }
	newKey := func(target) string {
		return systemtest.Unique() + systemtest.Unique() + systemtest.Unique()
	}
	sameKey := func(s target) string { return s.ticket[len(s.ticket)-40:] }
	return []question{
		{"see the form", "public.getPool", 200, "", nothing, nil},
		{
			"sign up", "public.register", 201, "code_type_in_message=code",
			register(fields{"payload": fields{"name": "Eve"}}), nil,
		},
		{"sign up by link", "public.register", 201, "code_type_in_message=link", register(nil), nil},
		{
			"sign up with a password", "public.register", 201, "",
			register(fields{"password": systemtest.Password}), nil,
		},
		{
			"sign up with a password that is refused", "public.register", 422, "",
			register(fields{"password": "short"}), nil,
		},
		{"sign up by a name", "public.register", 201, "", func(s target) any {
			return fields{"identifier": "eve-" + systemtest.Unique(), "otp_address": s.address}
		}, nil},
		{
			"send again to an address", "public.sendActivation", 202, "",
			func(s target) any { return fields{"address": s.address} }, nil,
		},
		{
			"send a link again to an address", "public.sendActivation", 202,
			"code_type_in_message=link",
			func(s target) any { return fields{"identifier": s.address} }, nil,
		},
		{
			"send again by ticket", "public.sendActivation", 202, "",
			func(s target) any { return fields{"ticket": s.ticket} }, nil,
		},
		{"guess a code", "public.activate", 422, "", guess, nil},
		{"sign up under a key", "public.register", 201, "", register(nil), newKey},
		{
			"send again under a key", "public.sendActivation", 202, "",
			func(s target) any { return fields{"address": s.address} }, newKey,
		},
		{"guess a code under a key", "public.activate", 422, "", guess, newKey},
		{"guess a code again under its key", "public.activate", 422, "", sameGuess, sameKey},
		{
			"guess a link's code", "public.activate", 422, "",
			func(s target) any { return fields{"code": s.link, "password": systemtest.Password} },
			nil,
		},
		{"open the page for signing up", "public.registrationPage", 200, "", nothing, nil},
		{"sign up on the page", "public.registerByPage", 303, "", pageForm(systemtest.Password), nil},
		{
			"sign up on the page with a password that is refused", "public.registerByPage", 422, "",
			pageForm("short"), nil,
		},
		{"open the page for the code", "public.codePage", 200, "", nothing, nil},
		{
			"guess a code on the page", "public.activateByCode", 422, "",
			func(target) any { return "code=" + neverGuessed() }, nil,
		},
		{
			"have a mail sent again on the page", "public.activateByPage", 200, "",
			func(s target) any { return "do=resend&address=" + url.QueryEscape(s.address) }, nil,
		},
		{"open the page", "public.activationPage", 200, "code=LINK", nothing, nil},
		{
			"send the page's form", "public.activateByPage", 422, "",
			func(s target) any { return "password=short&code=" + s.link }, nil,
		},
		{"open the page for a name and a code", "public.activationCodePage", 200, "", nothing, nil},
		{
			"guess a code of somebody on the page", "public.activateByTypedCode", 422, "",
			func(s target) any {
				return "code=" + neverGuessed() + "&identifier=" + url.QueryEscape(s.address)
			}, nil,
		},
	}
}

// neverGuessed returns a wrong short code that was not guessed before. It is longer than any code.
func neverGuessed() string {
	return strings.Map(func(r rune) rune { return '0' + r%10 }, systemtest.Unique()+systemtest.Unique())
}

// pageForm returns the body of the form of the page for signing up.
func pageForm(password string) func(target) any {
	return func(s target) any {
		return url.Values{"identifier": {s.address}, "password": {password}}.Encode()
	}
}

// isGuess reports whether a question is a guess at a short code.
func (q question) isGuess() bool {
	return slices.Contains([]string{
		"public.activate", "public.activateByCode", "public.confirmReset", "public.resetPasswordConfirm",
		"public.resetByCode", "public.signInByCode",
	}, q.operation)
}

// event returns the event of a question, and the function that answers it. Each event comes from a
// source of its own, because another test checks the limits of a source.
func (c *population) event(
	tb testing.TB, q question, s target,
) (api.Gateway, events.APIGatewayV2HTTPRequest) {
	tb.Helper()
	route, _ := functions.Route(q.operation)
	path := strings.NewReplacer(
		"{tid}", c.tenant.ID, "{ipID}", c.pool, "{wid}", c.workspace.ID,
	).Replace(route.Path)
	known := strings.NewReplacer("LINK", s.link, "APP", c.app.ID, "REQUEST", c.request, "STEP", s.step)
	r, err := http.NewRequestWithContext(tb.Context(), route.Method, path+"?"+known.Replace(q.query), nil)
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
		body = []byte(strings.Replace(given, "=APP", "="+c.app.ID, 1))
	}
	if q.key != nil {
		r.Header.Set("Idempotency-Key", q.key(s))
	}
	if strings.Contains(route.Path, "/register") && route.Path[1] == '{' { // a page
		r.Header.Set("Cookie", s.cookie)
	}
	if strings.HasSuffix(route.Path, "/reset/code") {
		r.Header.Set("Cookie", s.resetCookie)
	}
	return c.product.Functions[route.Function], api.Event(r, body, "request")
}

// observation is what a caller can observe of an answer. It includes the calls to the table,
// because they take most of the time of an answer.
type observation struct {
	Status  int
	Headers map[string]string
	Body    string // with the lengths of random values instead of the values
	Length  int
	Calls   []string
	Bytes   []int64 // of the requests of each call
	Cost    systemtest.Cost
}

// allocations is the memory that a function allocated for a question. It shows work that the
// processor did: a hash shows in the bytes, and a call to the table in both numbers.
type allocations struct{ objects, bytes float64 }

// knownPattern matches the random values that the caller has sent: an address, or a code that was
// never guessed.
var knownPattern = regexp.MustCompile(`eve-\w+@example\.com|\b[0-9]{24}\b`)

// sealedPattern matches what is sealed in the address of a page for signing in.
var sealedPattern = regexp.MustCompile(`(request|step)(=|%3D)[\w.-]{20,}`)

// ask asks a question and returns what can be observed of the answer.
func (c *population) ask(tb testing.TB, q question, s target) (observation, allocations) {
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
	// The caller knows these values. What is sealed differs each time, and has the same length.
	body := knownPattern.ReplaceAllString(strings.ReplaceAll(answer.Body, s.link, "LINK"), "KNOWN")
	sealed := func(text string) string {
		return sealedPattern.ReplaceAllStringFunc(text, func(found string) string { return fmt.Sprint("SEALED", len(found)) })
	}
	body = sealed(body)
	if to := answer.Headers["Location"]; to != "" {
		answer.Headers["Location"] = sealed(to)
	}
	got := observation{
		Status: answer.StatusCode, Headers: answer.Headers,
		Length: len(body) + len(strings.Join(answer.Cookies, "")), Body: withoutRandomValues(body),
		Cost: c.meter.Collect(),
	}
	for _, call := range c.trace.Collect() {
		got.Calls, got.Bytes = append(got.Calls, call.Normalized()), append(got.Bytes, call.Bytes())
	}
	return got, allocations{
		float64(after.Mallocs - before.Mallocs), float64(after.TotalAlloc - before.TotalAlloc),
	}
}

// withoutRandomValues returns a body with the lengths of its random values instead of the values.
func withoutRandomValues(body string) string {
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

// difference describes how the answers about two addresses differ, or returns "" if they differ
// only as intended. A registration of a known address writes an item of the same length as a user's
// under another key, so the bytes differ by the length of the key. The bytes also depend on the
// length of a user's id.
func difference(q question, state string, a observation, other string, b observation) string {
	if q.operation == "public.register" || q.operation == "public.registerByPage" {
		a.Calls, b.Calls = replaced(a.Calls, "transact USERS,", "transact USER,"),
			replaced(b.Calls, "transact USERS,", "transact USER,")
		if (state == unknown) != (other == unknown) && differBy(a.Bytes, b.Bytes, 200) {
			a.Bytes, b.Bytes = nil, nil
		}
	}
	// An attempt after a wrong one names the one before.
	if q.name == wrongPassword {
		a.Bytes, b.Bytes = nil, nil
	}
	// A repeat under its key costs nothing, and the engine does not report the cost of a call whose
	// condition failed.
	if q.isGuess() && q.key != nil {
		a.Cost, b.Cost = systemtest.Cost{}, systemtest.Cost{}
	}
	if (state == chosen) != (other == chosen) {
		a.Bytes, b.Bytes = nil, nil
	}
	// The first guess of a day makes one more call if no mail was sent to the mailbox on that day.
	if q.isGuess() && (state == earlier || other == earlier) {
		a.Calls, b.Calls, a.Bytes, b.Bytes = nil, nil, nil, nil
	}
	if reflect.DeepEqual(a, b) {
		return ""
	}
	return fmt.Sprintf("%s:\n%+v\n%s:\n%+v", state, a, other, b)
}

// replaced returns the texts with a part replaced.
func replaced(texts []string, old, new string) (all []string) {
	for _, text := range texts {
		all = append(all, strings.ReplaceAll(text, old, new))
	}
	return all
}

// differBy reports whether the numbers at each index differ by at most a number.
func differBy(a, b []int64, most int64) bool {
	for i := range min(len(a), len(b)) {
		if d := a[i] - b[i]; d > most || -d > most {
			return false
		}
	}
	return len(a) == len(b)
}

// "Nobody learns who is registered" (V6.3.8, 63A §3.2.1): whatever the state of an address, each
// public route answers alike, and makes the same calls to the table in the same order, with as many
// bytes and for the same price. With LONG, the test asks each question 300 times. Other work of the
// processor differs by less than a call or a hash, apart from what the race detector and the
// garbage collector add. The test is not parallel because it measures memory.
func TestTheStateOfAnAddressDoesNotShow(t *testing.T) {
	rounds, c := 5, newPopulation(t, 1)
	if long() {
		rounds = 300
	}
	for _, q := range questions() {
		t.Run(q.name, func(t *testing.T) {
			c := c
			if long() { // the engine is slower with a larger table
				c = newPopulation(t, q.targetsNeeded(rounds))
			}
			first := map[string]observation{}
			objects, bytes := map[string][]float64{}, map[string][]float64{}
			for i := range rounds {
				for _, state := range states() {
					got, did := c.ask(t, q, c.target(state, i))
					if i == 0 {
						first[state] = got
					}
					for other, want := range first {
						if d := difference(q, state, got, other, want); d != "" {
							t.Fatal(d)
						}
					}
					objects[state] = append(objects[state], did.objects)
					bytes[state] = append(bytes[state], did.bytes)
				}
			}
			if q.status < 300 && isPublicCall(q.operation) && q.operation != "public.getPool" &&
				(len(first[unknown].Calls) == 0 || slices.Contains(first[unknown].Bytes, 0)) {
				t.Errorf("not recorded: %+v", first[unknown])
			}
			checkMedians(t, "objects", objects, 1.0/4, 64)  // a call to the table makes more than 100
			checkMedians(t, "bytes", bytes, 1.0/2, 256<<10) // a hash makes 19 MiB
		})
	}
}

// isPublicCall reports whether an operation belongs to the public API, and not to a page.
func isPublicCall(operation string) bool {
	route, _ := functions.Route(operation)
	return route.CrossOrigin
}

// targetsNeeded returns how many addresses each state must have so that a question can be asked
// rounds times. An address at which too many guesses are made changes its state.
func (q question) targetsNeeded(rounds int) int {
	if q.isGuess() {
		return (rounds + guessesPerTarget - 1) / guessesPerTarget
	}
	return 1
}

// checkMedians checks that the medians of the states are within a range, which begins at the
// smallest of them and extends by a share of it plus a constant.
func checkMedians(t *testing.T, what string, counts map[string][]float64, share, more float64) {
	t.Helper()
	medians := map[string]float64{}
	for state, values := range counts {
		medians[state] = systemtest.Median(values)
	}
	all := slices.Collect(maps.Values(medians))
	least, most := slices.Min(all), slices.Max(all)
	if most > least*(1+share)+more {
		t.Errorf("%s on the heap: %v", what, medians)
	}
	t.Logf("%s on the heap: %.0f to %.0f", what, least, most)
}

// Every public route is in one of the questions, because a route that is in none is not compared.
func TestEveryPublicRouteIsAsked(t *testing.T) {
	t.Parallel()
	for _, r := range functions.Routes() {
		if r.Caller == access.Public && r.Name != "public.preflight" && // which reads nothing about anybody
			!slices.ContainsFunc(questions(), func(q question) bool { return q.operation == r.Name }) {
			t.Errorf("nothing compares what %s answers", r.Name)
		}
	}
}

// BenchmarkAlike measures the time of the answers to each question, for addresses of each state in
// turn. It reports the medians and, for each state, the probability that its times would differ so
// much from those of unknown addresses by chance (the Mann–Whitney test). Run it with -benchtime
// 300x on an idle machine.
func BenchmarkAlike(b *testing.B) {
	for _, q := range questions() {
		b.Run(strings.ReplaceAll(q.name, " ", "_"), func(b *testing.B) {
			c, times, order := newPopulation(b, q.targetsNeeded(b.N)), map[string][]float64{}, states()
			b.ResetTimer()
			for i := range b.N {
				rand.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
				for _, state := range order {
					function, event := c.event(b, q, c.target(state, i))
					start := time.Now()
					if answer, err := function(b.Context(), event); err != nil ||
						answer.StatusCode != q.status {
						b.Fatalf("answers %d %v", answer.StatusCode, err)
					}
					times[state] = append(times[state], float64(time.Since(start).Microseconds()))
				}
			}
			report(b, times)
		})
	}
}

// report reports the results of a benchmark.
func report(b *testing.B, times map[string][]float64) {
	b.Helper()
	var text strings.Builder
	least := 1.0
	for _, state := range states()[1:] {
		p := systemtest.MannWhitney(times[unknown], times[state])
		least = min(least, p)
		fmt.Fprintf(
			&text, "\n%-50s median %6.0f µs, p = %.3f", state, systemtest.Median(times[state]), p,
		)
	}
	b.ReportMetric(systemtest.Median(times[unknown]), "unknown-µs")
	b.ReportMetric(least, "least-p")
	if b.N > 1 {
		b.Log(text.String())
	}
}
