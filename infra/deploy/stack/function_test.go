package stack_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"identitypools/infra/check/golden"
	"identitypools/infra/deploy/plan"
)

// statements returns the policy statements of a function's role.
func (t template) statements(tb testing.TB, function string) []fields {
	tb.Helper()
	return t.allowed(tb, at(t.Resources[t.function(tb, function)].Properties, "Role"))
}

// allowed returns the policy statements of the role that a resource refers to. The role must have no
// other policies.
func (t template) allowed(tb testing.TB, reference any) []fields {
	tb.Helper()
	attribute, _ := at(reference, "Fn::GetAtt").([]any)
	role := t.Resources[attribute[0].(string)]
	if role.Properties["ManagedPolicyArns"] != nil {
		tb.Errorf("%s has a policy that AWS writes", attribute[0])
	}
	var all []fields
	for _, policy := range role.Properties["Policies"].([]any) {
		for _, statement := range at(policy, "PolicyDocument", "Statement").([]any) {
			all = append(all, statement.(fields))
		}
	}
	return all
}

// The golden file lists line by line what each function may do, for review.
func TestPoliciesAreKnown(t *testing.T) {
	tmpl := usual(t)
	var text strings.Builder
	write := func(name string, statements []fields) {
		fmt.Fprintf(&text, "%s\n", name)
		for _, s := range statements {
			fmt.Fprintf(&text, "  %s %s\n    on %v\n", s["Effect"],
				strings.Join(list(s["Action"]), " "), s["Resource"])
			if s["Condition"] != nil {
				fmt.Fprintf(&text, "    if %v\n", s["Condition"])
			}
		}
	}
	for _, f := range append(plan.Functions(), plan.Throttle()) {
		write(f.Name, tmpl.statements(t, f.Name))
	}
	golden.Same(t, "testdata/policies.golden", text.String())
	if policies := tmpl.of("AWS::IAM::Policy"); len(policies) > 0 {
		t.Errorf("policies outside of the roles: %v", keys(policies))
	}
}

// The policies permit exactly what the plan states, which also restricts the product wherever a
// test starts it.
func TestPoliciesAreThePlan(t *testing.T) {
	tmpl := usual(t)
	index := func(resource any) bool { return strings.Contains(fmt.Sprint(resource), "gsi1") }
	for _, f := range plan.Functions() {
		var got, want []string
		mails, queued, relays, clears := false, false, false, false
		for _, s := range tmpl.statements(t, f.Name) {
			mails = mails || slices.Contains(list(s["Action"]), "ses:SendEmail")
			queued = queued || slices.Contains(list(s["Action"]), "sqs:ReceiveMessage")
			relays = relays || slices.Contains(list(s["Action"]), "sqs:SendMessage") &&
				fmt.Sprint(s["Resource"]) == arnOf(tmpl.queue(t, "MailQueue"))
			clears = clears || slices.Contains(list(s["Action"]), "ses:DeleteSuppressedDestination")
			leading := list(at(s, "Condition", "ForAllValues:StringLike", "dynamodb:LeadingKeys"))
			if leading != nil {
				got = append(got, fmt.Sprint(list(s["Action"]), leading, index(s["Resource"])))
			}
		}
		for _, g := range f.Grants {
			var patterns []string
			for _, kind := range g.Kinds {
				patterns = append(patterns, kind.Pattern())
			}
			want = append(want, fmt.Sprint(g.Actions, patterns, g.Index))
		}
		if !slices.Equal(got, want) {
			t.Errorf("function %s may\n%s\nand the plan says\n%s", f.Name, strings.Join(got, "\n"),
				strings.Join(want, "\n"))
		}
		if mails != f.Mails || queued != f.Mails {
			t.Errorf("function %s may send mail: %v; it may read the queue of mails: %v", f.Name, mails, queued)
		}
		if relays != f.Relays {
			t.Errorf("function %s may put entries into the queue of mails: %v", f.Name, relays)
		}
		if clears != f.Clears {
			t.Errorf("function %s may take addresses off SES's list: %v", f.Name, clears)
		}
	}
}

// hasRightsOnAll reports whether a statement has rights on resources that it does not name, without
// need. Two statements need them. In SES's sandbox, sending needs a permission on the identities of
// recipients too, so the condition on the sender takes the place of their names. And SES's list of
// addresses is no resource that a policy can name:
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsimpleemailservicev2.html
func hasRightsOnAll(s fields) bool {
	resources, action := fmt.Sprint(s["Resource"]), fmt.Sprint(list(s["Action"]))
	switch {
	case action == "[ses:SendEmail]" && at(s, "Condition", "StringEquals", "ses:FromAddress") != nil:
		return strings.Contains(strings.Replace(resources, ":identity/*", "", 1), "*")
	case action == "[ses:DeleteSuppressedDestination]":
		return resources != "*"
	}
	return strings.Contains(resources, "*")
}

// Policies name every action and resource, and a function can read only the secrets that it needs.
func TestPoliciesHaveNoWildcard(t *testing.T) {
	tmpl := usual(t)
	for _, f := range plan.Functions() {
		secrets := 0
		for _, s := range tmpl.statements(t, f.Name) {
			for _, action := range list(s["Action"]) {
				if strings.Contains(action, "*") {
					t.Errorf("function %s may %s", f.Name, action)
				}
				onTable := strings.HasPrefix(action, "dynamodb:") &&
					!strings.Contains(action, "Stream") && action != "dynamodb:GetRecords" &&
					action != "dynamodb:GetShardIterator"
				if onTable &&
					at(s, "Condition", "ForAllValues:StringLike", "dynamodb:LeadingKeys") == nil {
					t.Errorf("function %s may %s whatever the key", f.Name, action)
				}
				if strings.HasPrefix(action, "secretsmanager:") {
					secrets++
				}
			}
			if hasRightsOnAll(s) {
				t.Errorf("function %s has rights on %v", f.Name, s["Resource"])
			}
		}
		needed := 0
		for _, setting := range f.Settings {
			if strings.HasSuffix(setting, "_SECRET") {
				needed++
			}
		}
		if secrets != needed {
			t.Errorf("function %s may read %d secrets, and has settings for %d", f.Name, secrets, needed)
		}
	}
}

// A function is as the plan states and has the settings that it reads. The template is also as `sam
// local` needs it: the metadata has the path of the program, and each variable is declared, because
// SAM sets only those.
func TestFunctionsAreThePlan(t *testing.T) {
	tmpl := usual(t)
	folders, err := filepath.Glob("../../../functions/*/lambda/main.go")
	if err != nil || len(folders) != len(plan.Functions()) {
		t.Errorf("%d functions in the folder, %d in the plan (%v)", len(folders),
			len(plan.Functions()), err)
	}
	all := append(plan.Functions(), plan.Throttle())
	if made := tmpl.of("AWS::Lambda::Function"); len(made) != len(all) {
		t.Errorf("the stack has the functions %v", keys(made))
	}
	for _, f := range all {
		r := tmpl.Resources[tmpl.function(t, f.Name)]
		p := r.Properties
		if p["MemorySize"] != float64(f.MemoryMB) || p["Timeout"] != f.Timeout.Seconds() ||
			p["Runtime"] != "provided.al2023" || fmt.Sprint(p["Architectures"]) != "[arm64]" {
			t.Errorf("function %s is made with %v", f.Name, p)
		}
		if p["ReservedConcurrentExecutions"] != nil { // which a new account's quota would be too small for
			t.Errorf("function %s has reserved concurrency %v", f.Name, p["ReservedConcurrentExecutions"])
		}
		want := append([]string{"AWS_ENDPOINT_URL_DYNAMODB", "TABLE_NAME"}, f.Settings...)
		if f.CallsSES() {
			want = append(want, "AWS_ENDPOINT_URL_SESV2")
		}
		if f.Mails || f.Relays {
			want = append(want, "AWS_ENDPOINT_URL_SQS")
		}
		if f.Name == plan.Throttle().Name {
			want = nil
		}
		if f.Proxied {
			want = append(want, plan.ProxySettings()...)
		}
		slices.Sort(want)
		variables, _ := at(p, "Environment", "Variables").(fields)
		if got := keys(variables); !slices.Equal(got, want) {
			t.Errorf("function %s has the settings %v, want %v", f.Name, got, want)
		}
		if r.Metadata["aws:asset:property"] != "Code" || r.Metadata["aws:asset:path"] == nil {
			t.Errorf("function %s: SAM finds no program: %v", f.Name, r.Metadata)
		}
		// A level for applications would drop metrics, which are lines of the level INFO.
		if at(p, "LoggingConfig", "LogFormat") != "JSON" ||
			at(p, "LoggingConfig", "ApplicationLogLevel") != nil {
			t.Errorf("function %s logs %v", f.Name, p["LoggingConfig"])
		}
	}
}
