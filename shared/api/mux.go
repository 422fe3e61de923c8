package api

import (
	"net/http"
	"strings"
)

// wellKnown is the folder of what RFC 8615 lets clients look up at a host.
const wellKnown = "/.well-known/"

// Mux passes requests to the handlers of patterns, as http.ServeMux does. It keeps the patterns in the folder
// /.well-known/ of the host apart from the others. So "/.well-known/x/{tid}/{wid}" and
// "/{tid}/{wid}/.well-known/x" can both be there: ServeMux refuses such a pair, because one path matches both
// patterns, and none of them is more specific. No tenant has the name of that folder.
//
// A pattern with one parameter for the rest of the path has it in the form of API Gateway, {proxy+}, in which
// Handler also returns it. The pattern /{proxy+} matches in that folder, too.
type Mux struct{ wellKnown, others *http.ServeMux }

// NewMux returns a Mux without patterns.
func NewMux() *Mux { return &Mux{http.NewServeMux(), http.NewServeMux()} }

// Handle registers the handler of a pattern of a method and a path. It panics as http.ServeMux does.
func (m *Mux) Handle(pattern string, handler http.Handler) {
	_, path, _ := strings.Cut(pattern, " ")
	pattern = strings.Replace(pattern, "+}", "...}", 1)
	m.of(path).Handle(pattern, handler)
	if path == everyPath {
		m.wellKnown.Handle(pattern, handler)
	}
}

// Handler returns the handler of a request, and its pattern, which is "" if none matches.
func (m *Mux) Handler(r *http.Request) (handler http.Handler, pattern string) {
	handler, pattern = m.of(r.URL.Path).Handler(r)
	return handler, routeKey(pattern)
}

// routeKey returns a pattern of http.ServeMux in the form of API Gateway.
func routeKey(pattern string) string { return strings.Replace(pattern, "...}", "+}", 1) }

// ServeHTTP passes a request to its handler.
func (m *Mux) ServeHTTP(w http.ResponseWriter, r *http.Request) { m.of(r.URL.Path).ServeHTTP(w, r) }

func (m *Mux) of(path string) *http.ServeMux {
	if strings.HasPrefix(path, wellKnown) {
		return m.wellKnown
	}
	return m.others
}
