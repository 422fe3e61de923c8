package retry_test

import (
	"context"
	"fmt"

	"identitypools/shared/identity"
	"identitypools/shared/retry"
)

func Example() {
	policy, others := retry.Random(), 2
	err := policy.Do(context.Background(), func() error {
		if others > 0 { // somebody else changes the item between our read and our write
			others--
			return identity.PreconditionFailed{}
		}
		return nil
	})
	fmt.Println(err)
	// Output: <nil>
}
