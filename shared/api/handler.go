package api

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"path"
	"reflect"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"identitypools/shared/access"
	"identitypools/shared/identity"
	"identitypools/shared/metric"
)

// Options are what the handler of every function needs besides its routes.
type Options struct {
	Verifier Verifier // may be nil if no route of the function needs a token
	Answers  Answers  // if nil, idempotency keys are ignored
	Proxy    *Proxy   // of public routes; nil if there is none
	Origins  Origins  // of routes that pages of other origins may call; nil if the function has none
	Log      *slog.Logger
	Now      func() time.Time
}

// Verifier verifies bearer tokens. It is implemented by access.Verifier. The error is
// access.ErrToken for a token that is not valid.
type Verifier interface {
	Verify(ctx context.Context, token string) (access.Token, error)
}

// New returns the handler of a function. It serves the function's routes and no others. It fails if
// two endpoints have the same name or the same shape.
func New(f Function, o Options) (http.Handler, error) {
	mux, known := NewMux(), map[string]bool{}
	for _, e := range f.Endpoints {
		if known[e.Name] || known[e.Shape()] {
			return nil, fmt.Errorf("function %s: %s (%s) is there twice", f.Name, e.Name, e.Shape())
		}
		known[e.Name], known[e.Shape()] = true, true
		mux.Handle(e.Key(), guard(e, o))
	}
	return outer(mux, f.methods(), o), nil
}

// methods returns the methods of the function's routes, sorted. It leaves out that of preflights, which
// every path has.
func (f Function) methods() []string {
	var methods []string
	for _, e := range f.Endpoints {
		if e.Path != everyPath {
			methods = append(methods, e.Method)
		}
	}
	slices.Sort(methods)
	return slices.Compact(methods)
}

// outer returns the handler for the steps that come before the route of a request is known. At the
// end it counts a request that the table has refused, wherever that was noticed.
func outer(mux *Mux, methods []string, o Options) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r = begin(w, r, o.Log)
		defer func() {
			if ex := exchangeOf(r.Context()); ex.throttled {
				metric.Count(r.Context(), ex.log, o.Now(), metric.TableThrottled)
			}
		}()
		defer func() {
			if fault := recover(); fault != nil {
				exchangeOf(r.Context()).log.Error("panic", "fault", fmt.Sprint(fault), "stack", string(debug.Stack()))
				WriteJSON(w, http.StatusInternalServerError, internalAnswer())
			}
		}()
		if _, is := r.Body.(unreadable); is {
			exchangeOf(r.Context()).log.Warn("the body of an event is not valid base64")
			Error(w, r, malformed("the body is not valid base64"))
			return
		}
		_, pattern := mux.Handler(r)
		if pattern == "" || path.Clean(r.URL.Path) != r.URL.Path {
			unrouted(w, r, mux, methods)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// begin returns the request with its id and its log, and sets the headers that every answer has.
func begin(w http.ResponseWriter, r *http.Request, log *slog.Logger) *http.Request {
	id := r.Header.Get(requestIDHeader)
	if id == "" || len(id) > 64 || !identity.ValidID(strings.TrimRight(id, "=")) {
		id = rand.Text()
	}
	w.Header().Set("X-Request-Id", id)
	protect(w.Header())
	ex := &exchange{log: log.With("request", id), route: Route{MaxBody: MaxBody}}
	return r.WithContext(context.WithValue(r.Context(), exchangeKey{}, ex))
}

// protect sets headers that keep an answer out of caches and frames, and keep browsers from
// guessing its type (ASVS V3.4, V14.3.2). A handler may replace them.
func protect(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
	h.Set("X-Content-Type-Options", "nosniff")
}

// unrouted answers a request to a path that no route has, or that has routes with other methods
// only.
func unrouted(w http.ResponseWriter, r *http.Request, mux *Mux, methods []string) {
	var allowed []string
	for _, method := range methods {
		other := r.Clone(r.Context())
		other.Method = method
		if _, pattern := mux.Handler(other); pattern != "" && path.Clean(r.URL.Path) == r.URL.Path {
			allowed = append(allowed, method)
		}
	}
	if len(allowed) > 0 {
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		Error(w, r, problem{
			http.StatusMethodNotAllowed, "method_not_allowed", "this path does not take " + r.Method,
		})
		return
	}
	NotFound(w, r)
}

// guard returns the handler of an endpoint. It refuses requests whose caller may not call the route
// and requests with malformed ids, both before anything looks at the body. It counts the result of
// the others. Pages of other origins can read what they are told, also if it is an error.
func guard(e Endpoint, o Options) http.Handler {
	route, ids := e.Route, pathIDs(e.Path)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if route.CrossOrigin {
			// A page that cannot read the answer must not use up a code, so nothing is done if it is unknown.
			if _, err := share(w, r, o.Origins); err != nil {
				Error(w, r, err)
				return
			}
		}
		token, err := authorize(route, o, r)
		if err != nil {
			if c := challenge(r, route.Scope, err); c != "" {
				w.Header().Set(challengeHeader, c)
			}
			Error(w, r, err)
			return
		}
		for _, id := range ids {
			if !identity.ValidID(r.PathValue(id)) {
				Error(w, r, problem{http.StatusNotFound, "not_found", id + " in the path " + identity.IDRule})
				return
			}
		}
		ex := exchangeOf(r.Context())
		if route.Caller == access.Public {
			if err := o.Proxy.receive(r, ex); err != nil {
				Error(w, r, err)
				return
			}
		}
		ex.route, ex.check, ex.ignored = route, e.action.check, e.action.ignored
		ex.client, ex.answers = token.ClientID, o.Answers
		e.action.serve(w, r)
		if name := countOf(route, ex.code); name != "" {
			metric.Count(r.Context(), ex.log, o.Now(), name)
		}
	})
}

// pathIDs returns the names of the parameters in a pattern of a path that are ids: all but one for the
// rest of the path.
func pathIDs(pattern string) []string {
	var ids []string
	for _, part := range strings.Split(pattern, "/") {
		if name, ok := strings.CutPrefix(part, "{"); ok && !strings.HasSuffix(name, "+}") {
			ids = append(ids, strings.TrimSuffix(name, "}"))
		}
	}
	return ids
}

// authorize returns the content of the request's token, or the zero value if the route needs none.
// It refuses a token that is not valid, that is for another tenant or another tree, or that lacks
// the scope of the route.
func authorize(route Route, o Options, r *http.Request) (access.Token, error) {
	if route.Caller == access.Public || route.Caller == access.OAuthClient {
		return access.Token{}, nil
	}
	unauthorized := problem{http.StatusUnauthorized, "unauthorized", "a valid bearer token is needed"}
	scheme, signed, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || signed == "" || o.Verifier == nil {
		return access.Token{}, unauthorized
	}
	token, err := o.Verifier.Verify(r.Context(), strings.TrimSpace(signed))
	switch {
	case err == access.ErrToken:
		err = unauthorized
	case err != nil:
	case token.Tenant != r.PathValue("tid"), token.Caller != route.Caller:
		err = problem{http.StatusForbidden, "forbidden", "the token is for another tenant or another API"}
	case !slices.Contains(token.Scopes, route.Scope):
		err = problem{http.StatusForbidden, "insufficient_scope", "the token lacks the scope " + route.Scope}
	}
	return token, err
}

// The header of challenges, and the challenge for a request that lacks no more than a password or a
// token.
const (
	challengeHeader = "WWW-Authenticate"
	plainChallenge  = `Bearer realm="identity"`
)

// challenge returns the challenge to a request that authorize has refused with err, or "" if the
// request is not at fault. It has an error code only if the request has a bearer token (RFC 6750 §3
// and §3.1).
func challenge(r *http.Request, scope string, err error) string {
	refused, ok := err.(problem)
	scheme, _, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	switch {
	case !ok:
		return ""
	case refused.status == http.StatusForbidden:
		return `Bearer error="insufficient_scope", scope="` + scope + `"`
	case strings.EqualFold(scheme, "Bearer"):
		return `Bearer error="invalid_token"`
	}
	return plainChallenge
}

// exchange is what the edge knows about a request that is being served.
type exchange struct {
	log     *slog.Logger // has the request's id
	code    string       // the code of the error with which it ended; "" if there was none
	route   Route
	check   func(context.Context, PlainCall) error
	ignored []reflect.Type // the answers whose members the body may have
	client  string         // the id of the API client; "" on routes that need no token
	answers Answers
	// throttled reports whether the table has refused the request because it gets too many.
	throttled bool
}

// exchangeKey is the key of the exchange in a context.
type exchangeKey struct{}

// exchangeOf returns the exchange of a context. Outside of a handler that New returned, it returns
// one that logs nothing.
func exchangeOf(ctx context.Context) *exchange {
	if ex, ok := ctx.Value(exchangeKey{}).(*exchange); ok {
		return ex
	}
	return &exchange{log: slog.New(slog.DiscardHandler), route: Route{MaxBody: MaxBody}}
}
