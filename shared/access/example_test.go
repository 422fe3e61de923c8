package access_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"identitypools/shared/access"
)

// storedKeys stands for the table, where the tokens function publishes its keys.
type storedKeys []byte

func (s storedKeys) Keys(context.Context) ([]byte, error) { return s, nil }

func Example() {
	issuer, err := access.NewIssuer([]byte("a seed of 32 bytes, kept secret!"), time.Now)
	if err != nil {
		fmt.Println(err)
		return
	}
	keys, _, err := issuer.AddPublicKey(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	content := access.Token{
		ClientID: "shop-backend", Tenant: "default", Caller: access.System, Scopes: []string{"identity"},
	}
	token, err := issuer.Issue(content, "https://id.example.com/default/system", time.Hour)
	if err != nil {
		fmt.Println(err)
		return
	}

	verifier := access.NewVerifier(storedKeys(keys).Keys, time.Now)
	verified, err := verifier.Verify(context.Background(), token)
	fmt.Println(verified.ClientID, verified.Tenant, verified.Caller, verified.Scopes, err)
	_, err = verifier.Verify(context.Background(), "eyJ0eXAiOiJhdCtqd3QifQ.e30.c2ln")
	fmt.Println(err)
	// Output:
	// shop-backend default system [identity] <nil>
	// token is not valid
}

func ExampleClient() {
	secret, hashed, err := access.NewSecret(rand.Reader)
	if err != nil {
		fmt.Println(err)
		return
	}
	client := access.Client{ID: "shop-backend", Secrets: []string{hashed}}
	fmt.Println(client.HasSecret(secret), client.HasSecret("guess"))
	// Output: true false
}
