package systemtest

import (
	"context"
	"fmt"
	"testing"
)

// ExampleTB is a testing.TB for examples, which get none from package testing.
type ExampleTB struct {
	testing.TB // not set: its methods panic, except for those below

	cleanups []func()
}

// Helper has no effect.
func (tb *ExampleTB) Helper() {}

// Context returns a context without an end.
func (tb *ExampleTB) Context() context.Context { return context.Background() }

// Cleanup keeps a function for Finish.
func (tb *ExampleTB) Cleanup(f func()) { tb.cleanups = append(tb.cleanups, f) }

// Fatal ends the example.
func (tb *ExampleTB) Fatal(values ...any) { panic(fmt.Sprint(values...)) }

// Fatalf ends the example.
func (tb *ExampleTB) Fatalf(format string, values ...any) { panic(fmt.Sprintf(format, values...)) }

// Finish does what the end of a test does.
func (tb *ExampleTB) Finish() {
	for _, f := range tb.cleanups {
		defer f()
	}
}
