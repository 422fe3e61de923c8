package signin_test

import (
	"os"
	"testing"

	"identitypools/infra/check/parttest"
	"identitypools/infra/check/systemtest"
)

type fields = systemtest.Fields

func TestMain(m *testing.M) { os.Exit(parttest.Main(m)) }
