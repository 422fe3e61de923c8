package limits_test

import (
	"testing"

	"identitypools/infra/check/golden"
	"identitypools/infra/check/limits"
)

func TestTheDocumentSaysWhatIsInForce(t *testing.T) {
	t.Parallel()
	golden.Same(t, "../../../docs/limits.md", limits.Document())
}
