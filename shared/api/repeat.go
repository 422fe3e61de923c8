package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"identitypools/shared/identity"
	"identitypools/shared/once"
)

// Answers finds what an earlier request under the same key was answered with; shared/table has it.
type Answers interface {
	Get(ctx context.Context, r *once.Request) (answer []byte, ok bool, err error)
}

// The names of the idempotency key: the standard's, which wins, and the published API's.
const (
	keyHeader      = "Idempotency-Key"
	otherKeyHeader = "X-Idempotency-Key"
	replayedHeader = "X-Idempotent-Replayed"
)

// repeat is a request that may be a repeat; the zero value, of a request without a key, is none.
type repeat struct {
	*once.Request
	answers Answers
}

// repeatOf reads the key of r, and the body, which can be read again afterwards. Errors: identity.Invalid, or what HTTP has for the fault.
func repeatOf(r *http.Request) (repeat, error) {
	name := keyHeader
	if r.Header.Get(name) == "" {
		name = otherKeyHeader
	}
	key, ex := r.Header.Get(name), exchangeOf(r.Context())
	if key == "" || ex.answers == nil {
		return repeat{}, nil
	}
	if !once.CheckKey(key) {
		return repeat{}, identity.InvalidField(name, fmt.Sprintf("must have %d to %d visible ASCII characters", once.MinKey, once.MaxKey))
	}
	body, err := readBody(r)
	if err != nil {
		return repeat{}, err
	}
	r.Body = readCloser{bytes.NewReader(body)}
	parts := [][]byte{[]byte(r.Method), []byte(r.URL.Path), []byte(r.URL.RawQuery), []byte(r.Header.Get("If-Match")), body}
	request, err := once.New(r.PathValue("tid")+" "+string(ex.route.Caller), key, parts)
	return repeat{request, ex.answers}, err
}

// find returns what an earlier request under the key was answered with. Errors: problem where that was
// another request.
func (p repeat) find(ctx context.Context) (s stored, found bool, err error) {
	if p.Request == nil {
		return s, false, nil
	}
	answer, ok, err := p.answers.Get(ctx, p.Request)
	switch {
	case errors.Is(err, once.ErrOther):
		return s, false, problem{
			http.StatusUnprocessableEntity, "idempotency_key_reused",
			"the idempotency key was used for another request",
		}
	case err != nil || !ok:
		return s, false, err
	}
	s, err = storedOf(answer)
	return s, true, err
}

func storedOf(answer []byte) (stored, error) {
	var s struct {
		stored
		Body jsontext.Value `json:"body"`
	}
	if err := json.Unmarshal(answer, &s); err != nil {
		return stored{}, fmt.Errorf("decode a stored answer: %w", err)
	}
	if s.Body.Kind() != 'n' {
		s.stored.Body = s.Body
	}
	return s.stored, nil
}

// carryOut answers r with the result of do, or with what a request under the same idempotency key was
// answered with: see [Change].
func carryOut[T any](
	w http.ResponseWriter, r *http.Request, do func(context.Context, once.Reply[T]) (T, error), encode func(T) stored,
) {
	answer, replayed, err := answerOnce(r, do, encode)
	if err != nil {
		Error(w, r, err)
		return
	}
	if replayed {
		w.Header().Set(replayedHeader, "true")
		exchangeOf(r.Context()).code = "replayed" // so that nothing is counted twice
	}
	answer.write(w)
}

func answerOnce[T any](
	r *http.Request, do func(context.Context, once.Reply[T]) (T, error), encode func(T) stored,
) (answer stored, replayed bool, err error) {
	p, err := repeatOf(r)
	if err != nil {
		return answer, false, err
	}
	if answer, replayed, err = p.find(r.Context()); replayed || err != nil {
		return answer, replayed, err
	}
	reply := once.NewReply(p.Request, func(result T) ([]byte, error) {
		return json.Marshal(encode(result), json.Deterministic(true), jsontext.AllowInvalidUTF8(true))
	})
	result, err := do(r.Context(), reply)
	if err != nil {
		// A repeat that was under way at the same time may have been faster.
		if answer, replayed, other := p.find(r.Context()); replayed || errors.As(other, new(problem)) {
			return answer, replayed, other
		}
		return answer, false, err
	}
	if kept := reply.Stored(); kept != nil {
		answer, err = storedOf(kept)
		return answer, false, err
	}
	return encode(result), false, nil
}
