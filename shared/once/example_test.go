package once_test

import (
	"fmt"
	"strings"

	"identitypools/shared/once"
)

// A use case that results in a greeting makes a change that results in a name. The answer to the
// caller is stored with the change, and a repeat of the request reads it.
func Example() {
	const idempotencyKey = "0c4f2f0e-7c1b-4d38-a40a-5d6f7e8b9c10"
	parts := [][]byte{[]byte("POST"), []byte("/users"), []byte(`{"name":"ann"}`)}
	request, err := once.New("acme admin", idempotencyKey, parts)
	if err != nil {
		fmt.Println(err)
		return
	}

	// Package api gives a function that encodes the result of the use case.
	reply := once.NewReply(request, func(greeting string) ([]byte, error) {
		return []byte(strings.ToUpper(greeting)), nil
	})

	// The use case gives a function that returns its result for the result of the change.
	ofName := once.Map(reply, func(name string) (string, error) { return "hello " + name, nil })

	// The table stores the sealed answer in the transaction of the change.
	answer := ofName.With("ann")
	sealed, err := answer.Seal()
	if err != nil {
		fmt.Println(err)
		return
	}
	answer.MarkStored()
	fmt.Printf("%s\n", reply.Stored())

	repeat, err := once.New("acme admin", idempotencyKey, parts)
	if err != nil {
		fmt.Println(err)
		return
	}
	stored, err := repeat.Open(request.Mark, sealed)
	fmt.Printf("%s %v\n", stored, err)

	other, err := once.New("acme admin", idempotencyKey, [][]byte{[]byte("DELETE"), []byte("/users/ann")})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = other.Open(request.Mark, sealed)
	fmt.Println(err)

	// Output:
	// HELLO ANN
	// HELLO ANN <nil>
	// the idempotency key was used for another request
}
