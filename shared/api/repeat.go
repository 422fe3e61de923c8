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
	request, err := once.New(r.PathValue("tid")+" "+string(ex.caller), key, parts)
	return repeat{request, ex.answers}, err
}

// find is what an earlier request under the key was answered with. Errors: problem where that was another request.
func (p repeat) find(ctx context.Context) (a Answer, found bool, err error) {
	if p.Request == nil {
		return a, false, nil
	}
	stored, ok, err := p.answers.Get(ctx, p.Request)
	switch {
	case errors.Is(err, once.ErrOther):
		return a, false, problem{http.StatusUnprocessableEntity, "idempotency_key_reused", "the idempotency key was used for another request"}
	case err != nil || !ok:
		return a, false, err
	}
	a, err = answerOf(stored)
	return a, true, err
}

func answerOf(stored []byte) (Answer, error) {
	var a struct {
		Answer
		Body jsontext.Value `json:"body"`
	}
	if err := json.Unmarshal(stored, &a); err != nil {
		return Answer{}, fmt.Errorf("decode a stored answer: %w", err)
	}
	if a.Body.Kind() != 'n' {
		a.Answer.Body = a.Body
	}
	return a.Answer, nil
}
