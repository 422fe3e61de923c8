package stack_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/jsii-runtime-go"

	"identitypools/infra/check/golden"
	"identitypools/infra/deploy/plan"
	"identitypools/infra/deploy/stack"
)

func TestMain(m *testing.M) {
	code := m.Run()
	jsii.Close()
	os.Exit(code)
}

// fields is a JSON object.
type fields = map[string]any

// sender returns a context that has only the values that a deployment requires.
func sender() fields { return fields{"mailFrom": "Example <no-reply@example.com>"} }

// with returns the context of sender with further values.
func with(values fields) fields {
	context := sender()
	maps.Copy(context, values)
	return context
}

// makeStack creates the stack of a context, with empty programs. The CDK can create only one stack
// at a time, so tests that use it are not parallel.
func makeStack(tb testing.TB, context fields) awscdk.Stack {
	tb.Helper()
	config, err := stack.Read(context)
	if err != nil {
		tb.Fatal(err)
	}
	dist := tb.TempDir()
	for _, f := range append(plan.Functions(), plan.Throttle()) {
		folder := filepath.Join(dist, f.Name)
		if err := os.MkdirAll(folder, 0o755); err != nil {
			tb.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, "bootstrap"), []byte(f.Name), 0o755); err != nil {
			tb.Fatal(err)
		}
	}
	// As the command line sets it: the template contains the paths of the programs, for `sam
	// local`.
	app := awscdk.NewApp(&awscdk.AppProps{
		Context: &fields{"aws:cdk:enable-asset-metadata": true},
		Outdir:  jsii.String(tb.TempDir()),
	})
	return stack.New(app, config, dist)
}

// template is a synthesized template.
type template struct {
	Resources map[string]resource
	Outputs   map[string]fields
	text      string
}

type resource struct {
	Type                string
	Properties          fields
	Metadata            fields
	DependsOn           any
	DeletionPolicy      string
	UpdateReplacePolicy string
}

func synthesize(tb testing.TB, context fields) template {
	tb.Helper()
	text, err := json.MarshalIndent(assertions.Template_FromStack(makeStack(tb, context),
		nil).ToJSON(), "", " ")
	if err != nil {
		tb.Fatal(err)
	}
	t := template{text: string(text)}
	if err := json.Unmarshal(text, &t); err != nil {
		tb.Fatal(err)
	}
	return t
}

// usual returns the template of the usual context, which most tests examine.
func usual(tb testing.TB) template {
	tb.Helper()
	once.Do(func() {
		shared = synthesize(tb, with(fields{
			"signUpOrigins": "https://app.example.com",
			"alarmEmail":    "operations@example.com",
		}))
	})
	return shared
}

var (
	once   sync.Once
	shared template
)

// of returns the resources of a type by logical id.
func (t template) of(kind string) map[string]resource {
	found := map[string]resource{}
	for id, r := range t.Resources {
		if r.Type == kind {
			found[id] = r
		}
	}
	return found
}

// function returns the logical id of a function.
func (t template) function(tb testing.TB, name string) string {
	tb.Helper()
	for id, r := range t.of("AWS::Lambda::Function") {
		if r.Properties["Description"] == "Identity Pools: "+name {
			return id
		}
	}
	tb.Fatalf("there is no function %s", name)
	return ""
}

// at returns the value in nested objects at a path of names, or nil if there is none.
func at(v any, path ...string) any {
	for _, name := range path {
		object, _ := v.(fields)
		v = object[name]
	}
	return v
}

// list returns the strings of a list or a single string, both of which policies contain.
func list(v any) []string {
	if s, ok := v.(string); ok {
		return []string{s}
	}
	var all []string
	values, _ := v.([]any)
	for _, value := range values {
		s, _ := value.(string)
		all = append(all, s)
	}
	return all
}

// The golden file is the whole template, so that a review shows what a change does to a deployment.
// Hashes of programs are left out.
func TestTheTemplateIsKnown(t *testing.T) {
	text := regexp.MustCompile(`[0-9a-f]{64}`).ReplaceAllString(usual(t).text, "HASH")
	golden.Same(t, "testdata/template.golden.json", text+"\n")
}

// The same commit gives the same template with the same hashes of programs.
func TestATemplateIsMadeTheSameTwice(t *testing.T) {
	context := with(fields{
		"domain":      "id.example.com",
		"certificate": "arn:aws:acm:eu-west-1:123456789012:certificate/x",
	})
	if first, second := synthesize(t, context), synthesize(t, context); first.text != second.text {
		t.Error("two templates of one context differ")
	}
}

func keys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
