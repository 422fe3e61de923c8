package vault_test

import (
	"fmt"

	"identitypools/shared/cloud"
	"identitypools/shared/vault"
)

func ExampleRead() {
	// A function passes os.Getenv. The variable may also contain the ARN of a secret.
	variables := map[string]string{
		"CODE_SECRET": "base64:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
	}
	env := cloud.Environment(func(name string) string { return variables[name] })
	master, err := vault.Read(env, "CODE_SECRET")
	if err != nil {
		fmt.Println(err)
		return
	}
	key, err := master.Key("tickets", 32)
	fmt.Println(len(key), err)
	// Output: 32 <nil>
}
