package limits_test

import (
	"testing"

	"identitypools/infra/golden"
	"identitypools/infra/limits"
)

func TestTheDocumentSaysWhatIsInForce(t *testing.T) {
	t.Parallel()
	golden.Same(t, "../../docs/limits.md", limits.Document())
}
