package api_test

import (
	"net/http"
	"testing"

	"identitypools/shared/api"
)

// BenchmarkRequest measures what the edge adds to a request: the adapter, the search for the route,
// a token that was verified before, and the answer.
func BenchmarkRequest(b *testing.B) {
	type pool struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	}
	e := newEdge(b, function, func(w http.ResponseWriter, r *http.Request) {
		api.WriteJSON(w, 200, pool{ID: r.PathValue("ipID"), Name: "customers"})
	})
	request := event("GET", poolsPath+"/p", e.admin(b), "")
	b.ReportAllocs()
	for b.Loop() {
		if answer := send(b, e.call, request); answer.StatusCode != 200 {
			b.Fatalf("answered %d", answer.StatusCode)
		}
	}
}
