package faulttest_test

import (
	"os"
	"slices"
	"testing"

	"identitypools/functions/schemas"
	"identitypools/infra/check/faulttest"
	"identitypools/infra/check/parttest"
	"identitypools/infra/check/systemtest"
)

func TestMain(m *testing.M) { os.Exit(parttest.Main(m)) }

func TestMissing(t *testing.T) {
	t.Parallel()
	suite := faulttest.Suite{
		Routes: schemas.Routes(),
		Cases: []faulttest.Case{
			{Name: "admin.listSchemas", Twin: "system.listSchemas"},
			{Name: "admin.getSchema, of a version"},
			{Name: "admin.createSchema", Twin: "system.createSchema"},
			{Name: "admin.updateSchema", Twin: "system.updateSchema"},
			{Name: "admin.patchSchema"},
		},
		WithoutCalls: []string{"admin.deleteSchema"},
	}
	want := []string{"system.getSchema", "system.deleteSchema"}
	if got := suite.Missing(); !slices.Equal(got, want) {
		t.Errorf("the routes without a case are %v, want %v", got, want)
	}
}

func TestTakesKey(t *testing.T) {
	t.Parallel()
	for _, route := range schemas.Routes() {
		if got, want := faulttest.TakesKey(route), route.Method != "GET"; got != want {
			t.Errorf("%s takes a key: %t, want %t", route.Name, got, want)
		}
	}
}

// TestRun checks that the work meets each call once, after it has met none.
func TestRun(t *testing.T) {
	t.Parallel()
	var kinds []string
	f := faulttest.NewFixture(t)
	t.Run("work", func(t *testing.T) {
		faulttest.Run(t, 0, func(t *testing.T, fault *systemtest.Fault) {
			kinds = append(kinds, string(fault.Kind))
			_ = f.Bounce(fault)
		})
	})
	if len(kinds) < 2 || kinds[0] != string(faulttest.NoFault().Kind) ||
		slices.Contains(kinds[1:], kinds[0]) {
		t.Errorf("the work has met %q", kinds)
	}
}
