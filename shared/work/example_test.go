package work_test

import (
	"crypto/rand"
	"fmt"
	"time"

	"identitypools/shared/work"
)

func Example() {
	issuer := work.Issuer{Key: []byte("a key of 32 bytes, kept in secret"), Random: rand.Reader, Now: time.Now}
	challenge, err := issuer.New("default", "shop")
	if err != nil {
		fmt.Println(err)
		return
	}
	solution, ok := challenge.Solve() // on the client
	fmt.Println(ok)

	solved, ok := issuer.Check("default", "shop", solution)
	fmt.Println(solved == challenge.Challenge, ok)
	_, ok = issuer.Check("default", "another pool", solution)
	fmt.Println(ok)
	// Output:
	// true
	// true true
	// false
}
