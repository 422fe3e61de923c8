package stack_test

import (
	"reflect"
	"testing"

	"identitypools/infra/deploy/gateway"
)

// The deployment has the settings that the facts about API Gateway need, so that clients observe
// there what the local gateway is tested for.
func TestTheDeploymentHasWhatTheFactsNeed(t *testing.T) {
	tmpl := usual(t)
	for _, fact := range gateway.Facts() {
		for _, setting := range fact.Needs {
			resources := tmpl.of(setting.Type)
			if len(resources) == 0 {
				t.Errorf("%s: there is no %s", fact.What, setting.Type)
			}
			for id, r := range resources {
				if got := r.Properties[setting.Property]; !reflect.DeepEqual(got, setting.Value) {
					t.Errorf("%s: %s of %s is %v, want %v", fact.What, setting.Property, id, got, setting.Value)
				}
			}
		}
	}
}
