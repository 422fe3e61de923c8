package system_test

import (
	"bytes"
	"fmt"
	"net/http"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"identitypools/infra/check/systemtest"
	"identitypools/infra/local/system"
	"identitypools/shared/api"
	"identitypools/shared/password"
)

// alone is an option with which nothing but the test calls the courier.
func alone(c *system.Config) { c.Quiet = true }

// BenchmarkRequest measures a request in a warm function, from the event to the answer, without the
// engine and without hashing. The answers of the table are recorded and replayed.
func BenchmarkRequest(b *testing.B) {
	tape := systemtest.NewTape()
	product := systemtest.New(b, alone, systemtest.WithMiddleware(tape.Watch))
	tenant := product.NewTenant(b)
	pool := tenant.NewPool(b, nil)
	id := tenant.NewUser(b, pool, "new", systemtest.Address("ann"), nil)
	requests := []struct {
		name, function, method, path string
		client                       *systemtest.Client
		body                         string
	}{
		{"admin.getPool", "pools", "GET", "/pools/" + pool, tenant.Admin, ""},
		{"admin.listPools", "pools", "GET", "/pools", tenant.Admin, ""},
		{
			"admin.createPool", "pools", "POST", "/pools", tenant.Admin,
			`{"name":"Partners","public_registration_allowed":true}`,
		},
		{
			"admin.createSchema", "schemas", "POST", "/schemas", tenant.Admin,
			`{"name":"s","schema":{"type":"object","properties":{"phone":{"type":"string","pattern":"^[0-9]+$"}}}}`,
		},
		{"admin.getUser", "users", "GET", "/pools/" + pool + "/users/" + id, tenant.Admin, ""},
		{
			"admin.createUser", "users", "POST", "/pools/" + pool + "/users", tenant.Admin,
			`{"status":"new","identifiers":[{"identifier":"bob@example.com","type":"email"}],"payload":{"name":"Bob"}}`,
		},
		{
			"admin.updateUser", "users", "PUT", "/pools/" + pool + "/users/" + id, tenant.Admin,
			`{"payload":{"name":"Ann"}}`,
		},
		{"admin.listUsers", "users", "GET", "/pools/" + pool + "/users", tenant.Admin, ""},
		{
			"system.generateCode", "codes", "POST",
			"/pools/" + pool + "/users/" + id + "/code/generate", tenant.System,
			`{"type":"activation"}`,
		},
		{
			"admin.sendActivationMessage", "activation", "POST",
			"/pools/" + pool + "/users/" + id + "/activation/send", tenant.Admin, "",
		},
		{
			"public.register", "registration", "POST", "/pools/" + pool + "/register",
			tenant.Public, `{"identifier":"cy@example.com","payload":{"name":"Cy"}}`,
		},
		{
			"public.registrationPage", "registration", "GET", "/pools/" + pool + "/register",
			tenant.Pages, "",
		},
		{
			"public.activationPage", "registration", "GET", "/pools/" + pool + "/activate?code=x",
			tenant.Pages, "",
		},
	}
	for _, r := range requests { // makes one real call of each, which is recorded and fills the caches
		var body any
		if r.body != "" {
			body = r.body
		}
		if got := r.client.Call(b, r.method, r.path, body); got.Status >= 300 {
			b.Fatalf("%s answers %d %s", r.name, got.Status, got.Body)
		}
	}
	tape.Play()
	for _, r := range requests {
		b.Run(r.name, func(b *testing.B) {
			event := eventOf(b, r.client, r.method, r.path, r.body)
			function := product.Functions[r.function]
			b.ReportAllocs()
			for b.Loop() {
				if out, err := function(b.Context(), event); err != nil || out.StatusCode >= 300 {
					b.Fatalf("answers %d %s %v", out.StatusCode, out.Body, err)
				}
			}
		})
	}
}

// eventOf returns the event of a request of a client.
func eventOf(
	b *testing.B, client *systemtest.Client, method, path, body string,
) events.APIGatewayV2HTTPRequest {
	b.Helper()
	r, err := http.NewRequestWithContext(
		b.Context(), method, client.URL(path), bytes.NewReader([]byte(body)),
	)
	if err != nil {
		b.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if client.Token != "" {
		r.Header.Set("Authorization", "Bearer "+client.Token)
	}
	return api.Event(r, []byte(body), "bench")
}

// BenchmarkRegistrations compares registrations over HTTP with what limits them: the engine's
// transactions if no password is hashed, and hashing if one is. Each benchmark has a table of its
// own, because the engine is slower with a larger table.
func BenchmarkRegistrations(b *testing.B) {
	hasher := password.NewHasher()
	run := func(name string, parallel int, prepare func(b *testing.B) (once func(n int64))) {
		b.Run(fmt.Sprintf("%s, %d at a time", name, parallel), func(b *testing.B) {
			once := prepare(b)
			var n atomic.Int64
			b.SetParallelism(max(1, parallel/runtime.GOMAXPROCS(0)))
			b.ResetTimer()
			if parallel == 1 {
				for range b.N {
					once(n.Add(1))
				}
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "ops/s")
				return
			}
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					once(n.Add(1))
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "ops/s")
		})
	}
	registrations := func(body string) func(b *testing.B) func(int64) {
		return func(b *testing.B) func(int64) {
			product := systemtest.New(b, alone)
			tenant := product.NewTenant(b)
			pool := tenant.NewPool(b, fields{"limits": fields{
				"source_submissions_per_hour": 1_000_000, "source_mailboxes_per_hour": 1_000_000,
			}})
			return func(n int64) {
				if got := tenant.Public.Call(
					b, "POST", "/pools/"+pool+"/register", fmt.Sprintf(body, n),
				); got.Status != 201 {
					b.Errorf("answers %d %s", got.Status, got.Body)
				}
			}
		}
	}
	run("bare transactions of the engine", 8, func(b *testing.B) func(int64) {
		product := systemtest.New(b, alone)
		return func(n int64) { bareTransaction(b, product, n) }
	})
	run("registrations without a password", 8, registrations(`{"identifier":"r%d@example.com"}`))
	for _, parallel := range []int{1, 8, 64} {
		run("hashes", parallel, func(b *testing.B) func(int64) {
			return func(int64) {
				if _, err := hasher.Hash(b.Context(), systemtest.Password); err != nil {
					b.Error(err)
				}
			}
		})
		run(
			"registrations with a password", parallel,
			registrations(`{"identifier":"p%d@example.com","password":"`+systemtest.Password+`"}`),
		)
	}
}

// bareTransaction writes four items that have the size of those of a registration.
func bareTransaction(b *testing.B, product *systemtest.Product, n int64) {
	var writes []types.TransactWriteItem
	for i := range 4 {
		writes = append(writes, types.TransactWriteItem{Put: &types.Put{
			TableName:           aws.String(product.TableName),
			ConditionExpression: aws.String("attribute_not_exists(pk)"),
			Item: map[string]types.AttributeValue{
				"pk":  &types.AttributeValueMemberS{Value: fmt.Sprintf("BARE#%d#%d", n, i)},
				"sk":  &types.AttributeValueMemberS{Value: "BARE"},
				"doc": &types.AttributeValueMemberS{Value: string(bytes.Repeat([]byte("x"), 400))},
			},
		}})
	}
	if _, err := product.DB.TransactWriteItems(b.Context(), &dynamodb.TransactWriteItemsInput{
		TransactItems: writes,
	}); err != nil {
		b.Error(err)
	}
}
