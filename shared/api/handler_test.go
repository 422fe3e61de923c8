package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"identitypools/shared/access"
	"identitypools/shared/api"
	"identitypools/shared/identity"
)

// verifier knows three tokens.
type verifier struct{}

func (verifier) Verify(_ context.Context, token string) (access.Caller, error) {
	switch token {
	case "admin":
		return access.Caller{Tenant: "t1", Tree: "admin", Scopes: []string{api.ScopeAdmin}}, nil
	case "unscoped":
		return access.Caller{Tenant: "t1", Tree: "admin"}, nil
	case "system":
		return access.Caller{Tenant: "t1", Tree: "system", Scopes: []string{api.ScopeSystem}}, nil
	case "broken":
		return access.Caller{}, errors.New("table is on fire at 10.0.0.1")
	}
	return access.Caller{}, access.ErrToken
}

// handlerOf is the function schemas with every operation served by serve.
func handlerOf(t testing.TB, log *bytes.Buffer, serve http.HandlerFunc) http.Handler {
	t.Helper()
	handlers := api.Handlers{}
	for _, route := range api.Routes() {
		if route.Function == "schemas" {
			handlers[route.Operation] = serve
		}
	}
	h, err := api.New("schemas", handlers, api.Options{Verifier: verifier{}, Log: slog.New(slog.NewJSONHandler(log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

type result struct {
	events.APIGatewayV2HTTPResponse
	fields map[string]any
}

func call(t testing.TB, h http.Handler, method, path, token, body string) result {
	t.Helper()
	event := events.APIGatewayV2HTTPRequest{RawPath: path, Headers: map[string]string{"content-type": "application/json"}, Body: body}
	event.RequestContext.RequestID, event.RequestContext.HTTP.Method = "request-1", method
	if token != "" {
		event.Headers["authorization"] = "Bearer " + token
	}
	out, err := api.Adapt(h)(t.Context(), event)
	if err != nil {
		t.Fatal(err)
	}
	r := result{APIGatewayV2HTTPResponse: out}
	if out.Body != "" {
		if err := json.Unmarshal([]byte(out.Body), &r.fields); err != nil {
			t.Fatalf("the answer is no JSON: %s", out.Body)
		}
	}
	return r
}

func TestWhoGetsThrough(t *testing.T) {
	t.Parallel()
	log := &bytes.Buffer{}
	h := handlerOf(t, log, func(w http.ResponseWriter, _ *http.Request) { api.NoContent(w) })
	const path = "/api/identity/t1/admin/schemas"
	for _, c := range []struct {
		name, method, path, token, body string
		status                          int
		code                            string
	}{
		{"an admin", "GET", path, "admin", "", 204, ""},
		{"no token, whatever the body", "POST", path, "", strings.Repeat("{", 200<<10), 401, "unauthorized"},
		{"a token of nobody", "GET", path, "forged", "", 401, "unauthorized"},
		{"a token for the other tree", "GET", path, "system", "", 403, "forbidden"},
		{"a token for another tenant", "GET", "/api/identity/t2/admin/schemas", "admin", "", 403, "forbidden"},
		{"a token without the scope", "GET", path, "unscoped", "", 403, "insufficient_scope"},
		{"a token that can't be verified now", "GET", path, "broken", "", 500, "internal"},
		{"an unknown path", "GET", "/api/identity/t1/admin/nothing", "admin", "", 404, "not_found"},
		{"a route of another function", "GET", "/api/identity/t1/admin/pools", "admin", "", 404, "not_found"},
		{"another method", "PATCH", path, "admin", "", 405, "method_not_allowed"},
		{"two slashes", "GET", "/api/identity/t1/admin//schemas", "admin", "", 404, "not_found"},
		{"dots", "GET", "/api/identity/t1/admin/pools/../schemas", "admin", "", 404, "not_found"},
		{"an odd id", "GET", path + "/a b", "admin", "", 404, "not_found"},
		{"an id that is too long", "GET", path + "/" + strings.Repeat("x", 129), "admin", "", 404, "not_found"},
		{"no path at all", "GET", "", "admin", "", 404, "not_found"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := call(t, h, c.method, c.path, c.token, c.body)
			if got.StatusCode != c.status || c.code != "" && got.fields["error_code"] != c.code {
				t.Errorf("answers %d %s", got.StatusCode, got.Body)
			}
			if got.Headers["X-Request-Id"] != "request-1" {
				t.Errorf("request id %q", got.Headers["X-Request-Id"])
			}
			if c.status >= 400 && got.Headers["Content-Type"] != "application/json" {
				t.Errorf("content type %q", got.Headers["Content-Type"])
			}
			if strings.Contains(got.Body, "10.0.0.1") {
				t.Errorf("tells of the inside: %s", got.Body)
			}
		})
	}
	if got := call(t, h, "PATCH", path, "admin", ""); got.Headers["Allow"] != "GET, POST" {
		t.Errorf("Allow %q", got.Headers["Allow"])
	}
	if got := call(t, h, "GET", path+"/a!b", "admin", ""); !strings.Contains(got.Body, "schID") {
		t.Errorf("does not name the id: %s", got.Body)
	}
	if !strings.Contains(log.String(), `"request":"request-1"`) || !strings.Contains(log.String(), "on fire") {
		t.Errorf("the cause is not in the log with its request: %s", log)
	}
}

func TestAFunctionBindsAllItsOperationsAndNoMore(t *testing.T) {
	t.Parallel()
	nothing := func(http.ResponseWriter, *http.Request) {}
	options := api.Options{Log: slog.New(slog.DiscardHandler)}
	if _, err := api.New("credentials", api.Handlers{"verifyPassword": nothing}, options); err == nil {
		t.Error("starts with an operation unbound")
	}
	all := api.Handlers{"verifyPassword": nothing, "verifyPasswordV2": nothing}
	if _, err := api.New("credentials", all, options); err != nil {
		t.Error(err)
	}
	all["getPool"] = nothing
	if _, err := api.New("credentials", all, options); err == nil {
		t.Error("starts with a handler of another function's operation")
	}
	h, err := api.New("credentials", api.Handlers{"verifyPassword": nothing, "verifyPasswordV2": nothing}, options)
	if err != nil {
		t.Fatal(err)
	}
	if got := call(t, h, "POST", "/api/identity/t1/system/pools/p/user/password/verify", "system", ""); got.StatusCode != 401 {
		t.Errorf("without a verifier a system route answers %d", got.StatusCode)
	}
}

func TestAPanicTellsNothing(t *testing.T) {
	t.Parallel()
	log := &bytes.Buffer{}
	h := handlerOf(t, log, func(http.ResponseWriter, *http.Request) { panic("the secret is 42") })
	got := call(t, h, "GET", "/api/identity/t1/admin/schemas", "admin", "")
	if got.StatusCode != 500 || strings.Contains(got.Body, "42") || !strings.Contains(log.String(), "panic") {
		t.Errorf("answers %d %s, logs %s", got.StatusCode, got.Body, log)
	}
}

func TestErrorsAsHTTP(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err         error
		status      int
		code, retry string
		pointer     string
	}{
		{identity.NotFound{Thing: "pool", ID: "p"}, 404, "not_found", "", ""},
		{identity.Conflict{Pointer: "/id", Reason: "taken"}, 409, "conflict", "", "/id"},
		{identity.InvalidField("/a/0", "is wrong"), 422, "invalid", "", "/a/0"},
		{identity.ErrRegistrationDisabled, 403, "registration_disabled", "", ""},
		{identity.InvalidCode{}, 422, "invalid_code", "", ""},
		{identity.ExpiredCode{}, 422, "code_expired", "", ""},
		{identity.WrongPassword{}, 401, "wrong_password", "", ""},
		{identity.PreconditionFailed{}, 412, "precondition_failed", "", ""},
		{identity.Limited{RetryAfter: 1500 * time.Millisecond, Reason: "wait"}, 429, "too_many_requests", "2", ""},
		{identity.Unavailable{RetryAfter: 2 * time.Second, Cause: errors.New("x")}, 503, "unavailable", "2", ""},
		{context.DeadlineExceeded, 503, "unavailable", "1", ""},
		{errors.New("anything else"), 500, "internal", "", ""},
	} {
		t.Run(fmt.Sprintf("%T", c.err), func(t *testing.T) {
			t.Parallel()
			h := handlerOf(t, &bytes.Buffer{}, func(w http.ResponseWriter, r *http.Request) { api.Error(w, r, fmt.Errorf("doing: %w", c.err)) })
			got := call(t, h, "GET", "/api/identity/t1/admin/schemas", "admin", "")
			if got.StatusCode != c.status || got.fields["error_code"] != c.code || got.fields["status_code"] != float64(c.status) {
				t.Errorf("answers %d %s", got.StatusCode, got.Body)
			}
			if got.Headers["Retry-After"] != c.retry {
				t.Errorf("Retry-After %q, want %q", got.Headers["Retry-After"], c.retry)
			}
			if c.pointer != "" && !strings.Contains(got.Body, `"pointer":"`+c.pointer+`"`) {
				t.Errorf("does not name %s: %s", c.pointer, got.Body)
			}
		})
	}
}

func TestTheRouteTable(t *testing.T) {
	t.Parallel()
	operations, paths := map[string]bool{}, map[string]bool{}
	for _, r := range api.Routes() {
		if operations[r.Operation] || paths[r.Method+r.Path] {
			t.Errorf("%s %s (%s) is in the table twice", r.Method, r.Path, r.Operation)
		}
		operations[r.Operation], paths[r.Method+r.Path] = true, true
		if needsToken := r.Caller == api.Admin || r.Caller == api.System; needsToken != (r.Scope != "") {
			t.Errorf("%s: caller %s and scope %q", r.Operation, r.Caller, r.Scope)
		}
	}
}
