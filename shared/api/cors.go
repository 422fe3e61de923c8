package api

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Origins reports whether pages of an origin may call a path. The origin is the header Origin of a
// request, which is not empty. The error is that what decides it cannot be read.
type Origins func(ctx context.Context, path, origin string) (bool, error)

// How long a browser keeps the answer to a preflight.
const preflightAge = 10 * time.Minute

// everyPath is the path of a route that has all paths, in the form of API Gateway.
const everyPath = "/{proxy+}"

// What pages of other origins may do with the routes that they may call (the CORS protocol of the
// Fetch standard). Credentials of browsers, such as cookies, are never allowed.
func sharedMethods() []string { return []string{http.MethodGet, http.MethodPost} }

func headersToSend() []string {
	return []string{"authorization", "content-type", "idempotency-key", "x-idempotency-key"}
}

func headersToRead() []string {
	return []string{"retry-after", "www-authenticate", "x-idempotent-replayed", "x-request-id"}
}

// ForPreflights returns the endpoint of the route that answers the preflights of browsers, at every
// path of the API. A path that no page of the origin may call is answered as one that does not exist:
// 204 without headers of CORS, so that the browser sends no request there.
func ForPreflights(origins Origins) []Endpoint {
	action := Raw[None, None, None](http.StatusNoContent, func(w http.ResponseWriter, r *http.Request) {
		// OPTIONS without this header is no preflight.
		if r.Header.Get("Access-Control-Request-Method") != "" {
			may, err := share(w, r, origins)
			if err != nil {
				Error(w, r, err)
				return
			}
			if may {
				h := w.Header()
				h.Set("Access-Control-Allow-Methods", strings.Join(sharedMethods(), ","))
				h.Set("Access-Control-Allow-Headers", strings.Join(headersToSend(), ","))
				h.Set("Access-Control-Max-Age", strconv.Itoa(int(preflightAge.Seconds())))
			}
		}
		w.WriteHeader(http.StatusNoContent)
	})
	return ForPeople(http.MethodOptions, everyPath, "preflight", action)
}

// share sets the headers with which a browser lets the page that sends a request read the answer, if
// the page may call the path, and reports whether it may. The answer depends on the origin also where
// the request has none, so that no cache gives the answer for one page to another (Fetch standard,
// "CORS protocol and HTTP caches").
func share(w http.ResponseWriter, r *http.Request, origins Origins) (may bool, err error) {
	w.Header().Set("Vary", "Origin")
	origin := r.Header.Get("Origin")
	if origin == "" || origins == nil {
		return false, nil
	}
	if may, err = origins(r.Context(), r.URL.Path, origin); err != nil || !may {
		return false, err
	}
	w.Header().Set("Access-Control-Allow-Origin", origin)
	if r.Method != http.MethodOptions {
		w.Header().Set("Access-Control-Expose-Headers", strings.Join(headersToRead(), ","))
	}
	return true, nil
}
