package api

import (
	"context"
	"net/http"
	"reflect"

	"identitypools/shared/identity"
	"identitypools/shared/once"
)

// None stands where a route takes no query, takes no body or answers nothing.
type None struct{}

// Action is what a route does: what it takes, what it answers, and the handler. The types are those
// of the handler itself, so that a row of the route table can't claim others.
type Action struct {
	query, body, answer reflect.Type // nil for None
	bodyIsOptional      bool
	check               func(context.Context, PlainCall) error // before the body is decoded; may be nil
	list                string
	status              int
	serve               http.HandlerFunc
}

// typeOf returns the type, or nil for None.
func typeOf[T any]() reflect.Type {
	if t := reflect.TypeFor[T](); t != reflect.TypeFor[None]() {
		return t
	}
	return nil
}

func newAction[Q, B, A any](status int, serve http.HandlerFunc) Action {
	return Action{query: typeOf[Q](), body: typeOf[B](), answer: typeOf[A](), status: status, serve: serve}
}

// Change is an action that changes something. The use case do gets the decoded request, and encode
// makes the answer of its result. Where the caller gave an idempotency key, do takes effect once:
// the transaction that makes its change stores the answer by the Reply, and a repeat of the request
// within a day gets that answer, whatever has happened since. A request that fails has changed
// nothing, so it may be repeated under its key, also corrected.
func Change[Q, B, T, A any](
	status int, do func(context.Context, Call[Q, B], once.Reply[T]) (T, error), encode func(T) Answer[A],
) Action {
	return newAction[Q, B, A](status, func(w http.ResponseWriter, r *http.Request) {
		carryOut(w, r, func(ctx context.Context, reply once.Reply[T]) (T, error) {
			c, err := newCall[Q, B](r)
			if err != nil {
				var none T
				return none, err
			}
			return do(ctx, c, reply)
		}, func(result T) stored { return encode(result).stored(status) })
	})
}

// Read is an action that only reads. The use case read gets the decoded request, and encode makes
// the answer of its result.
func Read[Q, B, T, A any](
	read func(context.Context, Call[Q, B]) (T, error), encode func(T) Answer[A],
) Action {
	return newAction[Q, B, A](http.StatusOK, func(w http.ResponseWriter, r *http.Request) {
		c, err := newCall[Q, B](r)
		var result T
		if err == nil {
			result, err = read(r.Context(), c)
		}
		if err != nil {
			Error(w, r, err)
			return
		}
		encode(result).stored(http.StatusOK).write(w)
	})
}

// Raw is an action whose handler reads and answers HTTP itself, such as a page or the token endpoint
// of OAuth 2.0. Q, B and A say what it takes and answers.
func Raw[Q, B, A any](status int, serve http.HandlerFunc) Action {
	return newAction[Q, B, A](status, serve)
}

// WithOptionalBody is the action with a body that may be left out.
func (a Action) WithOptionalBody() Action {
	a.bodyIsOptional = true
	return a
}

// WithCheck is the action with a check that comes before the body is decoded, so that who may not do
// something is not told what else is wrong.
func (a Action) WithCheck(check func(context.Context, PlainCall) error) Action {
	a.check = check
	return a
}

// HTML is what pages answer.
type HTML string

// Call is a request to a route as its use case gets it: with its query and its body decoded.
type Call[Q, B any] struct {
	Query Q
	Body  B
	r     *http.Request
}

// The usual kinds of calls.
type (
	PlainCall        = Call[None, None] // takes only what its path has
	QueryCall[Q any] = Call[Q, None]
	BodyCall[B any]  = Call[None, B]
)

func newCall[Q, B any](r *http.Request) (c Call[Q, B], err error) {
	c.r = r
	if typeOf[Q]() != nil {
		if err := DecodeQuery(r, &c.Query); err != nil {
			return c, err
		}
	}
	ex := exchangeOf(r.Context())
	if ex.check != nil {
		if err := ex.check(r.Context(), PlainCall{r: r}); err != nil {
			return c, err
		}
	}
	if typeOf[B]() == nil {
		return c, nil
	}
	if ex.route.BodyIsOptional {
		return c, DecodeOptional(r, &c.Body)
	}
	return c, Decode(r, &c.Body)
}

// Path returns the value of a parameter of the path.
func (c Call[Q, B]) Path(name string) string { return c.r.PathValue(name) }

// Tenant returns the tenant's id, from the path.
func (c Call[Q, B]) Tenant() string { return c.Path("tid") }

// Pool returns the pool's id, from the path.
func (c Call[Q, B]) Pool() string { return c.Path("ipID") }

// User returns the user whom the path names; the id is "" where the path has none.
func (c Call[Q, B]) User() identity.UserRef {
	return identity.UserRef{Tenant: c.Tenant(), Pool: c.Pool(), ID: c.Path("userID")}
}

// IfMatch returns the precondition of the request.
func (c Call[Q, B]) IfMatch() identity.Match { return IfMatch(c.r) }

// Header returns the value of a header.
func (c Call[Q, B]) Header(name string) string { return c.r.Header.Get(name) }

// Request returns the request, for what depends on more of it than its query and body.
func (c Call[Q, B]) Request() *http.Request { return c.r }

// ClientID returns the id of the API client that makes the request, as its token says; "" on routes
// that need no token.
func (c Call[Q, B]) ClientID() string { return exchangeOf(c.r.Context()).client }
