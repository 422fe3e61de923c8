package stack_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"identitypools/infra/deploy/plan"
	"identitypools/shared/mailqueue"
	"identitypools/shared/table"
)

// queue returns the logical id of a queue, given the id without the CDK's own ending.
func (t template) queue(tb testing.TB, name string) string {
	tb.Helper()
	for id := range t.of("AWS::SQS::Queue") {
		if strings.TrimRight(id, "0123456789ABCDEF") == name {
			return id
		}
	}
	tb.Fatalf("there is no queue %s", name)
	return ""
}

// arnOf returns how a template prints a reference to the ARN of a resource.
func arnOf(id string) string { return "map[Fn::GetAtt:[" + id + " Arn]]" }

// tellsOfDead checks that an alarm is raised by the first entry of a dead-letter queue.
func (t template) tellsOfDead(tb testing.TB, queue string) {
	tb.Helper()
	watched := 0
	for _, alarm := range t.of("AWS::CloudWatch::Alarm") {
		p := alarm.Properties
		if p["Namespace"] == "AWS/SQS" && p["MetricName"] == "ApproximateNumberOfMessagesVisible" &&
			strings.Contains(fmt.Sprint(p["Dimensions"]), "Name:QueueName Value:map[Fn::GetAtt:["+queue+" QueueName]]") &&
			p["Statistic"] == "Maximum" && p["Threshold"] == 1.0 && p["EvaluationPeriods"] == 1.0 {
			watched++
		}
	}
	if watched != 1 {
		tb.Errorf("%d alarms tell of what is in %s", watched, queue)
	}
}

// A message is not lost between the outbox and the courier: Lambda tries until the stream forgets
// the record, an entry that fails is kept, and somebody is told of each failure that lasts.
func TestNothingIsLostOnTheWayToTheCourier(t *testing.T) {
	tmpl := usual(t)
	mails, dead := tmpl.queue(t, "MailQueue"), tmpl.queue(t, "DeadMailQueue")
	source := tmpl.Resources["OutboxToRelay"].Properties
	if fmt.Sprint(source["EventSourceArn"]) != "map[Fn::GetAtt:[Table StreamArn]]" ||
		fmt.Sprint(source["FunctionName"]) != arnOf(tmpl.function(t, "relay")) ||
		source["StartingPosition"] != "TRIM_HORIZON" || source["MaximumRecordAgeInSeconds"] != -1.0 ||
		source["MaximumRetryAttempts"] != -1.0 || source["BisectBatchOnFunctionError"] != true ||
		fmt.Sprint(source["FunctionResponseTypes"]) != "[ReportBatchItemFailures]" ||
		source["BatchSize"] != float64(table.RelayBatch) || source["Enabled"] == false {
		t.Errorf("the relay gets messages by %v", source)
	}
	q := tmpl.Resources[mails].Properties
	if fmt.Sprint(at(q, "RedrivePolicy", "deadLetterTargetArn")) != arnOf(dead) ||
		at(q, "RedrivePolicy", "maxReceiveCount") != float64(mailqueue.Receives) {
		t.Errorf("what fails in the queue becomes %v", q["RedrivePolicy"])
	}
	for _, id := range []string{mails, dead} {
		if got := tmpl.Resources[id].Properties["MessageRetentionPeriod"]; got != plan.MailRetention.Seconds() {
			t.Errorf("%s keeps entries for %v s", id, got)
		}
	}
	source = tmpl.Resources["MailsToCourier"].Properties
	if fmt.Sprint(at(source, "EventSourceArn")) != arnOf(mails) ||
		fmt.Sprint(at(source, "FunctionName")) != arnOf(tmpl.function(t, "courier")) ||
		fmt.Sprint(at(source, "FunctionResponseTypes")) != "[ReportBatchItemFailures]" ||
		at(source, "BatchSize") != float64(plan.MailBatch) || at(source, "MaximumBatchingWindowInSeconds") != nil {
		t.Errorf("the courier gets entries by %v", source)
	}
	tmpl.tellsOfDead(t, dead)
	if arn := at(tmpl.Outputs["DeadMailsArn"], "Value"); fmt.Sprint(arn) != arnOf(dead) {
		t.Errorf("the output for the return of dead mails is %v", arn)
	}
}

// An entry whose process has died comes back, and never while the process may still work on it. Lambda
// refuses a shorter time-out, and its guide asks for six times the function's.
func TestAnEntryIsWorkedOnOnce(t *testing.T) {
	tmpl := usual(t)
	hidden, _ := tmpl.Resources[tmpl.queue(t, "MailQueue")].Properties["VisibilityTimeout"].(float64)
	courier, _ := tmpl.Resources[tmpl.function(t, "courier")].Properties["Timeout"].(float64)
	if courier == 0 || hidden < 6*courier {
		t.Errorf("entries are hidden for %g s, and the courier works for %g s", hidden, courier)
	}
}

// All queues are encrypted, refuse what does not come over TLS, and have names that CloudFormation
// makes up, so that it can replace them.
func TestQueuesAreSafe(t *testing.T) {
	tmpl := usual(t)
	refuses := map[string]bool{}
	for _, r := range tmpl.of("AWS::SQS::QueuePolicy") {
		for _, s := range at(r.Properties, "PolicyDocument", "Statement").([]any) {
			if at(s, "Effect") == "Deny" && at(s, "Action") == "sqs:*" && at(s, "Principal", "AWS") == "*" &&
				at(s, "Condition", "Bool", "aws:SecureTransport") == "false" {
				refuses[fmt.Sprint(at(s, "Resource"), r.Properties["Queues"])] = true
			}
		}
	}
	queues := tmpl.of("AWS::SQS::Queue")
	if len(queues) != 3 {
		t.Errorf("the queues are %v", keys(queues))
	}
	for id, r := range queues {
		if r.Properties["SqsManagedSseEnabled"] != true || r.Properties["QueueName"] != nil {
			t.Errorf("%s is %v", id, r.Properties)
		}
		if !refuses[arnOf(id)+" [map[Ref:"+id+"]]"] {
			t.Errorf("%s takes what comes in the clear: %v", id, refuses)
		}
	}
}

// Each record that causes work goes to one of the two readers of the stream, and none to both.
func TestARecordHasOneReader(t *testing.T) {
	tmpl := usual(t)
	readers := map[string][]table.Trigger{"OutboxToRelay": table.MailTriggers(), "Stream": table.KeeperTriggers()}
	filters := map[string][]fields{}
	for id := range readers {
		filters[id] = patternsOf(t, tmpl.Resources[id].Properties)
	}
	for _, record := range streamRecords() {
		taken := 0
		for id, triggers := range readers {
			passes := slices.ContainsFunc(filters[id], record.matches)
			if passes != table.IsTrigger(triggers, record.event, record.pk, record.sk, map[string]bool{record.attribute: true}) {
				t.Errorf("%s lets %v through: %v", id, record, passes)
			}
			if passes {
				taken++
			}
		}
		if taken > 1 {
			t.Errorf("%v has %d readers", record, taken)
		}
	}
}

// patternsOf returns the patterns of the filters of a source.
func patternsOf(tb testing.TB, source any) (all []fields) {
	tb.Helper()
	for _, filter := range at(source, "FilterCriteria", "Filters").([]any) {
		var pattern fields
		if err := json.Unmarshal([]byte(at(filter, "Pattern").(string)), &pattern); err != nil {
			tb.Fatal(err)
		}
		all = append(all, pattern)
	}
	return all
}

// streamRecords returns a record for each combination of what triggers name, and of what none names.
func streamRecords() (all []streamRecord) {
	kinds, sorts, attributes := []string{"OTHER"}, []string{"OTHER"}, []string{"", "none"}
	for _, trigger := range slices.Concat(table.MailTriggers(), table.KeeperTriggers()) {
		kinds, sorts = append(kinds, string(trigger.Kind)), append(sorts, trigger.Sort)
		attributes = append(attributes, trigger.Attribute)
	}
	for _, list := range []*[]string{&kinds, &sorts, &attributes} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	for _, event := range []string{"INSERT", "MODIFY", "REMOVE"} {
		for _, kind := range kinds {
			for _, sort := range sorts {
				for _, attribute := range attributes {
					all = append(all, streamRecord{event, kind + "#x", sort, attribute})
				}
			}
		}
	}
	return all
}

// streamRecord is a record of the table's stream whose new image has one number, or none if attribute
// is "".
type streamRecord struct{ event, pk, sk, attribute string }

// matches reports whether the record matches a pattern, by the rules of event filtering that the
// stack's patterns use: a list of texts, "prefix", and "exists" (AWS Lambda Developer Guide, "Filter
// rule syntax").
func (r streamRecord) matches(pattern fields) bool {
	keys, image := at(pattern, "dynamodb", "Keys"), at(pattern, "dynamodb", "NewImage")
	prefix, _ := at(at(keys, "pk", "S").([]any)[0], "prefix").(string)
	if !slices.Contains(list(pattern["eventName"]), r.event) || prefix == "" || !strings.HasPrefix(r.pk, prefix) {
		return false
	}
	if sk := at(keys, "sk", "S"); sk != nil && !slices.Contains(list(sk), r.sk) {
		return false
	}
	wanted, _ := image.(fields)
	for name := range maps.Keys(wanted) {
		if at(at(image, name, "N").([]any)[0], "exists") != true || name != r.attribute {
			return false
		}
	}
	return true
}

// All processes of the courier together send as many mails a second as the setting says.
func TestTheRateOfMails(t *testing.T) {
	for _, c := range []struct {
		rate, processes int
		each            string
	}{{1, 2, "0.5"}, {52, 3, ""}, {10_000, 400, "25"}} {
		tmpl := synthesize(t, with(fields{"mailRate": c.rate}))
		most, _ := at(tmpl.Resources["MailsToCourier"].Properties, "ScalingConfig", "MaximumConcurrency").(float64)
		courier := tmpl.Resources[tmpl.function(t, "courier")].Properties
		text, _ := at(courier, "Environment", "Variables", "MAIL_RATE").(string)
		if most != float64(c.processes) || most < 2 || most > 1000 { // the bounds of ScalingConfig
			t.Errorf("%d mails a second: %g processes", c.rate, most)
		}
		each, err := strconv.ParseFloat(text, 64)
		share := each * most / float64(c.rate)
		if err != nil || c.each != "" && text != c.each || share > 1.0001 || share < 0.9999 {
			t.Errorf("%d mails a second: %g processes send %q each", c.rate, most, text)
		}
	}
}

// Somebody is told when mails are late, and when messages do not get into the queue.
func TestLateMailsRaiseAlarms(t *testing.T) {
	tmpl := usual(t)
	for name, want := range map[string]string{
		"MailsWait": "IdentityPools MailsLate [map[Name:Table Value:map[Ref:Table]]] Sum 1 1 3",
		"MailsStuck": "AWS/Lambda IteratorAge [map[Name:FunctionName Value:map[Ref:" + tmpl.function(t, "relay") +
			"]]] Maximum 600000 1 1",
	} {
		got := ""
		for id, r := range tmpl.of("AWS::CloudWatch::Alarm") {
			if p := r.Properties; strings.TrimRight(id, "0123456789ABCDEF") == name {
				got = fmt.Sprint(p["Namespace"], " ", p["MetricName"], " ", p["Dimensions"], " ", p["Statistic"], " ",
					p["Threshold"], " ", p["DatapointsToAlarm"], " ", p["EvaluationPeriods"])
			}
		}
		if got != want {
			t.Errorf("%s is raised by %s", name, got)
		}
	}
}
