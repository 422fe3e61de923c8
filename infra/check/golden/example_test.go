package golden_test

import (
	"testing"

	"identitypools/infra/check/golden"
)

func ExampleSame() {
	var t *testing.T // the parameter of a test

	golden.Same(t, "testdata/greeting.golden", "Hello, Ann.\n")
}
