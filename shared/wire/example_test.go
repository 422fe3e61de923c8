package wire_test

import (
	"fmt"

	"github.com/go-json-experiment/json"

	"identitypools/shared/identity"
	"identitypools/shared/wire"
)

// The answer shows that there is a password, but nothing of its hash.
func ExampleUserOf() {
	user := wire.UserOf(identity.User{
		ID: "u1", Tenant: "default", Pool: "shop", PasswordHash: "$argon2id$…",
		Credentials: []identity.Credential{{ID: "c1", Type: "password", State: "active"}},
	})
	password, err := json.Marshal(user.Credentials[0].Payload)
	fmt.Println(user.ID, user.Credentials[0].Type, string(password), err)
	// Output: u1 password {"hashed_password":"###"} <nil>
}
