package registration_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"identitypools/infra/check/systemtest"
	"identitypools/infra/local/system"
	"identitypools/shared/api"
)

// Behind a proxy, each person has the budget of a source, and not all together that of the proxy. Who
// calls API Gateway itself has one budget, whatever address is claimed.
func TestPeopleBehindAProxyHaveTheirOwnBudgets(t *testing.T) {
	t.Parallel()
	secret := systemtest.Secret()
	product := systemtest.New(t, func(c *system.Config) {
		c.Environment = maps.Clone(c.Environment)
		c.Environment["PROXY_HEADER"], c.Environment["PROXY_SECRET"] = "CloudFront-Viewer-Address", secret
	})
	tenant := product.NewTenant(t)
	pool := tenant.NewPool(t, fields{"limits": fields{"source_guesses_per_hour": 10}})
	refused := func(secret, viewer string) int {
		r := httptest.NewRequest(
			http.MethodPost, "/api/identity/"+tenant.ID+"/public/pools/"+pool+"/activate", nil,
		)
		r.RemoteAddr = "192.0.2.1:1" // the proxy's
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("X-Origin-Verify", secret)
		r.Header.Set("CloudFront-Viewer-Address", viewer)
		event := api.Event(r, []byte(`{"ticket": "none", "code": "123456"}`), "id")
		refused := 0
		for range 11 {
			got, err := product.Functions["registration"](t.Context(), event)
			if err != nil {
				t.Fatal(err)
			}
			if got.StatusCode == http.StatusTooManyRequests {
				refused++
			}
		}
		return refused
	}
	for _, viewer := range []string{"198.51.100.7:46532", "198.51.100.8:46532", "2001:db8::1:443"} {
		if n := refused(secret, viewer); n != 1 {
			t.Errorf("of 11 guesses of %s, %d are refused", viewer, n)
		}
	}
	if n := refused(secret, "198.51.100.7:9"); n != 11 {
		t.Errorf("another port of an address has a budget of its own: %d are refused", n)
	}
	if n := refused("a guess", "198.51.100.9:1"); n != 1 {
		t.Errorf("of 11 guesses past the proxy, %d are refused", n)
	}
	if n := refused("a guess", "198.51.100.10:1"); n != 11 {
		t.Errorf("whoever goes past the proxy chooses a source: %d are refused", n)
	}
}

// Behind a proxy, API Gateway sees another host than the browser. A form of the page is still accepted,
// because it comes from the domain that people use, and that of any other site is not.
func TestAFormBehindAProxyIsOfThePublicDomain(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t, func(c *system.Config) {
		c.Environment = maps.Clone(c.Environment)
		c.Environment["PUBLIC_URL"] = "https://id.example.com"
	})
	tenant := product.NewTenant(t)
	page := product.BaseURL + "/" + tenant.ID + "/pools/" + tenant.NewPool(t, nil) + "/register"
	for origin, status := range map[string]int{
		"https://id.example.com": http.StatusUnprocessableEntity, "https://o-5f3a.example.com": http.StatusForbidden,
		"http://id.example.com": http.StatusForbidden,
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, page,
			strings.NewReader(url.Values{"identifier": {systemtest.Address("ann")}, "password": {"short"}}.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", origin)
		if got := sendOnce(t, r); got.Status != status {
			t.Errorf("a form from %s is answered %d, want %d", origin, got.Status, status)
		}
	}
}
