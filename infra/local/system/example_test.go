package system_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"identitypools/infra/local/part"
	"identitypools/infra/local/system"
	"identitypools/shared/retry"
)

// The example starts the product with a database in memory and without a server for mail, and
// calls a route that needs a token.
func Example() {
	ctx := context.Background()
	engine, err := part.Engine(ctx, io.Discard, "")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer engine.Stop()

	const secret = "base64:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
	product, err := system.Start(ctx, system.Config{
		DynamoDBURL: engine.URL(), Table: "example", Address: "127.0.0.1:0",
		Environment: map[string]string{"CODE_SECRET": secret, "TOKEN_SECRET": secret},
		Quiet:       true, Now: time.Now, Retry: retry.Random(), Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer product.Stop()

	response, err := http.Get(product.BaseURL + "/api/identity/default/admin/pools")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = response.Body.Close() }()
	fmt.Println(response.Status)
	// Output: 401 Unauthorized
}
