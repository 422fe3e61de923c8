package stack_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"identitypools/functions"
)

// API Gateway has the routes of the route table, each with its function, and no other, so that
// requests for other routes never reach a function.
func TestTheRoutesAreTheRouteTable(t *testing.T) {
	tmpl := usual(t)
	got := map[string]string{} // function by route
	for id, r := range tmpl.of("AWS::ApiGatewayV2::Route") {
		join, _ := at(r.Properties, "Target", "Fn::Join").([]any)
		parts, _ := join[1].([]any)
		integration := tmpl.Resources[at(parts[1], "Ref").(string)]
		uri, _ := at(integration.Properties, "IntegrationUri", "Fn::GetAtt").([]any)
		got[r.Properties["RouteKey"].(string)] = fmt.Sprint(uri[0], " ", r.Properties["OperationName"])
		if integration.Properties["PayloadFormatVersion"] != "2.0" ||
			integration.Properties["IntegrationType"] != "AWS_PROXY" {
			t.Errorf("%s: the integration is %v", id, integration.Properties)
		}
	}
	for _, route := range functions.Routes() {
		key := route.Method + " " + route.Path
		if want := tmpl.function(t, route.Function) + " " + route.Operation; got[key] != want {
			t.Errorf("%s goes to %q, want %q", key, got[key], want)
		}
		delete(got, key)
	}
	for key := range got {
		t.Errorf("%s is no route of the table", key)
	}
}

// ASVS V16.2.5: the access log contains no data about the caller.
func TestTheAccessLogIsNotPersonal(t *testing.T) {
	format := accessLog(t)
	for _, needed := range []string{
		"$context.requestId", "$context.routeKey", "$context.status",
		"$context.responseLatency", "$context.error.message", "$context.integrationErrorMessage",
	} {
		if !strings.Contains(format, needed) {
			t.Errorf("the access log lacks %s: %s", needed, format)
		}
	}
	for _, personal := range []string{
		"sourceIp", "userAgent", "path", "domainName",
		"authorizer", "identity",
	} {
		if strings.Contains(format, personal) {
			t.Errorf("the access log has %s: %s", personal, format)
		}
	}
}

// A line is JSON whatever its values are: API Gateway writes - for one that there is not.
func TestTheAccessLogIsJSON(t *testing.T) {
	format := accessLog(t)
	variable := regexp.MustCompile(`\$context\.[A-Za-z.]+`)
	for _, value := range []string{"-", "429", "Too Many Requests", "POST /api/{tid}"} {
		var line map[string]string
		if err := json.Unmarshal([]byte(variable.ReplaceAllString(format, value)), &line); err != nil {
			t.Errorf("with the value %q a line is no JSON object of texts: %v", value, err)
		}
		for name, got := range line {
			if got != value {
				t.Errorf("the value of %s is %q", name, got)
			}
		}
	}
}

// The alarm on refused requests counts the lines of the access log with the status 429, of this
// deployment alone, and makes no metric in an hour in which there are none.
func TestRefusalsAreCounted(t *testing.T) {
	tmpl := usual(t)
	filter := tmpl.Resources["Refusals"].Properties
	transformations, _ := filter["MetricTransformations"].([]any)
	if len(transformations) != 1 {
		t.Fatalf("the filter is %v", filter)
	}
	made := transformations[0]
	if filter["FilterPattern"] != `{ ($.status = "429") && ($.api = "*") }` ||
		fmt.Sprint(filter["LogGroupName"]) != fmt.Sprint(logOfTheAPI(t, tmpl)) ||
		at(made, "DefaultValue") != nil || at(made, "MetricValue") != "1" ||
		fmt.Sprint(at(made, "Dimensions")) != "[map[Key:ApiId Value:$.api]]" {
		t.Errorf("the filter is %v", filter)
	}
	for id, alarm := range tmpl.of("AWS::CloudWatch::Alarm") {
		if p := alarm.Properties; strings.HasPrefix(id, "RequestsRefused") {
			if p["Namespace"] != at(made, "MetricNamespace") || p["MetricName"] != at(made, "MetricName") ||
				fmt.Sprint(p["Dimensions"]) != "[map[Name:ApiId Value:map[Ref:Api]]]" || p["Threshold"] != 100.0 ||
				p["DatapointsToAlarm"] != 2.0 || p["EvaluationPeriods"] != 3.0 || p["Statistic"] != "Sum" {
				t.Errorf("the alarm is %v", p)
			}
			return
		}
	}
	t.Error("no alarm tells of refused requests")
}

// accessLog returns the format of the access log.
func accessLog(t *testing.T) string {
	t.Helper()
	format, _ := at(usual(t).Resources["Stage"].Properties, "AccessLogSettings", "Format").(string)
	return format
}

// logOfTheAPI returns the reference to the log group to which the API writes.
func logOfTheAPI(t *testing.T, tmpl template) fields {
	t.Helper()
	arn, _ := at(tmpl.Resources["Stage"].Properties, "AccessLogSettings", "DestinationArn", "Fn::GetAtt").([]any)
	return fields{"Ref": arn[0]}
}

// The functions that answer sign-up pages and preflights know the origins of these pages.
func TestSignUpPagesMayCall(t *testing.T) {
	for origins, tmpl := range map[string]template{"https://app.example.com": usual(t), "": synthesize(t, sender())} {
		for _, name := range []string{"registration", "recovery", "workspaces"} {
			got := at(tmpl.Resources[tmpl.function(t, name)].Properties, "Environment", "Variables", "SIGN_UP_ORIGINS")
			if got != origins {
				t.Errorf("%s knows the origins %v, want %q", name, got, origins)
			}
		}
	}
}

func TestADomainOfOnesOwn(t *testing.T) {
	tmpl := synthesize(t, with(fields{
		"domain":      "id.example.com",
		"certificate": "arn:aws:acm:eu-west-1:123456789012:certificate/x",
	}))
	got := at(tmpl.Resources[tmpl.function(t, "tokens")].Properties, "Environment", "Variables",
		"PUBLIC_URL")
	if got != "https://id.example.com" {
		t.Errorf("the issuer is %v", got)
	}
	if at(tmpl.Resources["Api"].Properties, "DisableExecuteApiEndpoint") != nil {
		t.Error("AWS's address stops to answer, and with it the links in mails that are out")
	}
	if got := at(tmpl.Resources["DomainMapping"].Properties, "DomainName", "Ref"); got != "Domain" {
		t.Errorf("the domain leads to %v", got)
	}
	if tmpl.Outputs["DomainTarget"] == nil {
		t.Error("nothing tells where the domain's record is to point")
	}
}
