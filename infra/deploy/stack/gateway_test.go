package stack_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"identitypools/functions"
	"identitypools/infra/deploy/gateway"
	"identitypools/shared/api"
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

// The headers of CORS are those that the local gateway sends, for the origins that the deployment
// names.
func TestTheHeadersOfCORSAreTheRules(t *testing.T) {
	cors, rules := at(
		usual(t).Resources["Api"].Properties, "CorsConfiguration",
	), api.CrossOriginRules(functions.Routes())
	for name, want := range map[string]any{
		"AllowOrigins": []string{"https://app.example.com"}, "AllowMethods": rules.Methods,
		"AllowHeaders": rules.AllowedHeaders, "ExposeHeaders": rules.ExposedHeaders,
		"MaxAge": rules.MaxAge.Seconds(), "AllowCredentials": nil,
	} {
		if got := at(cors, name); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	// The facts about the headers have the values of the rules.
	for _, fact := range gateway.Facts() {
		for name, values := range map[string][]string{
			"Access-Control-Allow-Methods": rules.Methods, "Access-Control-Allow-Headers": rules.AllowedHeaders,
			"Access-Control-Expose-Headers": rules.ExposedHeaders,
		} {
			if stated := fact.Answer.Headers[name]; stated != "" && stated != strings.Join(values, ",") {
				t.Errorf("%s: %s is %q, the rules say %v", fact.What, name, stated, values)
			}
		}
	}
}
