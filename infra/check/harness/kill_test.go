package harness_test

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"identitypools/infra/check/harness"
	"identitypools/infra/check/systemtest"
	"identitypools/infra/local/sample"
	"identitypools/shared/mailqueue"
)

// killCase is an event of a function whose process is killed while it handles the event.
type killCase struct {
	event string // name of the event
	// status is the status of the answer, or 0 for the courier.
	status int
	// again is the status of the answer to a retry if the first attempt took effect, or 0 if it is
	// the same.
	again int
	// activates is whether the event presents a right code.
	activates   bool
	checkResult func(tb testing.TB, d *deployment)
}

// killCases returns a case for each kind of event that changes something.
func killCases() []killCase {
	return []killCase{
		{event: "admin.createUser", status: 201, again: 409, checkResult: func(tb testing.TB, d *deployment) {
			d.checkItems(tb, 1, "USERS#", `"id":"ann"`)
		}},
		{
			event: "admin.sendActivationMessage", status: 204, again: 429,
			checkResult: func(tb testing.TB, d *deployment) {
				d.checkItems(tb, 1, "MESSAGE#", `"user":"ann"`)
			},
		},
		{event: "public.register", status: 201, checkResult: func(tb testing.TB, d *deployment) {
			d.checkItems(tb, 1, "USERS#", "bea")
			// the retry is another registration
			if messages := d.reader.Stored(tb, "MESSAGE#"); len(messages) == 0 || len(messages) > 2 {
				tb.Errorf("%d messages wait", len(messages))
			}
		}},
		{
			event: "public.activate", status: 201, activates: true,
			checkResult: func(tb testing.TB, d *deployment) {
				// A repeat of the request is answered alike, and does nothing.
				if answer := d.call(tb, "public.activate"); answer.StatusCode != 201 {
					tb.Errorf("a repeat is answered %d %s", answer.StatusCode, answer.Body)
				}
				d.checkItems(tb, 1, "USERS#", `"status":"active"`)
				d.checkItems(tb, 1, "MESSAGE#", `"kind":"welcome"`)
			},
		},
		{event: "admin.deletePool", status: 204, again: 404, checkResult: func(tb testing.TB, d *deployment) {
			d.deliverAll(tb, "MODIFY", "POOL#")
			d.checkItems(tb, 0, "USERS#", "ann")
			d.checkItems(tb, 0, "CLAIM#", "")
		}},
		{event: "mail", checkResult: func(tb testing.TB, d *deployment) {
			d.checkItems(tb, 0, "MESSAGE#", "")
			for _, name := range []string{"ann", "bea"} {
				if mails := d.inbox.Mails(tb, d.address(name)); len(mails) == 0 || len(mails) > 2 {
					tb.Errorf("%d mails to %s", len(mails), name)
				}
			}
			mails := d.inbox.Mails(tb, d.address("ann"))
			d.values.Set("EXTENDED_CODE", linkCode(tb, mails[len(mails)-1].Text))
			d.given(tb, "public.activateByPage")
		}},
	}
}

// Lambda may kill the process of a function at any point of a request. Afterwards the invariants
// hold, and a retry, which another process handles, succeeds. The test kills the process at each
// call to DynamoDB and SES, before and after the call takes effect.
func TestAProcessMayBeKilledAtAnyPoint(t *testing.T) {
	t.Parallel()
	for _, c := range killCases() {
		t.Run(c.event, func(t *testing.T) {
			t.Parallel()
			calls := c.run(t, -1, false)
			if calls == 0 {
				t.Fatal("it calls nobody")
			}
			for n := range calls {
				for _, after := range []bool{false, true} {
					// A short test tries each call once, and only the last two, which change
					// things, in both ways.
					if os.Getenv("LONG") == "" && after != (n%2 == 0) && n < calls-2 {
						continue
					}
					when := map[bool]string{false: "before", true: "after"}[after]
					t.Run(fmt.Sprintf("%s call %d", when, n), func(t *testing.T) { c.run(t, n, after) })
				}
			}
		})
	}
}

// run handles the event in a process that is killed at call n, then again in another process. A
// negative n kills nothing. It returns the number of calls of the first process.
func (c killCase) run(t *testing.T, n int, after bool) (calls int) {
	t.Helper()
	d := newDeployment(t)
	d.names = strings.NewReplacer("ann@example.com", d.address("ann"), "bea@example.com",
		d.address("bea"))
	k := newKillProxy(t, d)
	c.prepare(t, d)
	function := "courier"
	if route, ok := routes()[c.event]; ok {
		function = route.Function
	}
	d.stop(function)
	process := start(t, bootstraps(t)[function], d.env)
	k.arm(process, n, after)
	event := d.eventText(t, c.event)
	body, err := process.Invoke(t.Context(), []byte(event))
	calls = k.disarm()
	d.checkInvariants(t, c.activates)
	switch {
	case n < 0 && err != nil:
		t.Fatalf("%v\n%s", err, process.Output())
	case n >= 0 && err == nil && calls <= n: // the messages of a batch are sent at once, and need fewer calls this time
	case n >= 0 && err == nil:
		t.Fatalf("the process outlives its death, and answers %s", body)
	case n >= 0:
		body = d.invoke(t, function, event)
		d.checkInvariants(t, c.activates)
	}
	c.checkAnswer(t, body)
	c.checkResult(t, d)
	return calls
}

func (c killCase) prepare(t *testing.T, d *deployment) {
	t.Helper()
	before := d.samples.Before(c.event)
	if c.event == "mail" {
		before = []string{
			"client.adminToken", "admin.createPool", "admin.createUser", "admin.sendActivationMessage",
			"public.register",
		}
	}
	d.given(t, before...)
}

// checkAnswer checks the answer that the caller got in the end.
func (c killCase) checkAnswer(t *testing.T, body []byte) {
	t.Helper()
	if c.event == "mail" {
		var response events.SQSEventResponse
		if err := json.Unmarshal(body, &response); err != nil || len(response.BatchItemFailures) > 0 {
			t.Errorf("the batch answers %s", body)
		}
		return
	}
	var answer events.APIGatewayV2HTTPResponse
	if err := json.Unmarshal(body, &answer); err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode != c.status && (c.again == 0 || answer.StatusCode != c.again) {
		t.Errorf("the answer is %d %s, want %d or %d", answer.StatusCode, answer.Body, c.status, c.again)
	}
}

// killProxy is a proxy between a function and the engine and the inbox. It kills the process of the
// function at a chosen call.
type killProxy struct {
	mu      sync.Mutex
	process *harness.Function
	n       int
	after   bool
	calls   int
}

// newKillProxy starts a proxy and makes the functions of a deployment use it.
func newKillProxy(tb testing.TB, d *deployment) *killProxy {
	tb.Helper()
	k := &killProxy{}
	for _, variable := range []string{"AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_SESV2"} {
		to, err := url.Parse(d.env[variable])
		if err != nil {
			tb.Fatal(err)
		}
		proxy := httputil.NewSingleHostReverseProxy(to)
		proxy.ErrorLog = log.New(io.Discard, "", 0) // a killed process aborts its calls
		server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			k.pass(rw, r, proxy)
		}))
		tb.Cleanup(server.Close)
		d.env[variable] = server.URL
	}
	return k
}

// arm makes the proxy kill the process at the n-th call from now on. The first call has the number
// 0.
func (k *killProxy) arm(process *harness.Function, n int, after bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.process, k.n, k.after, k.calls = process, n, after, 0
}

// disarm makes the proxy kill nothing any more. It returns the number of calls since arm.
func (k *killProxy) disarm() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.process = nil
	return k.calls
}

// pass passes a call on, unless it kills the process before.
func (k *killProxy) pass(w http.ResponseWriter, r *http.Request, to http.Handler) {
	k.mu.Lock()
	now, process, after := k.calls == k.n, k.process, k.after
	k.calls++
	k.mu.Unlock()
	if process == nil || !now {
		to.ServeHTTP(w, r)
		return
	}
	if after {
		to.ServeHTTP(httptest.NewRecorder(), r)
	}
	process.Stop() // SIGKILL
	panic(http.ErrAbortHandler)
}

// address returns the address of a person of the events that only this deployment uses, because all
// tests share the inbox.
func (d *deployment) address(name string) string {
	return name + "-" + strings.TrimPrefix(d.env["TABLE_NAME"], "events-") + "@example.com"
}

// checkInvariants checks the invariants of the table.
func (d *deployment) checkInvariants(tb testing.TB, proved bool) {
	tb.Helper()
	users := map[string]bool{}
	for _, it := range d.reader.Stored(tb, "USERS#") {
		users[it["sk"]] = proved
	}
	for _, broken := range d.reader.BrokenInvariants(tb, sample.Tenant, users) {
		tb.Error(broken)
	}
}

// checkItems checks the number of items whose key begins with prefix and whose document contains
// text.
func (d *deployment) checkItems(tb testing.TB, n int, prefix, text string) {
	tb.Helper()
	items := slices.DeleteFunc(d.reader.Stored(tb, prefix), func(it systemtest.Item) bool {
		return !strings.Contains(it["doc"], text)
	})
	if len(items) != n {
		tb.Errorf("%d items %s with %q, want %d: %v", len(items), prefix, text, n, items)
	}
}

// eventText returns the sample event of a route, or a batch of entries of the queue with the messages of the outbox.
func (d *deployment) eventText(tb testing.TB, name string) string {
	tb.Helper()
	if name == "mail" {
		return eventText(tb, d.mails(tb))
	}
	return d.filledEvent(tb, name)
}

// mails returns a batch of entries of the queue for the messages of the outbox.
func (d *deployment) mails(tb testing.TB) (batch events.SQSEvent) {
	tb.Helper()
	for _, it := range d.reader.Stored(tb, "MESSAGE#") {
		batch.Records = append(batch.Records, events.SQSMessage{MessageId: it["pk"], Body: mailqueue.Body(it["pk"])})
	}
	return batch
}

// deliverAll passes an event of the stream about all items with a prefix to the keeper.
func (d *deployment) deliverAll(tb testing.TB, event events.DynamoDBOperationType, prefix string) {
	tb.Helper()
	if items := d.reader.Stored(tb, prefix); len(items) > 0 {
		d.invoke(tb, "keeper", eventText(tb, systemtest.StreamEvent(event, items...)))
	}
}

func eventText(tb testing.TB, event any) string {
	tb.Helper()
	text, err := json.Marshal(event)
	if err != nil {
		tb.Fatal(err)
	}
	return string(text)
}

// stop ends the process of a function, if it runs.
func (d *deployment) stop(function string) {
	if f, ok := d.functions[function]; ok {
		f.Stop()
		delete(d.functions, function)
	}
}
