package table_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"identitypools/shared/identity"
	"identitypools/shared/once"
	"identitypools/shared/retry"
	"identitypools/shared/table"
)

// The name of a pool is changed, unless somebody else changes the pool between reading and writing.
// The example has no output, because it needs a table.
func ExampleOpen() {
	ctx := context.Background()
	settings, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	t := table.Open(dynamodb.NewFromConfig(settings), "identity-pools", time.Now, retry.Random())

	old, err := t.Pools.Get(ctx, "acme", "customers")
	if errors.As(err, new(identity.NotFound)) {
		fmt.Println("the tenant has no such pool")
		return
	}
	if err != nil {
		fmt.Println(err)
		return
	}
	changed, err := old.Changed(identity.PoolChange{Name: "Customers and partners"})
	if err != nil {
		fmt.Println(err)
		return
	}
	// The zero Reply is for a change that belongs to no request with an idempotency key.
	stored, err := t.Pools.Replace(ctx, old, changed, once.Reply[identity.Pool]{})
	if errors.As(err, new(identity.PreconditionFailed)) {
		fmt.Println("somebody else has changed the pool")
		return
	}
	fmt.Println(stored.Version, err)
}

// Permissions are given for kinds of items, which a partition key names.
func ExampleKindOf() {
	fmt.Println(table.KindOf("POOL#acme#customers"), table.KindPools.Pattern())
	// Output: POOL POOL#*
}
