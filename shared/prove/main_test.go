package prove_test

import (
	"os"
	"testing"

	"identitypools/infra/check/parttest"
)

func TestMain(m *testing.M) { os.Exit(parttest.Main(m)) }
