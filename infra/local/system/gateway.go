package system

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"identitypools/functions"
	"identitypools/shared/api"
)

// These are limits of API Gateway and Lambda that callers of the local gateway meet too.
const (
	gatewayTimeout = 30 * time.Second
	gatewayBody    = 10 << 20
	lambdaAnswer   = 6 << 20 // of an answer that is encoded as JSON
)

// gateway returns a handler that does what API Gateway does: it finds a request's function in the
// route table, calls the function with an event, and writes its answer. A method that no row of the
// table has is not routed, so HEAD fails here as it does in AWS. Browsers may call the routes that
// are open to them from pages of any origin.
func gateway(started map[string]api.Gateway) http.Handler {
	mux, routes, table := http.NewServeMux(), map[string]api.Route{}, functions.Routes()
	rules := api.CrossOriginRules(table)
	for _, route := range table {
		routes[route.Key()] = route
		mux.Handle(route.Key(), forward(started[route.Function]))
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		find := func(method string) (route api.Route, found bool) {
			asked := r.Clone(r.Context())
			asked.Method = method
			_, pattern := mux.Handler(asked)
			route, found = routes[pattern]
			return route, found && route.Method == method && path.Clean(r.URL.Path) == r.URL.Path
		}
		method := r.Header.Get("Access-Control-Request-Method")
		if r.Method == http.MethodOptions && method != "" {
			route, _ := find(method)
			allowOrigin(w, r, route, rules)
			w.WriteHeader(http.StatusNoContent)
			return
		}
		route, found := find(r.Method)
		if !found {
			api.NotFound(w, r)
			return
		}
		allowOrigin(w, r, route, rules)
		mux.ServeHTTP(w, r)
	})
}

// forward returns a handler that passes requests to a function as events.
func forward(function api.Gateway) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, gatewayBody))
		if err != nil {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), gatewayTimeout)
		defer cancel()
		answer, err := function(ctx, api.Event(r, body, rand.Text()))
		if err == nil {
			err = fits(answer)
		}
		if err == nil {
			err = api.WriteResponse(w, answer)
		}
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
		}
	}
}

// fits returns an error if an answer is larger than Lambda accepts from a function.
func fits(answer events.APIGatewayV2HTTPResponse) error {
	if len(answer.Body) < lambdaAnswer/6 { // JSON encodes a byte with six bytes at most
		return nil
	}
	var written bytes.Buffer
	encoder := json.NewEncoder(&written)
	encoder.SetEscapeHTML(false) // as the Lambda runtime does
	if err := encoder.Encode(answer); err != nil {
		return err
	}
	if written.Len() > lambdaAnswer {
		return fmt.Errorf("the answer has %d bytes, and Lambda takes %d", written.Len(), lambdaAnswer)
	}
	return nil
}

// allowOrigin sets the headers with which browsers may call a route from other sites, if the route
// is open to them (Fetch, CORS protocol).
func allowOrigin(w http.ResponseWriter, r *http.Request, route api.Route, rules api.CrossOrigin) {
	if r.Header.Get("Origin") == "" || !route.CrossOrigin {
		return
	}
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Expose-Headers", strings.Join(rules.ExposedHeaders, ", "))
	if r.Method == http.MethodOptions {
		h.Set("Access-Control-Allow-Methods", strings.Join(rules.Methods, ", "))
		h.Set("Access-Control-Allow-Headers", strings.Join(rules.AllowedHeaders, ", "))
		h.Set("Access-Control-Max-Age", strconv.Itoa(int(rules.MaxAge.Seconds())))
	}
}
