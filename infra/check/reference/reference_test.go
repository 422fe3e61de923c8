package reference_test

import (
	"os"
	"testing"

	"identitypools/infra/check/golden"
	"identitypools/infra/check/parttest"
	"identitypools/infra/check/reference"
)

func TestMain(m *testing.M) { os.Exit(parttest.Main(m)) }

const root = "../../.."

func TestTheDocumentSaysWhatTheTypesAre(t *testing.T) {
	t.Parallel()
	text, faults := reference.Document(root)
	for _, fault := range faults {
		t.Errorf("infra/check/reference/%s", fault)
	}
	golden.Same(t, root+"/docs/reference.md", text)
}
