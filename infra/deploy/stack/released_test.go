package stack_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var release = flag.Bool("release", false, "make the template of this commit the released one")

// releasedFile has those resources of the template that was released last which AWS can't change in place. A release
// rewrites it: go -C infra/deploy/stack test . -run Released -release
const releasedFile = "testdata/released.json"

// physicalNames are the properties that name a resource in AWS. CloudFormation creates new resources
// before it deletes old ones, so a name that moves to another logical id exists twice in between, and
// AWS refuses the deployment.
var physicalNames = map[string]string{
	"AWS::ApiGatewayV2::Route":   "RouteKey",
	"AWS::SES::EmailIdentity":    "EmailIdentity",
	"AWS::Logs::LogGroup":        "LogGroupName",
	"AWS::CloudWatch::Dashboard": "DashboardName",
	"AWS::ApiGatewayV2::Api":     "Name",
}

// keepers are the types of resources that keep data, which is lost with their logical ids.
var keepers = []string{"AWS::DynamoDB::Table", "AWS::SecretsManager::Secret", "AWS::SQS::Queue"}

// fixed has the resources of a template that AWS can't change in place: by logical id, the type of a resource and
// its name, which is "" for one that keeps data and has no name.
type fixed map[string]string

func fixedOf(t template) fixed {
	f := fixed{}
	for id, r := range t.Resources {
		name := ""
		if value := r.Properties[physicalNames[r.Type]]; value != nil {
			name = fmt.Sprint(value) // the name of the dashboard is a function of the region
		}
		if name != "" || slices.Contains(keepers, r.Type) {
			f[id] = r.Type + " " + name
		}
	}
	return f
}

// shape returns a route key without the names of its parameters.
func shape(name string) string {
	return regexp.MustCompile(`\{[^}]*\}`).ReplaceAllString(name, "{}")
}

// incompatibilities returns why a stack of the released template can't be updated to the current one.
func incompatibilities(released, current fixed) []string {
	var faults []string
	ids := map[string]string{} // logical id by type and name
	for _, id := range slices.Sorted(maps.Keys(current)) {
		what := current[id]
		if strings.HasSuffix(what, " ") {
			continue
		}
		if other, twice := ids[shape(what)]; twice {
			faults = append(faults, fmt.Sprintf("%s and %s are both %s", other, id, shape(what)))
		}
		ids[shape(what)] = id
	}
	for _, id := range slices.Sorted(maps.Keys(released)) {
		what := released[id]
		if strings.HasSuffix(what, " ") {
			if current[id] != what {
				faults = append(faults, fmt.Sprintf("%s, which keeps data, was %s", id, what))
			}
			continue
		}
		now, is := ids[shape(what)]
		switch {
		case is && now != id:
			faults = append(faults, fmt.Sprintf("%s was %s and is %s", what, id, now))
		case is && current[now] != what:
			faults = append(faults, fmt.Sprintf("%s was %s: a parameter has another name", current[now], what))
		}
	}
	return append(faults, parameterFaults(released, current)...)
}

// parameterFaults returns the places of paths at which a parameter has two names, of which API
// Gateway takes one.
func parameterFaults(templates ...fixed) []string {
	var faults []string
	names := map[string]string{} // by the path to the parameter
	for _, t := range templates {
		for _, id := range slices.Sorted(maps.Keys(t)) {
			key, isRoute := strings.CutPrefix(t[id], "AWS::ApiGatewayV2::Route ")
			if !isRoute {
				continue
			}
			_, path, _ := strings.Cut(key, " ")
			at := ""
			for part := range strings.SplitSeq(path, "/") {
				if strings.HasSuffix(part, "+}") { // it stands beside others: see "Routing API requests" of the guide
					continue
				}
				at += "/" + shape(part)
				if before := names[at]; strings.HasPrefix(part, "{") && before != "" && before != part {
					faults = append(faults, fmt.Sprintf("%s: %s is called %s elsewhere", path, part, before))
				}
				if strings.HasPrefix(part, "{") {
					names[at] = part
				}
			}
		}
	}
	return faults
}

// A stack of the released template can be updated to that of this commit, also where the settings
// have changed.
func TestAReleasedStackCanBeUpdated(t *testing.T) {
	current := fixedOf(synthesize(t, with(fields{"sandboxRecipients": "me@example.com, you@example.com"})))
	if *release {
		text, err := json.MarshalIndent(current, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(releasedFile, append(text, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(releasedFile)
	if err != nil {
		t.Fatal(err)
	}
	var released fixed
	if err := json.Unmarshal(text, &released); err != nil {
		t.Fatal(err)
	}
	fewer := fixedOf(synthesize(t, with(fields{"sandboxRecipients": "you@example.com"})))
	reordered := fixedOf(synthesize(t, with(fields{"sandboxRecipients": "you@example.com, them@example.com, me@example.com"})))
	for name, next := range map[string]fixed{
		"the same settings": current, "without the first recipient": fewer, "recipients in another order": reordered,
	} {
		for _, fault := range incompatibilities(released, next) {
			t.Errorf("%s: %s", name, fault)
		}
	}
}

// What AWS can't do in place is noticed.
func TestWhatCannotBeUpdatedIsNoticed(t *testing.T) {
	t.Parallel()
	const route, identity = "AWS::ApiGatewayV2::Route ", "AWS::SES::EmailIdentity "
	base := fixed{
		"Table": "AWS::DynamoDB::Table ", "GETpools": route + "GET /{tid}/pools", "GETpool": route + "GET /{tid}/pools/{ipID}",
		"Recipient1": identity + "me@example.com", "Recipient2": identity + "you@example.com",
	}
	for name, c := range map[string]struct {
		change fixed // an empty text takes a resource out
		faults int
	}{
		"nothing":                            {nil, 0},
		"a new route":                        {fixed{"POSTpools": route + "POST /{tid}/pools"}, 0},
		"a route that is gone":               {fixed{"GETpool": ""}, 0},
		"a route with another logical id":    {fixed{"GETpool": "", "readPool": route + "GET /{tid}/pools/{ipID}"}, 1},
		"a route that is there twice":        {fixed{"readPool": route + "GET /{tid}/pools/{ipID}"}, 2},
		"a renamed parameter":                {fixed{"GETpool": route + "GET /{tid}/pools/{pool}"}, 2},
		"a parameter with two names":         {fixed{"GETusers": route + "GET /{tid}/pools/{pool}/users"}, 1},
		"numbered recipients, one less":      {fixed{"Recipient1": identity + "you@example.com", "Recipient2": ""}, 1},
		"a table with another logical id":    {fixed{"Table": "", "Table2": "AWS::DynamoDB::Table "}, 1},
		"a recipient who is gone, and a new": {fixed{"Recipient1": "", "Recipient3": identity + "them@example.com"}, 0},
	} {
		next := maps.Clone(base)
		for id, what := range c.change {
			if next[id] = what; what == "" {
				delete(next, id)
			}
		}
		if faults := incompatibilities(base, next); len(faults) != c.faults {
			t.Errorf("%s: %d faults, want %d: %q", name, len(faults), c.faults, faults)
		}
	}
}
