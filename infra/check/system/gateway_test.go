package system_test

import (
	"net/http"
	"strings"
	"testing"

	"identitypools/functions"
	"identitypools/infra/check/systemtest"
)

// Pages of other origins may call exactly the routes whose rows say so, and they may send and read
// the headers of repeated requests.
func TestOtherOriginsMayCallWhatRowsSay(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	ids := strings.NewReplacer("{tid}", "default", "{ipID}", "p", "{userID}", "u", "{schID}", "s", "{kind}", "k", "{lang}", "l")
	for _, route := range functions.Routes() {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodOptions, product.BaseURL+ids.Replace(route.Path), nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Origin", "https://app.example.com")
		r.Header.Set("Access-Control-Request-Method", route.Method)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		h := answer.Header
		if is := h.Get("Access-Control-Allow-Origin") == "*"; is != route.CrossOrigin {
			t.Errorf("%s: pages of other origins may call it: %t", route.Name, is)
		}
		if route.CrossOrigin && (!strings.Contains(h.Get("Access-Control-Allow-Headers"), "x-idempotency-key") ||
			!strings.Contains(h.Get("Access-Control-Expose-Headers"), "x-idempotent-replayed") ||
			!strings.Contains(h.Get("Access-Control-Allow-Methods"), route.Method)) {
			t.Errorf("%s: the preflight is answered with %v", route.Name, h)
		}
	}
}

// API Gateway has no routes for HEAD, so the local gateway has none either.
func TestHeadIsNotRouted(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	url := product.BaseURL + "/" + tenant.ID + "/pools/" + tenant.NewPool(t, nil) + "/register"
	for method, status := range map[string]int{http.MethodHead: 404, http.MethodGet: 200} {
		r, err := http.NewRequestWithContext(t.Context(), method, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != status {
			t.Errorf("%s is answered %d, want %d", method, answer.StatusCode, status)
		}
	}
}
