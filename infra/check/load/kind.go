package main

import (
	"math/rand/v2"
	"net/http"
)

// kind is what a caller does.
type kind int

const (
	register kind = iota
	registerWithPassword
	activate
	guess
	getUser
	listUsers
)

func kinds() []kind {
	return []kind{register, registerWithPassword, activate, guess, getUser, listUsers}
}

func (k kind) String() string {
	return [...]string{"register", "register, with a password", "activate", "guess a code", "read a user", "list users"}[k]
}

// operation returns the name of the kind's route.
func (k kind) operation() string {
	return [...]string{
		"public.register", "public.register", "public.activate", "public.activate", "admin.getUser", "admin.listUsers",
	}[k]
}

// expectedStatus returns the status of the answer if all is well.
func (k kind) expectedStatus() int {
	switch k {
	case register, registerWithPassword, activate:
		return http.StatusCreated
	case guess:
		return http.StatusUnprocessableEntity
	}
	return http.StatusOK
}

// weight returns the percentage of callers of the kind. Fewer activate than register, so that some
// users stay new.
func (k kind) weight() int { return [...]int{28, 12, 25, 15, 12, 8}[k] }

// randomKind returns a random kind, according to the weights.
func randomKind(random *rand.Rand) kind {
	drawn := random.IntN(100)
	for _, k := range kinds() {
		if drawn -= k.weight(); drawn < 0 {
			return k
		}
	}
	return listUsers
}
