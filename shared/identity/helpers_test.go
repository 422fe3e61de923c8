package identity_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"identitypools/shared/identity"
)

// at is a time after the start of the tests.
func at(after time.Duration) time.Time { return start().Add(after) }

// usual are the limits of a pool that sets none.
func usual() identity.Limits { return identity.Limits{}.Filled() }

// maker makes ids that can be told apart.
func maker(now time.Time) identity.Maker {
	made := 0
	return identity.Maker{Now: now, NewID: func() string {
		made++
		return fmt.Sprintf("id%d", made)
	}}
}

func newPool(tb testing.TB, c identity.PoolChange) identity.Pool {
	tb.Helper()
	if c.Name == "" {
		c.Name = "Shop"
	}
	p, err := identity.NewPool("default", "shop", c)
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// wrong are the fields that err finds fault with, sorted; anything but nil and Invalid fails the test.
func wrong(tb testing.TB, err error) []string {
	tb.Helper()
	if err == nil {
		return nil
	}
	var invalid identity.Invalid
	if !errors.As(err, &invalid) {
		tb.Fatalf("%T: %v", err, err)
	}
	var pointers []string
	for _, v := range invalid.Violations {
		if v.Reason == "" {
			tb.Errorf("no reason at %s", v.Pointer)
		}
		pointers = append(pointers, v.Pointer)
	}
	slices.Sort(pointers)
	return pointers
}

// checkWrong fails the test unless err finds fault with exactly the fields named; none means no error.
func checkWrong(tb testing.TB, err error, want ...string) {
	tb.Helper()
	if got := wrong(tb, err); !slices.Equal(got, want) {
		tb.Errorf("wrong at %q, want %q (%v)", got, want, err)
	}
}

func ptr[T any](value T) *T { return &value }
