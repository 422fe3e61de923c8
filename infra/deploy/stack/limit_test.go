package stack_test

import (
	"fmt"
	"hash/fnv"
	"net/http"
	"slices"
	"strings"
	"testing"

	"identitypools/functions"
	"identitypools/infra/deploy/plan"
	"identitypools/shared/access"
)

// dependencies returns the logical ids of all resources that must exist before the resource with
// an id is created.
func (t template) dependencies(id string) map[string]bool {
	all := map[string]bool{}
	var add func(string)
	add = func(id string) {
		for _, before := range list(t.Resources[id].DependsOn) {
			if !all[before] {
				all[before] = true
				add(before)
			}
		}
	}
	add(id)
	return all
}

// limits returns the custom resource that owns the limits of the routes, with its logical id.
func (t template) limits(tb testing.TB) (string, resource) {
	tb.Helper()
	for id, r := range t.of("Custom::RouteLimits") {
		return id, r
	}
	tb.Fatal("nothing sets the limits of the routes")
	return "", resource{}
}

// Routes that need no token accept far fewer requests. The token servers have a limit of their own,
// so that neither limit has to be a compromise. A route whose limit is not set yet has the lowest.
func TestRoutesAreThrottledByCaller(t *testing.T) {
	mustThrottle(t, usual(t), 20, map[access.Caller]int{
		access.Admin: 500, access.System: 500, access.Public: 20, access.OAuthClient: 100,
	})
	mustThrottle(t, synthesize(t, with(fields{"publicRate": 800, "tokenRate": 70, "adminRate": 900})), 70,
		map[access.Caller]int{access.Admin: 900, access.System: 900, access.Public: 800, access.OAuthClient: 70})
}

// mustThrottle checks how many requests a second a template accepts for the routes of each caller
// and for routes without a limit, and that the burst is twice as many.
func mustThrottle(t *testing.T, tmpl template, others float64, rates map[access.Caller]int) {
	t.Helper()
	_, r := tmpl.limits(t)
	limits, _ := r.Properties["Limits"].(fields)
	for _, route := range functions.Routes() {
		want := float64(rates[route.Caller])
		if route.Method == http.MethodOptions { // preflights
			want = float64(rates[access.OAuthClient])
		}
		rate, burst := at(limits, route.Key(), "Rate"), at(limits, route.Key(), "Burst")
		if rate != want || burst != 2*want {
			t.Errorf("%s lets through %v a second, %v at once", route.Key(), rate, burst)
		}
	}
	if len(limits) != len(functions.Routes()) {
		t.Errorf("%d limits for %d routes", len(limits), len(functions.Routes()))
	}
	all := at(tmpl.Resources["Stage"].Properties, "DefaultRouteSettings")
	if at(all, "ThrottlingRateLimit") != others || at(all, "ThrottlingBurstLimit") != 2*others {
		t.Errorf("a route without a limit of its own has %v", all)
	}
}

// A stage with settings of routes can't be deployed again after one of its routes is gone, because
// API Gateway only adds to them.
func TestNoStageHasSettingsOfRoutes(t *testing.T) {
	tmpl := usual(t)
	for id, r := range tmpl.of("AWS::ApiGatewayV2::Stage") {
		if r.Properties["RouteSettings"] != nil {
			t.Errorf("%s has settings of routes", id)
		}
	}
	if strings.Contains(tmpl.text, `"RouteSettings"`) {
		t.Error("the template has settings of routes")
	}
}

// The limits are set when all routes and the stage exist, and again whenever the stage changes.
func TestLimitsAreSetLast(t *testing.T) {
	tmpl := usual(t)
	id, r := tmpl.limits(t)
	before := tmpl.dependencies(id)
	for other, made := range tmpl.Resources {
		switch made.Type {
		case "AWS::ApiGatewayV2::Route", "AWS::ApiGatewayV2::Stage":
			if !before[other] {
				t.Errorf("limits may be set before there is %s", other)
			}
		}
	}
	if got := fmt.Sprint(r.Properties["ApiId"], r.Properties["StageName"]); got != "map[Ref:Api] map[Ref:Stage]" {
		t.Errorf("the limits are those of %s", got)
	}
	function := fmt.Sprint(at(r.Properties, "ServiceToken", "Fn::GetAtt"))
	if function != "["+tmpl.function(t, "throttle")+" Arn]" {
		t.Errorf("the limits are set by %v", function)
	}
	if seconds := plan.Throttle().Timeout.Seconds(); r.Properties["ServiceTimeout"] != fmt.Sprint(seconds+60) {
		t.Errorf("CloudFormation waits %v s for a function that runs %v s", r.Properties["ServiceTimeout"], seconds)
	}
	// Each value that the stage is made with is also a property of the limits.
	has := fmt.Sprint(r.Properties["Stage"])
	for name, value := range tmpl.Resources["Stage"].Properties {
		if name == "ApiId" || name == "StageName" {
			continue
		}
		object, ok := value.(fields)
		if !ok {
			object = fields{name: value}
		}
		for part, value := range object {
			if !strings.Contains(has, fmt.Sprint(value)) {
				t.Errorf("the limits are not set again after a change of %s %s", name, part)
			}
		}
	}
}

// The function that sets the limits may read and change the one stage, delete limits, and write its
// log.
func TestTheFunctionOfTheLimitsMayDoNothingElse(t *testing.T) {
	tmpl, onStage := usual(t), 0
	for _, s := range tmpl.statements(t, "throttle") {
		resources, several := s["Resource"].([]any)
		if !several {
			resources = []any{s["Resource"]}
		}
		for _, r := range resources {
			parts, _ := at(r, "Fn::Join").([]any)
			what, where := strings.Join(list(s["Action"]), " "), fmt.Sprint(parts...)
			_, stage, _ := strings.Cut(where, "::/apis/ map[Ref:Api] /stages/")
			switch what + " " + strings.Trim(stage, "]") {
			case "apigateway:GET apigateway:PATCH $default", "apigateway:GET apigateway:PATCH %24default",
				"apigateway:DELETE $default/routesettings/*", "apigateway:DELETE %24default/routesettings/*":
				onStage++
			default:
				if what != "logs:CreateLogStream logs:PutLogEvents" || !strings.Contains(fmt.Sprint(r), "throttleLog") {
					t.Errorf("it may %s on %v", what, r)
				}
			}
		}
	}
	if onStage != 4 {
		t.Errorf("it has %d rights on the stage", onStage)
	}
}

// API Gateway takes few calls of its control plane in a second, so CloudFormation may create only
// four routes at the same time, and one integration. The routes are chains, in which each depends on
// the one before it. The chain of a route depends on its key alone.
func TestFewRoutesAreCreatedAtOnce(t *testing.T) {
	tmpl := usual(t)
	for kind, most := range map[string]int{"AWS::ApiGatewayV2::Route": 4, "AWS::ApiGatewayV2::Integration": 1} {
		chains, behind := 0, map[string]string{} // who comes after a resource
		for id, r := range tmpl.of(kind) {
			before := slices.DeleteFunc(list(r.DependsOn), func(id string) bool { return tmpl.Resources[id].Type != kind })
			if len(before) == 0 {
				chains++
				continue
			}
			if other := behind[before[0]]; len(before) > 1 || other != "" {
				t.Errorf("%s and %s both come after %v", id, other, before)
			}
			behind[before[0]] = id
		}
		if chains > most {
			t.Errorf("%d of %s are created at once", chains, kind)
		}
	}
	for id, r := range tmpl.of("AWS::ApiGatewayV2::Route") {
		for _, before := range list(r.DependsOn) {
			if before := tmpl.Resources[before]; lane(before) != lane(r) {
				t.Errorf("%s comes after a route of another lane", id)
			}
		}
	}
}

// lane returns the lane of a route, which is the remainder of the FNV-1a hash of its key.
func lane(route resource) uint32 {
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(route.Properties["RouteKey"].(string)))
	return hash.Sum32() % 4
}
