package stack_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"identitypools/infra/deploy/plan"
	"identitypools/shared/table"
)

// free returns the types of resources that cost nothing while nobody uses the product, with the
// reasons.
func free() map[string]string {
	const asked = "is paid for by the call"
	return map[string]string{
		"AWS::ApiGatewayV2::Api": asked, "AWS::ApiGatewayV2::Route": asked,
		"AWS::ApiGatewayV2::Integration": asked, "AWS::ApiGatewayV2::Stage": asked,
		"AWS::ApiGatewayV2::DomainName": asked, "AWS::ApiGatewayV2::ApiMapping": asked,
		"AWS::Lambda::Function": asked, "AWS::Lambda::Permission": asked,
		"AWS::Lambda::EventSourceMapping": "reading a table's stream is free, and so are the polls of an empty " +
			"queue that are less than SQS's free million a month (docs/cost.md)",
		"AWS::Lambda::EventInvokeConfig":             asked,
		"AWS::DynamoDB::Table":                       "on demand: is paid for by the call, and for what is stored",
		"AWS::Logs::LogGroup":                        "is paid for by what is written and stored",
		"AWS::Logs::MetricFilter":                    "is free, and its metric exists only in hours in which it counts",
		"AWS::SES::EmailIdentity":                    "is paid for by the mail",
		"AWS::SES::ConfigurationSet":                 "as before",
		"AWS::SES::ConfigurationSetEventDestination": "events of AWS services are free",
		"AWS::Events::Rule": "events of AWS services and of a clock are free; a month of ticks " +
			"of the keeper costs less than a cent (docs/cost.md)",
		"AWS::SQS::Queue": asked, "AWS::SQS::QueuePolicy": asked,
		"AWS::SNS::Topic": asked, "AWS::SNS::TopicPolicy": asked, "AWS::SNS::Subscription": asked,
		"AWS::IAM::Role": "is free", "AWS::CloudWatch::Alarm": "ten metrics of alarms are free",
		"AWS::CloudWatch::Dashboard":  "three of up to 50 metrics are free",
		"AWS::SecretsManager::Secret": "the one thing that costs",
		"Custom::RouteLimits":         "is free; its function runs only in a deploy",
	}
}

// Only the secrets cost money while nobody calls: two, and a third with a proxy.
func TestIdleCostsNothing(t *testing.T) {
	const proxied = "behind a proxy"
	for name, tmpl := range map[string]template{
		"usual": usual(t),
		proxied: synthesize(t, behindProxy(nil)),
		"with all that can be chosen": synthesize(t, with(fields{
			"domain":            "id.example.com",
			"certificate":       "arn:aws:acm:eu-west-1:123456789012:certificate/x",
			"sandboxRecipients": "me@example.com", "mailIdentity": "address",
		})),
	} {
		for id, r := range tmpl.Resources {
			if free()[r.Type] == "" {
				t.Errorf("%s: %s is a %s, of which nobody has said why it costs nothing",
					name, id, r.Type)
			}
			for _, paid := range []string{
				"ProvisionedConcurrencyConfig", "ProvisionedThroughput",
				"KmsKeyId", "KmsMasterKeyId", "KMSMasterKeyId", "ProvisionedPollerConfig",
				"WarmThroughput", "VpcConfig", "ContributorInsightsSpecification", "TracingConfig",
			} {
				if r.Properties[paid] != nil {
					t.Errorf("%s: %s has %s, which costs money", name, id, paid)
				}
			}
		}
		most := 2
		if name == proxied {
			most = 3
		}
		if secrets := tmpl.of("AWS::SecretsManager::Secret"); len(secrets) != most {
			t.Errorf("%s: the secrets are %v", name, keys(secrets))
		}
		if metrics := alarmMetrics(tmpl); metrics > 10 {
			t.Errorf("%s: alarms look at %d metrics; ten are free", name, metrics)
		}
		if boards := tmpl.of("AWS::CloudWatch::Dashboard"); len(boards) != 1 {
			t.Errorf("%s: the dashboards are %v", name, keys(boards))
		}
	}
}

func alarmMetrics(tmpl template) int {
	metrics := 0
	for _, r := range tmpl.of("AWS::CloudWatch::Alarm") {
		if r.Properties["MetricName"] != nil {
			metrics++
		}
		terms, _ := r.Properties["Metrics"].([]any)
		for _, term := range terms {
			if at(term, "MetricStat") != nil {
				metrics++
			}
		}
	}
	return metrics
}

// The table survives the mistakes of people who delete the stack, delete the table, or damage its
// data.
func TestTheTableIsSafe(t *testing.T) {
	tmpl := usual(t)
	r := tmpl.Resources["Table"]
	p := r.Properties
	if r.DeletionPolicy != "Retain" || r.UpdateReplacePolicy != "Retain" {
		t.Errorf("it goes with the stack: %s, %s", r.DeletionPolicy, r.UpdateReplacePolicy)
	}
	if p["DeletionProtectionEnabled"] != true ||
		at(p, "PointInTimeRecoverySpecification", "PointInTimeRecoveryEnabled") != true {
		t.Errorf("it is not protected: %v", p)
	}
	if p["BillingMode"] != "PAY_PER_REQUEST" ||
		at(p, "OnDemandThroughput", "MaxWriteRequestUnits") != 4000.0 {
		t.Errorf("its bill has no bound: %v, %v", p["BillingMode"], p["OnDemandThroughput"])
	}
	expiry := table.TimeToLive("").TimeToLiveSpecification
	if at(p, "TimeToLiveSpecification", "AttributeName") != *expiry.AttributeName ||
		at(p, "StreamSpecification", "StreamViewType") != "NEW_IMAGE" {
		t.Errorf("it differs from the definition: %v", p)
	}
	if p["TableName"] != nil {
		t.Error("it has a name of ours: CloudFormation could not replace it")
	}
}

// A restored table replaces the stack's own.
func TestARestoredTable(t *testing.T) {
	const arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/restored"
	tmpl := synthesize(t, with(fields{"restoredStream": arn + "/stream/2026-01-01T00:00:00.000"}))
	if own := tmpl.of("AWS::DynamoDB::Table"); len(own) > 0 {
		t.Errorf("the stack still has %v", keys(own))
	}
	users := tmpl.Resources[tmpl.function(t, "users")]
	if got := at(users.Properties, "Environment", "Variables", "TABLE_NAME"); got != "restored" {
		t.Errorf("users work with %v", got)
	}
	for _, id := range []string{"Stream", "OutboxToRelay"} {
		if got := tmpl.Resources[id].Properties["EventSourceArn"]; got != arn+"/stream/2026-01-01T00:00:00.000" {
			t.Errorf("%s reads %v", id, got)
		}
	}
	for _, s := range tmpl.statements(t, "users") {
		if at(s, "Condition") != nil && s["Resource"] != arn {
			t.Errorf("users may work with %v", s["Resource"])
		}
	}
}

// A record or notice that the keeper cannot process is not lost: it is retried as long as that
// makes sense, on its own, and then kept.
func TestNothingIsLostOnTheWayToTheKeeper(t *testing.T) {
	tmpl := usual(t)
	p := tmpl.Resources["Stream"].Properties
	id := tmpl.queue(t, "DeadLetterQueue")
	dead := "map[Fn::GetAtt:[" + id + " Arn]]"
	if fmt.Sprint(p["FunctionName"]) != "map[Fn::GetAtt:["+tmpl.function(t, "keeper")+" Arn]]" {
		t.Errorf("the records go to %v", p["FunctionName"])
	}
	if p["BisectBatchOnFunctionError"] != true ||
		fmt.Sprint(p["FunctionResponseTypes"]) != "[ReportBatchItemFailures]" ||
		p["MaximumRecordAgeInSeconds"] != plan.Patience.Seconds() ||
		p["MaximumRetryAttempts"] != -1.0 || p["StartingPosition"] != "TRIM_HORIZON" {
		t.Errorf("the event source is %v", p)
	}
	for what, destination := range map[string]any{
		"records": at(p, "DestinationConfig", "OnFailure", "Destination"),
		"failed notices": at(tmpl.Resources["NoticesRetries"].Properties, "DestinationConfig",
			"OnFailure", "Destination"),
		"undelivered notices": at(tmpl.Resources["Notices"].Properties["Targets"].([]any)[0],
			"DeadLetterConfig", "Arn"),
		"undelivered ticks": at(tmpl.Resources["Clock"].Properties["Targets"].([]any)[0],
			"DeadLetterConfig", "Arn"),
	} {
		if fmt.Sprint(destination) != dead {
			t.Errorf("%s end in %v", what, destination)
		}
	}
	for _, rule := range []string{"Notices", "Clock"} {
		if target := tmpl.Resources[rule].Properties["Targets"].([]any)[0]; at(target, "Id") != "keeper" ||
			fmt.Sprint(at(target, "Arn")) != fmt.Sprint(p["FunctionName"]) {
			t.Errorf("%s go to %v", rule, target)
		}
	}
	if got := tmpl.Resources[id].Properties["MessageRetentionPeriod"]; got != 1209600.0 {
		t.Errorf("the queue keeps letters for %v s", got)
	}
	tmpl.tellsOfDead(t, id)
	pattern := fmt.Sprint(at(tmpl.Resources["Notices"].Properties, "EventPattern"))
	if !strings.Contains(pattern, "aws.ses") || !strings.Contains(pattern, "ses:configuration-set") ||
		!strings.Contains(pattern, "[Bounce Complaint]") {
		t.Errorf("notices are chosen by %s", pattern)
	}
}

// Each log is kept as long as the configuration says.
func TestLogsEnd(t *testing.T) {
	tmpl := synthesize(t, with(fields{"logDays": 7}))
	logs := tmpl.of("AWS::Logs::LogGroup")
	if len(logs) != len(tmpl.of("AWS::Lambda::Function"))+1 {
		t.Errorf("the logs are %v", keys(logs))
	}
	for id, r := range logs {
		if r.Properties["RetentionInDays"] != 7.0 {
			t.Errorf("%s is kept %v days", id, r.Properties["RetentionInDays"])
		}
	}
}

func TestWhatMailIsSentWith(t *testing.T) {
	for _, c := range []struct {
		name       string
		context    fields
		identities []string
	}{
		{"a domain", nil, []string{"example.com"}},
		{"an address", fields{"mailIdentity": "address"}, []string{"no-reply@example.com"}},
		{
			"an address in capitals",
			fields{"mailIdentity": "address", "mailFrom": "Example <No-Reply@Example.com>"},
			[]string{"no-reply@example.com"},
		},
		{"a domain that is verified", fields{"mailIdentity": "existing"}, nil},
		{
			"the sandbox",
			fields{"sandboxRecipients": "me@example.com, you@example.com, You@example.com"},
			[]string{"example.com", "me@example.com", "you@example.com"},
		},
		{"the sandbox, to oneself", fields{
			"mailIdentity":      "address",
			"sandboxRecipients": "no-reply@example.com",
		}, []string{"no-reply@example.com"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			tmpl := synthesize(t, with(c.context))
			var made []string
			for _, r := range tmpl.of("AWS::SES::EmailIdentity") {
				made = append(made, r.Properties["EmailIdentity"].(string))
			}
			slices.Sort(made)
			if !slices.Equal(made, c.identities) {
				t.Errorf("the identities are %v", made)
			}
			checkSender(t, tmpl)
		})
	}
	set := usual(t).Resources["MailConfiguration"].Properties
	if at(set, "DeliveryOptions", "TlsPolicy") != "REQUIRE" {
		t.Errorf("codes may go in the clear: %v", set)
	}
	reasons := list(at(set, "SuppressionOptions", "SuppressedReasons"))
	if !slices.Equal(reasons, []string{"BOUNCE", "COMPLAINT"}) {
		t.Errorf("SES's global list, from which nobody can clear an address, applies beside %v", reasons)
	}
}

// checkSender checks that the courier may send from one address only, to whom it likes, and that it
// sends from that address.
func checkSender(t *testing.T, tmpl template) {
	t.Helper()
	for _, s := range tmpl.statements(t, "courier") {
		if !slices.Contains(list(s["Action"]), "ses:SendEmail") {
			continue
		}
		if at(s, "Condition", "StringEquals", "ses:FromAddress") != "no-reply@example.com" {
			t.Errorf("the courier may send from %v", s["Condition"])
		}
		resources := fmt.Sprint(s["Resource"])
		if !strings.Contains(resources, ":identity/*") || !strings.Contains(resources, ":configuration-set/") {
			t.Errorf("the courier may send with %v", s["Resource"])
		}
	}
	courier := tmpl.Resources[tmpl.function(t, "courier")]
	from, _ := at(courier.Properties, "Environment", "Variables", "MAIL_FROM").(string)
	if !strings.Contains(from, "<no-reply@example.com>") {
		t.Errorf("the courier sends from %q, and may not", from)
	}
}

// The outputs tell the DNS records that make mails arrive: DKIM, SPF and DMARC.
func TestTheRecordsOfTheSendersDomain(t *testing.T) {
	text := func(tmpl template, name string) string { return fmt.Sprint(tmpl.Outputs[name]["Value"]) }
	plain := usual(t)
	for name, says := range map[string]string{
		"MailRecord1": "CNAME", "MailRecord2": "CNAME", "MailRecord3": "CNAME",
		"MailDMARC": `_dmarc.example.com TXT "v=DMARC1; p=none"`,
	} {
		if !strings.Contains(text(plain, name), says) {
			t.Errorf("the record %s is %s", name, text(plain, name))
		}
	}
	if at(plain.Resources["MailIdentity"].Properties, "MailFromAttributes") != nil || plain.Outputs["MailFromMX"] != nil {
		t.Error("bounces go to a domain that nobody chose")
	}
	own := synthesize(t, with(fields{"mailFromDomain": "bounce.example.com"}))
	attributes := at(own.Resources["MailIdentity"].Properties, "MailFromAttributes")
	if at(attributes, "MailFromDomain") != "bounce.example.com" ||
		at(attributes, "BehaviorOnMxFailure") != "USE_DEFAULT_VALUE" {
		t.Errorf("bounces go to %v", attributes)
	}
	mx := text(own, "MailFromMX")
	if !strings.Contains(mx, "bounce.example.com MX 10 feedback-smtp.") || !strings.Contains(mx, "AWS::Region") ||
		!strings.Contains(mx, ".amazonses.com") {
		t.Errorf("the MX record is %s", mx)
	}
	if got := text(own, "MailFromSPF"); got != `bounce.example.com TXT "v=spf1 include:amazonses.com ~all"` {
		t.Errorf("the SPF record is %s", got)
	}
	if address := synthesize(t, with(fields{"mailIdentity": "address"})); address.Outputs["MailDMARC"] != nil {
		t.Error("mails of an address in a domain that is not ours can't pass DMARC")
	}
}

// The sender's identity remains when the stack is deleted and when the sender changes, because others
// may send with it. Those of recipients go.
func TestTheSendersIdentityRemains(t *testing.T) {
	for _, identity := range []string{"domain", "address"} {
		tmpl := synthesize(t, with(fields{"mailIdentity": identity, "sandboxRecipients": "me@example.com"}))
		for id, r := range tmpl.of("AWS::SES::EmailIdentity") {
			remains := r.DeletionPolicy == "RetainExceptOnCreate" && r.UpdateReplacePolicy == "Retain"
			if remains != (id == "MailIdentity") {
				t.Errorf("%s: %s of %v is deleted with %q, replaced with %q", identity, id,
					r.Properties["EmailIdentity"], r.DeletionPolicy, r.UpdateReplacePolicy)
			}
		}
	}
}

// Without a sender there is a template to view, which CloudFormation refuses to deploy because its
// parameter has no value.
func TestWithoutASenderNothingIsDeployed(t *testing.T) {
	tmpl := synthesize(t, fields{})
	if !strings.Contains(tmpl.text, `"MailFromIsMissing"`) {
		t.Error("it could be deployed")
	}
	if strings.Contains(usual(t).text, "MailFromIsMissing") {
		t.Error("with a sender it can't be deployed")
	}
}

// Each alarm notifies somebody, and docs/operations.md says what to do then.
func TestEachAlarmIsExplained(t *testing.T) {
	text, err := os.ReadFile("../../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	tmpl, explained := usual(t), map[string]bool{}
	for id, r := range tmpl.of("AWS::CloudWatch::Alarm") {
		name := strings.TrimRight(id, "0123456789ABCDEF") // the CDK's own ending
		explained[name] = true
		if !strings.Contains(string(text), "\n### "+name+"\n") {
			t.Errorf("docs/operations.md does not explain the alarm %s", name)
		}
		if r.Properties["AlarmActions"] == nil || r.Properties["TreatMissingData"] != "notBreaching" {
			t.Errorf("%s tells nobody, or wakes people for nothing: %v", id, r.Properties)
		}
	}
	for heading := range strings.SplitSeq(string(text), "\n### ") {
		if name, _, _ := strings.Cut(heading, "\n"); !strings.HasPrefix(name, "# ") && !explained[name] {
			t.Errorf("docs/operations.md explains %s, which is no alarm", name)
		}
	}
	subscriptions := tmpl.of("AWS::SNS::Subscription")
	if len(subscriptions) != 1 || len(synthesize(t, sender()).of("AWS::SNS::Subscription")) != 0 {
		t.Errorf("the subscriptions are %v", keys(subscriptions))
	}
}

// Deployments of one name in two regions have two dashboards, although the dashboards of all regions
// of an account share their names.
func TestTheDashboardsNameHasTheRegion(t *testing.T) {
	for _, r := range usual(t).of("AWS::CloudWatch::Dashboard") {
		if got := fmt.Sprint(r.Properties["DashboardName"]); got != "map[Fn::Join:[ [IdentityPools- map[Ref:AWS::Region]]]]" {
			t.Errorf("it is called %s", got)
		}
	}
}

// The dashboard shows the metrics that the functions count.
func TestTheDashboardShowsWhatIsCounted(t *testing.T) {
	tmpl := usual(t)
	board := ""
	for _, r := range tmpl.of("AWS::CloudWatch::Dashboard") {
		board = fmt.Sprint(r.Properties["DashboardBody"])
	}
	for _, shown := range []string{
		"Registrations", "MailsSent", "Activations", "WrongCodes", "WrongPasswords", "Limited",
		"MailsDropped", "MailsRejected", "MailsDelayed", "MailsLate", "BudgetsHalfSpent", "by route",
		"ConsumedWriteCapacityUnits", "ApproximateAgeOfOldestMessage", "ApproximateNumberOfMessagesVisible",
		"ApproximateNumberOfMessagesNotVisible", "TableThrottled", "RequestsRefused",
	} {
		if !strings.Contains(board, shown) {
			t.Errorf("the dashboard does not show %s", shown)
		}
	}
}
