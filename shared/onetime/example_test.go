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

// A code is made for a user and a purpose. Whoever presents it gets what the function that asks for
// it does for a right code, once.
func Example() {
	tb := new(exampleTB)
	defer tb.finish()
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

	issuer := onetime.Issuer{Codes: t.Codes, Mailboxes: t.Mailboxes, Coder: coder, Now: time.Now}
	code := identity.Code{Address: "ann@example.com", Normalized: "ann@example.com", AddressType: identity.TypeEmail}
	made, err := issuer.Issue(ctx, pool, ann, identity.PurposeResetPassword, code,
		issuer.Alone(ctx, code.MailboxRef("acme")), once.Reply[otp.Issued]{})
	if err != nil {
		fmt.Println(err)
		return
	}

	redeemer := onetime.Redeemer{
		Codes: t.Codes, Mailboxes: t.Mailboxes, Registrations: t.Registrations, Users: t.Users,
		Coder: coder, Now: time.Now, NewID: uuid.NewString,
	}
	for range 2 {
		proof := onetime.Proof{User: "ann", Code: made.Code}
		err = redeemer.Redeem(ctx, pool, identity.PurposeResetPassword, proof, nil,
			func(ctx context.Context, right onetime.Redemption) error {
				fmt.Println(right.User.ID, "has proved", right.Code.Address)
				// A function would store what the code brings about in the same transaction.
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

// exampleTB is a testing.TB for examples, which get none from package testing.
type exampleTB struct {
	testing.TB // not set: its methods panic, except for those below

	cleanups []func()
}

// Helper has no effect.
func (tb *exampleTB) Helper() {}

// Context returns a context without an end.
func (tb *exampleTB) Context() context.Context { return context.Background() }

// Cleanup keeps a function for finish.
func (tb *exampleTB) Cleanup(f func()) { tb.cleanups = append(tb.cleanups, f) }

// Fatal ends the example.
func (tb *exampleTB) Fatal(values ...any) { panic(fmt.Sprint(values...)) }

// Fatalf ends the example.
func (tb *exampleTB) Fatalf(format string, values ...any) { panic(fmt.Sprintf(format, values...)) }

// finish does what the end of a test does.
func (tb *exampleTB) finish() {
	for _, f := range tb.cleanups {
		defer f()
	}
}
