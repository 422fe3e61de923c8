package once

import "fmt"

// Reply describes how a request is answered when its change results in a T. The zero value is for a
// request without an idempotency key, for which nothing is stored.
//
// A Reply and those that Map makes of it belong to one request. They must not be used by several
// goroutines at the same time.
type Reply[T any] struct {
	request *Request
	encode  func(T) ([]byte, error)
	outcome *outcome
}

// outcome records what has happened to the answer of a request.
type outcome struct {
	answer   []byte // the answer that was sealed last
	isStored bool
}

// NewReply returns the Reply to r. The function encode returns the answer for the result of the
// change. For a nil r, NewReply returns the zero Reply.
func NewReply[T any](r *Request, encode func(T) ([]byte, error)) Reply[T] {
	if r == nil {
		return Reply[T]{}
	}
	return Reply[T]{request: r, encode: encode, outcome: &outcome{}}
}

// Map returns a Reply for a change that results in an A, given the Reply of a use case that results
// in a B. The function convert returns the result of the use case for the result of the change. It
// may be called several times.
func Map[A, B any](reply Reply[B], convert func(A) (B, error)) Reply[A] {
	if reply.request == nil {
		return Reply[A]{}
	}
	return Reply[A]{request: reply.request, outcome: reply.outcome, encode: func(a A) ([]byte, error) {
		b, err := convert(a)
		if err != nil {
			return nil, err
		}
		return reply.encode(b)
	}}
}

// Request returns the request that is answered, or nil if it has no idempotency key.
func (r Reply[T]) Request() *Request { return r.request }

// With returns the answer for a change with the given result. The answer must be stored together
// with the change. With returns the zero Answer for the zero Reply, and after an answer has been
// stored, because only one change is stored with the answer to a request.
func (r Reply[T]) With(result T) Answer {
	if r.request == nil || r.outcome.isStored {
		return Answer{}
	}
	return Answer{
		request: r.request, outcome: r.outcome,
		encode: func() ([]byte, error) { return r.encode(result) },
	}
}

// Stored returns the answer that was stored, or nil if none was.
func (r Reply[T]) Stored() []byte {
	if r.request == nil || !r.outcome.isStored {
		return nil
	}
	return r.outcome.answer
}

// Answer is the answer to a request whose change has a known result. The zero value means that
// there is no answer to store.
type Answer struct {
	request *Request
	encode  func() ([]byte, error)
	outcome *outcome
}

// IsZero reports whether there is no answer to store.
func (a Answer) IsZero() bool { return a.request == nil }

// Request returns the request that is answered, or nil for the zero Answer.
func (a Answer) Request() *Request { return a.request }

// Seal encodes the answer and encrypts it. It must not be called on the zero Answer.
func (a Answer) Seal() ([]byte, error) {
	answer, err := a.encode()
	if err != nil {
		return nil, fmt.Errorf("encode the answer: %w", err)
	}
	a.outcome.answer = answer
	return a.request.seal(answer), nil
}

// MarkStored records that the result of the last call of Seal has been stored.
func (a Answer) MarkStored() { a.outcome.isStored = true }

// WithoutResult returns a Reply for a change that results in an A, given the Reply of a use case that has
// no result.
func WithoutResult[A any](reply Reply[None]) Reply[A] {
	return Map(reply, func(A) (None, error) { return None{}, nil })
}
