package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatchactions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssnssubscriptions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/jsii-runtime-go"

	"identitypools/shared/metric"
)

// alarm describes an alarm: a metric has been at or above a threshold in a number of periods of
// five minutes.
type alarm struct {
	id, what string
	metric   awscloudwatch.IMetric
	above    float64
	// The alarm is raised if periods of the last within periods are at or above the threshold.
	periods, within int
}

// makeAlarms creates the alarms that docs/operations.md explains. Together they use at most ten
// metrics, which is what CloudWatch does not charge for. Throttled functions and time-outs have no
// alarm of their own: people get 5xx then, which raises ApiFaults.
//
// The age of the oldest entry is no measure of mails that wait: SQS leaves entries out of it that
// have been received three times, which all entries are half a minute after SES has gone away
// (Amazon SQS Developer Guide, "Available CloudWatch metrics"). So the courier counts late entries.
func (d *deployment) makeAlarms(access awslogs.LogGroup) {
	topic := d.makeTopic()
	for _, a := range []alarm{
		{"ApiFaults", "answers of the API with 5xx", d.apiMetric("5xx", "Sum"), 5, 1, 1},
		{
			"TableThrottled", "requests and deliveries that failed because the table refused a call",
			d.counted(metric.TableThrottled), 1, 2, 3,
		},
		{
			"RequestsRefused", "requests that were answered 429: above the rate of a route, or a limit",
			d.countRefusals(access), 100, 2, 3,
		},
		{
			"MailsWait", "tries of mails that have waited for ten minutes or longer",
			d.counted(metric.MailsLate), 1, 1, 3, // the longest pause between two tries is more than a period
		},
		{
			"MailsStuck",
			"age of the oldest message that is not in the queue of mails yet, in milliseconds",
			newMetric("AWS/Lambda", "IteratorAge", "Maximum",
				map[string]*string{"FunctionName": d.functions[relay].FunctionName()}), 600_000, 1, 1,
		},
		{
			"MailBudgetHalfSpent", "pools of which half of the mails of an hour or a day are spent",
			d.counted(metric.BudgetsHalfSpent), 1, 1, 1,
		},
		{"DeadMails", "mails that failed for six hours", visible(d.mails.dead), 1, 1, 1},
		{"DeadLetters", "records, notices or ticks that the keeper gave up", visible(d.dead), 1, 1, 1},
		{
			"MailBounces",
			"share of mails that bounce, in the whole account and region: SES pauses accounts above 0.1",
			newMetric("AWS/SES", "Reputation.BounceRate", "Maximum", nil), 0.05, 1, 1,
		},
		{
			"MailComplaints",
			"share of mails that people report as spam: SES pauses accounts above 0.005",
			newMetric("AWS/SES", "Reputation.ComplaintRate", "Maximum", nil), 0.001, 1, 1,
		},
	} {
		made := awscloudwatch.NewAlarm(d.stack, jsii.String(a.id), &awscloudwatch.AlarmProps{
			AlarmDescription: jsii.String(a.what), Metric: a.metric, Threshold: jsii.Number(a.above),
			ComparisonOperator: awscloudwatch.ComparisonOperator_GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
			DatapointsToAlarm:  jsii.Number(a.periods), EvaluationPeriods: jsii.Number(a.within),
			TreatMissingData: awscloudwatch.TreatMissingData_NOT_BREACHING,
		})
		made.AddAlarmAction(awscloudwatchactions.NewSnsAction(topic))
		made.AddOkAction(awscloudwatchactions.NewSnsAction(topic))
	}
}

// makeTopic creates the topic to which alarms are published. The topic is not encrypted with a key:
// CloudWatch cannot use AWS's own key for SNS, and a key of ours would cost money while nobody uses
// the product. Alarms contain nothing secret.
func (d *deployment) makeTopic() awssns.Topic {
	topic := awssns.NewTopic(d.stack, jsii.String("Alarms"),
		&awssns.TopicProps{EnforceSSL: jsii.Bool(true)})
	topic.AddToResourcePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Principals: &[]awsiam.IPrincipal{awsiam.NewServicePrincipal(jsii.String("cloudwatch.amazonaws.com"), nil)},
		Actions:    jsii.Strings("sns:Publish"), Resources: &[]*string{topic.TopicArn()},
		Conditions: &map[string]any{"StringEquals": map[string]any{"aws:SourceAccount": d.stack.Account()}},
	}))
	if d.config.AlarmEmail != "" {
		topic.AddSubscription(awssnssubscriptions.NewEmailSubscription(jsii.String(d.config.AlarmEmail), nil))
	}
	d.output("AlarmTopic", topic.TopicArn(), "Where alarms are told; subscribe whom they should wake")
	return topic
}

func newMetric(namespace, name, statistic string, dimensions map[string]*string) awscloudwatch.Metric {
	props := &awscloudwatch.MetricProps{
		Namespace: jsii.String(namespace), MetricName: jsii.String(name),
		Statistic: jsii.String(statistic), Period: awscdk.Duration_Minutes(jsii.Number(5)),
	}
	if dimensions != nil {
		props.DimensionsMap = &dimensions
	}
	return awscloudwatch.NewMetric(props)
}

// counted returns the sum of a metric that the functions of this deployment count.
func (d *deployment) counted(name metric.Name) awscloudwatch.Metric {
	return newMetric(metric.Namespace, string(name), "Sum",
		map[string]*string{metric.Dimension: d.table.name})
}

func (d *deployment) apiMetric(name, statistic string) awscloudwatch.Metric {
	return newMetric("AWS/ApiGateway", name, statistic, map[string]*string{"ApiId": d.api.Ref()})
}

// visible returns the metric of the entries of a queue that can be received.
func visible(queue awssqs.Queue) awscloudwatch.Metric {
	return queue.MetricApproximateNumberOfMessagesVisible(&awscloudwatch.MetricOptions{Statistic: jsii.String("Maximum")})
}

func (d *deployment) tableMetric(name, statistic string) awscloudwatch.Metric {
	return newMetric("AWS/DynamoDB", name, statistic, map[string]*string{"TableName": d.table.name})
}
