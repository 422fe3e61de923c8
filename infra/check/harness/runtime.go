package harness

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// maxAnswer is the largest answer that Lambda accepts.
const maxAnswer = 6 << 20

// Failure is an error that a function reports to Lambda as the answer to an event.
type Failure struct {
	Type    string `json:"errorType"`
	Message string `json:"errorMessage"`
}

// Error returns the type and the message of the error.
func (f Failure) Error() string { return f.Type + ": " + f.Message }

// invocation is an event that waits for or is with the function.
type invocation struct {
	id       string
	event    []byte
	deadline time.Time
	answer   chan answer // buffered, for one answer
}

type answer struct {
	body []byte
	err  error
}

func newInvocation(event []byte, deadline time.Time) *invocation {
	return &invocation{id: rand.Text(), event: event, deadline: deadline, answer: make(chan answer, 1)}
}

// runtimeAPI is the server of the Runtime API (version 2018-06-01) for one instance.
type runtimeAPI struct {
	function string
	polled   chan time.Time   // receives the time of the first poll
	refused  chan error       // receives the error of a function that cannot start
	queue    chan *invocation // unbuffered: an event waits until the function polls

	mu      sync.Mutex
	current *invocation
}

func serve(function string) (*runtimeAPI, *http.Server, string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, "", err
	}
	a := &runtimeAPI{
		function: function, polled: make(chan time.Time, 1),
		refused: make(chan error, 1), queue: make(chan *invocation),
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", a.next)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/response", a.respond)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/error", a.fail)
	mux.HandleFunc("POST /2018-06-01/runtime/init/error", a.refuse)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(listener) }() // until Stop closes it
	return a, server, listener.Addr().String(), nil
}

// next answers a poll as soon as there is an event.
func (a *runtimeAPI) next(w http.ResponseWriter, r *http.Request) {
	select {
	case a.polled <- time.Now():
	default:
	}
	select {
	case i := <-a.queue:
		a.take(i)
		h := w.Header()
		h.Set("Content-Type", "application/json")
		h.Set("Lambda-Runtime-Aws-Request-Id", i.id)
		h.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(i.deadline.UnixMilli(), 10))
		h.Set("Lambda-Runtime-Invoked-Function-Arn",
			"arn:aws:lambda:local:000000000000:function:"+a.function)
		_, _ = w.Write(i.event) // if the function is gone, its end is noticed elsewhere
	case <-r.Context().Done():
	}
}

func (a *runtimeAPI) take(i *invocation) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.current = i
}

// finish passes an answer on to the caller that waits for it.
func (a *runtimeAPI) finish(w http.ResponseWriter, r *http.Request, with answer) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.current == nil || a.current.id != r.PathValue("id") {
		http.Error(w, `{"errorType":"InvalidRequestID","errorMessage":"no such invocation"}`,
			http.StatusBadRequest)
		return
	}
	a.current.answer <- with
	a.current = nil
	w.WriteHeader(http.StatusAccepted)
}

func (a *runtimeAPI) respond(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxAnswer))
	if err != nil {
		err = fmt.Errorf("read the function's answer: %w", err)
	}
	a.finish(w, r, answer{body, err})
}

func (a *runtimeAPI) fail(w http.ResponseWriter, r *http.Request) {
	a.finish(w, r, answer{err: failureOf(r.Body)})
}

// refuse receives the error of a function that cannot start. Lambda then ends the function, and so
// does [Start].
func (a *runtimeAPI) refuse(w http.ResponseWriter, r *http.Request) {
	select {
	case a.refused <- failureOf(r.Body):
	default:
	}
	w.WriteHeader(http.StatusAccepted)
}

func failureOf(body io.Reader) error {
	text, err := io.ReadAll(io.LimitReader(body, maxAnswer))
	if err != nil {
		return fmt.Errorf("read the function's error: %w", err)
	}
	var f Failure
	if err := json.Unmarshal(text, &f); err != nil {
		return errors.New(strings.TrimSpace(string(text)))
	}
	return f
}
