package stack_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

// ASVS V12.1.1, V12.2.1, V12.3.1, V12.3.3, 63B §3.1.1.2: a custom domain accepts only TLS 1.2 and
// newer, the API has no protocol but HTTPS, and no function is configured to reach anything in
// another way.
func TestNothingTravelsInTheClear(t *testing.T) {
	tmpl := synthesize(t, with(fields{
		"domain":      "id.example.com",
		"certificate": "arn:aws:acm:eu-west-1:123456789012:certificate/x",
	}))
	configurations, _ := at(tmpl.Resources["Domain"].Properties, "DomainNameConfigurations").([]any)
	if len(configurations) != 1 || at(configurations[0], "SecurityPolicy") != "TLS_1_2" {
		t.Errorf("the domain is made with %v", configurations)
	}
	// a load balancer or a REST API would have other rules
	if got := at(tmpl.Resources["Api"].Properties, "ProtocolType"); got != "HTTP" {
		t.Errorf("the API speaks %v", got)
	}
	text, err := json.Marshal(tmpl.Resources)
	if err != nil {
		t.Fatal(err)
	}
	if _, after, found := bytes.Cut(text, []byte("http://")); found {
		t.Errorf("something is reached in the clear: http://%.60s", after)
	}
	for id, r := range tmpl.of("AWS::Lambda::Function") {
		variables, _ := at(r.Properties, "Environment", "Variables").(fields)
		for name, value := range variables {
			if address, _ := value.(string); strings.HasPrefix(name, "AWS_ENDPOINT_URL") &&
				address != "" && !strings.HasPrefix(address, "https://") {
				t.Errorf("%s reaches %s at %s", id, name, address)
			}
		}
	}
}
