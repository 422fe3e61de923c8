package stack_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"identitypools/infra/deploy/stack"
)

// Each error is a sentence that names the key and says what to do. All errors are reported
// together.
func TestAContextIsChecked(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		context fields
		says    []string
	}{
		{"a sender alone is enough", fields{}, nil},
		{"a sender without a name", fields{"mailFrom": "no-reply@example.com"}, nil},
		{
			"no address",
			fields{"mailFrom": "Example"},
			[]string{"context mailFrom must be an e-mail address"},
		},
		{
			"a line break in the sender",
			fields{"mailFrom": "Example <no-reply@example.com>\nBcc: x@example.com"},
			[]string{"context mailFrom"},
		},
		{
			"a slip of the pen",
			fields{"alarmMail": "x@example.com"},
			[]string{"context alarmMail is no setting"},
		},
		{"keys of the CDK", fields{
			"@aws-cdk/core:x": true, "aws:cdk:y": 1,
			"acknowledged-issue-numbers": []any{1}, "// mailFrom": "explained",
		}, nil},
		{
			"an unknown kind of identity",
			fields{"mailIdentity": "route53"},
			[]string{"context mailIdentity must be one of domain, address, existing"},
		},
		{"a domain for bounces", fields{"mailFromDomain": "bounce.example.com"}, nil},
		{
			"a domain for bounces in capitals",
			fields{"mailFromDomain": "Bounce.example.com"},
			[]string{"context mailFromDomain must be a host name in ASCII and lower case"},
		},
		{
			"a domain for bounces that is the sender's",
			fields{"mailFromDomain": "example.com"},
			[]string{"context mailFromDomain must be a subdomain of example.com, like bounce.example.com"},
		},
		{
			"a domain for bounces that only ends like the sender's",
			fields{"mailFromDomain": "bounceexample.com"},
			[]string{"context mailFromDomain must be a subdomain of example.com"},
		},
		{
			"a domain for bounces of a sender without a domain",
			fields{"mailFromDomain": "bounce.example.com", "mailIdentity": "address"},
			[]string{`context mailFromDomain needs mailIdentity=domain, and mailIdentity is "address"`},
		},
		{
			"an origin with a path",
			fields{"signUpOrigins": "https://a.example.com, https://b.example.com/x"},
			[]string{`has "https://b.example.com/x"`},
		},
		{
			"an origin without TLS",
			fields{"signUpOrigins": "http://a.example.com"},
			[]string{"https origin"},
		},
		{
			"an origin as no browser sends it",
			fields{"signUpOrigins": "https://bücher.example"},
			[]string{"https origin in ASCII"},
		},
		{
			"an origin with capitals",
			fields{"signUpOrigins": "https://App.example.com"},
			[]string{"https origin in ASCII"},
		},
		{"a sender whom SES does not take", fields{"mailFrom": "jörg@example.com"}, []string{"context mailFrom"}},
		{"any origin", fields{"signUpOrigins": "*"}, []string{"https origin"}},
		{"origins", fields{"signUpOrigins": "https://a.example.com, https://b.example.com:8443"}, nil},
		{
			"a recipient that is none",
			fields{"sandboxRecipients": "me@example.com,you"},
			[]string{`context sandboxRecipients must be a list with commas, each an e-mail address, and has "you"`},
		},
		{
			"no address for alarms",
			fields{"alarmEmail": "me"},
			[]string{"context alarmEmail must be an e-mail address"},
		},
		{
			"a domain without its certificate",
			fields{"domain": "id.example.com"},
			[]string{"certificate come together"},
		},
		{"a domain with a scheme", fields{
			"domain":      "https://id.example.com",
			"certificate": "arn:aws:acm:r:1:certificate/x",
		}, []string{"context domain must be a host name"}},
		{
			"a certificate of another service",
			fields{"domain": "id.example.com", "certificate": "arn:aws:iam::1:server-certificate/x"},
			[]string{"context certificate must be the ARN of a resource of acm"},
		},
		{
			"no address at all",
			fields{"awsAddress": false},
			[]string{"context awsAddress needs a domain"},
		},
		{
			"a proxy that finds only itself",
			behindProxy(fields{"domain": "id.example.com"}),
			[]string{"context awsAddress needs a domain other than publicDomain"},
		},
		{
			"a proxy as the only way in, and no proxy",
			fields{"proxyOnly": true},
			[]string{"context proxyOnly needs a proxyHeader"},
		},
		{
			"a header that is none",
			behindProxy(fields{"proxyHeader": "X-Viewer Address"}),
			[]string{"context proxyHeader must be the name of a header"},
		},
		{
			"the header of the secret for the address",
			behindProxy(fields{"proxyHeader": "x-origin-verify"}),
			[]string{"context proxyHeader must be the name of a header"},
		},
		{
			"a public domain that is a URL",
			behindProxy(fields{"publicDomain": "https://id.example.com"}),
			[]string{"context publicDomain must be a host name"},
		},
		{"a proxy", behindProxy(nil), nil},
		{"a proxy that calls the address of AWS", fields{
			"publicDomain": "id.example.com", "proxyHeader": "X-Viewer-Address", "proxyOnly": true,
		}, nil},
		{
			"no number",
			fields{"publicRate": "many"},
			[]string{`context publicRate must be a number from 1 to 10000, and is "many"`},
		},
		{"a rate of nothing", fields{"adminRate": 0}, []string{"context adminRate"}},
		{
			"a rate below nothing",
			fields{"tokenRate": -1},
			[]string{"context tokenRate must be a number from 1 to 10000"},
		},
		{
			"more than the quota of a table",
			fields{"maxWriteUnits": 40_001},
			[]string{"context maxWriteUnits"},
		},
		{
			"days that there are not",
			fields{"logDays": "31"},
			[]string{"context logDays must be one of [1 3 5 7 14 30 60 90 180 365 731]"},
		},
		{"no mails at all", fields{"mailRate": "0"}, []string{"context mailRate must be a number from 1 to 10000"}},
		{
			"a setting of an earlier release",
			fields{"courierInstances": 10},
			[]string{"context courierInstances is no setting"},
		},
		{
			"a table in place of its stream",
			fields{"restoredStream": "arn:aws:dynamodb:r:1:table/x"},
			[]string{"context restoredStream"},
		},
		{
			"neither yes nor no",
			fields{"deletionProtection": "no"},
			[]string{"context deletionProtection must be one of true, false"},
		},
		{
			"a name that CloudFormation does not take",
			fields{"name": "1 pool"},
			[]string{"context name must be letters"},
		},
		{
			"all at once",
			fields{"name": "", "logDays": 2, "alarmEmail": "x"},
			[]string{"name", "logDays", "alarmEmail"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := stack.Read(with(c.context))
			if len(c.says) == 0 {
				if err != nil {
					t.Error(err)
				}
				return
			}
			for _, says := range c.says {
				if err == nil || !strings.Contains(err.Error(), says) {
					t.Errorf("the error is %v, and does not say %q", err, says)
				}
			}
		})
	}
}

// The display name of a sender is encoded as mail headers require it (RFC 2047).
func TestTheSendersName(t *testing.T) {
	t.Parallel()
	config, err := stack.Read(fields{"mailFrom": "Müller <no-reply@example.com>"})
	if err != nil || config.MailFrom != "=?utf-8?q?M=C3=BCller?= <no-reply@example.com>" ||
		config.MailAddress != "no-reply@example.com" {
		t.Errorf("the sender is %q, %q (%v)", config.MailFrom, config.MailAddress, err)
	}
}

// Addresses are deployed in the form in which SES and SNS take them. Those of SES are in lower case,
// since it compares the sender with its permission, and an address with its identity, letter by letter.
func TestAddressesAreInASCII(t *testing.T) {
	t.Parallel()
	config, err := stack.Read(fields{
		"mailFrom": "Ann <No-Reply@Bücher.example>", "alarmEmail": "ops@bücher.example",
		"sandboxRecipients": "ann@bücher.example, Ben@example.com",
	})
	if err != nil || config.MailAddress != "no-reply@xn--bcher-kva.example" ||
		config.MailFrom != `"Ann" <no-reply@xn--bcher-kva.example>` ||
		config.AlarmEmail != "ops@xn--bcher-kva.example" ||
		strings.Join(config.SandboxRecipients, " ") != "ann@xn--bcher-kva.example ben@example.com" {
		t.Errorf("%+v (%v)", config, err)
	}
}

// cdk.json contains every setting with an explanation, and no other key. People who deploy the
// product set their values there.
func TestEachSettingIsExplained(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../../cdk.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Context fields }
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	for key := range stack.Keys() {
		if file.Context[key] == nil {
			t.Errorf("cdk.json lacks %s", key)
		}
		if explanation, _ := file.Context["// "+key].(string); len(explanation) < 20 {
			t.Errorf("cdk.json does not explain %s", key)
		}
	}
	if len(file.Context) != 2*len(stack.Keys()) {
		t.Errorf("cdk.json has %d values, for %d settings", len(file.Context), len(stack.Keys()))
	}
	if _, err := stack.Read(file.Context); err != nil {
		t.Error(err)
	}
}
