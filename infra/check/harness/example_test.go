package harness_test

import (
	"context"
	"fmt"
	"os"

	"identitypools/infra/check/harness"
	"identitypools/infra/local/part"
)

// The example builds the function schemas, starts it and passes it an event.
func Example() {
	ctx := context.Background()
	root, err := part.Root()
	if err != nil {
		fmt.Println(err)
		return
	}
	folder, err := os.MkdirTemp("", "harness")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(folder) }()

	programs, err := harness.Build(ctx, root, folder, map[string]string{
		"schemas": "identitypools/functions/schemas/lambda",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	function, err := harness.Start(ctx, programs["schemas"], map[string]string{
		"AWS_REGION": "local", "AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local",
		"TABLE_NAME": "none",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer function.Stop()

	answer, err := function.Invoke(ctx, []byte(`{"rawPath": "/nowhere"}`))
	fmt.Println(len(answer) > 0, err)
	// Output: true <nil>
}
