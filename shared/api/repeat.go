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

// Answers finds the stored answers of earlier requests. It is implemented by table.Answers.
type Answers interface {
	Get(ctx context.Context, r *once.Request) (answer []byte, ok bool, err error)
}

// The headers of idempotency keys. The first is that of the standard, which takes precedence, and
// the second that of the published API. The third marks answers to repeats.
const (
	keyHeader      = "Idempotency-Key"
	otherKeyHeader = "X-Idempotency-Key"
	replayedHeader = "X-Idempotent-Replayed"
)

// repeat is a request that may be the repeat of an earlier one. The zero value is a request without
// an idempotency key.
type repeat struct {
	*once.Request
	answers Answers
}

// repeatOf reads the idempotency key and the body of r. The body can be read again afterwards. The
// error is identity.Invalid, or a problem of the body.
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
		reason := fmt.Sprintf("must have %d to %d visible ASCII characters", once.MinKey, once.MaxKey)
		return repeat{}, identity.InvalidField(name, identity.WrongFormat("visible-ascii", reason))
	}
	body, err := readBody(r)
	if err != nil {
		return repeat{}, err
	}
	r.Body = readCloser{bytes.NewReader(body)}
	parts := [][]byte{
		[]byte(r.Method), []byte(r.URL.Path), []byte(r.URL.RawQuery), []byte(r.Header.Get("If-Match")), body,
	}
	if none := r.Header.Get("If-None-Match"); none != "" { // else it is what earlier releases stored
		parts = append(parts, []byte(none))
	}
	request, err := once.New(r.PathValue("tid")+" "+string(ex.route.Caller), key, parts)
	return repeat{request, ex.answers}, err
}

// find returns the answer to an earlier request under the same key. The error is a problem if that
// was a different request.
func (p repeat) find(ctx context.Context) (s storedAnswer, found bool, err error) {
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
	s, err = parseStored(answer)
	return s, true, err
}

// parseStored decodes a stored answer.
func parseStored(answer []byte) (storedAnswer, error) {
	var s struct {
		storedAnswer
		Body jsontext.Value `json:"body"`
	}
	if err := json.Unmarshal(answer, &s); err != nil {
		return storedAnswer{}, fmt.Errorf("decode a stored answer: %w", err)
	}
	if s.Body.Kind() != 'n' {
		s.storedAnswer.Body = s.Body
	}
	return s.storedAnswer, nil
}

// carryOut answers r with the result of do, or with the answer to an earlier request under the same
// idempotency key: see [Change]. The request that do gets is nil if the caller gave no key.
func carryOut(
	w http.ResponseWriter, r *http.Request, do func(*once.Request) (outcome, error),
) {
	answer, replayed, err := answerOnce(r, do)
	if err != nil {
		Error(w, r, err)
		return
	}
	if replayed {
		MarkRepeat(r)
	}
	if exchangeOf(r.Context()).code == replayedCode { // the use case may also have recognized a repeat
		w.Header().Set(replayedHeader, "true")
	}
	answer.write(w)
}

// outcome is the answer to a request that was carried out.
type outcome struct {
	kept   []byte // the answer as it was stored for repeats; nil if none was stored
	answer storedAnswer
}

// answerOnce returns the answer to r, and whether it is the answer to an earlier request.
func answerOnce(
	r *http.Request, do func(*once.Request) (outcome, error),
) (answer storedAnswer, replayed bool, err error) {
	p, err := repeatOf(r)
	if err != nil {
		return answer, false, err
	}
	if answer, replayed, err = p.find(r.Context()); replayed || err != nil {
		return answer, replayed, err
	}
	done, err := do(p.Request)
	switch {
	case err != nil:
		// A simultaneous repeat may have been faster.
		if answer, replayed, other := p.find(r.Context()); replayed || errors.As(other, new(problem)) {
			return answer, replayed, other
		}
	case done.kept != nil:
		done.answer, err = parseStored(done.kept)
	default: // nothing was stored: the use case may have found that a simultaneous repeat was faster
		if answer, replayed, err := p.find(r.Context()); replayed || err != nil {
			return answer, replayed, err
		}
	}
	return done.answer, false, err
}

// encodeStored encodes an answer in the form in which it is stored.
func encodeStored(answer storedAnswer) ([]byte, error) {
	return json.Marshal(answer, json.Deterministic(true), jsontext.AllowInvalidUTF8(true))
}
