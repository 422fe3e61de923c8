package api

import (
	"context"
	"net/http"
	"reflect"

	"identitypools/shared/identity"
	"identitypools/shared/once"
)

// None is the type of a query, a body or an answer that a route does not have.
type None struct{}

// Action is what a route does: the types of what it takes and answers, and the handler. The types
// come from the handler itself, so the row of a route cannot have other ones.
type Action struct {
	query, body, answer reflect.Type // nil if the type is None
	bodyIsOptional      bool
	ignored             []reflect.Type                         // the answers whose members a body may have
	check               func(context.Context, PlainCall) error // before decoding; may be nil
	list                string
	status              int
	serve               http.HandlerFunc
}

// typeOf returns the type T, or nil if T is None.
func typeOf[T any]() reflect.Type {
	if t := reflect.TypeFor[T](); t != reflect.TypeFor[None]() {
		return t
	}
	return nil
}

// newAction returns an action with the types of its query, its body and its answer.
func newAction[Q, B, A any](status int, serve http.HandlerFunc) Action {
	return Action{query: typeOf[Q](), body: typeOf[B](), answer: typeOf[A](), status: status, serve: serve}
}

// Change returns an action that changes something. The use case do gets the decoded request, and
// encode returns the answer for its result.
//
// If the caller gave an idempotency key, the change takes effect once. The transaction that makes
// the change stores the answer, by means of the Reply. A repeat of the request within once.Kept
// gets the stored answer, whatever has happened since. A request that fails has changed nothing, so
// it can be repeated under the same key, even with corrections.
func Change[Q, B, T, A any](
	status int, do func(context.Context, Call[Q, B], once.Reply[T]) (T, error), encode func(T) Answer[A],
) Action {
	var answer A
	return newAction[Q, B, A](status, func(w http.ResponseWriter, r *http.Request) {
		carryOut(w, r, func(request *once.Request) (outcome, error) {
			reply := once.NewReply(request, func(result T) ([]byte, error) {
				return encodeStored(encode(result).stored(status))
			})
			c, err := newCall[Q, B](r)
			if err != nil {
				return outcome{}, err
			}
			result, err := do(r.Context(), c, reply)
			if err != nil {
				return outcome{}, err
			}
			if kept := reply.Stored(); kept != nil {
				return outcome{kept: kept}, nil
			}
			return outcome{answer: encode(result).stored(status)}, nil
		})
	}).Ignoring(answer)
}

// Read returns an action that only reads. The use case read gets the decoded request, and encode
// returns the answer for its result. A GET whose header If-None-Match has the version of the answer
// is answered 304 instead.
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
		encode(result).stored(http.StatusOK).writeTo(w, r)
	})
}

// Raw returns an action whose handler reads the request and writes the answer itself, such as a
// page or the token endpoint of OAuth 2.0. The types Q, B and A only describe what it takes and
// answers.
func Raw[Q, B, A any](status int, serve http.HandlerFunc) Action {
	return newAction[Q, B, A](status, serve)
}

// WithOptionalBody returns the action with a body that may be absent.
func (a Action) WithOptionalBody() Action {
	a.bodyIsOptional = true
	return a
}

// WithCheck returns the action with a check that is called before the body is decoded. A caller who
// may not do something is then not told what else is wrong with the request.
func (a Action) WithCheck(check func(context.Context, PlainCall) error) Action {
	a.check = check
	return a
}

// HTML is the type of the answers of pages.
type HTML string

// Call is a request to a route, with its query and its body decoded, as a use case gets it.
type Call[Q, B any] struct {
	Query Q
	Body  B
	r     *http.Request
}

// The usual kinds of calls.
type (
	PlainCall        = Call[None, None] // has neither query nor body
	QueryCall[Q any] = Call[Q, None]
	BodyCall[B any]  = Call[None, B]
)

// newCall decodes a request.
func newCall[Q, B any](r *http.Request) (c Call[Q, B], err error) {
	c.r = r
	var query, body any
	if typeOf[Q]() != nil {
		query = &c.Query
	}
	if typeOf[B]() != nil {
		body = &c.Body
	}
	return c, decodeCall(r, query, body)
}

// decodeCall reads the query and the body of a request into what query and body point to, unless they
// are nil: a request without a query may have no parameters. It calls the action's check before it reads the body.
func decodeCall(r *http.Request, query, body any) error {
	if err := DecodeQuery(r, query); err != nil {
		return err
	}
	ex := exchangeOf(r.Context())
	if ex.check != nil {
		if err := ex.check(r.Context(), PlainCall{r: r}); err != nil {
			return err
		}
	}
	switch {
	case body == nil:
		return nil
	case ex.route.BodyIsOptional:
		return DecodeOptional(r, body)
	}
	return Decode(r, body)
}

// Path returns the value of a parameter of the path.
func (c Call[Q, B]) Path(name string) string { return c.r.PathValue(name) }

// Tenant returns the id of the tenant in the path.
func (c Call[Q, B]) Tenant() string { return c.Path("tid") }

// Pool returns the id of the pool in the path.
func (c Call[Q, B]) Pool() string { return c.Path("ipID") }

// User returns the reference to the user in the path. Its ID is empty if the path has no user.
func (c Call[Q, B]) User() identity.UserRef { return userOf(c.r) }

// userOf returns the reference to the user in the path of r. It is no method of Call, so that the
// programs have it once.
func userOf(r *http.Request) identity.UserRef {
	return identity.UserRef{Tenant: r.PathValue("tid"), Pool: r.PathValue("ipID"), ID: r.PathValue("userID")}
}

// IfMatch returns the precondition of the request: see the function [IfMatch].
func (c Call[Q, B]) IfMatch() identity.Match { return IfMatch(c.r) }

// Header returns the value of a header.
func (c Call[Q, B]) Header(name string) string { return c.r.Header.Get(name) }

// Request returns the request itself, for use cases that need more of it than its query and body.
func (c Call[Q, B]) Request() *http.Request { return c.r }

// ClientID returns the id of the API client that makes the request, according to its token. It is
// empty on routes that need no token.
func (c Call[Q, B]) ClientID() string { return exchangeOf(c.r.Context()).client }
