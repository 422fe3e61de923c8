package browser_test

import (
	"os"
	"testing"

	"identitypools/infra/check/browser"
)

func TestMain(m *testing.M) { os.Exit(browser.Main(m)) }
