package throttle_test

import (
	"context"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/cfn"

	"identitypools/infra/deploy/throttle"
)

// The routes of the tests. A is a public route, B and its later name C are routes of administrators.
const routeA, routeB, routeC = "POST /{tid}/register", "GET /{tid}/pools/{ipID}", "GET /{tid}/pools/{ipID}/user"

func usual() map[string]int { return map[string]int{routeA: 20, routeB: 500} }

func renamed() map[string]int { return map[string]int{routeA: 20, routeC: 500} }

// step is a deploy, with what the routes accept after it.
type step struct {
	what  string
	t     *stackTemplate
	fails bool
	rates map[string]int
}

// A stack can be deployed again whatever happens to its routes, and each of its routes has its
// limit after each deploy, also one that was rolled back.
func TestDeploys(t *testing.T) {
	t.Parallel()
	failing := func(t *stackTemplate) *stackTemplate { t.fails = true; return t }
	former := func(rates map[string]int) *stackTemplate {
		return &stackTemplate{rates: rates, others: 500, inStage: true}
	}
	first := step{"first", routesOf(usual()), false, usual()}
	other := map[string]int{routeA: 5, routeB: 700}
	for name, steps := range map[string][]step{
		"nothing changes": {first, {"again", routesOf(usual()), false, usual()}},
		"other limits":    {first, {"changed", routesOf(other), false, other}},
		"a rename, forward and back": {
			first,
			{"renamed", routesOf(renamed()), false, renamed()},
			{"another change", &stackTemplate{rates: renamed(), others: 10}, false, renamed()},
			{"back", routesOf(usual()), false, usual()},
			{"renamed again", routesOf(renamed()), false, renamed()},
		},
		"a removal": {
			first,
			{"without B", routesOf(map[string]int{routeA: 20}), false, map[string]int{routeA: 20}},
			{"another change", routesOf(map[string]int{routeA: 30}), false, map[string]int{routeA: 30}},
		},
		"a failed rename": {
			first,
			{"failed", failing(routesOf(renamed())), true, usual()},
			{"renamed", routesOf(renamed()), false, renamed()},
		},
		"a failed first deploy": {
			{"failed", failing(routesOf(usual())), true, nil}, first,
		},
		"a stack of the former release": {
			{"former", former(usual()), false, usual()},
			first,
			{"renamed", routesOf(renamed()), false, renamed()},
		},
		"a stack of the former release, with a rename": {
			{"former", former(usual()), false, usual()},
			{"renamed", routesOf(renamed()), false, renamed()},
			{"another change", routesOf(map[string]int{routeA: 5}), false, map[string]int{routeA: 5}},
		},
		"a stack of the former release, rolled back": {
			{"former", former(usual()), false, usual()},
			{"failed", failing(routesOf(renamed())), true, usual()},
			{"renamed", routesOf(renamed()), false, renamed()},
		},
		"back to the former release": {
			first, {"former", former(usual()), false, usual()}, first,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDeployment(t)
			for _, s := range steps {
				if err := d.deploy(t.Context(), s.t); (err != nil) != s.fails {
					t.Fatalf("deploy %s: %v", s.what, err)
				} else if s.fails && err.Error() != "another resource failed" {
					t.Errorf("deploy %s: the rollback failed, too: %v", s.what, err)
				}
				if got := d.rates(); !maps.Equal(got, s.rates) {
					t.Errorf("after deploy %s the routes accept %v, want %v", s.what, got, s.rates)
				}
				if orphans := d.orphans(); len(orphans) > 0 {
					t.Errorf("after deploy %s there are settings without a route: %v", s.what, orphans)
				}
			}
		})
	}
}

// A stage to which settings of missing routes were added by hand can be deployed: they are deleted
// before others are set.
func TestSettingsWithoutRoutesAreDeletedFirst(t *testing.T) {
	t.Parallel()
	d := newDeployment(t)
	if err := d.createRoute(routeA); err != nil {
		t.Fatal(err)
	}
	d.settings["GET /gone"] = setting{1, 2}
	if err := d.custom(t.Context(), cfn.RequestCreate, routesOf(map[string]int{routeA: 20}), nil); err != nil {
		t.Error(err)
	}
	if len(d.settings) != 1 || d.settings[routeA] != (setting{20, 40}) {
		t.Errorf("the settings are %v", d.settings)
	}
}

// Another may delete a setting at the same time.
func TestSettingsThatAreGoneInTheMeantime(t *testing.T) {
	t.Parallel()
	d := newDeployment(t)
	if err := d.deploy(t.Context(), routesOf(usual())); err != nil {
		t.Fatal(err)
	}
	d.refuseNextDelete(refusal{404, "NotFoundException"})
	if err := d.custom(t.Context(), cfn.RequestUpdate, routesOf(map[string]int{routeB: 500}), d.current); err != nil {
		t.Error(err)
	}
}

// Delete succeeds whatever happens, so that a stack can always be deleted.
func TestDeleteSucceeds(t *testing.T) {
	t.Parallel()
	many := func(r refusal) []refusal {
		all := make([]refusal, 100)
		for i := range all {
			all[i] = r
		}
		return all
	}
	for name, arrange := range map[string]func(*deployment){
		"a stage with limits":     func(*deployment) {},
		"no limits":               func(d *deployment) { clear(d.settings) },
		"no stage":                func(d *deployment) { d.exists = false },
		"no permission":           func(d *deployment) { d.refuseNext(many(refusal{403, "AccessDeniedException"})...) },
		"a fault of API Gateway":  func(d *deployment) { d.refuseNext(many(refusal{500, "InternalFailure"})...) },
		"the first delete failed": func(d *deployment) { d.refuseNext(refusal{429, "TooManyRequestsException"}) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDeployment(t)
			if err := d.deploy(t.Context(), routesOf(usual())); err != nil {
				t.Fatal(err)
			}
			arrange(d)
			if err := d.custom(t.Context(), cfn.RequestDelete, d.current, nil); err != nil {
				t.Error(err)
			}
			if len(d.refusals) == 0 && d.exists && len(d.settings) > 0 {
				t.Errorf("settings are left: %v", d.settings)
			}
		})
	}
	d := newDeployment(t)
	if err := d.send(t.Context(), map[string]any{
		"RequestType": "Delete", "ResponseURL": d.answers, "PhysicalResourceId": throttle.ID,
		"ResourceProperties": map[string]any{"Limits": "none"},
	}); err != nil {
		t.Errorf("properties with which a Create has failed: %v", err)
	}
}

// Delete goes on after a setting that it can't delete.
func TestDeleteGoesOn(t *testing.T) {
	t.Parallel()
	d := newDeployment(t)
	if err := d.deploy(t.Context(), routesOf(usual())); err != nil {
		t.Fatal(err)
	}
	d.others = setting{1, 2}
	d.refuseNextDelete(refusal{400, "BadRequestException"})
	if err := d.custom(t.Context(), cfn.RequestDelete, d.current, nil); err != nil || len(d.settings) != 1 {
		t.Errorf("the settings are %v (%v)", d.settings, err)
	}
}

// A call is repeated if API Gateway refuses it for the moment, and not if it is wrong.
func TestCallsAreRepeated(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		r     refusal
		calls int // all, of which the refused ones are three at most
		says  string
	}{
		"too many calls":               {refusal{429, "TooManyRequestsException"}, 5, ""},
		"another change":               {refusal{409, "ConflictException"}, 5, ""},
		"a role that is not yet known": {refusal{403, "AccessDeniedException"}, 5, ""},
		"a fault of API Gateway":       {refusal{503, "ServiceUnavailableException"}, 5, ""},
		"a wrong call":                 {refusal{400, "BadRequestException"}, 1, "BadRequestException"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDeployment(t)
			for key := range usual() {
				if err := d.createRoute(key); err != nil {
					t.Fatal(err)
				}
			}
			d.refuseNext(c.r, c.r, c.r)
			err := d.custom(t.Context(), cfn.RequestCreate, routesOf(usual()), nil)
			if (err != nil) != (c.says != "") || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("the answer is %v", err)
			}
			if d.calls != c.calls {
				t.Errorf("%d calls, want %d", d.calls, c.calls)
			}
		})
	}
}

// An API Gateway that keeps refusing makes the deploy fail, and the function says why.
func TestFailuresAreTold(t *testing.T) {
	t.Parallel()
	d := newDeployment(t)
	if err := d.custom(t.Context(), cfn.RequestCreate, routesOf(usual()), nil); err == nil ||
		!strings.Contains(err.Error(), "Unable to find Route by key") {
		t.Errorf("limits of routes that are not there: %v", err)
	}
	d.exists = false
	if err := d.custom(t.Context(), cfn.RequestUpdate, routesOf(usual()), routesOf(usual())); err == nil {
		t.Error("a stage that is not there has limits")
	}
	for name, properties := range map[string]map[string]any{
		"no API":            {"StageName": stageName, "Limits": propertiesOf(routesOf(usual())).(map[string]any)["Limits"]},
		"no stage":          {"ApiId": apiID, "Limits": propertiesOf(routesOf(usual())).(map[string]any)["Limits"]},
		"no limits":         {"ApiId": apiID, "StageName": stageName},
		"a word":            oneLimit("many", "40"),
		"a rate of nothing": oneLimit("0", "40"),
		"no burst":          oneLimit("20", ""),
		"a fraction":        oneLimit("20.5", "41"),
		"too much":          oneLimit("20", "4294967296"),
	} {
		event := map[string]any{"RequestType": "Create", "ResponseURL": d.answers, "ResourceProperties": properties}
		if err := d.send(t.Context(), event); err == nil || !strings.Contains(err.Error(), "propert") &&
			!strings.Contains(err.Error(), "the limit of") {
			t.Errorf("%s: the answer is %v", name, err)
		}
	}
	event := map[string]any{"RequestType": "Replace", "ResponseURL": d.answers, "ResourceProperties": propertiesOf(routesOf(usual()))}
	if err := d.send(t.Context(), event); err == nil || !strings.Contains(err.Error(), `unknown type of request "Replace"`) {
		t.Errorf("an unknown request: %v", err)
	}
}

// oneLimit returns properties with one limit.
func oneLimit(rate, burst string) map[string]any {
	return map[string]any{
		"ApiId": apiID, "StageName": stageName,
		"Limits": map[string]any{routeA: map[string]any{"Rate": rate, "Burst": burst}},
	}
}

// Numbers may also arrive as numbers, which CloudFormation's documents allow.
func TestNumbersOfJSON(t *testing.T) {
	t.Parallel()
	d := newDeployment(t)
	if err := d.createRoute(routeA); err != nil {
		t.Fatal(err)
	}
	limits := map[string]throttle.Limit{routeA: {Rate: 20, Burst: 40}}
	event := map[string]any{
		"RequestType": "Create", "ResponseURL": d.answers,
		"ResourceProperties": throttle.Properties(apiID, stageName, limits),
	}
	if err := d.send(t.Context(), event); err != nil || d.settings[routeA] != (setting{20, 40}) {
		t.Errorf("the settings are %v (%v)", d.settings, err)
	}
}

// A function whose time ends still answers.
func TestTheAnswerComesInTime(t *testing.T) {
	t.Parallel()
	d := newDeployment(t)
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(4*time.Second))
	defer cancel()
	if err := d.custom(ctx, cfn.RequestCreate, routesOf(usual()), nil); err == nil ||
		!strings.Contains(err.Error(), "deadline") {
		t.Errorf("the answer is %v", err)
	}
	if d.calls != 0 {
		t.Errorf("%d calls of API Gateway in the time of the answer", d.calls)
	}
}
