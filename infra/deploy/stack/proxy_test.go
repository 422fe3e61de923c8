package stack_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"identitypools/infra/deploy/plan"
)

// behindProxy returns the context of a deployment with a proxy that is the only way in, with further
// values.
func behindProxy(values fields) fields {
	context := with(fields{
		"domain":       "o-5f3a.example.com",
		"certificate":  "arn:aws:acm:eu-west-1:123456789012:certificate/x",
		"publicDomain": "id.example.com", "awsAddress": false,
		"proxyHeader": "X-Viewer-Address", "proxyOnly": true,
	})
	maps.Copy(context, values)
	return context
}

// Behind a proxy, issuers and links name the domain that people use, and API Gateway answers at no
// other than the one that the proxy calls.
func TestADeploymentBehindAProxy(t *testing.T) {
	tmpl := synthesize(t, behindProxy(nil))
	for _, function := range []string{"tokens", "courier", "registration"} {
		variables := at(tmpl.Resources[tmpl.function(t, function)].Properties, "Environment", "Variables")
		if at(variables, "PUBLIC_URL") != "https://id.example.com" {
			t.Errorf("to the function %s the product is at %v", function, at(variables, "PUBLIC_URL"))
		}
	}
	if tmpl.Outputs["Url"]["Value"] != "https://id.example.com" {
		t.Errorf("the output says that the API is at %v", tmpl.Outputs["Url"])
	}
	if tmpl.Resources["Domain"].Properties["DomainName"] != "o-5f3a.example.com" ||
		tmpl.Resources["Api"].Properties["DisableExecuteApiEndpoint"] != true {
		t.Errorf("API Gateway answers at %v, and at the address of AWS", tmpl.Resources["Domain"].Properties)
	}
	if tmpl.Outputs["Origin"]["Value"] != "https://o-5f3a.example.com" {
		t.Errorf("the output says that the proxy calls %v", tmpl.Outputs["Origin"])
	}
}

// A proxy may call the address of AWS, which nobody knows who has not seen it: nothing of the product
// names it.
func TestAProxyMayCallTheAddressOfAWS(t *testing.T) {
	tmpl := synthesize(t, with(fields{"publicDomain": "id.example.com", "proxyHeader": "X-Viewer-Address"}))
	moving := synthesize(t, behindProxy(fields{"domain": "id.example.com", "awsAddress": true}))
	if origin := fmt.Sprint(moving.Outputs["Origin"]["Value"]); origin != "map[Fn::GetAtt:[Api ApiEndpoint]]" {
		t.Errorf("a proxy that takes over the domain finds itself: %v", moving.Outputs["Origin"])
	}
	if origin := fmt.Sprint(tmpl.Outputs["Origin"]["Value"]); origin != "map[Fn::GetAtt:[Api ApiEndpoint]]" {
		t.Errorf("the output says that the proxy calls %v", origin)
	}
	for id, f := range tmpl.of("AWS::Lambda::Function") {
		if variables := fmt.Sprint(at(f.Properties, "Environment")); strings.Contains(variables, "ApiEndpoint") {
			t.Errorf("function %s knows the address: %s", id, variables)
		}
	}
}

// Functions that look at where a request comes from know the proxy and may read its secret, and no
// other function may. Without a proxy there is no such secret.
func TestWhoKnowsTheProxy(t *testing.T) {
	tmpl := synthesize(t, behindProxy(nil))
	secret := tmpl.Outputs["ProxySecretArn"]["Value"]
	if secret == nil || tmpl.Resources["ProxySecret"].Type != "AWS::SecretsManager::Secret" {
		t.Fatalf("the proxy's secret is %v", secret)
	}
	proxied := 0
	for _, f := range plan.Functions() {
		variables := at(tmpl.Resources[tmpl.function(t, f.Name)].Properties, "Environment", "Variables")
		reads := false
		for _, s := range tmpl.statements(t, f.Name) {
			reads = reads || fmt.Sprint(s["Resource"]) == fmt.Sprint(secret)
		}
		knows := at(variables, "PROXY_HEADER") == "X-Viewer-Address" && at(variables, "PROXY_ONLY") == "true" &&
			fmt.Sprint(at(variables, "PROXY_SECRET")) == fmt.Sprint(secret)
		if reads != f.Proxied || knows != f.Proxied {
			t.Errorf("function %s reads the secret: %t, and knows the proxy: %t", f.Name, reads, knows)
		}
		if f.Proxied {
			proxied++
		}
	}
	if proxied == 0 {
		t.Error("no function knows the proxy")
	}
	variables := at(usual(t).Resources[usual(t).function(t, "registration")].Properties, "Environment", "Variables")
	for _, setting := range plan.ProxySettings() {
		if at(variables, setting) != "" {
			t.Errorf("without a proxy, %s is %v", setting, at(variables, setting))
		}
	}
	if usual(t).Outputs["ProxySecretArn"] != nil {
		t.Error("there is a secret without a proxy")
	}
}

// A proxy may be one way in of two.
func TestAProxyNeedNotBeTheOnlyWayIn(t *testing.T) {
	tmpl := synthesize(t, behindProxy(fields{"proxyOnly": false, "awsAddress": true}))
	variables := at(tmpl.Resources[tmpl.function(t, "registration")].Properties, "Environment", "Variables")
	if at(variables, "PROXY_HEADER") != "X-Viewer-Address" || at(variables, "PROXY_ONLY") != "" {
		t.Errorf("the settings are %v", variables)
	}
	if tmpl.Resources["Api"].Properties["DisableExecuteApiEndpoint"] != nil {
		t.Error("the address of AWS is switched off")
	}
}
