package parttest_test

import (
	"testing"
	"time"

	"identitypools/infra/check/parttest"
)

// A TestMain stops the parts that the tests of the package have started.
func ExampleMain() {
	var m *testing.M // the parameter of TestMain

	code := parttest.Main(m)
	_ = code // passed to os.Exit
}

func ExampleUntil() {
	var t *testing.T // the parameter of a test

	deadline := time.Now().Add(time.Second)
	parttest.Until(t, "the deadline", func() bool { return time.Now().After(deadline) })
}
