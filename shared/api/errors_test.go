package api_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"identitypools/shared/api"
	"identitypools/shared/identity"
	"identitypools/shared/once"
)

// ASVS V16.5.1: every error of the domain has one published form, which wrapping does not change. All
// other errors are answered with 500, without their cause.
func TestErrors(t *testing.T) {
	t.Parallel()
	const cause = "table identity-pools: 10.0.0.1 refused"
	tests := []struct {
		name           string
		err            error
		status         int
		code, says     string
		retry, pointer string
		logged         bool
	}{
		{"not found", identity.NotFound{Thing: "pool", ID: "p"}, 404, "not_found", `no pool "p"`, "", "", false},
		{"conflict at a field", identity.Conflict{Pointer: "/id", Reason: "is taken"}, 409, "conflict", "is taken", "", "/id", false},
		{"conflict", identity.Conflict{Reason: "the pool has users"}, 409, "conflict", "the pool has users", "", "", false},
		{"invalid", identity.InvalidField("/a/0", identity.Wrong("is wrong")), 422, "invalid", "/a/0: is wrong", "", "/a/0", false},
		{"refused", identity.ErrRegistrationDisabled, 403, "registration_disabled", "self-registration", "", "", false},
		{"wrong code", identity.InvalidCode{}, 422, "invalid_code", "not valid", "", "", false},
		{"expired code", identity.ExpiredCode{}, 422, "code_expired", "expired", "", "", false},
		{"wrong password", identity.WrongPassword{}, 401, "wrong_password", "wrong", "", "", false},
		{"precondition failed", identity.PreconditionFailed{}, 412, "precondition_failed", "changed", "", "", false},
		{"limited", identity.Limited{RetryAfter: time.Minute, Reason: "wait"}, 429, "too_many_requests", "wait", "60", "", false},
		{"limited for less than a second", identity.Limited{RetryAfter: time.Millisecond, Reason: "wait"}, 429, "too_many_requests", "wait", "1", "", false},
		{"limited for a part of a second more", identity.Limited{RetryAfter: 1500 * time.Millisecond, Reason: "wait"}, 429, "too_many_requests", "wait", "2", "", false},
		{"unavailable", identity.Unavailable{RetryAfter: 2 * time.Second, Cause: errors.New(cause)}, 503, "unavailable", "try again", "2", "", true},
		{
			"unavailable because of another error of ours",
			identity.Unavailable{RetryAfter: time.Second, Cause: identity.PreconditionFailed{}},
			503, "unavailable", "try again", "1", "", true,
		},
		{"too slow", context.DeadlineExceeded, 503, "unavailable", "try again", "1", "", true},
		{"given up", context.Canceled, 503, "unavailable", "try again", "1", "", true},
		{"anything else", errors.New(cause), 500, "internal", "something went wrong", "", "", true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			wrapped := fmt.Errorf("read pool: %w", test.err)
			e := newEdge(t, function, func(w http.ResponseWriter, r *http.Request) { api.Error(w, r, wrapped) })
			answer := send(t, e.call, event("GET", poolsPath, e.admin(t), ""))
			f := wantFailure(t, answer, test.status, test.code)
			if !strings.Contains(f.Error, test.says) || strings.Contains(answer.Body, "read pool") || strings.Contains(answer.Body, "10.0.0.1") {
				t.Errorf("error is %q, want it to say %q and not what was being done", f.Error, test.says)
			}
			if got := answer.Headers["Retry-After"]; got != test.retry {
				t.Errorf("Retry-After is %q, want %q", got, test.retry)
			}
			var pointers []string
			for _, violation := range f.Details.Violations {
				pointers = append(pointers, violation.Pointer)
			}
			if got := strings.Join(pointers, " "); got != test.pointer {
				t.Errorf("violations at %q, want %q", got, test.pointer)
			}
			all := e.log.all(t)
			if (len(all) == 1) != test.logged {
				t.Fatalf("log is %v", all)
			}
			if test.logged && all[0]["cause"] != wrapped.Error() {
				t.Errorf("the log tells the cause %q, want %q", all[0]["cause"], wrapped)
			}
		})
	}
}

// A caller is told all violations at once, in the order in which they were found.
func TestErrorWithManyViolations(t *testing.T) {
	t.Parallel()
	var violations identity.Violations
	violations.Add("/name", identity.Required())
	violations.Add("/colour", identity.NotOneOf("red", "blue"))
	w := httptest.NewRecorder()
	api.Error(w, httptest.NewRequest("GET", "/", nil), violations.Err())
	f := wantFailure(t, recorded(w), 422, "invalid")
	const details = `"details":{"violations":[` +
		`{"pointer":"/name","reason":"must be given","code":"required"},` +
		`{"pointer":"/colour","reason":"must be red or blue","code":"not_one_of","params":{"allowed":["red","blue"]}}]}`
	if f.Error != "/name: must be given; /colour: must be red or blue" || !strings.Contains(w.Body.String(), details) {
		t.Errorf("answered %s", w.Body)
	}
}

func TestReplies(t *testing.T) {
	t.Parallel()
	type body map[string]int
	send := func(t *testing.T, action api.Action) events.APIGatewayV2HTTPResponse {
		f := api.NewFunction("test", api.ForPeople("GET", "/", "test", action))
		h, err := api.New(f, api.Options{Log: silent()})
		if err != nil {
			t.Fatal(err)
		}
		return send(t, api.Adapt(h), event("GET", "/", "", ""))
	}
	none := func(context.Context, api.PlainCall, once.Reply[int]) (int, error) { return 0, nil }
	t.Run("a version is an entity tag that If-Match takes", func(t *testing.T) {
		t.Parallel()
		w := send(t, api.Change(201, none, func(int) api.Answer[body] {
			return api.Answer[body]{Version: 12, Body: body{"b": 1, "a": 2}}
		}))
		if w.StatusCode != 201 || w.Headers["Etag"] != `"12"` || w.Body != `{"a":2,"b":1}` || w.Headers["Content-Type"] != "application/json" {
			t.Errorf("answered %d %v %s", w.StatusCode, w.Headers, w.Body)
		}
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("If-Match", w.Headers["Etag"])
		if err := api.IfMatch(r).Check(12); err != nil {
			t.Errorf("the answer's own ETag doesn't match: %v", err)
		}
	})
	t.Run("what can't be encoded is a 500 that says nothing", func(t *testing.T) {
		t.Parallel()
		w := httptest.NewRecorder()
		api.WriteJSON(w, 200, map[string]any{"a": make(chan int)})
		wantFailure(t, recorded(w), 500, "internal")
	})
	t.Run("a caller's text that is not UTF-8 is no fault of ours", func(t *testing.T) {
		t.Parallel()
		w := httptest.NewRecorder()
		api.WriteJSON(w, 400, map[string]string{"error": "no \xff"})
		if w.Code != 400 || w.Body.String() != "{\"error\":\"no \ufffd\"}" {
			t.Errorf("answered %d %q", w.Code, w.Body)
		}
	})
	t.Run("nothing to say is 204 without a body", func(t *testing.T) {
		t.Parallel()
		w := send(t, api.Change(204, none, api.Empty))
		if w.StatusCode != 204 || w.Body != "" || w.Headers["Etag"] != "" || w.Headers["Content-Type"] != "" {
			t.Errorf("answered %d %v %q", w.StatusCode, w.Headers, w.Body)
		}
	})
}

// RFC 9110 §15.5.2: every 401 has a challenge. A wrong password does not concern the caller's token,
// so its challenge has no error code, on which a client would fetch another token.
func TestAWrongPasswordHasAChallenge(t *testing.T) {
	t.Parallel()
	for err, want := range map[error]string{
		identity.WrongPassword{}:         `Bearer realm="identity"`,
		identity.NotFound{Thing: "pool"}: "", identity.PreconditionFailed{}: "",
	} {
		w := httptest.NewRecorder()
		api.Error(w, httptest.NewRequest("POST", "/", nil), err)
		if got := w.Header().Get("WWW-Authenticate"); got != want {
			t.Errorf("%v: the challenge is %q, want %q", err, got, want)
		}
	}
}
