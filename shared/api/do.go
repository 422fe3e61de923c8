package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"identitypools/shared/once"
)

// Answer is how a request is answered that was carried out.
type Answer struct {
	Status  int   `json:"status"`
	Version int64 `json:"version"` // of the resource, for its ETag; 0 for none
	Body    any   `json:"body"`    // nil for none
}

// Done answers a request that comes to nothing that there is to tell of.
func Done[T any](T) Answer { return Answer{Status: http.StatusNoContent} }

func (a Answer) write(w http.ResponseWriter) {
	if a.Version != 0 {
		w.Header().Set("ETag", versionTag(a.Version))
	}
	if a.Body == nil {
		w.WriteHeader(a.Status)
		return
	}
	Reply(w, a.Status, a.Body)
}

// Show answers r with what show finds.
func Show[T any](w http.ResponseWriter, r *http.Request, answer func(T) Answer, show func(context.Context) (T, error)) {
	v, err := show(r.Context())
	if err != nil {
		Error(w, r, err)
		return
	}
	answer(v).write(w)
}

// Take is Do for a use case that takes what the body has: see Decode.
func Take[In, T any](
	w http.ResponseWriter, r *http.Request, answer func(T) Answer,
	do func(context.Context, In, once.Reply[T]) (T, error),
) {
	Do(w, r, answer, func(ctx context.Context, reply once.Reply[T]) (v T, err error) {
		var in In
		if err = Decode(r, &in); err == nil {
			v, err = do(ctx, in, reply)
		}
		return v, err
	})
}

// Do answers r with what do comes to. Where the caller gave an idempotency key, do takes effect once: its first transaction stores the
// answer, and a repeat of the request within a day gets that, whatever has happened since. A request that fails has changed nothing, so it
// may be repeated under its key, also corrected.
func Do[T any](
	w http.ResponseWriter, r *http.Request, answer func(T) Answer,
	do func(context.Context, once.Reply[T]) (T, error),
) {
	a, replayed, err := carryOut(r, answer, do)
	if err != nil {
		Error(w, r, err)
		return
	}
	if replayed {
		w.Header().Set(replayedHeader, "true")
		exchangeOf(r.Context()).code = "replayed" // so that nothing is counted twice
	}
	a.write(w)
}

func carryOut[T any](
	r *http.Request, answer func(T) Answer, do func(context.Context, once.Reply[T]) (T, error),
) (a Answer, replayed bool, err error) {
	p, err := repeatOf(r)
	if err != nil {
		return a, false, err
	}
	if a, replayed, err = p.find(r.Context()); replayed || err != nil {
		return a, replayed, err
	}
	reply := once.NewReply(p.Request, func(v T) ([]byte, error) {
		return json.Marshal(answer(v), json.Deterministic(true), jsontext.AllowInvalidUTF8(true))
	})
	v, err := do(r.Context(), reply)
	if err != nil {
		// A repeat that was under way at the same time may have been faster.
		if a, replayed, other := p.find(r.Context()); replayed || errors.As(other, new(problem)) {
			return a, replayed, other
		}
		return a, false, err
	}
	if stored := reply.Stored(); stored != nil {
		a, err = answerOf(stored)
		return a, false, err
	}
	return answer(v), false, nil
}
