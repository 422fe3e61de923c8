package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"identitypools/functions"
	"identitypools/shared/api"
	"identitypools/shared/identity"
	"identitypools/shared/onetime"
)

// requests shows a line for each request. The line has nothing of a person: see path.
type requests struct {
	screen      *screen
	mux         *api.Mux             // finds the key of a request's route
	routes      map[string]api.Route // by key
	words       map[string]bool      // what stands in the paths of routes, besides parameters
	mayReturnTo func(url string) bool
}

// newRequests returns what shows the requests to a product with the given base URL, in which people may
// return to the given origins.
func newRequests(s *screen, base, origins string) requests {
	r := requests{
		screen: s, mux: api.NewMux(), routes: map[string]api.Route{}, words: map[string]bool{},
		mayReturnTo: onetime.OrSignIn(onetime.ReturnURLs(origins), base),
	}
	for _, route := range functions.Routes() {
		r.routes[route.Key()] = route
		r.mux.Handle(route.Key(), http.NotFoundHandler())
		for _, part := range strings.Split(route.Path, "/") {
			if !strings.HasPrefix(part, "{") {
				r.words[part] = true
			}
		}
	}
	return r
}

// before returns a handler that shows the requests to a gateway.
func (q requests) before(gateway http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began, body, answer := time.Now(), &bytes.Buffer{}, &answer{ResponseWriter: w, status: http.StatusOK}
		_, key := q.mux.Handler(r)
		route := q.routes[key]
		if route.Method != r.Method {
			route = api.Route{} // HEAD, which ServeMux gives to a route of GET
		}
		r.Body = tee{io.TeeReader(r.Body, body), r.Body}
		gateway.ServeHTTP(answer, r)
		q.screen.show(q.line(r, route, answer, time.Since(began)))
		if hint := q.hint(r, body.Bytes()); hint != "" {
			q.screen.show(q.screen.colour(yellow, hint))
		}
	})
}

// line returns the line of a request: method, path, status, duration, and the operation or why there is none.
// A failure has its error code at the end.
func (q requests) line(r *http.Request, route api.Route, a *answer, took time.Duration) string {
	status, name := q.screen.colour(green, fmt.Sprint(a.status)), route.Name
	switch {
	case a.status >= http.StatusInternalServerError:
		status = q.screen.colour(red, fmt.Sprint(a.status))
	case a.status >= http.StatusBadRequest:
		status = q.screen.colour(yellow, fmt.Sprint(a.status))
	}
	if name == "" {
		name = "(no route)"
	}
	line := fmt.Sprintf("%s %s  %s  %d ms  %s", r.Method, q.path(r.URL.Path, route), status, took.Milliseconds(), name)
	if code := a.code(); code != "" {
		line += "  " + code
	}
	return line
}

// shown are the parameters of paths whose values are shown: ids that administrators have chosen.
func shown() []string { return []string{"{tid}", "{wid}", "{ipID}", "{schID}"} }

// path returns a path without anything of a person, such as ids of users, codes, tickets and what was
// mistyped. It is the pattern of the route with the ids of tenant, workspace, pool and schema in it. Of a
// path that no route has, only the words are left that stand in paths of routes.
func (q requests) path(path string, route api.Route) string {
	parts, pattern := strings.Split(path, "/"), strings.Split(route.Path, "/")
	isPattern := route.Path != "" && !strings.Contains(route.Path, "+}")
	for i, part := range parts {
		switch {
		case isPattern && i < len(pattern) && (!slices.Contains(shown(), pattern[i]) || !identity.ValidID(part)):
			parts[i] = pattern[i]
		case !isPattern && !q.words[part]:
			parts[i] = "…"
		}
	}
	return strings.Join(parts, "/")
}

// hint returns how to allow the URL to which a request wants people to return, or "" if that is allowed or
// there is none. It names no more of the URL than its origin.
func (q requests) hint(r *http.Request, body []byte) string {
	to, name := r.URL.Query().Get("return_to"), "return_to"
	if to == "" {
		var in struct {
			URL string `json:"post_activation_url"`
		}
		if json.Unmarshal(body, &in) == nil {
			to, name = in.URL, "post_activation_url"
		}
	}
	if query := r.URL.Query().Get("post_activation_url"); to == "" {
		to, name = query, "post_activation_url"
	}
	origin := regexp.MustCompile(`^https?://[A-Za-z0-9.:\[\]-]+`).FindString(to)
	switch {
	case to == "" || q.mayReturnTo(to):
		return ""
	case !onetime.ReturnURLs(origin)(to) && len(to) <= identity.MaxReturnURL:
		return "  " + name + " is refused: it must be an https URL, or http at localhost"
	case len(to) > identity.MaxReturnURL:
		return fmt.Sprintf("  %s is refused: it must have at most %d bytes", name, identity.MaxReturnURL)
	}
	return fmt.Sprintf("  %s is refused: %s is no allowed origin; RETURN_ORIGINS=%[2]s make run allows it", name, origin)
}

// tee reads a body and keeps a copy.
type tee struct {
	io.Reader
	io.Closer
}

// answer passes an answer on, and remembers its status and the body of an error.
type answer struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (a *answer) WriteHeader(status int) {
	a.status = status
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(p []byte) (int, error) {
	if a.status >= http.StatusBadRequest {
		_, _ = a.body.Write(p)
	}
	return a.ResponseWriter.Write(p)
}

// code returns the code of an error, or "" if there is none: a page has words instead.
func (a *answer) code() string {
	var failed struct {
		Code  string `json:"error_code"`
		Error string `json:"error"` // has the code in OAuth (RFC 6749 §5.2)
	}
	if json.Unmarshal(a.body.Bytes(), &failed) != nil {
		return ""
	}
	if failed.Code != "" {
		return failed.Code
	}
	return regexp.MustCompile(`^[a-z_]+$`).FindString(failed.Error)
}
