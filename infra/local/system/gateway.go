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
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"identitypools/shared/api"
)

// Limits of API Gateway and Lambda that a caller meets here too.
const (
	gatewayTimeout = 30 * time.Second
	gatewayBody    = 10 << 20
	lambdaAnswer   = 6 << 20 // as JSON
)

// gateway does what API Gateway does: it finds the function of a request in the route table, calls it with an event, and
// answers with what comes back. Browsers of any origin may call the public routes.
func gateway(functions map[string]api.Gateway) http.Handler {
	mux := http.NewServeMux()
	for _, route := range api.Routes() {
		mux.Handle(route.Method+" "+route.Path, forward(functions[route.Function]))
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if allowOrigin(w, r) {
			return
		}
		if _, pattern := mux.Handler(r); pattern == "" || path.Clean(r.URL.Path) != r.URL.Path {
			api.NotFound(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

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
			err = api.Write(w, answer)
		}
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
		}
	}
}

// fits is an error where an answer is larger than Lambda takes from a function.
func fits(answer events.APIGatewayV2HTTPResponse) error {
	if len(answer.Body) < lambdaAnswer/6 { // no byte is written with more than six
		return nil
	}
	var written bytes.Buffer
	encoder := json.NewEncoder(&written)
	encoder.SetEscapeHTML(false) // as the runtime of functions does
	if err := encoder.Encode(answer); err != nil {
		return err
	}
	if written.Len() > lambdaAnswer {
		return fmt.Errorf("the answer has %d bytes, and Lambda takes %d", written.Len(), lambdaAnswer)
	}
	return nil
}

// allowOrigin lets browsers use the public routes from other sites (CORS), and says whether the request was only to ask for that.
func allowOrigin(w http.ResponseWriter, r *http.Request) bool {
	parts := strings.Split(r.URL.Path, "/")
	if r.Header.Get("Origin") == "" || len(parts) < 5 || parts[1] != "api" || parts[4] != "public" {
		return false
	}
	w.Header().Set("Access-Control-Allow-Origin", "*")
	w.Header().Set("Access-Control-Expose-Headers", "X-Request-Id, Retry-After")
	if r.Method != http.MethodOptions {
		return false
	}
	w.Header().Set("Access-Control-Allow-Methods", "GET, POST")
	w.Header().Set("Access-Control-Allow-Headers", "Content-Type, Idempotency-Key")
	w.Header().Set("Access-Control-Max-Age", "600")
	w.WriteHeader(http.StatusNoContent)
	return true
}
