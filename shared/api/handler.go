package api

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"path"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"identitypools/shared/access"
	"identitypools/shared/identity"
	"identitypools/shared/metric"
)

// Options are what every function's handler needs besides its operations.
type Options struct {
	Verifier Verifier // may be nil where no route of the function needs a token
	Answers  Answers  // nil: idempotency keys are ignored
	Log      *slog.Logger
	Now      func() time.Time
}

// Verifier tells who holds a bearer token; shared/access has it.
type Verifier interface {
	Verify(ctx context.Context, token string) (access.Caller, error)
}

// Handlers binds operation ids to what serves them.
type Handlers map[string]http.HandlerFunc

// New is the handler of a function: it serves exactly the function's routes of the table. It fails where an operation has no
// handler or a handler no operation.
func New(function string, handlers Handlers, o Options) (http.Handler, error) {
	mux, unbound := http.NewServeMux(), len(handlers)
	for _, route := range Routes() {
		if route.Function != function {
			continue
		}
		handler, ok := handlers[route.Operation]
		if !ok {
			return nil, fmt.Errorf("function %s: operation %s has no handler", function, route.Operation)
		}
		unbound--
		mux.Handle(route.Method+" "+route.Path, guard(route, o, handler))
	}
	if unbound > 0 {
		return nil, fmt.Errorf("function %s: %d handlers have no operation in the route table", function, unbound)
	}
	return outer(mux, o.Log), nil
}

// outer does for every request what comes before its route is known.
func outer(mux *http.ServeMux, log *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.Header.Get(requestIDHeader)
		if id == "" || len(id) > 64 || !identity.ValidID(strings.TrimRight(id, "=")) {
			id = rand.Text()
		}
		w.Header().Set("X-Request-Id", id)
		protect(w.Header())
		log := log.With("request", id)
		r = r.WithContext(context.WithValue(r.Context(), exchangeKey{}, &exchange{log: log}))
		defer func() {
			if fault := recover(); fault != nil {
				log.Error("panic", "fault", fmt.Sprint(fault), "stack", string(debug.Stack()))
				Reply(w, http.StatusInternalServerError, answer{Status: 500, Code: "internal", Error: "something went wrong on our side"})
			}
		}()
		_, pattern := mux.Handler(r)
		if pattern == "" || path.Clean(r.URL.Path) != r.URL.Path {
			unrouted(w, r, mux)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// protect keeps an answer out of caches, frames and what it is not meant for (ASVS V3.4, V14.3.2). A handler may set its own over these.
func protect(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
	h.Set("X-Content-Type-Options", "nosniff")
}

// unrouted answers a path that is not in the table, or is with another method.
func unrouted(w http.ResponseWriter, r *http.Request, mux *http.ServeMux) {
	var allowed []string
	for _, method := range []string{"DELETE", "GET", "POST", "PUT"} {
		other := r.Clone(r.Context())
		other.Method = method
		if _, pattern := mux.Handler(other); pattern != "" && path.Clean(r.URL.Path) == r.URL.Path {
			allowed = append(allowed, method)
		}
	}
	if len(allowed) > 0 {
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		Error(w, r, problem{http.StatusMethodNotAllowed, "method_not_allowed", "this path does not take " + r.Method})
		return
	}
	NotFound(w, r)
}

// guard lets a request through to its handler if its ids have the right shape and its caller may call the route, and counts what it
// came to. The body is not looked at before.
func guard(route Route, o Options, next http.HandlerFunc) http.Handler {
	ids := pathIDs(route.Path)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		caller, err := authorize(route, o, r)
		if err != nil {
			if problem, ok := err.(problem); ok && problem.status == http.StatusUnauthorized {
				w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
			}
			Error(w, r, err)
			return
		}
		for _, id := range ids {
			if !identity.ValidID(r.PathValue(id)) {
				Error(w, r, problem{http.StatusNotFound, "not_found", fmt.Sprintf("%s in the path %s", id, identity.IDRule)})
				return
			}
		}
		ex := exchangeOf(r.Context())
		ex.caller, ex.client, ex.answers = route.Caller, caller.ClientID, o.Answers
		next(w, r)
		if name := countOf(route, ex.code); name != "" {
			metric.Count(r.Context(), ex.log, o.Now(), name)
		}
	})
}

func pathIDs(pattern string) []string {
	var ids []string
	for part := range strings.SplitSeq(pattern, "/") {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			ids = append(ids, strings.TrimSuffix(name, "}"))
		}
	}
	return ids
}

// authorize is who calls; the zero value where the route needs no token. It refuses a caller
// without a token for the route's tree, tenant and scope.
func authorize(route Route, o Options, r *http.Request) (access.Caller, error) {
	if route.Caller == Public || route.Caller == Anyone {
		return access.Caller{}, nil
	}
	unauthorized := problem{http.StatusUnauthorized, "unauthorized", "a valid bearer token is needed"}
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || token == "" || o.Verifier == nil {
		return access.Caller{}, unauthorized
	}
	caller, err := o.Verifier.Verify(r.Context(), strings.TrimSpace(token))
	switch {
	case err == access.ErrToken:
		err = unauthorized
	case err != nil:
	case caller.Tenant != r.PathValue("tid"), caller.Tree != string(route.Caller):
		err = problem{http.StatusForbidden, "forbidden", "the token is for another tenant or another API"}
	case !slices.Contains(caller.Scopes, route.Scope):
		err = problem{http.StatusForbidden, "insufficient_scope", "the token lacks the scope " + route.Scope}
	}
	return caller, err
}

// exchange is what the edge knows of a request under way.
type exchange struct {
	log     *slog.Logger // carries the request's id
	code    string       // of the error that it came to; "" for none
	caller  Caller
	client  string // the API client's id; "" on routes that need no token
	answers Answers
}

type exchangeKey struct{}

func exchangeOf(ctx context.Context) *exchange {
	if ex, ok := ctx.Value(exchangeKey{}).(*exchange); ok {
		return ex
	}
	return &exchange{log: slog.New(slog.DiscardHandler)}
}

// ClientID is the id of the API client that makes a request, as its token says; "" on routes that need no token.
func ClientID(r *http.Request) string { return exchangeOf(r.Context()).client }
