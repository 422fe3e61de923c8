package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"identitypools/shared/access"
	"identitypools/shared/api"
	"identitypools/shared/identity"
	"identitypools/shared/metric"
)

const (
	function  = "pools" // a function with admin and system routes
	tenant    = "acme"
	poolsPath = "/api/identity/acme/admin/pools"
	requestID = "JKJaXmPLvHcESHA=" // in the form of API Gateway's ids
)

// edge is a function's handler behind the adapter, with real tokens and a log that tests read.
type edge struct {
	issuer  *access.Issuer
	options api.Options
	call    api.Gateway
	log     *lines
	mu      sync.Mutex
	handled int // how many requests reached a handler
}

// newEdge returns an edge whose routes are all served by handler.
func newEdge(tb testing.TB, function string, handler http.HandlerFunc) *edge {
	tb.Helper()
	issuer, err := access.NewIssuer(bytes.Repeat([]byte{7}, 32), time.Now)
	if err != nil {
		tb.Fatal(err)
	}
	keys, _, err := issuer.AddPublicKey(nil)
	if err != nil {
		tb.Fatal(err)
	}
	e := &edge{issuer: issuer, log: &lines{}}
	counted := func(w http.ResponseWriter, r *http.Request) {
		e.mu.Lock()
		e.handled++
		e.mu.Unlock()
		handler(w, r)
	}
	e.options = api.Options{
		Verifier: access.NewVerifier(published(keys).Keys, time.Now), Log: slog.New(slog.NewJSONHandler(e.log, nil)), Now: time.Now,
	}
	e.call = gateway(tb, function, counted, e.options)
	return e
}

// gateway returns the Gateway of one of the functions of functionOf.
func gateway(tb testing.TB, function string, handler http.HandlerFunc, o api.Options) api.Gateway {
	tb.Helper()
	h, err := api.New(functionOf(function, handler), o)
	if err != nil {
		tb.Fatal(err)
	}
	return api.Adapt(h)
}

// functionOf returns one of two functions, which have a few routes of every kind. All of them are
// served by handler.
func functionOf(name string, handler http.HandlerFunc) api.Function {
	action := api.Raw[api.None, api.None, api.None](http.StatusNoContent, handler)
	if name == function {
		return api.NewFunction(name,
			api.ForBoth("GET", "/pools", "listPools", "systemListPools", action),
			api.ForBoth("POST", "/pools", "createPool", "systemCreatePool", action),
			api.ForBoth("GET", "/pools/{ipID}", "getPool", "systemGetPool", action),
			api.ForBoth("PUT", "/pools/{ipID}", "updatePool", "systemUpdatePool", action),
			api.ForBoth("DELETE", "/pools/{ipID}", "deletePool", "systemDeletePool", action),
			api.ForAdmin("GET", "/pools/{ipID}/permissions", "checkPoolPermissions", action),
			api.ForAdmin("PUT", "/pools/{ipID}/mails/{kind}/{lang}", "updateMailText", action),
			api.ForAdmin("DELETE", "/pools/{ipID}/mails/{kind}/{lang}", "deleteMailText", action),
		)
	}
	registers, activates := api.Counts(metric.Registrations), api.Counts(metric.Activations)
	return api.NewFunction(name,
		api.ForSystem("POST", "/pools/{ipID}/user/register", "selfRegisterUser", action, registers),
		api.ForSystem("POST", "/pools/{ipID}/user/code/generate", "generateCodeForUser", action, api.Scope(api.ScopeRegistration)),
		api.ForBrowsers("GET", "/pools/{ipID}", "publicGetPool", action),
		api.ForBrowsers("POST", "/pools/{ipID}/register", "publicRegister", action, registers),
		api.ForBrowsers("POST", "/pools/{ipID}/activate", "publicActivate", action, activates),
		api.ForPeople("GET", "/{tid}/pools/{ipID}/register", "registrationPage", action),
		api.ForOAuthClients("POST", "/{tid}/admin/oauth2/token", "adminToken", action),
	)
}

// rows returns the routes of both functions.
func rows() []api.Route {
	return slices.Concat(functionOf(function, ok).Routes(), functionOf("registration", ok).Routes())
}

// published is a JWK set that never changes.
type published []byte

func (p published) Keys(context.Context) ([]byte, error) { return p, nil }

// token returns a bearer token for a tenant, a caller and scopes.
func (e *edge) token(tb testing.TB, tenant string, caller access.Caller, scopes ...string) string {
	tb.Helper()
	content := access.Token{ClientID: "c", Tenant: tenant, Caller: caller, Scopes: scopes}
	token, err := e.issuer.Issue(content, "https://id.example.com", time.Hour)
	if err != nil {
		tb.Fatal(err)
	}
	return token
}

// admin returns a token for the admin routes of the tenant.
func (e *edge) admin(tb testing.TB) string {
	tb.Helper()
	return e.token(tb, tenant, access.Admin, api.ScopeAdmin)
}

// event returns a request in the form of API Gateway. The token may be empty.
func event(method, path, token, body string) events.APIGatewayV2HTTPRequest {
	e := events.APIGatewayV2HTTPRequest{Version: "2.0", RawPath: path, Body: body, Headers: map[string]string{}}
	e.RequestContext.RequestID = requestID
	e.RequestContext.HTTP.Method = method
	if token != "" {
		e.Headers["authorization"] = "Bearer " + token
	}
	if body != "" {
		e.Headers["content-type"] = "application/json"
	}
	return e
}

func send(tb testing.TB, call api.Gateway, e events.APIGatewayV2HTTPRequest) events.APIGatewayV2HTTPResponse {
	tb.Helper()
	answer, err := call(tb.Context(), e)
	if err != nil {
		tb.Fatalf("the adapter failed, it must answer: %v", err)
	}
	return answer
}

// failure is an error answer.
type failure struct {
	Status  int    `json:"status_code"`
	Error   string `json:"error"`
	Code    string `json:"error_code"`
	Details struct {
		Violations []identity.Violation `json:"violations"`
	} `json:"details"`
}

// failureOf reads an error answer and checks that its body has its status.
func failureOf(tb testing.TB, answer events.APIGatewayV2HTTPResponse) failure {
	tb.Helper()
	var f failure
	if err := json.Unmarshal([]byte(answer.Body), &f); err != nil {
		tb.Fatalf("status %d with a body that is no JSON object: %q", answer.StatusCode, answer.Body)
	}
	if got := answer.Headers["Content-Type"]; got != "application/json" {
		tb.Errorf("Content-Type is %q, want application/json", got)
	}
	if f.Status != answer.StatusCode || f.Error == "" || f.Code == "" {
		tb.Errorf("status %d with the body %s", answer.StatusCode, answer.Body)
	}
	return f
}

// wantFailure checks the status and the code of an error answer, and returns the answer.
func wantFailure(tb testing.TB, answer events.APIGatewayV2HTTPResponse, status int, code string) failure {
	tb.Helper()
	f := failureOf(tb, answer)
	if f.Status != status || f.Code != code {
		tb.Fatalf("answered %d %s (%s), want %d %s", f.Status, f.Code, f.Error, status, code)
	}
	return f
}

// recorded returns what a handler has written, in the form of the adapter.
func recorded(w *httptest.ResponseRecorder) events.APIGatewayV2HTTPResponse {
	out := events.APIGatewayV2HTTPResponse{StatusCode: w.Code, Headers: map[string]string{}, Body: w.Body.String()}
	for name := range w.Header() {
		out.Headers[name] = w.Header().Get(name)
	}
	return out
}

// lines is a log that a test reads.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// all returns the lines of the log that are not metrics.
func (l *lines) all(tb testing.TB) []map[string]any {
	tb.Helper()
	all, _ := l.read(tb)
	return all
}

// read returns the lines of the log and the metrics in it.
func (l *lines) read(tb testing.TB) (all, metrics []map[string]any) {
	tb.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for text := range bytes.Lines(l.text.Bytes()) {
		var line map[string]any
		if err := json.Unmarshal(text, &line); err != nil {
			tb.Fatalf("the log has a line that is no JSON object: %s", text)
		}
		if _, counts := line["_aws"]; counts {
			metrics = append(metrics, line)
		} else {
			all = append(all, line)
		}
	}
	return all, metrics
}

// silent returns a log that is dropped.
func silent() *slog.Logger { return slog.New(slog.DiscardHandler) }

// ok is a handler that answers without a body.
func ok(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }
