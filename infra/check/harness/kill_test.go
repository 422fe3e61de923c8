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
	"identitypools/infra/check/story"
	"identitypools/infra/check/systemtest"
)

// victim is work of a function whose process is killed in the middle.
type victim struct {
	work   string // the event's name
	status int    // of the answer; 0 for the courier's
	again  int    // of the answer to a retry, where the first try has done it; 0: the same
	proves bool   // a right code is presented
	done   func(tb testing.TB, w *world)
}

// victims are work of each kind that changes something.
func victims() []victim {
	return []victim{
		{work: "createUser", status: 201, again: 409, done: func(tb testing.TB, w *world) { w.has(tb, 1, "USERS#", `"id":"ann"`) }},
		{work: "sendActivationMessage", status: 204, again: 429, done: func(tb testing.TB, w *world) { w.has(tb, 1, "MESSAGE#", `"user":"ann"`) }},
		{work: "publicRegister", status: 201, done: func(tb testing.TB, w *world) {
			w.has(tb, 1, "USERS#", "bea")
			if messages := w.stored.Stored(tb, "MESSAGE#"); len(messages) == 0 || len(messages) > 2 { // the retry is a registration of its own
				tb.Errorf("%d messages wait", len(messages))
			}
		}},
		{work: "publicActivate", status: 201, again: 422, proves: true, done: func(tb testing.TB, w *world) {
			w.has(tb, 1, "USERS#", `"status":"active"`)
			w.has(tb, 1, "MESSAGE#", `"kind":"password_set"`)
			if answer := w.call(tb, "publicActivate"); answer.StatusCode != 422 {
				tb.Errorf("the code works twice: %d %s", answer.StatusCode, answer.Body)
			}
		}},
		{work: "deletePool", status: 204, again: 404, done: func(tb testing.TB, w *world) {
			w.deliverAll(tb, "MODIFY", "POOL#")
			w.has(tb, 0, "USERS#", "ann")
			w.has(tb, 0, "CLAIM#", "")
		}},
		{work: "stream", done: func(tb testing.TB, w *world) {
			w.has(tb, 0, "MESSAGE#", "")
			for _, name := range []string{"ann", "bea"} {
				if mails := w.inbox.Mails(tb, w.address(name)); len(mails) == 0 || len(mails) > 2 {
					tb.Errorf("%d mails to %s", len(mails), name)
				}
			}
			mails := w.inbox.Mails(tb, w.address("ann"))
			w.values.Learn("EXTENDED_CODE", linkCode(tb, mails[len(mails)-1].Text))
			w.given(tb, "activateByPage")
		}},
	}
}

// Lambda may kill a function's process at any point of a request. "Afterwards the invariants hold", and a retry, which another process
// gets, ends well. Each call of the work to DynamoDB and SES is such a point, before and after it takes effect.
func TestAProcessMayBeKilledAtAnyPoint(t *testing.T) {
	t.Parallel()
	for _, v := range victims() {
		t.Run(v.work, func(t *testing.T) {
			t.Parallel()
			calls := v.dies(t, -1, false)
			if calls == 0 {
				t.Fatal("it calls nobody")
			}
			for n := range calls {
				for _, after := range []bool{false, true} {
					if os.Getenv("LONG") == "" && after != (n%2 == 0) && n < calls-2 {
						continue // each call once; the last two, which change things, both ways
					}
					when := map[bool]string{false: "before", true: "after"}[after]
					t.Run(fmt.Sprintf("%s call %d", when, n), func(t *testing.T) { v.dies(t, n, after) })
				}
			}
		})
	}
}

// dies does the work in a process that is killed at call n, then again in another one. It is the number of calls of the first.
func (v victim) dies(t *testing.T, n int, after bool) (calls int) {
	t.Helper()
	w := newWorld(t)
	w.names = strings.NewReplacer("ann@example.com", w.address("ann"), "bea@example.com", w.address("bea"))
	k := newKiller(t, w)
	v.prepare(t, w)
	function := "courier"
	if route, ok := routes()[v.work]; ok {
		function = route.Function
	}
	w.stop(function)
	doomed := start(t, bootstraps(t)[function], w.env)
	k.wait(doomed, n, after)
	event := w.event(t, v.work)
	body, err := doomed.Invoke(t.Context(), []byte(event))
	calls = k.forget()
	w.sound(t, v.proves)
	switch {
	case n < 0 && err != nil:
		t.Fatalf("%v\n%s", err, doomed.Output())
	case n >= 0 && err == nil:
		t.Fatalf("the process outlives its death, and answers %s", body)
	case n >= 0:
		body = w.invoke(t, function, event)
		w.sound(t, v.proves)
	}
	v.check(t, body)
	v.done(t, w)
	return calls
}

func (v victim) prepare(t *testing.T, w *world) {
	t.Helper()
	before := story.Given(v.work)
	if v.work == "stream" {
		before = []string{"adminToken", "createPool", "createUser", "sendActivationMessage", "publicRegister"}
	}
	w.given(t, before...)
}

// check looks at the answer that the caller has got in the end.
func (v victim) check(t *testing.T, body []byte) {
	t.Helper()
	if v.work == "stream" {
		var response events.DynamoDBEventResponse
		if err := json.Unmarshal(body, &response); err != nil || len(response.BatchItemFailures) > 0 {
			t.Errorf("the batch answers %s", body)
		}
		return
	}
	var answer events.APIGatewayV2HTTPResponse
	if err := json.Unmarshal(body, &answer); err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode != v.status && (v.again == 0 || answer.StatusCode != v.again) {
		t.Errorf("the answer is %d %s, want %d or %d", answer.StatusCode, answer.Body, v.status, v.again)
	}
}

// killer stands before the engine and the inbox, and kills a process whose time has come.
type killer struct {
	mu     sync.Mutex
	doomed *harness.Function
	n      int
	after  bool
	calls  int
}

// newKiller puts a killer before the parts of a world.
func newKiller(tb testing.TB, w *world) *killer {
	tb.Helper()
	k := &killer{}
	for _, variable := range []string{"AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_SESV2"} {
		to, err := url.Parse(w.env[variable])
		if err != nil {
			tb.Fatal(err)
		}
		proxy := httputil.NewSingleHostReverseProxy(to)
		proxy.ErrorLog = log.New(io.Discard, "", 0) // a process that is gone does not wait for answers
		server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { k.pass(rw, r, proxy) }))
		tb.Cleanup(server.Close)
		w.env[variable] = server.URL
	}
	return k
}

// wait makes the killer kill at the n-th call from now on; the first is 0.
func (k *killer) wait(doomed *harness.Function, n int, after bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.doomed, k.n, k.after, k.calls = doomed, n, after, 0
}

// forget makes it kill no more, and is the number of calls since wait.
func (k *killer) forget() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.doomed = nil
	return k.calls
}

// pass passes a call on, unless its process dies before.
func (k *killer) pass(w http.ResponseWriter, r *http.Request, to http.Handler) {
	k.mu.Lock()
	now, doomed, after := k.calls == k.n, k.doomed, k.after
	k.calls++
	k.mu.Unlock()
	if doomed == nil || !now {
		to.ServeHTTP(w, r)
		return
	}
	if after {
		to.ServeHTTP(httptest.NewRecorder(), r)
	}
	doomed.Stop() // SIGKILL
	panic(http.ErrAbortHandler)
}

// address is the address of somebody of the events, in this world alone: the inbox is everybody's.
func (w *world) address(name string) string {
	return name + "-" + strings.TrimPrefix(w.env["TABLE_NAME"], "events-") + "@example.com"
}

// sound checks the invariants of the table.
func (w *world) sound(tb testing.TB, proved bool) {
	tb.Helper()
	users := map[string]bool{}
	for _, it := range w.stored.Stored(tb, "USERS#") {
		users[it["sk"]] = proved
	}
	for _, broken := range w.stored.BrokenInvariants(tb, story.Tenant, users) {
		tb.Error(broken)
	}
}

// has checks how many items there are whose key begins with prefix and whose document has text in it.
func (w *world) has(tb testing.TB, n int, prefix, text string) {
	tb.Helper()
	items := slices.DeleteFunc(w.stored.Stored(tb, prefix), func(it systemtest.Item) bool { return !strings.Contains(it["doc"], text) })
	if len(items) != n {
		tb.Errorf("%d items %s with %q, want %d: %v", len(items), prefix, text, n, items)
	}
}

// event is an event of events/, or what waits for the courier.
func (w *world) event(tb testing.TB, name string) string {
	tb.Helper()
	if name == "stream" {
		return streamText(tb, w.stored.OutboxEvent(tb))
	}
	return w.filled(tb, name)
}

// deliverAll has the courier hear of items.
func (w *world) deliverAll(tb testing.TB, event events.DynamoDBOperationType, prefix string) {
	tb.Helper()
	if items := w.stored.Stored(tb, prefix); len(items) > 0 {
		w.invoke(tb, "courier", streamText(tb, systemtest.StreamEvent(event, items...)))
	}
}

func streamText(tb testing.TB, event events.DynamoDBEvent) string {
	tb.Helper()
	text, err := json.Marshal(event)
	if err != nil {
		tb.Fatal(err)
	}
	return string(text)
}

// stop ends a function's process, if it runs.
func (w *world) stop(function string) {
	if f, ok := w.functions[function]; ok {
		f.Stop()
		delete(w.functions, function)
	}
}
