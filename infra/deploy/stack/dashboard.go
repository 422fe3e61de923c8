package stack

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/jsii-runtime-go"

	"identitypools/shared/metric"
)

// makeDashboard creates the dashboard, which shows whether people can sign up and get in. Its
// graphs use metrics that exist anyway. What needs the access log is queried when somebody opens
// the dashboard. Its name contains the region, because the dashboards of all regions of an account
// share their names (CloudWatch User Guide, "Creating a dashboard").
func (d *deployment) makeDashboard(access awslogs.LogGroup) {
	dashboard := awscloudwatch.NewDashboard(d.stack, jsii.String("Dashboard"),
		&awscloudwatch.DashboardProps{DashboardName: jsii.String(*d.stack.StackName() + "-" + *d.stack.Region())})
	dashboard.AddWidgets(
		d.counts("Getting in", metric.Registrations, metric.MailsSent, metric.Activations),
		d.counts("Not getting in", metric.WrongCodes, metric.WrongPasswords, metric.Limited),
		d.counts("Mails that nobody gets, or later", metric.MailsDropped, metric.MailsRejected,
			metric.MailsLate, metric.MailsDelayed, metric.BudgetsHalfSpent),
	)
	dashboard.AddWidgets(
		graph("Answers", d.apiMetric("Count", "Sum"), d.apiMetric("4xx", "Sum"),
			d.apiMetric("5xx", "Sum")),
		graph("Latency, ms", d.apiMetric("Latency", "p50"), d.apiMetric("Latency", "p99")),
		d.waiting(),
	)
	dashboard.AddWidgets(
		graph("Capacity units used", d.tableMetric("ConsumedReadCapacityUnits", "Sum"),
			d.tableMetric("ConsumedWriteCapacityUnits", "Sum")),
		graph("Refused by the table, or by the API's rates", d.counted(metric.TableThrottled), d.refusals()),
		graph("Mails that bounce or are reported (account)", reputation("BounceRate"),
			reputation("ComplaintRate")),
	)
	dashboard.AddWidgets(
		query(access, "Latency a route, ms",
			"stats count(*) as calls, pct(latency, 50) as p50, pct(latency, 99) as p99, max(latency) as slowest by route", "sort calls desc", "limit 60"),
		query(access, "Refusals and faults a route", "filter status like /^[45]/",
			"stats count(*) as answers by status, route, gateway", "sort answers desc", "limit 60"),
	)
}

// waiting returns a graph of what waits in the queue of mails: on the left the age of the oldest entry
// that has not failed three times, in seconds, and on the right the numbers of entries.
func (d *deployment) waiting() awscloudwatch.GraphWidget {
	most := &awscloudwatch.MetricOptions{Statistic: jsii.String("Maximum")}
	return awscloudwatch.NewGraphWidget(&awscloudwatch.GraphWidgetProps{
		Title: jsii.String("Mails wait, s, and how many"), Width: jsii.Number(8),
		Left: &[]awscloudwatch.IMetric{d.mails.live.MetricApproximateAgeOfOldestMessage(most)},
		Right: &[]awscloudwatch.IMetric{
			visible(d.mails.live), d.mails.live.MetricApproximateNumberOfMessagesNotVisible(most),
		},
	})
}

// query returns a table of the result of a query of the log.
func query(log awslogs.LogGroup, title string, lines ...string) awscloudwatch.LogQueryWidget {
	return awscloudwatch.NewLogQueryWidget(&awscloudwatch.LogQueryWidgetProps{
		Title: jsii.String(title), Width: jsii.Number(12), Height: jsii.Number(10),
		LogGroupNames: &[]*string{log.LogGroupName()}, QueryLines: jsii.Strings(lines...),
	})
}

// counts returns a graph of sums of metrics that the functions of this deployment count.
func (d *deployment) counts(title string, names ...metric.Name) awscloudwatch.GraphWidget {
	var lines []awscloudwatch.IMetric
	for _, name := range names {
		lines = append(lines, d.counted(name))
	}
	return graph(title, lines...)
}

func reputation(rate string) awscloudwatch.IMetric {
	return newMetric("AWS/SES", fmt.Sprintf("Reputation.%s", rate), "Maximum", nil)
}

func graph(title string, lines ...awscloudwatch.IMetric) awscloudwatch.GraphWidget {
	return awscloudwatch.NewGraphWidget(&awscloudwatch.GraphWidgetProps{
		Title: jsii.String(title),
		Left:  &lines, Width: jsii.Number(8),
	})
}
