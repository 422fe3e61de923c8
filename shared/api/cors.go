package api

import (
	"slices"
	"time"
)

// CrossOrigin has the rules for pages of other origins that call the API. A gateway sends them to
// browsers (the CORS protocol of the Fetch standard).
type CrossOrigin struct {
	Methods        []string
	AllowedHeaders []string // headers that a page may send
	ExposedHeaders []string // headers that a page may read
	MaxAge         time.Duration
}

// CrossOriginRules returns the rules for those of the routes that pages of other origins may call.
func CrossOriginRules(routes []Route) CrossOrigin {
	c := CrossOrigin{
		AllowedHeaders: []string{"content-type", "idempotency-key", "x-idempotency-key"},
		ExposedHeaders: []string{"retry-after", "x-idempotent-replayed", "x-request-id"},
		MaxAge:         10 * time.Minute,
	}
	for _, r := range routes {
		if r.CrossOrigin {
			c.Methods = append(c.Methods, r.Method)
		}
	}
	slices.Sort(c.Methods)
	c.Methods = slices.Compact(c.Methods)
	return c
}
