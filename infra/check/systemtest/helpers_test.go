package systemtest_test

import (
	"context"
	"fmt"
	"testing"
)

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
