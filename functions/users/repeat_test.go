package users_test

import (
	"strings"
	"sync"
	"testing"

	"identitypools/infra/check/systemtest"
)

// An idempotency key belongs to the caller who uses it. Another tenant, or the same tenant in another
// tree, may use the same key for the same request. The request is carried out for each of them, and
// each gets its own answer.
func TestAKeyIsOfOneTenantAndTree(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant, other := product.NewTenant(t), product.NewTenant(t)
	for _, each := range []*systemtest.Tenant{tenant, other} {
		each.Admin.Must(t, 201, "POST", "/pools", systemtest.Fields{"id": "one", "name": "Partners"})
	}
	body := systemtest.Fields{"status": "new", "verifiable_addresses": []systemtest.Fields{
		{"address": "ann@example.com", "type": "email"},
	}}
	users := map[string]string{}
	for name, client := range map[string]*systemtest.Client{
		"admin": tenant.Admin, "system": tenant.System, "another tenant": other.Admin,
	} {
		key := strings.Repeat("k", 32)
		got := client.Must(t, 201, "POST", "/pools/one/users", body, "Idempotency-Key", key)
		if got.Header.Get("X-Idempotent-Replayed") != "" {
			t.Errorf("%s: the answer is that of another caller: %s", name, got.Body)
		}
		users[got.Text(t, "id")] = name
		again := client.Must(t, 201, "POST", "/pools/one/users", body, "Idempotency-Key", key)
		if string(again.Body) != string(got.Body) || again.Header.Get("X-Idempotent-Replayed") != "true" {
			t.Errorf("%s: the repeat answers %s", name, again.Body)
		}
	}
	if len(users) != 3 {
		t.Errorf("three callers made %d users: %v", len(users), users)
	}
}

// An idempotency key belongs to a method, a path, a query, a body and a precondition. A request that
// differs in one of them is a different request, and is refused under the same key.
func TestAKeyIsOfOneRequest(t *testing.T) {
	t.Parallel()
	tenant := systemtest.New(t).NewTenant(t)
	pool := "/pools/" + tenant.NewPool(t, nil)
	type request struct{ method, path, ifMatch, body string }
	first := request{"PUT", pool, "*", `{"name":"A"}`}
	tenant.Admin.Must(t, 200, "PUT", "/pools/"+tenant.NewPool(t, systemtest.Fields{"id": "other"}), `{"name":"A"}`)
	call := func(r request) systemtest.Response {
		headers := []string{"Idempotency-Key", strings.Repeat("r", 32)}
		if r.ifMatch != "" {
			headers = append(headers, "If-Match", r.ifMatch)
		}
		return tenant.Admin.Call(t, r.method, r.path, r.body, headers...)
	}
	if got := call(first); got.Status != 200 {
		t.Fatalf("the first request answers %d %s", got.Status, got.Body)
	}
	for name, r := range map[string]request{
		"another method":             {"DELETE", pool, "*", `{"name":"A"}`},
		"another path":               {"PUT", "/pools/other", "*", `{"name":"A"}`},
		"a query":                    {"PUT", pool + "?a=b", "*", `{"name":"A"}`},
		"another body":               {"PUT", pool, "*", `{"name":"B"}`},
		"no precondition":            {"PUT", pool, "", `{"name":"A"}`},
		"a precondition that fails":  {"PUT", pool, `"1"`, `{"name":"A"}`},
		"a part moved into the next": {"PUT", pool, "", `*{"name":"A"}`},
	} {
		t.Run(name, func(t *testing.T) {
			systemtest.CheckRefusal(t, call(r), 422, "idempotency_key_reused")
		})
	}
	var repeats sync.WaitGroup
	for range 20 {
		repeats.Go(func() {
			if got := call(first); got.Status != 200 || got.Header.Get("X-Idempotent-Replayed") != "true" {
				t.Errorf("a repeat answers %d %s", got.Status, got.Body)
			}
		})
	}
	repeats.Wait()
}
