package main_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	guard "identitypools/infra/deploy/stack/guard"
)

const (
	arn      = "arn:aws:dynamodb:eu-west-1:123456789012:table/"
	restored = arn + "identity-restored/stream/2026-01-31T10:00:00.000"
	other    = arn + "identity-other/stream/2026-02-01T10:00:00.000"
)

// own returns a template of a stack that has its own table, with a logical id.
func own(id string) string {
	return fmt.Sprintf(`{"Resources":{%q:{"Type":"AWS::DynamoDB::Table"},"Stream":{
		"Type":"AWS::Lambda::EventSourceMapping",
		"Properties":{"EventSourceArn":{"Fn::GetAtt":[%[1]q,"StreamArn"]}}}}}`, id)
}

// with returns a template of a stack that works with a table from outside, and also has a queue.
func with(stream string) string {
	const mapping = `{"Type":"AWS::Lambda::EventSourceMapping","Properties":{"EventSourceArn":%q}}`
	return fmt.Sprintf(`{"Resources":{"Stream":`+mapping+`,"Queue":`+mapping+`}}`,
		stream, "arn:aws:sqs:eu-west-1:123456789012:queue")
}

// cloudFormation models GetTemplate, as the API reference of CloudFormation describes it
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_GetTemplate.html). It has
// one stack, Pools, with a template. The template "" is that of a stack in review, and "absent"
// stands for no stack. It refuses callers with other credentials than those of the operator.
func cloudFormation(t *testing.T, template string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		refuse := func(status int, code, why string) {
			w.WriteHeader(status)
			_, _ = fmt.Fprintf(w, `<ErrorResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/">`+
				`<Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error></ErrorResponse>`, code, why)
		}
		if err := r.ParseForm(); err != nil || r.Form.Get("Action") != "GetTemplate" {
			refuse(http.StatusBadRequest, "InvalidAction", "Could not find operation")
			return
		}
		switch stack := r.Form.Get("StackName"); {
		case !strings.Contains(r.Header.Get("Authorization"), "Credential=operator/") ||
			!strings.Contains(r.Header.Get("Authorization"), "/eu-west-1/cloudformation/"):
			refuse(http.StatusForbidden, "AccessDenied", "not authorized to perform: cloudformation:GetTemplate")
		case stack != "Pools" || template == "absent":
			refuse(http.StatusBadRequest, "ValidationError", "Stack with id "+stack+" does not exist")
		default:
			var text bytes.Buffer
			_ = xml.EscapeText(&text, []byte(template)) // a buffer takes everything
			_, _ = fmt.Fprintf(w, `<GetTemplateResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/">`+
				`<GetTemplateResult><TemplateBody>%s</TemplateBody></GetTemplateResult></GetTemplateResponse>`, &text)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// assemble writes a cloud assembly with one stack, as the CDK does, and returns its folder.
func assemble(t *testing.T, name, template string) string {
	t.Helper()
	folder := t.TempDir()
	manifest, err := json.Marshal(map[string]any{"artifacts": map[string]any{
		name + ".assets": map[string]any{"type": "cdk:asset-manifest"},
		name: map[string]any{
			"type": "aws:cloudformation:stack", "properties": map[string]any{"templateFile": name + ".template.json"},
		},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for file, text := range map[string]string{"manifest.json": string(manifest), name + ".template.json": template} {
		if err := os.WriteFile(filepath.Join(folder, file), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// beAnOperator sets the environment of an operator of the account that has the stack.
func beAnOperator(t *testing.T, endpoint string) {
	t.Helper()
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL_CLOUDFORMATION": endpoint, "AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "operator",
		"AWS_SECRET_ACCESS_KEY": "secret", "AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
		"AWS_PROFILE": "", "AWS_SESSION_TOKEN": "", "AWS_EC2_METADATA_DISABLED": "true", "AWS_MAX_ATTEMPTS": "1",
	} {
		t.Setenv(name, value)
	}
}

// A deploy goes on only if the stack keeps its table, or if another one is named.
func TestAStackKeepsItsTable(t *testing.T) {
	golden, err := os.ReadFile("../testdata/template.golden.json")
	if err != nil {
		t.Fatal(err)
	}
	const anyway = " If that is what you want, repeat the deploy with OTHER_TABLE=1.\n"
	for name, c := range map[string]struct {
		deployed, next string
		args           []string
		refusal        string // "" if the deploy goes on
	}{
		"the first deploy":            {deployed: "absent", next: own("Table")},
		"the first deploy, in review": {deployed: "", next: own("Table")},
		"the first deploy, restored":  {deployed: "absent", next: with(restored)},
		"its own table":               {deployed: own("Table"), next: own("Table")},
		"its own table, real":         {deployed: string(golden), next: string(golden)},
		"its own table gives way":     {deployed: own("Table"), next: with(restored)},
		"the restored table":          {deployed: with(restored), next: with(restored)},
		"the restored table, a new stream": {
			deployed: with(restored), next: with(arn + "identity-restored/stream/2026-03-01T10:00:00.000"),
		},
		"the restored table is forgotten": {
			deployed: with(restored), next: own("Table"),
			refusal: "guard: the stack Pools works with the restored table identity-restored, and this deploy would " +
				"give it a new, empty one. Give -c restoredStream=" + restored + ", or write it into cdk.json." + anyway,
		},
		"the restored table is forgotten, real": {
			deployed: with(restored), next: string(golden),
			refusal: "guard: the stack Pools works with the restored table identity-restored, and this deploy would " +
				"give it a new, empty one. Give -c restoredStream=" + restored + ", or write it into cdk.json." + anyway,
		},
		"the restored table is forgotten on purpose": {
			deployed: with(restored), next: own("Table"), args: []string{"-other-table"},
		},
		"another restored table": {
			deployed: with(restored), next: with(other),
			refusal: "guard: the stack Pools works with the restored table identity-restored, and this deploy would " +
				"give it the table identity-other. To stay with the first, give -c restoredStream=" + restored +
				", or write it into cdk.json." + anyway,
		},
		"another logical id": {
			deployed: own("Table"), next: own("Store"),
			refusal: "guard: the stack Pools has its own table as Table, and this deploy would create a new, empty " +
				"one as Store: deploy a version in which the table is Table." + anyway,
		},
		"a stack of something else": {
			deployed: `{"Resources":{"Bucket":{"Type":"AWS::S3::Bucket"}}}`, next: own("Table"),
			refusal: "guard: the stack Pools exists, and its template names no table of this product, " +
				"so this may be the stack of something else." + anyway,
		},
	} {
		t.Run(name, func(t *testing.T) {
			beAnOperator(t, cloudFormation(t, c.deployed))
			args := append([]string{"-assembly", assemble(t, "Pools", c.next)}, c.args...)
			var errs bytes.Buffer
			status := guard.Run(t.Context(), args, io.Discard, &errs)
			if errs.String() != c.refusal || (status == 0) != (c.refusal == "") {
				t.Errorf("it ends with %d and says\n%swant\n%s", status, &errs, c.refusal)
			}
		})
	}
}

// What cannot be found out stops the deploy, too.
func TestADeployedTableThatCannotBeRead(t *testing.T) {
	for name, c := range map[string]struct {
		deployed, variable, value string
		want                      string
	}{
		"other credentials": {variable: "AWS_ACCESS_KEY_ID", value: "stranger", want: "not authorized to perform"},
		"another region":    {variable: "AWS_REGION", value: "us-east-1", want: "not authorized to perform"},
		"no region":         {variable: "AWS_REGION", want: "no AWS region is set"},
		"no answer": {
			variable: "AWS_ENDPOINT_URL_CLOUDFORMATION", value: "http://127.0.0.1:1",
			want: "read the deployed template",
		},
		"no JSON": {deployed: "Resources: {}", want: "decode the deployed template"},
	} {
		t.Run(name, func(t *testing.T) {
			beAnOperator(t, cloudFormation(t, cmp.Or(c.deployed, own("Table"))))
			if c.variable != "" {
				t.Setenv(c.variable, c.value)
			}
			var errs bytes.Buffer
			status := guard.Run(t.Context(), []string{"-assembly", assemble(t, "Pools", own("Table"))}, io.Discard, &errs)
			if status != 1 || !strings.Contains(errs.String(), c.want) {
				t.Errorf("it ends with %d and %q", status, &errs)
			}
		})
	}
}

// The stack is looked for where the CDK deploys it.
func TestTheArgumentsOfTheCDK(t *testing.T) {
	beAnOperator(t, cloudFormation(t, own("Table")))
	t.Setenv("AWS_REGION", "us-east-1")
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	profiles := filepath.Join(t.TempDir(), "config")
	text := "[profile production]\naws_access_key_id = operator\naws_secret_access_key = secret\n"
	if err := os.WriteFile(profiles, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("AWS_CONFIG_FILE", profiles)
	for _, c := range []struct {
		cdk    []string
		status int
	}{
		{[]string{"-c", "mailFrom=x <x@example.com>", "--profile", "production", "--region=eu-west-1"}, 0},
		{[]string{"--profile=production"}, 1},
		{[]string{"--profile", "missing", "--region", "eu-west-1"}, 1},
	} {
		args := append([]string{"-assembly", assemble(t, "Pools", own("Table")), "--"}, c.cdk...)
		var errs bytes.Buffer
		if status := guard.Run(t.Context(), args, io.Discard, &errs); status != c.status {
			t.Errorf("%v: it ends with %d and %q", c.cdk, status, &errs)
		}
	}
}

func TestTheCommandLine(t *testing.T) {
	two := assemble(t, "Pools", own("Table"))
	const stack = `{"type":"aws:cloudformation:stack","properties":{"templateFile":"Pools.template.json"}}`
	manifest := `{"artifacts":{"A":` + stack + `,"B":` + stack + `}}`
	if err := os.WriteFile(filepath.Join(two, "manifest.json"), []byte(manifest), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args   []string
		status int
		want   string
	}{
		{[]string{"-h"}, 0, "guard [-assembly"},
		{[]string{"-what"}, 2, "guard [-assembly"},
		{[]string{"-assembly", t.TempDir()}, 1, "manifest.json"},
		{[]string{"-assembly", two}, 1, "has 2 stacks"},
	} {
		var out, errs bytes.Buffer
		status := guard.Run(t.Context(), c.args, &out, &errs)
		if status != c.status || !strings.Contains(out.String()+errs.String(), c.want) {
			t.Errorf("%v: it ends with %d, %q and %q", c.args, status, &out, &errs)
		}
	}
}
