package onetime_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/google/uuid"

	"identitypools/infra/check/parttest"
	"identitypools/infra/check/systemtest"
	"identitypools/shared/identity"
	"identitypools/shared/once"
	"identitypools/shared/onetime"
	"identitypools/shared/otp"
)

func TestMain(m *testing.M) { os.Exit(parttest.Main(m)) }

// A code is made for a user and a purpose. It takes effect once.
func Example() {
	tb := new(systemtest.ExampleTB)
	defer tb.Finish()
	product := systemtest.New(tb) // has an empty table
	ctx, t, coder := context.Background(), product.Table, otp.NewCoder(bytes.Repeat([]byte{1}, 32), rand.Reader)

	maker := identity.Maker{Now: time.Now(), NewID: uuid.NewString}
	pool, err := identity.NewPool("acme", "shop", identity.PoolChange{Name: "Shop"})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := t.Pools.Create(ctx, pool, once.Reply[identity.Pool]{}); err != nil {
		fmt.Println(err)
		return
	}
	ann, err := pool.Create(identity.NewUser{ID: "ann", Status: identity.StatusActive}, maker)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := t.Users.Create(ctx, ann, once.Reply[identity.User]{}); err != nil {
		fmt.Println(err)
		return
	}

	tools := onetime.Tools{Coder: coder}
	issuer := tools.NewIssuer(t, time.Now)
	code := identity.Code{Address: "ann@example.com", Normalized: "ann@example.com", AddressType: identity.TypeEmail}
	made, err := issuer.Issue(ctx, pool, ann, identity.PurposeResetPassword, code,
		issuer.Alone(ctx, code.MailboxRef("acme")), once.Reply[otp.Issued]{})
	if err != nil {
		fmt.Println(err)
		return
	}

	redeemer := tools.NewRedeemer(t, time.Now, uuid.NewString)
	for range 2 {
		proof := onetime.Proof{User: "ann", Code: made.Code}
		err = redeemer.Redeem(ctx, pool, identity.PurposeResetPassword, proof, nil,
			func(ctx context.Context, right onetime.Redemption) error {
				fmt.Println(right.User.ID, "has proved", right.Code.Address)
				// A function would carry out the effect of the code in the same transaction.
				return t.Codes.Replace(ctx, right.Spent[0], once.Reply[once.None]{})
			})
		fmt.Println(err, errors.Is(err, identity.InvalidCode{}))
	}
	// Output:
	// ann has proved ann@example.com
	// <nil> false
	// the code is not valid true
}

func ExampleReturnURLs() {
	isAllowed := onetime.ReturnURLs("https://shop.example,https://app.example:8443")
	for _, url := range []string{"https://shop.example/welcome", "https://shop.example.evil.example/"} {
		fmt.Println(isAllowed(url))
	}
	// Output:
	// true
	// false
}
