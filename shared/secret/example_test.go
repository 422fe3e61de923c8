package secret_test

import (
	"context"
	"fmt"

	"identitypools/shared/secret"
)

func Example() {
	// In a deployment, this calls Secrets Manager. See package vault.
	fetch := func(_ context.Context, arn string) (string, error) {
		return "", fmt.Errorf("%s is not available", arn)
	}
	const setting = "base64:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
	master, err := secret.Load(context.Background(), setting, fetch)
	if err != nil {
		fmt.Println(err)
		return
	}
	codes, err := master.Key("codes", 32)
	fmt.Println(len(codes), err)
	fmt.Printf("%v %s %x\n", master, master, master)
	// Output:
	// 32 <nil>
	// secret secret secret
}
