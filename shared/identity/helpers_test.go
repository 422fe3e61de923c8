package identity_test

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"identitypools/shared/identity"
)

// at returns a time after the start of the tests.
func at(after time.Duration) time.Time { return start().Add(after) }

// defaultLimits returns the limits of a pool that sets none.
func defaultLimits() identity.Limits { return identity.Limits{}.Filled() }

// maker returns a Maker whose ids are id1, id2 and so on.
func maker(now time.Time) identity.Maker {
	var made atomic.Int64
	return identity.Maker{Now: now, NewID: func() string {
		return fmt.Sprintf("id%d", made.Add(1))
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

// invalidFields returns the sorted pointers of the violations in err. It fails the test if err is
// neither nil nor an Invalid.
func invalidFields(tb testing.TB, err error) []string {
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

// checkInvalid fails the test unless err has violations of exactly the given fields. Without
// fields, it wants no error.
func checkInvalid(tb testing.TB, err error, want ...string) {
	tb.Helper()
	if got := invalidFields(tb, err); !slices.Equal(got, want) {
		tb.Errorf("wrong at %q, want %q (%v)", got, want, err)
	}
}

func ptr[T any](value T) *T { return &value }
