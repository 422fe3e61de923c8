package system_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"identitypools/infra/check/systemtest"
	"identitypools/infra/local/part"
	"identitypools/infra/local/system"
)

// "Throttling, conflicts and time-outs answer 503 or 429 with Retry-After; 500 is a bug."
func TestTheEngineIsDown(t *testing.T) {
	t.Setenv("AWS_ENDPOINT_URL_DYNAMODB", "") // an engine of its own, which it may stop
	engine, err := part.Engine(t.Context(), io.Discard, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(engine.Stop)
	product := systemtest.New(t, func(c *system.Config) { c.DynamoDBURL = engine.URL() })
	tenant := product.NewTenant(t)
	pool := tenant.NewPool(t, nil)
	user := tenant.NewUser(t, pool, "new", systemtest.Address("ann"), nil)
	engine.Stop()
	for _, c := range []struct {
		client     *systemtest.Client
		method, to string
		body       any
	}{
		{tenant.Admin, "GET", "/pools/" + pool, nil},
		{tenant.Admin, "GET", "/pools", nil},
		{tenant.Admin, "POST", "/pools", fields{"name": "x"}},
		{tenant.Admin, "POST", "/schemas", fields{"name": "x", "schema": fields{"type": "object"}}},
		{tenant.Admin, "GET", "/pools/" + pool + "/users/" + user, nil},
		{tenant.Admin, "POST", "/pools/" + pool + "/users", fields{"status": "new"}},
		{tenant.Admin, "POST", "/pools/" + pool + "/users/" + user + "/activation/send", nil},
		{tenant.Public, "POST", "/pools/" + pool + "/register", fields{"identifier": systemtest.Address("bob")}},
		{tenant.System, "POST", "/pools/" + pool + "/users/" + user + "/activate", fields{"code": "123456"}},
		{tenant.System, "POST", "/pools/" + pool + "/user/password/verify", fields{"identifier": "x", "password": "y"}},
	} {
		got := c.client.Call(t, c.method, c.to, c.body)
		if got.Status != http.StatusServiceUnavailable || got.Header.Get("Retry-After") == "" || got.Text(t, "error_code") != "unavailable" {
			t.Errorf("%s %s answers %d %s", c.method, c.to, got.Status, got.Body)
		}
		if strings.Contains(string(got.Body), "127.0.0.1") || strings.Contains(string(got.Body), product.TableName) {
			t.Errorf("%s %s tells of the inside: %s", c.method, c.to, got.Body)
		}
	}
}
