package main_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	sam "identitypools/infra/local/sam"
)

// local returns a short version of the variables that make run gives functions.
func local() map[string]string {
	return map[string]string{
		"TABLE_NAME": "identity-pools", "PUBLIC_URL": "http://127.0.0.1:8080",
		"MAIL_FROM": "Identity Pools <no-reply@example.com>", "RETURN_ORIGINS": "",
		"AWS_REGION": "local", "AWS_ENDPOINT_URL_DYNAMODB": "http://127.0.0.1:41001",
		"AWS_ENDPOINT_URL_SESV2": "http://localhost:41002", "AWS_ENDPOINT_URL_SQS": "http://127.0.0.1:41003",
	}
}

// template is a template as the CDK makes it: values may be references, and some other resources
// resemble functions.
const template = `{"Resources": {
	"poolsF00D": {"Type": "AWS::Lambda::Function", "Properties": {"Runtime": "provided.al2023", "Environment": {"Variables": {
		"TABLE_NAME": {"Ref": "table"}, "AWS_ENDPOINT_URL_DYNAMODB": "", "RETURN_ORIGINS": "https://app.example.com", "LOG_LEVEL": "info"}}}},
	"courierCAFE": {"Type": "AWS::Lambda::Function", "Properties": {"Environment": {"Variables": {
		"TABLE_NAME": {"Ref": "table"}, "MAIL_FROM": {"Ref": "from"}, "PUBLIC_URL": {"Fn::Sub": "https://${domain}"},
		"AWS_ENDPOINT_URL_DYNAMODB": "", "AWS_ENDPOINT_URL_SESV2": "", "AWS_ENDPOINT_URL_SQS": ""}}}},
	"provider": {"Type": "AWS::Lambda::Function", "Properties": {"Handler": "index.handler"}},
	"build": {"Type": "AWS::CodeBuild::Project", "Properties": {"Environment": {"Variables": ["TABLE_NAME"]}}},
	"table": {"Type": "AWS::DynamoDB::GlobalTable"}}}`

const want = `{
  "courierCAFE": {
    "AWS_ENDPOINT_URL_DYNAMODB": "http://host.docker.internal:41001",
    "AWS_ENDPOINT_URL_SESV2": "http://host.docker.internal:41002",
    "AWS_ENDPOINT_URL_SQS": "http://host.docker.internal:41003",
    "MAIL_FROM": "Identity Pools \u003cno-reply@example.com\u003e",
    "PUBLIC_URL": "http://127.0.0.1:8080",
    "TABLE_NAME": "identity-pools"
  },
  "poolsF00D": {
    "AWS_ENDPOINT_URL_DYNAMODB": "http://host.docker.internal:41001",
    "RETURN_ORIGINS": "",
    "TABLE_NAME": "identity-pools"
  }
}
`

func TestFileHasWhatFunctionsDeclare(t *testing.T) {
	t.Parallel()
	got, err := sam.File([]byte(template), local())
	if err != nil || string(got) != want {
		t.Errorf("error %v, and the file is\n%s\nwant\n%s", err, got, want)
	}
}

func TestEndpointsAsContainersReachThem(t *testing.T) {
	t.Parallel()
	for endpoint, want := range map[string]string{
		"http://127.0.0.1:8000/":                      "http://host.docker.internal:8000/",
		"http://127.0.0.2:8000":                       "http://host.docker.internal:8000",
		"http://[::1]:8000":                           "http://host.docker.internal:8000",
		"http://localhost":                            "http://host.docker.internal",
		"http://172.17.0.1:8000":                      "http://172.17.0.1:8000",
		"https://dynamodb.eu-central-1.amazonaws.com": "https://dynamodb.eu-central-1.amazonaws.com",
	} {
		t.Run(endpoint, func(t *testing.T) {
			t.Parallel()
			variables := local()
			variables["AWS_ENDPOINT_URL_DYNAMODB"] = endpoint
			got, err := sam.File([]byte(template), variables)
			if err != nil || !strings.Contains(string(got), `"AWS_ENDPOINT_URL_DYNAMODB": "`+want+`"`) {
				t.Errorf("error %v, and the file is\n%s", err, got)
			}
		})
	}
}

func TestTemplatesThatAreRefused(t *testing.T) {
	t.Parallel()
	function := func(variables string) string {
		return `{"Resources": {"f": {"Type": "AWS::Lambda::Function", "Properties": {"Environment": {"Variables": {` + variables + `}}}}}}`
	}
	for name, test := range map[string]struct{ template, want string }{
		"none":                  {"", "read the template: "},
		"one without functions": {`{"Resources": {}}`, "has no function with a TABLE_NAME"},
		"one without functions of ours": {
			function(`"AWS_ENDPOINT_URL_DYNAMODB": ""`),
			"has no function with a TABLE_NAME",
		},
		"one that declares no endpoint": {
			function(`"TABLE_NAME": ""`),
			"gives f no AWS_ENDPOINT_URL_DYNAMODB, so it would talk to AWS",
		},
		"one that would mail by AWS":        {function(`"TABLE_NAME": "", "AWS_ENDPOINT_URL_DYNAMODB": "", "MAIL_FROM": ""`), "gives f no AWS_ENDPOINT_URL_SESV2"},
		"one that would use a queue of AWS": {function(`"TABLE_NAME": "", "AWS_ENDPOINT_URL_DYNAMODB": "", "MAIL_QUEUE_URL": ""`), "gives f no AWS_ENDPOINT_URL_SQS"},
		"one whose variables are a list": {
			strings.Replace(function(""), "{}", "[]", 1),
			"read function f of the template: ",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, err := sam.File([]byte(test.template), local()); err == nil ||
				!strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, and the file is\n%s", err, got)
			}
		})
	}
}

// TestRun runs the command with and without a product that runs.
func TestRun(t *testing.T) {
	t.Parallel()
	const running = `{"environment": {"TABLE_NAME": "identity-pools", "AWS_ENDPOINT_URL_DYNAMODB": "http://127.0.0.1:1", "AWS_ENDPOINT_URL_SESV2": "http://127.0.0.1:2", "AWS_ENDPOINT_URL_SQS": "http://127.0.0.1:3"}}`
	for name, test := range map[string]struct {
		running, template string // "" if the file does not exist
		status            int
		want              string
	}{
		"writes the file":        {running, template, 0, ""},
		"nothing runs":           {"", template, 1, "sam: make run is not running: "},
		"what runs says nothing": {"{", template, 1, "sam: read what make run says: "},
		"what runs is of an older version": {
			"{}", template, 1,
			"which is no URL: does make run run as it is here now?",
		},
		"there is no template": {
			running, "", 1,
			"sam: read the template, which npx cdk synth makes: ",
		},
		"the template would have talk to AWS": {
			running,
			strings.ReplaceAll(template, "AWS_ENDPOINT", "ENDPOINT"), 1, "so it would talk to AWS",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			for file, text := range map[string]string{
				"run.json":      test.running,
				"template.json": test.template,
			} {
				if text == "" {
					continue
				}
				if err := os.WriteFile(filepath.Join(folder, file), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			var log bytes.Buffer
			status := sam.Run([]string{"-template", filepath.Join(folder, "template.json")}, folder, &log)
			if status != test.status || !strings.Contains(log.String(), test.want) ||
				strings.Count(log.String(), "\n") != status {
				t.Errorf("it ends with %d: %s", status, log.String())
			}
			info, err := os.Stat(filepath.Join(folder, "sam.json"))
			if written := err == nil && info.Mode() == 0o600; written != (status == 0) {
				t.Errorf("it ends with %d, and sam.json is %v, %v", status, info, err)
			}
		})
	}
	if status := sam.Run([]string{"-what"}, t.TempDir(), new(bytes.Buffer)); status != 2 {
		t.Errorf("it ends with %d for a flag that it doesn't know", status)
	}
}
