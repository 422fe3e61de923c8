package start_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"identitypools/shared/api"
	"identitypools/shared/cloud"
	"identitypools/shared/identity"
	"identitypools/shared/retry"
	"identitypools/shared/start"
)

// newHandler returns the handler of a function with one route.
func newHandler(p start.Parts) (http.Handler, error) {
	read := func(ctx context.Context, c api.PlainCall) (identity.Pool, error) {
		return p.Table.Pools.Get(ctx, c.Tenant(), c.Pool())
	}
	name := func(pool identity.Pool) string { return pool.Name }
	f := api.NewFunction("names",
		api.ForAdmin("GET", "/pools/{ipID}/name", "getPoolName", api.Read(read, api.Encode(name))))
	return api.New(f, p.Options())
}

// The main function of a program that Lambda runs. The example has no output, because it needs Lambda.
func ExampleHTTP() {
	start.HTTP(newHandler)
}

// A process that is not run by Lambda gives the parts to the function itself.
func ExampleNew() {
	env := cloud.Environment(func(name string) string {
		return map[string]string{"TABLE_NAME": "identity-pools"}[name]
	})
	db := dynamodb.New(dynamodb.Options{Region: "eu-central-1"})
	parts := start.New(env, db, slog.New(slog.DiscardHandler), time.Now, retry.Random())
	handler, err := newHandler(parts)
	fmt.Println(handler != nil, err)
	// Output: true <nil>
}
