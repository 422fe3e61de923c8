package system_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"identitypools/functions"
	"identitypools/infra/check/story"
	"identitypools/infra/check/systemtest"
	"identitypools/infra/local/part"
	"identitypools/infra/local/system"
	"identitypools/shared/access"
)

func sorted(list []string) []string {
	slices.Sort(list)
	return list
}

// "Throttling, conflicts and time-outs answer 503 or 429 with Retry-After; 500 is a bug."
func TestTheEngineIsDown(t *testing.T) {
	t.Setenv("AWS_ENDPOINT_URL_DYNAMODB", "") // an engine of its own, which it may stop
	engine, err := part.Engine(t.Context(), io.Discard, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(engine.Stop)
	product := systemtest.New(t, func(c *system.Config) { c.DynamoDBURL = engine.URL() })
	tenant := product.NewTenant(t)
	pool := tenant.NewPool(t, nil)
	user := tenant.NewUser(t, pool, "new", systemtest.Address("ann"), nil)
	engine.Stop()
	for _, c := range []struct {
		client     *systemtest.Client
		method, to string
		body       any
	}{
		{tenant.Admin, "GET", "/pools/" + pool, nil},
		{tenant.Admin, "GET", "/pools", nil},
		{tenant.Admin, "POST", "/pools", fields{"name": "x"}},
		{tenant.Admin, "POST", "/schemas", fields{"name": "x", "schema": fields{"type": "object"}}},
		{tenant.Admin, "GET", "/pools/" + pool + "/users/" + user, nil},
		{tenant.Admin, "POST", "/pools/" + pool + "/users", fields{"status": "new"}},
		{tenant.Admin, "POST", "/pools/" + pool + "/users/" + user + "/activation/send", nil},
		{tenant.Public, "POST", "/pools/" + pool + "/register", fields{"identifier": systemtest.Address("bob")}},
		{tenant.System, "POST", "/pools/" + pool + "/users/" + user + "/activate", fields{"code": "123456"}},
		{tenant.System, "POST", "/pools/" + pool + "/user/password/verify", fields{"identifier": "x", "password": "y"}},
	} {
		got := c.client.Call(t, c.method, c.to, c.body)
		if got.Status != http.StatusServiceUnavailable || got.Header.Get("Retry-After") == "" || got.Text(t, "error_code") != "unavailable" {
			t.Errorf("%s %s answers %d %s", c.method, c.to, got.Status, got.Body)
		}
		if strings.Contains(string(got.Body), "127.0.0.1") || strings.Contains(string(got.Body), product.TableName) {
			t.Errorf("%s %s tells of the inside: %s", c.method, c.to, got.Body)
		}
	}
}

// useCase is an operation of the API, with what must be there before and what holds after it has succeeded.
type useCase struct {
	name    string // the operation, and after a comma what is special
	twin    string // the operation of the other tree that is served by the same code
	given   func(s *scene)
	request func(s *scene) *http.Request
	status  int // of the answer
	again   int // of the answer to a retry, where the first try has done it although it failed; 0: the same
	done    func(s *scene, answer systemtest.Response)
}

func useCases() []useCase {
	return slices.Concat(adminUseCases(), mailUseCases(), activationUseCases(), publicUseCases(), pageUseCases())
}

func (u useCase) operation() string {
	operation, _, _ := strings.Cut(u.name, ",")
	return operation
}

// "For every call to DynamoDB or SES in every use case: fail it, cut it off after it took effect, or repeat it. Afterwards the invariants
// hold", the answer is true, and a retry ends well. "Throttling, conflicts and time-outs answer 503 or 429 with Retry-After; 500 is a bug."
func TestAnyCallOfAnyUseCaseMayFail(t *testing.T) {
	t.Parallel()
	for i, u := range useCases() {
		t.Run(u.name, func(t *testing.T) {
			t.Parallel()
			clean := &systemtest.Fault{Kind: systemtest.Unfaulted}
			u.meets(t, clean, "")
			if len(clean.Calls()) == 0 {
				t.Error("it calls nobody")
			}
			for _, f := range faultsOf(clean.Calls(), i) {
				t.Run(nameOf(f, clean.Calls()), func(t *testing.T) { u.meets(t, f, "") })
			}
		})
	}
}

// "Without a key a retry never makes two of anything that has an identifier"; with one it is answered as the first try would have been, whatever
// has become of that.
func TestARetryUnderAKeyIsAnsweredAsTheFirstTry(t *testing.T) {
	t.Parallel()
	for _, u := range useCases() {
		if !u.hasKey() {
			continue
		}
		t.Run(u.name, func(t *testing.T) {
			t.Parallel()
			clean := &systemtest.Fault{Kind: systemtest.Unfaulted}
			u.meets(t, clean, idempotencyKey)
			for n, operation := range clean.Calls() {
				if systemtest.Writes(operation) {
					f := &systemtest.Fault{Kind: systemtest.Lost, Reach: systemtest.OnceAbove, Call: n}
					t.Run(nameOf(f, clean.Calls()), func(t *testing.T) { u.meets(t, f, idempotencyKey) })
				}
			}
		})
	}
}

// hasKey says whether the use case takes effect once under a key.
func (u useCase) hasKey() bool {
	route := story.Route(u.operation())
	return route.Method != http.MethodGet && route.Caller != access.OAuthClient && u.status < 300 && !slices.Contains(notOnce, u.operation())
}

// Every operation is a use case, or is served by the same code as one. Discovery documents are made of nothing but the request.
func TestEveryOperationMeetsFaults(t *testing.T) {
	t.Parallel()
	met := map[string]bool{"client.adminDiscovery": true, "client.systemDiscovery": true}
	for _, u := range useCases() {
		met[u.operation()], met[u.twin] = true, true
	}
	for _, route := range functions.Routes() {
		if !met[route.Name] {
			t.Errorf("operation %s is no use case of this test", route.Name)
		}
	}
}

// faultsOf are the faults that calls may meet. Where LONG is set they are every kind for each call, in each reach that makes a difference: a
// read that failed has always had no effect, however it failed, so it fails in two ways; what the SDK heals has differed only if it took
// effect; and a fault that lasts is like one that is over, but for our own retries. Else they are one for each call, another from use case to use case; of those that write every other one loses
// its answer.
func faultsOf(calls []string, salt int) []*systemtest.Fault {
	var faults []*systemtest.Fault
	for n, operation := range calls {
		writes := systemtest.Writes(operation) || operation == "SendEmail"
		reaches := map[systemtest.Reach][]systemtest.FaultKind{systemtest.OnceAbove: {systemtest.Throttled, systemtest.TimedOut}}
		if writes {
			reaches = map[systemtest.Reach][]systemtest.FaultKind{
				systemtest.OnceAbove: systemtest.FaultKinds(),
				systemtest.OnceBelow: {systemtest.Lost, systemtest.Repeated},
				systemtest.Lasting:   {systemtest.Lost, systemtest.Conflicted},
			}
		}
		var all []*systemtest.Fault
		for _, reach := range systemtest.Reaches() {
			for _, kind := range reaches[reach] {
				if f := (&systemtest.Fault{Kind: kind, Reach: reach, Call: n}); f.AppliesTo(operation) {
					all = append(all, f)
				}
			}
		}
		switch {
		case long():
			faults = append(faults, all...)
		case writes && (salt+n)%2 == 0:
			faults = append(faults, &systemtest.Fault{Kind: systemtest.Lost, Reach: systemtest.OnceBelow, Call: n})
		default:
			faults = append(faults, all[(7*salt+5*n)%len(all)])
		}
	}
	return faults
}

func nameOf(f *systemtest.Fault, calls []string) string {
	return fmt.Sprintf("call %d, %s, %s %s", f.Call, calls[f.Call], f.Kind, f.Reach)
}

// meets runs the use case with a fault, then again as its caller would, under an idempotency key or "" for none.
func (u useCase) meets(t *testing.T, f *systemtest.Fault, key string) {
	s := newScene(t)
	if u.given != nil {
		u.given(s)
	}
	s.ExpireCaches() // what the functions have in memory is read again
	request := func() *http.Request {
		r := u.request(s)
		r.Header.Set("Idempotency-Key", key)
		return r
	}
	got := s.ask(f, u.operation(), request())
	s.sound("after the fault")
	calls := f.Calls()
	switch {
	case got.Status == u.status:
	case f.Kind == systemtest.Unfaulted, f.Call < len(calls) && f.IsHarmless(calls[f.Call]):
		t.Errorf("answered %d %s, want %d", got.Status, got.Body, u.status)
	case got.Status != http.StatusServiceUnavailable || got.Header.Get("Retry-After") == "":
		t.Errorf("answered %d %s, want %d, or 503 with Retry-After", got.Status, got.Body, u.status)
	default:
		got = s.ask(&systemtest.Fault{Kind: systemtest.Unfaulted}, u.operation(), request())
		s.sound("after the retry")
		if got.Status != u.status && (key != "" || u.again == 0 || got.Status != u.again) {
			t.Errorf("the retry answered %d %s, want %d or %d", got.Status, got.Body, u.status, u.again)
		}
	}
	if t.Failed() {
		return // what should have been done was not
	}
	if u.done != nil {
		u.done(s, got)
	}
	s.post()
	s.sound("in the end")
}
