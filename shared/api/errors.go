package api

import (
	"context"
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"identitypools/shared/identity"
	"identitypools/shared/metric"
)

// problem is a fault of the request as HTTP sees it, before any use case.
type problem struct {
	status       int
	code, reason string
}

func (p problem) Error() string { return p.reason }

// answer is the published form of an error.
type answer struct {
	Status  int      `json:"status_code"`
	Error   string   `json:"error"`
	Code    string   `json:"error_code"`
	Details *details `json:"details,omitempty"`
}

type details struct {
	Violations []identity.Violation `json:"violations"`
}

// Error answers a request with err. It is the only place where errors become HTTP. What is not the caller's doing is logged
// here, once, and answered with nothing but its status.
func Error(w http.ResponseWriter, r *http.Request, err error) {
	a := report(w, r, err)
	Reply(w, a.Status, a)
}

// ReportError counts and logs err, sets Retry-After, and returns the status for the answer of a page
// that says in its own words what err is.
func ReportError(w http.ResponseWriter, r *http.Request, err error) int {
	return report(w, r, err).Status
}

func report(w http.ResponseWriter, r *http.Request, err error) answer {
	a, wait := translate(err)
	ex := exchangeOf(r.Context())
	ex.code = a.Code
	if a.Status >= http.StatusInternalServerError {
		ex.log.Error("request failed", "status", a.Status, "cause", err.Error())
	}
	if wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	}
	return a
}

// CountError counts err, which the body of a successful answer tells the caller instead of Error; nil
// is no error.
func CountError(r *http.Request, err error) {
	if err != nil {
		a, _ := translate(err)
		exchangeOf(r.Context()).code = a.Code
	}
}

// countOf is what a request counts as that came to an error with the code, or with "" to none; "" for nothing.
func countOf(route Route, code string) metric.Name {
	switch code {
	case "":
		return route.Counts
	case "invalid_code", "code_expired":
		return metric.WrongCodes
	case "wrong_password":
		return metric.WrongPasswords
	case "too_many_requests":
		return metric.Limited
	}
	return ""
}

func translate(err error) (answer, time.Duration) {
	var (
		fault       problem
		notFound    identity.NotFound
		conflict    identity.Conflict
		invalid     identity.Invalid
		refused     identity.Refused
		limited     identity.Limited
		unavailable identity.Unavailable
	)
	switch {
	case errors.As(err, &fault):
		return answer{Status: fault.status, Code: fault.code, Error: fault.reason}, 0
	case errors.As(err, &unavailable):
		return answer{Status: http.StatusServiceUnavailable, Code: "unavailable", Error: "the service cannot do this now, try again"}, unavailable.RetryAfter
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return answer{Status: http.StatusServiceUnavailable, Code: "unavailable", Error: "the service was too slow, try again"}, time.Second
	case errors.As(err, &notFound):
		return answer{Status: http.StatusNotFound, Code: "not_found", Error: notFound.Error()}, 0
	case errors.As(err, &conflict):
		return answer{Status: http.StatusConflict, Code: "conflict", Error: conflict.Reason, Details: at(conflict)}, 0
	case errors.As(err, &invalid):
		return answer{Status: http.StatusUnprocessableEntity, Code: "invalid", Error: invalid.Error(), Details: &details{invalid.Violations}}, 0
	case errors.As(err, &refused):
		return answer{Status: http.StatusForbidden, Code: refused.Code, Error: refused.Reason}, 0
	case errors.As(err, &limited):
		return answer{Status: http.StatusTooManyRequests, Code: "too_many_requests", Error: limited.Reason}, limited.RetryAfter
	case errors.As(err, new(identity.InvalidCode)):
		return answer{Status: http.StatusUnprocessableEntity, Code: "invalid_code", Error: identity.InvalidCode{}.Error()}, 0
	case errors.As(err, new(identity.ExpiredCode)):
		return answer{Status: http.StatusUnprocessableEntity, Code: "code_expired", Error: identity.ExpiredCode{}.Error()}, 0
	case errors.As(err, new(identity.WrongPassword)):
		return answer{Status: http.StatusUnauthorized, Code: "wrong_password", Error: identity.WrongPassword{}.Error()}, 0
	case errors.As(err, new(identity.PreconditionFailed)):
		return answer{Status: http.StatusPreconditionFailed, Code: "precondition_failed", Error: identity.PreconditionFailed{}.Error()}, 0
	}
	return answer{Status: http.StatusInternalServerError, Code: "internal", Error: "something went wrong on our side"}, 0
}

func at(c identity.Conflict) *details {
	if c.Pointer == "" {
		return nil
	}
	return &details{[]identity.Violation{{Pointer: c.Pointer, Reason: c.Reason}}}
}

// Reply answers with v as JSON. Text that is not UTF-8, which only a caller's own words in an error can be, is mended.
func Reply(w http.ResponseWriter, status int, v any) {
	body, err := encode(v)
	if err != nil {
		status, body = http.StatusInternalServerError, []byte(`{"status_code":500,"error":"something went wrong on our side","error_code":"internal"}`)
	}
	send(w, status, body)
}

func encode(v any) ([]byte, error) {
	return json.Marshal(v, json.Deterministic(true), jsontext.AllowInvalidUTF8(true))
}

func send(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body) // a caller who has gone away can't be told
}

// versionTag is a version as an entity tag (RFC 9110 §8.8.3).
func versionTag(version int64) string { return `"` + strconv.FormatInt(version, 10) + `"` }

// NotFound answers a path that no route has.
func NotFound(w http.ResponseWriter, r *http.Request) {
	Error(w, r, problem{http.StatusNotFound, "not_found", "there is nothing at this path"})
}
