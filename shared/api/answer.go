package api

import "net/http"

// Answer is the answer to a request that was carried out. Version is that of the resource, for the
// header ETag; 0 means that there is no such header. If A is None, the answer has no body.
type Answer[A any] struct {
	Version int64
	Body    A
}

// Encode returns an encoder of answers without a version, given a function that returns the body.
func Encode[T, A any](body func(T) A) func(T) Answer[A] {
	return func(result T) Answer[A] { return Answer[A]{Body: body(result)} }
}

// Empty is an encoder of answers without a body.
func Empty[T any](T) Answer[None] { return Answer[None]{} }

// storedAnswer is an answer in the form in which it is stored for repeats of the request.
type storedAnswer struct {
	Status  int   `json:"status"`
	Version int64 `json:"version"`
	Body    any   `json:"body"` // nil if there is no body
}

// stored returns the answer in its stored form.
func (a Answer[A]) stored(status int) storedAnswer {
	s := storedAnswer{Status: status, Version: a.Version}
	if typeOf[A]() != nil {
		s.Body = a.Body
	}
	return s
}

// writeTo sends the answer to r, or 304 if r has it already.
func (s storedAnswer) writeTo(w http.ResponseWriter, r *http.Request) {
	if notModified(r, s.Version) {
		s.Status, s.Body = http.StatusNotModified, nil
	}
	s.write(w)
}

// write sends the answer.
func (s storedAnswer) write(w http.ResponseWriter) {
	if s.Version != 0 {
		w.Header().Set("ETag", versionTag(s.Version))
	}
	if s.Body == nil {
		w.WriteHeader(s.Status)
		return
	}
	WriteJSON(w, s.Status, s.Body)
}
