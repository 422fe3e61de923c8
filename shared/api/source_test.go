package api_test

import (
	"net/http"
	"testing"
)

// ASVS V4.1.3, V15.3.4: the source is what API Gateway saw, whatever headers a caller sends.
func TestNobodyChoosesTheirSource(t *testing.T) {
	t.Parallel()
	var seen string
	e := newEdge(t, function, func(_ http.ResponseWriter, r *http.Request) { seen = r.RemoteAddr })
	request := event("GET", poolsPath, e.admin(t), "")
	request.RequestContext.HTTP.SourceIP = "192.0.2.1"
	for _, name := range []string{"x-forwarded-for", "forwarded", "x-real-ip", "true-client-ip", "cf-connecting-ip"} {
		request.Headers[name] = "198.51.100.7"
	}
	if send(t, e.call, request); seen != "192.0.2.1" {
		t.Errorf("the source is %q", seen)
	}
}
