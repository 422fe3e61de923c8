package signin_test

import (
	"testing"

	"identitypools/infra/check/golden"
)

func TestEveryMessageIsSaid(t *testing.T) {
	t.Parallel()
	golden.Words(t)
}
