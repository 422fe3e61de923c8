package otp_test

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"time"

	"identitypools/shared/otp"
)

// A new code is sent to the user, while only its MACs are stored.
func ExampleCoder() {
	coder := otp.NewCoder(bytes.Repeat([]byte{1}, 32), rand.Reader)
	binding := otp.Binding{
		Tenant: "default", Pool: "shop", User: "u1",
		Purpose: "activation", Address: "ann@example.com",
	}
	issued, err := coder.New(binding, 6)
	if err != nil {
		fmt.Println(err)
		return
	}
	typed := issued.Code[:3] + " " + issued.Code[3:]
	fmt.Println(coder.Matches(binding, typed, issued.CodeMAC, issued.ExtendedMAC))
	fmt.Println(coder.Matches(binding, issued.Extended, issued.CodeMAC, issued.ExtendedMAC))

	binding.Address = "bob@example.com"
	fmt.Println(coder.Matches(binding, issued.Code, issued.CodeMAC, issued.ExtendedMAC))
	// Output:
	// true
	// true
	// false
}

func ExampleSealer() {
	sealer, err := otp.NewSealer(bytes.Repeat([]byte{1}, 32), rand.Reader)
	if err != nil {
		fmt.Println(err)
		return
	}
	sealed, err := sealer.Seal(otp.Ticket{
		Tenant: "default", Pool: "shop", User: "u1", Registration: "r1",
		ExpiresAt: time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	ticket, err := sealer.Open("default", "shop", sealed)
	fmt.Println(ticket.User, ticket.Registration, ticket.ExpiresAt, err)
	_, err = sealer.Open("default", "another pool", sealed)
	fmt.Println(err)
	// Output:
	// u1 r1 2026-07-01 12:00:00 +0000 UTC <nil>
	// the code is not valid
}
