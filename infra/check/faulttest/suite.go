// Package faulttest tests what happens when a call to AWS fails in the middle of a request. It runs
// the cases of a function again and again, and each time another call to DynamoDB meets another
// fault. Afterwards the invariants of the table must hold, the answer must be true, and a retry must
// succeed.
//
// The cases are in the fault_test.go of the function that they are about. A package that uses
// faulttest needs a TestMain: see parttest.Main. With the environment variable LONG each call meets
// every kind of fault; otherwise it meets one.
package faulttest

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"identitypools/infra/check/systemtest"
	"identitypools/shared/access"
	"identitypools/shared/api"
)

// Case is a request of a route, with what must exist before it and what must hold after it has
// succeeded.
type Case struct {
	Name string // the name of the route, and after a comma what is special
	Twin string // the route of the other tree that the same code serves; "" if there is none
	// Setup creates what must exist before the request. It may be nil.
	Setup   func(f *Fixture)
	Request func(f *Fixture) *http.Request
	Status  int // of the answer
	// RetryStatus is the status of the answer to a retry if the first attempt took effect although
	// it was answered as failed. It is 0 if that is Status, too.
	RetryStatus int
	// Check checks what must hold in the end. It may be nil.
	Check func(f *Fixture, answer systemtest.Response)
}

// route returns the name of the case's route.
func (c Case) route() string {
	route, _, _ := strings.Cut(c.Name, ",")
	return route
}

// Suite has the cases of a function.
type Suite struct {
	Routes []api.Route // of the function
	Cases  []Case
	// WithoutCalls has the names of the routes that never call AWS, and so need no case.
	WithoutCalls []string
}

// CheckFaults runs each case while each of its calls to AWS meets a fault. Throttling, conflicts and
// time-outs must be answered by 503 with Retry-After.
func (s Suite) CheckFaults(t *testing.T) {
	for i, c := range s.Cases {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			Run(t, i, func(t *testing.T, fault *systemtest.Fault) { s.run(t, c, fault, "") })
		})
	}
}

// idempotencyKey is the key of the requests that have one.
const idempotencyKey = "8e03978e-40d5-43dd-bc93-6894a57f9324"

// CheckRetriesUnderAKey runs each case whose route takes an idempotency key under one, while each of
// its writes takes effect and loses its answer. A retry must be answered as the first attempt would
// have been.
func (s Suite) CheckRetriesUnderAKey(t *testing.T) {
	for _, c := range s.Cases {
		if route := s.routeOf(t, c); !TakesKey(route) || c.Status >= http.StatusMultipleChoices {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			clean := NoFault()
			s.run(t, c, clean, idempotencyKey)
			for n, operation := range clean.Calls() {
				if !systemtest.Writes(operation) {
					continue
				}
				fault := &systemtest.Fault{
					Kind: systemtest.Lost, Reach: systemtest.OnceAbove, Call: n,
				}
				t.Run(nameOf(fault, clean.Calls()), func(t *testing.T) {
					s.run(t, c, fault, idempotencyKey)
				})
			}
		})
	}
}

// CheckRoutes checks that each route of the function has a case, or is served by the same code as a
// route that has one, and that each case is of a route of the function.
func (s Suite) CheckRoutes(t *testing.T) {
	for _, c := range s.Cases {
		s.routeOf(t, c)
	}
	for _, name := range s.Missing() {
		t.Errorf("the route %s has no case", name)
	}
}

// Missing returns the names of the routes that need a case and have none.
func (s Suite) Missing() []string {
	covered := slices.Clone(s.WithoutCalls)
	for _, c := range s.Cases {
		covered = append(covered, c.route(), c.Twin)
	}
	var missing []string
	for _, route := range s.Routes {
		if !slices.Contains(covered, route.Name) {
			missing = append(missing, route.Name)
		}
	}
	return missing
}

// routeOf returns the route of a case. It fails the test if the function does not serve it.
func (s Suite) routeOf(tb testing.TB, c Case) api.Route {
	tb.Helper()
	at := slices.IndexFunc(s.Routes, func(r api.Route) bool { return r.Name == c.route() })
	if at < 0 {
		tb.Fatalf("the function has no route %s", c.route())
	}
	return s.Routes[at]
}

// TakesKey reports whether the requests of a route take effect once under an idempotency key. The
// others need none: they change nothing, count their repeats themselves, come from a form, or have
// the same result each time.
func TakesKey(route api.Route) bool {
	return route.Method != http.MethodGet && route.Caller != access.OAuthClient && !slices.Contains([]string{
		"admin.previewMail", "admin.clearSuppressions", "system.getUserByKey",
		"system.verifyPassword", "system.verifyPasswordV2", "system.inspectOTP",
		"system.beginWebAuthnCredentialsGeneration", "system.completeWebAuthnCredentialsGeneration",
		"public.preflight", "public.registerByPage", "public.activateByCode", "public.activateByPage",
		"public.activateByTypedCode",
		"public.resetByPage", "public.resetByCode", "public.verifyByPage",
		"public.authorizeByForm", "public.signInByPage", "public.signInByCode", "public.signInByFactor",
		"public.signInByNewPassword", "public.forgotByPage", "public.logoutByForm",
	}, route.Name)
}

// run sends the request of a case while a call meets the fault. If the product answers that it
// failed, run sends the request again, as its caller would. The key is the idempotency key of the
// requests, or "" if they have none.
func (s Suite) run(t *testing.T, c Case, fault *systemtest.Fault, key string) {
	f, function := NewFixture(t), s.routeOf(t, c).Function
	if c.Setup != nil {
		c.Setup(f)
	}
	f.ExpireCaches() // so that the functions read again what they have in memory
	request := func() *http.Request {
		r := c.Request(f)
		r.Header.Set("Idempotency-Key", key)
		return r
	}
	got := f.InvokeFunction(fault.Context(t.Context()), t, function, request())
	f.CheckInvariants("after the fault")
	switch {
	case got.Status == c.Status:
	case IsHarmless(fault):
		t.Errorf("answered %d %s, want %d", got.Status, got.Body, c.Status)
	case got.Status != http.StatusServiceUnavailable || got.Header.Get("Retry-After") == "":
		t.Errorf("answered %d %s, want %d, or 503 with Retry-After", got.Status, got.Body, c.Status)
	default:
		got = f.InvokeFunction(t.Context(), t, function, request())
		f.CheckInvariants("after the retry")
		mayDiffer := key == "" && c.RetryStatus != 0 && got.Status == c.RetryStatus
		if got.Status != c.Status && !mayDiffer {
			t.Errorf("the retry answered %d %s, want %d or %d", got.Status, got.Body, c.Status,
				c.RetryStatus)
		}
	}
	if t.Failed() {
		return // the request did not do what Check expects
	}
	if c.Check != nil {
		c.Check(f, got)
	}
	f.DeliverMessages()
	f.CheckInvariants("in the end")
}
