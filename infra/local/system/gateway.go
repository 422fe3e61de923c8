package system

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"

	"github.com/aws/aws-lambda-go/events"

	"identitypools/functions"
	"identitypools/infra/deploy/gateway"
	"identitypools/shared/api"
)

// Gateway returns a handler that does what API Gateway does according to package gateway: it finds a
// request's function in the route table, calls the function with an event, and writes its answer. The
// functions are given by their names.
func Gateway(started map[string]api.Gateway) http.Handler {
	mux, routes, table := api.NewMux(), map[string]api.Route{}, functions.Routes()
	for _, route := range table {
		routes[route.Key()] = route
		mux.Handle(route.Key(), forward(started[route.Function]))
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := rand.Text()
		w.Header().Set(gateway.RequestIDHeader, id)
		_, pattern := mux.Handler(r)
		switch route, found := routes[pattern]; {
		case headerSize(r) > gateway.MaxHeader:
			answer(w, http.StatusRequestHeaderFieldsTooLarge)
		case !found || route.Method != r.Method || path.Clean(r.URL.Path) != r.URL.Path:
			answer(w, http.StatusNotFound) // HEAD, too, which ServeMux would give to a route of GET
		default:
			mux.ServeHTTP(w, r)
		}
	})
}

// answer writes an answer that API Gateway makes itself.
func answer(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, gateway.Message(status)) // the caller has gone if this fails
}

// headerSize returns the number of bytes of the request line and of the values of headers.
func headerSize(r *http.Request) int {
	size := len(r.Method) + len(r.RequestURI) + len(r.Proto) + len(r.Host)
	for _, values := range r.Header {
		for _, value := range values {
			size += len(value)
		}
	}
	return size
}

// forward returns a handler that passes requests to a function as events.
func forward(function api.Gateway) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, gateway.MaxBody))
		if err != nil {
			answer(w, http.StatusRequestEntityTooLarge)
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), gateway.Timeout)
		defer cancel()
		out, err := function(ctx, api.Event(r, body, w.Header().Get(gateway.RequestIDHeader)))
		if err == nil {
			err = fits(out)
		}
		switch {
		case errors.Is(err, context.DeadlineExceeded):
			answer(w, http.StatusServiceUnavailable)
		case err != nil:
			answer(w, http.StatusInternalServerError)
		default:
			_ = api.WriteResponse(w, out) // the caller has gone if this fails
		}
	}
}

// fits returns an error if an answer is larger than Lambda accepts from a function.
func fits(out events.APIGatewayV2HTTPResponse) error {
	if len(out.Body) < gateway.MaxAnswer/6 { // JSON encodes a byte with six bytes at most
		return nil
	}
	var written bytes.Buffer
	encoder := json.NewEncoder(&written)
	encoder.SetEscapeHTML(false) // as the Lambda runtime does
	if err := encoder.Encode(out); err != nil {
		return err
	}
	if written.Len() > gateway.MaxAnswer {
		return fmt.Errorf("the answer has %d bytes, and Lambda takes %d", written.Len(), gateway.MaxAnswer)
	}
	return nil
}
