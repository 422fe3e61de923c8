package api_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"identitypools/shared/access"
	"identitypools/shared/api"
)

// ASVS V8.2.1, V8.3.1: the function checks the caller before it reads the body.
func TestCallers(t *testing.T) {
	t.Parallel()
	e := newEdge(t, function, decodes)
	admin := e.admin(t)
	tests := []struct {
		name, method, path, authorization string
		status                            int
		code                              string
	}{
		{"without a token", "GET", poolsPath, "", 401, "unauthorized"},
		{"with another scheme", "GET", poolsPath, "Basic " + admin, 401, "unauthorized"},
		{"with an empty token", "GET", poolsPath, "Bearer ", 401, "unauthorized"},
		{"with no scheme", "GET", poolsPath, admin, 401, "unauthorized"},
		{"with a token that is none", "GET", poolsPath, "Bearer abc.def.ghi", 401, "unauthorized"},
		{"with a token that was changed", "GET", poolsPath, "Bearer " + changeSignature(admin), 401, "unauthorized"},
		{"with a token of the other tree", "GET", poolsPath, "Bearer " + e.token(t, tenant, "system", api.ScopeAdmin, api.ScopeSystem), 403, "forbidden"},
		{"with an admin token at a system route", "GET", "/api/identity/acme/system/pools", "Bearer " + e.token(t, tenant, "admin", api.ScopeAdmin, api.ScopeSystem), 403, "forbidden"},
		{"with a token of another tenant", "GET", poolsPath, "Bearer " + e.token(t, "other", "admin", api.ScopeAdmin), 403, "forbidden"},
		{"with a token of a tenant that differs in case", "GET", poolsPath, "Bearer " + e.token(t, "Acme", "admin", api.ScopeAdmin), 403, "forbidden"},
		{"without any scope", "GET", poolsPath, "Bearer " + e.token(t, tenant, "admin"), 403, "insufficient_scope"},
		{"with a scope that only begins like the right one", "GET", poolsPath, "Bearer " + e.token(t, tenant, "admin", "identity_admin_read"), 403, "insufficient_scope"},
		{"with the scope of system codes alone", "GET", "/api/identity/acme/system/pools", "Bearer " + e.token(t, tenant, "system", api.ScopeRegistration), 403, "insufficient_scope"},
		{"with the right token", "GET", poolsPath, "Bearer " + admin, 204, ""},
		{"with a scheme in small letters", "GET", poolsPath, "bearer " + admin, 204, ""},
		{"with the right token at a system route", "GET", "/api/identity/acme/system/pools", "Bearer " + e.token(t, tenant, "system", api.ScopeSystem), 204, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			request := event(test.method, test.path, "", "")
			if test.authorization != "" {
				request.Headers["authorization"] = test.authorization
			}
			answer := send(t, e.call, request)
			if test.code == "" {
				if answer.StatusCode != test.status {
					t.Errorf("answered %d: %s", answer.StatusCode, answer.Body)
				}
				return
			}
			wantFailure(t, answer, test.status, test.code)
			if got, want := answer.Headers["Www-Authenticate"], challengeTo(
				test.authorization, test.status, test.path,
			); got != want {
				t.Errorf("status %d with WWW-Authenticate %q, want %q", test.status, got, want)
			}
		})
	}
}

// challengeTo returns the challenge of RFC 6750 §3 to a request. Only a bearer token gets an error
// code (§3.1).
func challengeTo(authorization string, status int, path string) string {
	switch {
	case status == 403 && strings.Contains(path, "/system/"):
		return `Bearer error="insufficient_scope", scope="identity"`
	case status == 403:
		return `Bearer error="insufficient_scope", scope="identity_admin"`
	case strings.HasPrefix(authorization, "Bearer"):
		return `Bearer error="invalid_token"`
	}
	return `Bearer realm="identity"`
}

// decodes is a handler that needs a body if the method of the request has one.
func decodes(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet {
		if err := api.Decode(r, &struct{}{}); err != nil {
			api.Error(w, r, err)
			return
		}
	}
	w.WriteHeader(http.StatusNoContent)
}

// changeSignature returns a token whose signature is not valid.
func changeSignature(token string) string {
	middle := len(token) / 2
	letter := "A"
	if token[middle] == 'A' {
		letter = "B"
	}
	return token[:middle] + letter + token[middle+1:]
}

// ASVS V8.3.1: the body of an unknown caller is not parsed.
func TestCallersComeBeforeTheBody(t *testing.T) {
	t.Parallel()
	bodies := map[string]string{"huge": strings.Repeat("x", 1<<20), "malformed": `{"a":`, "none": ""}
	for name, body := range bodies {
		t.Run("without a token and with a body that is "+name, func(t *testing.T) {
			t.Parallel()
			e := newEdge(t, function, decodes)
			wantFailure(t, send(t, e.call, event("POST", poolsPath, "", body)), 401, "unauthorized")
			wantFailure(t, send(t, e.call, event("POST", poolsPath, e.token(t, "other", "admin", api.ScopeAdmin), body)), 403, "forbidden")
			if e.handled != 0 {
				t.Errorf("%d requests came through to the handler", e.handled)
			}
		})
	}
	t.Run("the right caller hears about the body", func(t *testing.T) {
		t.Parallel()
		e := newEdge(t, function, decodes)
		wantFailure(t, send(t, e.call, event("POST", poolsPath, e.admin(t), bodies["huge"])), 413, "too_large")
		wantFailure(t, send(t, e.call, event("POST", poolsPath, e.admin(t), bodies["malformed"])), 400, "malformed")
	})
}

// Deny by default: a function without a verifier serves only the routes that need no token.
func TestWithoutVerifier(t *testing.T) {
	t.Parallel()
	admin := newEdge(t, function, ok).admin(t)
	o := api.Options{Log: slog.New(slog.DiscardHandler), Now: time.Now}
	for _, route := range rows() {
		call := gateway(t, route.Function, ok, o)
		path := strings.NewReplacer("{tid}", tenant, "{ipID}", "p", "{userID}", "u", "{schID}", "s", "{kind}", "k", "{lang}", "l").Replace(route.Path)
		answer := send(t, call, event(route.Method, path, admin, ""))
		want := http.StatusNoContent
		if route.Caller == access.Admin || route.Caller == access.System {
			want = http.StatusUnauthorized
		}
		if answer.StatusCode != want {
			t.Errorf("%s answered %d, want %d", route.Name, answer.StatusCode, want)
		}
	}
}

// A verifier that fails is not the caller's fault. The answer is 500 without the cause, and the
// handler is not called.
func TestVerifierThatFails(t *testing.T) {
	t.Parallel()
	log := &lines{}
	call := gateway(t, function, ok, api.Options{Verifier: brokenVerifier{}, Log: slog.New(slog.NewJSONHandler(log, nil))})
	f := wantFailure(t, send(t, call, event("GET", poolsPath, "x", "")), 500, "internal")
	if strings.Contains(f.Error, "keys") {
		t.Errorf("the answer tells the cause: %s", f.Error)
	}
	if all := log.all(t); len(all) != 1 || all[0]["cause"] != "the keys are gone" {
		t.Errorf("log is %v", all)
	}
}

// brokenVerifier is a verifier that cannot read its keys.
type brokenVerifier struct{}

func (brokenVerifier) Verify(context.Context, string) (access.Token, error) {
	return access.Token{}, errors.New("the keys are gone")
}

func TestPaths(t *testing.T) {
	t.Parallel()
	e := newEdge(t, function, ok)
	admin := e.admin(t)
	tests := []struct {
		name, path string
		status     int
		says       string
	}{
		{"a known path", poolsPath + "/p", 204, ""},
		{"an id of every character that ids have", poolsPath + "/aZ09_.~-", 204, ""},
		{"an id of 128 characters", poolsPath + "/" + strings.Repeat("a", 128), 204, ""},
		{"an id that begins with a dot", poolsPath + "/..a", 204, ""},
		{"an id of 129 characters", poolsPath + "/" + strings.Repeat("a", 129), 404, "ipID"},
		{"an id with a space", poolsPath + "/a b", 404, "ipID"},
		{"an id with a percent sign", poolsPath + "/a%2Fb", 404, "ipID"},
		{"an id with a line break", poolsPath + "/a\nb", 404, "ipID"},
		{"an id with a letter outside of ASCII", poolsPath + "/ä", 404, "ipID"},
		{"an id that is not UTF-8", poolsPath + "/\xff", 404, "ipID"},
		{"an id with a separator of keys", poolsPath + "/a#b", 404, "ipID"},
		{"an unknown path", "/api/identity/acme/admin/pool", 404, "nothing at this path"},
		{"the path of another function", "/api/identity/acme/admin/schemas", 404, "nothing at this path"},
		{"no path", "", 404, "nothing at this path"},
		{"the root", "/", 404, "nothing at this path"},
		{"a slash at the end", poolsPath + "/", 404, "nothing at this path"},
		{"two slashes", "/api//identity/acme/admin/pools", 404, "nothing at this path"},
		{"two slashes at the beginning", "/" + poolsPath, 404, "nothing at this path"},
		{"two slashes for an id", "/api/identity//admin/pools", 404, "nothing at this path"},
		{"a step up", "/api/identity/acme/public/../admin/pools", 404, "nothing at this path"},
		{"a step up as an id", poolsPath + "/..", 404, "nothing at this path"},
		{"a dot as an id", poolsPath + "/.", 404, "nothing at this path"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			answer := send(t, e.call, event("GET", test.path, admin, ""))
			if test.status == 204 {
				if answer.StatusCode != 204 {
					t.Errorf("answered %d: %s", answer.StatusCode, answer.Body)
				}
				return
			}
			f := wantFailure(t, answer, test.status, "not_found")
			if !strings.Contains(f.Error, test.says) {
				t.Errorf("error is %q, want it to say %q", f.Error, test.says)
			}
		})
	}
}

// Ids in the paths of routes without a token are checked too.
func TestPathsOfPublicRoutes(t *testing.T) {
	t.Parallel()
	e := newEdge(t, "registration", ok)
	f := wantFailure(t, send(t, e.call, event("GET", "/api/identity/a b/public/pools/p", "", "")), 404, "not_found")
	if !strings.Contains(f.Error, "tid") {
		t.Errorf("error is %q, want it to name the id", f.Error)
	}
	if answer := send(t, e.call, event("GET", "/api/identity/acme/public/pools/p", "", "")); answer.StatusCode != 204 {
		t.Errorf("a known path answered %d", answer.StatusCode)
	}
}

func TestMethods(t *testing.T) {
	t.Parallel()
	e := newEdge(t, function, ok)
	tests := []struct{ name, method, path, allow string }{
		{"a list can't be deleted", "DELETE", poolsPath, "GET, POST"},
		{"a pool can't be posted to", "POST", poolsPath + "/p", "DELETE, GET, PUT"},
		{"an unknown method", "BREW", poolsPath, "GET, POST"},
		{"a method in small letters", "get", poolsPath, "GET, POST"},
		{"a path with one method", "OPTIONS", poolsPath + "/p/permissions", "GET"},
		{"no method", "", poolsPath, "GET, POST"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			answer := send(t, e.call, event(test.method, test.path, "", "")) // without a token, since the path is checked first
			wantFailure(t, answer, 405, "method_not_allowed")
			if got := answer.Headers["Allow"]; got != test.allow {
				t.Errorf("Allow is %q, want %q", got, test.allow)
			}
		})
	}
}

// ASVS V16.2.1: the lines of a request in the log have the id that is in its answer.
func TestRequestIDs(t *testing.T) {
	t.Parallel()
	fails := func(w http.ResponseWriter, r *http.Request) { api.Error(w, r, errors.New("disk on fire")) }
	e := newEdge(t, function, fails)
	admin := e.admin(t)
	broken := event("POST", poolsPath, admin, "???")
	broken.IsBase64Encoded = true
	tests := []struct {
		name   string
		event  events.APIGatewayV2HTTPRequest
		status int
	}{
		{"an answer of the handler", event("GET", poolsPath, admin, ""), 500},
		{"no token", event("GET", poolsPath, "", ""), 401},
		{"an unknown path", event("GET", "/x", admin, ""), 404},
		{"another method", event("BREW", poolsPath, admin, ""), 405},
		{"a body that can't be read", broken, 400},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			answer := send(t, e.call, test.event)
			if answer.StatusCode != test.status || answer.Headers["X-Request-Id"] != requestID {
				t.Errorf("answered %d with X-Request-Id %q, want %d with %q", answer.StatusCode, answer.Headers["X-Request-Id"], test.status, requestID)
			}
		})
	}
	t.Run("the log line", func(t *testing.T) {
		t.Parallel()
		e := newEdge(t, function, fails)
		send(t, e.call, event("GET", poolsPath, e.admin(t), ""))
		if all := e.log.all(t); len(all) != 1 || all[0]["request"] != requestID || all[0]["cause"] != "disk on fire" {
			t.Errorf("log is %v, want one line with the request's id and the cause", all)
		}
	})
	t.Run("a caller doesn't choose it", func(t *testing.T) {
		t.Parallel()
		forged := event("GET", poolsPath, admin, "")
		forged.Headers["x-request-id"] = "forged"
		if got := send(t, e.call, forged).Headers["X-Request-Id"]; got != requestID {
			t.Errorf("X-Request-Id is %q, want %q", got, requestID)
		}
	})
	for name, odd := range map[string]string{"none": "", "one of 65 characters": strings.Repeat("a", 65), "one with a line break": "a\nb=c"} {
		t.Run("in place of "+name+" it makes one", func(t *testing.T) {
			t.Parallel()
			request := event("GET", poolsPath, admin, "")
			request.RequestContext.RequestID = odd
			if got := send(t, e.call, request).Headers["X-Request-Id"]; got == odd || len(got) < 20 {
				t.Errorf("X-Request-Id is %q", got)
			}
		})
	}
}

// ASVS V16.5.1, V16.5.4: a panic ends one request. It is logged, and its cause is not answered.
func TestPanics(t *testing.T) {
	t.Parallel()
	e := newEdge(t, function, func(http.ResponseWriter, *http.Request) { panic("table identity-pools is gone") })
	answer := send(t, e.call, event("GET", poolsPath, e.admin(t), ""))
	f := wantFailure(t, answer, 500, "internal")
	for _, secret := range []string{"identity-pools", "gone", "panic", ".go", "goroutine"} {
		if strings.Contains(answer.Body, secret) {
			t.Errorf("the answer says %q: %s", secret, answer.Body)
		}
	}
	if answer.Headers["X-Request-Id"] != requestID || f.Error == "" {
		t.Errorf("headers are %v", answer.Headers)
	}
	all := e.log.all(t)
	if len(all) != 1 || all[0]["request"] != requestID || all[0]["fault"] != "table identity-pools is gone" {
		t.Fatalf("log is %v, want one line with the request's id and the fault", all)
	}
	if stack, _ := all[0]["stack"].(string); !strings.Contains(stack, "handler_test.go") {
		t.Errorf("the stack doesn't show where: %s", stack)
	}
}

// V3.4.1, V3.4.3, V3.4.4, V3.4.6, V14.3.2: the headers of every answer keep it out of caches and
// frames, and keep browsers from guessing its type.
func TestAnswersAreProtected(t *testing.T) {
	t.Parallel()
	e := newEdge(t, function, ok)
	for name, request := range map[string]events.APIGatewayV2HTTPRequest{
		"what was asked for": event("GET", poolsPath, e.admin(t), ""),
		"a refusal":          event("GET", poolsPath, "", ""),
		"nothing there":      event("GET", "/nothing", "", ""),
	} {
		got, err := e.call(t.Context(), request)
		if err != nil {
			t.Fatal(err)
		}
		for header, want := range map[string]string{
			"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
			"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
		} {
			if got.Headers[header] != want {
				t.Errorf("%s: %s is %q", name, header, got.Headers[header])
			}
		}
	}
}
