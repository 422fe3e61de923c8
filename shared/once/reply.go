package once

import "fmt"

// Reply says how a request is answered whose change results in a T. Its zero value belongs to a
// request whose caller gave no idempotency key: nothing is stored for it.
//
// A Reply and those that Map makes of it belong to one request and must not be used by several
// goroutines at the same time.
type Reply[T any] struct {
	request *Request
	encode  func(T) ([]byte, error)
	outcome *outcome
}

// outcome is what has become of the answer to a request.
type outcome struct {
	answer   []byte // the one that was sealed last
	isStored bool
}

// NewReply returns the Reply to r, which encode makes of the result of its change. For a nil r it
// returns the zero Reply.
func NewReply[T any](r *Request, encode func(T) ([]byte, error)) Reply[T] {
	if r == nil {
		return Reply[T]{}
	}
	return Reply[T]{request: r, encode: encode, outcome: &outcome{}}
}

// Map returns the Reply for a change that results in an A, in a use case that results in a B.
// Convert makes the result of the use case of that of the change; it may run several times.
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

// Request returns the request that is answered, or nil where its caller gave no idempotency key.
func (r Reply[T]) Request() *Request { return r.request }

// With returns the answer for a change with the given result, which is to be stored together with
// the change. It returns the zero Answer for the zero Reply, and once an answer has been stored: a
// request is answered for one change.
func (r Reply[T]) With(result T) Answer {
	if r.request == nil || r.outcome.isStored {
		return Answer{}
	}
	return Answer{
		request: r.request, outcome: r.outcome,
		encode: func() ([]byte, error) { return r.encode(result) },
	}
}

// Stored returns the answer that has been stored, or nil where none has been.
func (r Reply[T]) Stored() []byte {
	if r.request == nil || !r.outcome.isStored {
		return nil
	}
	return r.outcome.answer
}

// Answer is the answer to a request for a change whose result is known. Its zero value stands for
// no answer.
type Answer struct {
	request *Request
	encode  func() ([]byte, error)
	outcome *outcome
}

// IsZero reports whether there is no answer to store.
func (a Answer) IsZero() bool { return a.request == nil }

// Request returns the request that is answered, or nil for the zero Answer.
func (a Answer) Request() *Request { return a.request }

// Seal encodes the answer and encrypts it for the table. The zero Answer cannot be sealed.
func (a Answer) Seal() ([]byte, error) {
	answer, err := a.encode()
	if err != nil {
		return nil, fmt.Errorf("encode the answer: %w", err)
	}
	a.outcome.answer = answer
	return a.request.seal(answer), nil
}

// MarkStored records that what Seal returned last has been stored.
func (a Answer) MarkStored() { a.outcome.isStored = true }
