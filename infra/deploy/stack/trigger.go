package stack

import (
	"encoding/json"
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/jsii-runtime-go"

	"identitypools/infra/deploy/plan"
	"identitypools/shared/table"
)

// makeDeadLetters creates the queue for what the keeper gives up.
func (d *deployment) makeDeadLetters() awssqs.Queue {
	return awssqs.NewQueue(d.stack, jsii.String("DeadLetterQueue"), &awssqs.QueueProps{
		Encryption: awssqs.QueueEncryption_SQS_MANAGED, EnforceSSL: jsii.Bool(true),
		RetentionPeriod: awscdk.Duration_Days(jsii.Number(14)),
	})
}

// makeTriggers passes the stream's records, SES's notices and the ticks of a clock to the keeper. The
// records of messages are not among them: see makeRelayTrigger. A record that fails is retried for
// [plan.Patience]. Then its position in the stream becomes a dead letter.
func (d *deployment) makeTriggers() {
	f := d.functions[keeper]
	d.readStream("Stream", keeper, table.KeeperTriggers(), &awslambda.CfnEventSourceMappingProps{
		BatchSize: jsii.Number(table.StreamBatch), MaximumRecordAgeInSeconds: jsii.Number(plan.Patience.Seconds()),
		DestinationConfig: &awslambda.CfnEventSourceMapping_DestinationConfigProperty{
			OnFailure: &awslambda.CfnEventSourceMapping_OnFailureProperty{Destination: d.dead.QueueArn()},
		},
	})
	d.allowDeadLetters(d.makeNotices(f), d.makeClock(f))
}

// readStream passes the records of the stream that match a trigger to a function, in their order, and
// again from the first that failed. The properties say how many, and for how long.
func (d *deployment) readStream(
	id, function string, triggers []table.Trigger, properties *awslambda.CfnEventSourceMappingProps,
) {
	var filters []any
	for _, pattern := range patterns(triggers) {
		filters = append(filters, &awslambda.CfnEventSourceMapping_FilterProperty{Pattern: jsii.String(pattern)})
	}
	p := properties
	p.FunctionName, p.EventSourceArn = d.functions[function].FunctionArn(), d.table.stream
	p.StartingPosition, p.MaximumRetryAttempts = jsii.String("TRIM_HORIZON"), jsii.Number(-1)
	p.FunctionResponseTypes = jsii.Strings("ReportBatchItemFailures")
	p.BisectBatchOnFunctionError = true
	p.FilterCriteria = &awslambda.CfnEventSourceMapping_FilterCriteriaProperty{Filters: filters}
	awslambda.NewCfnEventSourceMapping(d.stack, jsii.String(id), p)
}

// patterns returns the patterns of event filtering that match the stream's records which match one of
// the triggers.
func patterns(triggers []table.Trigger) []string {
	var out []string
	for _, t := range triggers {
		keys := map[string]any{"pk": map[string]any{"S": []any{map[string]any{"prefix": string(t.Kind) + "#"}}}}
		if t.Sort != "" {
			keys["sk"] = map[string]any{"S": []string{t.Sort}}
		}
		change := map[string]any{"Keys": keys}
		if t.Attribute != "" {
			change["NewImage"] = map[string]any{t.Attribute: map[string]any{"N": []any{map[string]any{"exists": true}}}}
		}
		pattern, err := json.Marshal(map[string]any{"eventName": t.Events, "dynamodb": change})
		if err != nil {
			panic(err) // impossible: the pattern has only strings and maps
		}
		out = append(out, string(pattern))
	}
	return out
}

// makeNotices passes the bounces and complaints of our own mails to the keeper.
func (d *deployment) makeNotices(f awslambda.Function) awsevents.CfnRule {
	rule := awsevents.NewCfnRule(d.stack, jsii.String("Notices"), &awsevents.CfnRuleProps{
		Description: jsii.String("Bounces and complaints of mails"),
		EventPattern: map[string]any{
			"source": []string{"aws.ses"},
			"detail": map[string]any{
				"eventType": []string{"Bounce", "Complaint"},
				"mail":      map[string]any{"tags": map[string]any{"ses:configuration-set": []*string{d.mail.configurationSet}}},
			},
		},
		Targets: d.targets(f),
	})
	d.allowRule("NoticesPermission", f, rule)
	// Lambda retries a failed notice or tick twice.
	awslambda.NewCfnEventInvokeConfig(d.stack, jsii.String("NoticesRetries"),
		&awslambda.CfnEventInvokeConfigProps{
			FunctionName: f.FunctionName(), Qualifier: jsii.String("$LATEST"),
			DestinationConfig: &awslambda.CfnEventInvokeConfig_DestinationConfigProperty{
				OnFailure: &awslambda.CfnEventInvokeConfig_OnFailureProperty{Destination: d.dead.QueueArn()},
			},
		})
	return rule
}

// makeClock makes the keeper look for what has waited for a time that has come.
func (d *deployment) makeClock(f awslambda.Function) awsevents.CfnRule {
	rule := awsevents.NewCfnRule(d.stack, jsii.String("Clock"), &awsevents.CfnRuleProps{
		Description:        jsii.String("Mails that waited for a budget"),
		ScheduleExpression: jsii.String(fmt.Sprintf("rate(%d minutes)", int(plan.Tick.Minutes()))),
		Targets:            d.targets(f),
	})
	d.allowRule("ClockPermission", f, rule)
	return rule
}

// targets returns the targets of a rule: f receives its events, and the queue those that never
// reach f.
func (d *deployment) targets(f awslambda.Function) []any {
	return []any{&awsevents.CfnRule_TargetProperty{
		Id: jsii.String(keeper), Arn: f.FunctionArn(),
		DeadLetterConfig: &awsevents.CfnRule_DeadLetterConfigProperty{Arn: d.dead.QueueArn()},
	}}
}

func (d *deployment) allowRule(id string, f awslambda.Function, rule awsevents.CfnRule) {
	awslambda.NewCfnPermission(d.stack, jsii.String(id), &awslambda.CfnPermissionProps{
		Action: jsii.String("lambda:InvokeFunction"), FunctionName: f.FunctionArn(),
		Principal: jsii.String("events.amazonaws.com"), SourceArn: rule.AttrArn(),
	})
}

func (d *deployment) allowDeadLetters(rules ...awsevents.CfnRule) {
	var arns []*string
	for _, rule := range rules {
		arns = append(arns, rule.AttrArn())
	}
	d.dead.AddToResourcePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Principals: &[]awsiam.IPrincipal{awsiam.NewServicePrincipal(jsii.String("events.amazonaws.com"), nil)},
		Actions:    jsii.Strings("sqs:SendMessage"), Resources: &[]*string{d.dead.QueueArn()},
		Conditions: &map[string]any{"ArnEquals": map[string]any{"aws:SourceArn": arns}},
	}))
}
