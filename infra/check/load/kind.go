package main

import (
	"math/rand/v2"
	"net/http"
)

// kind is what somebody comes for.
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

// operation is the published id of the kind's route.
func (k kind) operation() string {
	return [...]string{"publicRegister", "publicRegister", "publicActivate", "publicActivate", "getUser", "listUsers"}[k]
}

// right is the status that the kind is answered with when all is well.
func (k kind) right() int {
	switch k {
	case register, registerWithPassword, activate:
		return http.StatusCreated
	case guess:
		return http.StatusUnprocessableEntity
	}
	return http.StatusOK
}

// weight is how many of a hundred come for it. Fewer activate than register, so that some stay new.
func (k kind) weight() int { return [...]int{28, 12, 25, 15, 12, 8}[k] }

// next draws a kind by the weights.
func next(random *rand.Rand) kind {
	drawn := random.IntN(100)
	for _, k := range kinds() {
		if drawn -= k.weight(); drawn < 0 {
			return k
		}
	}
	return listUsers
}
