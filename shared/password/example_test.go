package password_test

import (
	"context"
	"fmt"

	"identitypools/shared/identity"
	"identitypools/shared/password"
)

func ExampleHasher_Verify() {
	ctx := context.Background()
	hasher := password.NewHasher()
	stored, err := hasher.Hash(ctx, "correct horse battery staple")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, given := range []string{"correct horse battery staple", "Correct Horse Battery Staple"} {
		result, err := hasher.Verify(ctx, stored, given)
		fmt.Println(result.OK, err)
	}
	// Output:
	// true <nil>
	// false <nil>
}

func ExampleFaults() {
	pool := identity.Pool{
		Name:           "Blue Harbour",
		PasswordPolicy: identity.PasswordPolicy{MinLength: 10, Digits: 1},
	}
	for _, fault := range password.Faults(pool, identity.User{}, "iloveyou") {
		fmt.Println("the password", fault.Reason)
	}
	// Output:
	// the password must have at least 10 characters
	// the password must have at least 1 digit
	// the password is one of the most common passwords
}
