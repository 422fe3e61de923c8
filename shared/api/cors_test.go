package api_test

import (
	"context"
	"net/http"
	"testing"

	"identitypools/shared/api"
	"identitypools/shared/identity"
)

// The route of preflights has every path, and takes no other method there. If it cannot be read which pages may
// call, nothing is done, since the page could not read the answer.
func TestPreflights(t *testing.T) {
	t.Parallel()
	done := 0
	origins := func(_ context.Context, path, origin string) (bool, error) {
		if origin == "https://unknown.example.com" {
			return false, identity.Unavailable{}
		}
		return path == "/api/identity/t/public/x" && origin == "https://app.example.com", nil
	}
	action := api.Raw[api.None, api.None, api.None](http.StatusNoContent, func(w http.ResponseWriter, _ *http.Request) {
		done++
		w.WriteHeader(http.StatusNoContent)
	})
	f := api.NewFunction("test", api.ForPreflights(origins), api.ForBrowsers("POST", "/x", "test", action))
	h, err := api.New(f, api.Options{Log: silent(), Origins: origins})
	if err != nil {
		t.Fatal(err)
	}
	const own = "/api/identity/t/public/x"
	for _, c := range []struct {
		method, path, origin string
		status               int
		allowed              string
		done                 int
	}{
		{"POST", own, "https://app.example.com", 204, "https://app.example.com", 1},
		{"POST", own, "https://other.example.com", 204, "", 2}, // which is a matter of the browser
		{"POST", own, "https://unknown.example.com", 503, "", 2},
		{"OPTIONS", own, "https://app.example.com", 204, "https://app.example.com", 2},
		{"OPTIONS", own, "https://unknown.example.com", 503, "", 2},
		{"OPTIONS", "/.well-known/x", "https://app.example.com", 204, "", 2},
		{"GET", own, "https://app.example.com", 405, "", 2},
		{"GET", "/nothing", "https://app.example.com", 404, "", 2},
		{"GET", "/.well-known/x", "https://app.example.com", 404, "", 2},
	} {
		e := event(c.method, c.path, "", "")
		e.Headers["origin"], e.Headers["access-control-request-method"] = c.origin, "POST"
		got := send(t, api.Adapt(h), e)
		if got.StatusCode != c.status || got.Headers["Access-Control-Allow-Origin"] != c.allowed || done != c.done {
			t.Errorf("%s %s from %s is answered %d %v after %d", c.method, c.path, c.origin, got.StatusCode, got.Headers, done)
		}
		if c.status == 405 && got.Headers["Allow"] != "POST" {
			t.Errorf("the methods are %s", got.Headers["Allow"])
		}
	}
}
