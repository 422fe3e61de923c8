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

// problem is an error of the request that is found before its use case is called. It has its own
// status.
type problem struct {
	status       int
	code, reason string
}

func (p problem) Error() string { return p.reason }

// errorAnswer is the published form of an error.
type errorAnswer struct {
	Status  int      `json:"status_code"`
	Error   string   `json:"error"`
	Code    string   `json:"error_code"`
	Details *details `json:"details,omitempty"`
}

// details has the violations of a request.
type details struct {
	Violations []identity.Violation `json:"violations"`
}

// Error answers a request with err. All errors are translated to HTTP in this file. An error that
// is not the caller's fault is logged here, once, and its cause is not part of the answer.
func Error(w http.ResponseWriter, r *http.Request, err error) {
	a := report(w, r, err)
	WriteJSON(w, a.Status, a)
}

// ReportError does everything that Error does except writing the answer, and returns the status of
// the answer. It is for pages, which describe errors in their own words.
func ReportError(w http.ResponseWriter, r *http.Request, err error) int {
	return report(w, r, err).Status
}

// report counts and logs err, sets the headers that go with it, and returns the answer.
func report(w http.ResponseWriter, r *http.Request, err error) errorAnswer {
	a, wait := translate(err)
	ex := exchangeOf(r.Context())
	ex.note(a, err)
	if a.Status >= http.StatusInternalServerError {
		ex.log.Error("request failed", "status", a.Status, "cause", err.Error())
	}
	h := w.Header()
	if a.Error == coded {
		h.Set("Accept-Encoding", "identity") // RFC 9110 §12.5.3: and no other 415 has it
	}
	if a.Status == http.StatusUnauthorized && h.Get(challengeHeader) == "" {
		h.Set(challengeHeader, plainChallenge) // RFC 9110 §15.5.2: every 401 has one
	}
	if wait > 0 {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	}
	return a
}

// CountError counts an error that is not answered by Error, because the body of a successful answer
// tells it to the caller. It ignores nil.
func CountError(r *http.Request, err error) {
	if err != nil {
		a, _ := translate(err)
		exchangeOf(r.Context()).note(a, err)
	}
}

// note remembers with which error the request ends, so that it is counted.
func (ex *exchange) note(a errorAnswer, err error) {
	ex.code = a.Code
	var unavailable identity.Unavailable
	if errors.As(err, &unavailable) && unavailable.Throttled {
		ex.throttled = true
	}
}

// MarkRepeat marks a request as a repeat of an earlier one whose success was counted, so that it is
// not counted again.
func MarkRepeat(r *http.Request) { exchangeOf(r.Context()).code = replayedCode }

// replayedCode is the code with which a repeat ends.
const replayedCode = "replayed"

// countOf returns the metric for a request that ended with the error code, which is "" for a
// success. It returns "" if the request is not counted.
func countOf(route Route, code string) metric.Name {
	switch code {
	case "":
		return route.Counts
	case "invalid_code", "code_expired", "wrong_proof":
		return metric.WrongCodes
	case "wrong_password":
		return metric.WrongPasswords
	case "too_many_requests":
		return metric.Limited
	}
	return ""
}

// translate returns the published form of err, and the time after which the caller may try again,
// which is 0 if there is none.
func translate(err error) (errorAnswer, time.Duration) {
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
		return errorAnswer{Status: fault.status, Code: fault.code, Error: fault.reason}, 0
	case errors.As(err, &unavailable):
		return unavailableAnswer("the service cannot do this now, try again"), unavailable.RetryAfter
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return unavailableAnswer("the service was too slow, try again"), time.Second
	case errors.As(err, &notFound):
		return errorAnswer{Status: http.StatusNotFound, Code: "not_found", Error: notFound.Error()}, 0
	case errors.As(err, &conflict):
		return errorAnswer{
			Status: http.StatusConflict, Code: "conflict", Error: conflict.Reason,
			Details: conflictDetails(conflict),
		}, 0
	case errors.As(err, &invalid):
		return errorAnswer{
			Status: http.StatusUnprocessableEntity, Code: "invalid", Error: invalid.Error(),
			Details: &details{invalid.Violations},
		}, 0
	case errors.As(err, &refused):
		return errorAnswer{Status: http.StatusForbidden, Code: refused.Code, Error: refused.Reason}, 0
	case errors.As(err, &limited):
		return errorAnswer{
			Status: http.StatusTooManyRequests, Code: "too_many_requests", Error: limited.Reason,
		}, limited.RetryAfter
	case errors.As(err, new(identity.InvalidCode)):
		return errorAnswer{
			Status: http.StatusUnprocessableEntity, Code: "invalid_code", Error: identity.InvalidCode{}.Error(),
		}, 0
	case errors.As(err, new(identity.ExpiredCode)):
		return errorAnswer{
			Status: http.StatusUnprocessableEntity, Code: "code_expired", Error: identity.ExpiredCode{}.Error(),
		}, 0
	case errors.As(err, new(identity.WrongPassword)):
		return errorAnswer{
			Status: http.StatusUnauthorized, Code: "wrong_password", Error: identity.WrongPassword{}.Error(),
		}, 0
	case errors.As(err, new(identity.WrongProof)):
		return errorAnswer{
			Status: http.StatusUnauthorized, Code: "wrong_proof", Error: identity.WrongProof{}.Error(),
		}, 0
	case errors.As(err, new(identity.PreconditionFailed)):
		return errorAnswer{
			Status: http.StatusPreconditionFailed, Code: "precondition_failed",
			Error: identity.PreconditionFailed{}.Error(),
		}, 0
	}
	return internalAnswer(), 0
}

// internalAnswer returns the answer for an error of the product itself.
func internalAnswer() errorAnswer {
	return errorAnswer{
		Status: http.StatusInternalServerError, Code: "internal", Error: "something went wrong on our side",
	}
}

// unavailableAnswer returns the answer for something that cannot be done now.
func unavailableAnswer(reason string) errorAnswer {
	return errorAnswer{Status: http.StatusServiceUnavailable, Code: "unavailable", Error: reason}
}

// conflictDetails returns the details of a conflict, or nil if no field is at fault.
func conflictDetails(c identity.Conflict) *details {
	if c.Pointer == "" {
		return nil
	}
	return &details{[]identity.Violation{{Pointer: c.Pointer, Rule: identity.Taken(c.Reason)}}}
}

// WriteJSON answers with v as JSON. It replaces invalid UTF-8, which only the text of a caller in
// an error can have.
func WriteJSON(w http.ResponseWriter, status int, v any) {
	body, err := encode(v)
	if err != nil {
		const internal = `{"status_code":500,"error":"something went wrong on our side","error_code":"internal"}`
		status, body = http.StatusInternalServerError, []byte(internal)
	}
	send(w, status, body)
}

// encode returns v as JSON.
func encode(v any) ([]byte, error) {
	return json.Marshal(v, json.Deterministic(true), jsontext.AllowInvalidUTF8(true))
}

// send answers with a body of JSON.
func send(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body) // the caller has gone if this fails
}

// versionTag returns the entity tag of a version (RFC 9110 §8.8.3).
func versionTag(version int64) string { return `"` + strconv.FormatInt(version, 10) + `"` }

// NotFound answers a request to a path that no route has.
func NotFound(w http.ResponseWriter, r *http.Request) {
	Error(w, r, problem{http.StatusNotFound, "not_found", "there is nothing at this path"})
}
