package identity_test

import (
	"errors"
	"fmt"
	"time"

	"identitypools/shared/identity"
)

// A pool is created from the body of a request. Settings that the body does not have get their
// defaults.
func ExampleNewPool() {
	pool, err := identity.NewPool("acme", "customers", identity.PoolChange{Name: "Customers"})
	if err != nil {
		fmt.Println(err)
		return
	}
	activation := pool.CodePolicy(identity.PurposeActivation)
	fmt.Println(pool.Mechanisms, pool.PasswordPolicy.MinLength, activation.Length, time.Duration(activation.TTL))

	_, err = pool.Changed(identity.PoolChange{Name: "", ID: "other"})
	var invalid identity.Invalid
	if errors.As(err, &invalid) {
		for _, v := range invalid.Violations {
			fmt.Println(v.Pointer, v.Reason)
		}
	}
	// Output:
	// [password] 15 6 24h0m0s
	// /id must be the id of the path: a pool's id cannot change
	// /name must be given
}

// A user can be found by the normalized form of each identifier.
func ExamplePool_Normalize() {
	pool := identity.Pool{CaseInsensitive: true}
	fmt.Println(pool.Normalize(identity.TypeEmail, " Ann@Bücher.example "))
	fmt.Println(pool.Normalize(identity.TypeMobile, "0555 0100"))
	// Output:
	// ann@xn--bcher-kva.example <nil>
	//  must be a phone number in international form, such as +15550100
}

// Somebody who registers becomes an active user when a code proves the address.
func ExamplePool_Activate() {
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	maker := identity.Maker{Now: now, NewID: func() string { return "1" }}
	pool, err := identity.NewPool("acme", "customers", identity.PoolChange{Name: "Customers"})
	if err != nil {
		fmt.Println(err)
		return
	}
	request := identity.SelfRegistration{Identifier: "ann@example.com", Password: "correct horse battery"}
	user, registration, err := pool.Register(request, true, maker)
	if err != nil {
		fmt.Println(err)
		return
	}
	registration.PasswordHash = "the hash of the password"
	fmt.Println(user.Status, user.Claims())

	user, err = pool.Activate(user, identity.Activation{
		Code:         identity.Code{Address: "ann@example.com", Normalized: "ann@example.com", AddressType: identity.TypeEmail},
		Registration: &registration,
		IsTheirs:     true,
	}, maker)
	fmt.Println(user.Status, user.Addresses[0].Verified, user.PasswordHash, err)
	// Output:
	// new [ann@example.com]
	// active true the hash of the password <nil>
}
