package stack_test

import (
	"fmt"

	"identitypools/infra/deploy/stack"
)

func ExampleRead() {
	config, err := stack.Read(map[string]any{"mailFrom": "Example <no-reply@example.com>"})
	fmt.Println(config.Name, config.MailAddress, err)

	_, err = stack.Read(map[string]any{"publicRate": "many"})
	fmt.Println(err)
	// Output:
	// IdentityPools no-reply@example.com <nil>
	// context publicRate must be a number from 1 to 10000, and is "many"
}
