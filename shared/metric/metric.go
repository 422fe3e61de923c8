// Package metric counts whether people get in: how many register, activate, are refused. A count is a line of the log in
// CloudWatch's embedded metric format, so nothing is called and no agent runs. It counts for a deployment as a whole, never for a
// tenant, a pool or a person: a log holds nothing personal, and each value of a dimension is one more metric to pay for. It imports no
// AWS. The edge of HTTP counts requests and the courier mails; use cases behind a route have no need of it.
package metric

import (
	"context"
	"log/slog"
	"time"
)

// Name is the name of a metric in CloudWatch.
type Name string

// The metrics. A request counts as one of them at most.
const (
	Registrations  Name = "Registrations"  // sign-ups that were accepted, those with somebody else's address too
	Activations    Name = "Activations"    // users who became active by a code
	WrongCodes     Name = "WrongCodes"     // codes that were wrong, spent or too late
	WrongPasswords Name = "WrongPasswords" // passwords that let nobody in, whatever the reason
	Limited        Name = "Limited"        // requests that must wait
	MailsSent      Name = "MailsSent"      // mails that SES took
	MailsDropped   Name = "MailsDropped"   // messages that nothing was sent for, by our own rules
	MailsRejected  Name = "MailsRejected"  // mails that SES will never take
	MailsDelayed   Name = "MailsDelayed"   // messages that wait for a later hour, since their pool's budget is spent

	// times that half of a pool's budget of mails came to be spent, of an hour or a day
	BudgetsHalfSpent Name = "BudgetsHalfSpent"
)

// Namespace is where CloudWatch keeps the metrics. Each has one Dimension: several deployments may share an account, and their
// tables tell them apart.
const (
	Namespace = "IdentityPools"
	Dimension = "Table"
)

// For is log for the deployment with the table, to count with. It must group nothing: the format wants its members at the root.
func NewLogger(log *slog.Logger, table string) *slog.Logger { return log.With(Dimension, table) }

// Count counts one more. It takes a logger of For, or one made from it. Where that writes no JSON, the line is no metric.
// The form: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
func Count(ctx context.Context, log *slog.Logger, at time.Time, name Name) {
	log.LogAttrs(ctx, slog.LevelInfo, "metric", slog.Int(string(name), 1), slog.GroupAttrs(
		"_aws", slog.Int64("Timestamp", at.UnixMilli()), slog.Any("CloudWatchMetrics", [1]directive{{
			Namespace: Namespace, Dimensions: [1][1]string{{Dimension}}, Metrics: [1]definition{{Name: name, Unit: "Count"}},
		}}),
	))
}

// directive is the format's MetricDirective: which members of the line are metrics, and which are their dimensions. Here it is always
// one of each, in arrays, which are made at once.
type directive struct {
	Namespace  string
	Dimensions [1][1]string
	Metrics    [1]definition
}

// definition is the format's MetricDefinition.
type definition struct {
	Name Name
	Unit string
}
