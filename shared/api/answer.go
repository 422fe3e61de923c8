package api

import (
	"net/http"
)

// Answer is the answer of a request that was carried out. The version is that of the resource, for
// its ETag; 0 for none. A body of None is no body.
type Answer[A any] struct {
	Version int64
	Body    A
}

// Encode makes an encoder of answers of a function that makes the body.
func Encode[T, A any](body func(T) A) func(T) Answer[A] {
	return func(result T) Answer[A] { return Answer[A]{Body: body(result)} }
}

// Empty is an encoder of answers without a body.
func Empty[T any](T) Answer[None] { return Answer[None]{} }

// stored is an answer in the form in which it is kept for repeats of a request.
type stored struct {
	Status  int   `json:"status"`
	Version int64 `json:"version"`
	Body    any   `json:"body"` // nil for none
}

func (a Answer[A]) stored(status int) stored {
	s := stored{Status: status, Version: a.Version}
	if typeOf[A]() != nil {
		s.Body = a.Body
	}
	return s
}

func (s stored) write(w http.ResponseWriter) {
	if s.Version != 0 {
		w.Header().Set("ETag", versionTag(s.Version))
	}
	if s.Body == nil {
		w.WriteHeader(s.Status)
		return
	}
	Reply(w, s.Status, s.Body)
}
