// Package metric counts how many people register, activate their accounts or are refused, and what
// becomes of mails. A count is a line of the log in CloudWatch's embedded metric format, so
// counting calls nothing and needs no agent.
//
// Metrics are counted for a whole deployment, never for a tenant, a pool or a person: a log
// contains no personal data, and CloudWatch charges for each value of a dimension. The HTTP layer
// counts requests and the courier counts mails, so use cases do not need this package. It imports
// no AWS client.
package metric

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"identitypools/shared/identity"
)

// A Name is the name of a metric in CloudWatch.
type Name string

// Metrics of requests. A request is counted in at most one of them.
const (
	Registrations  Name = "Registrations"  // accepted sign-ups, even with somebody else's address
	Activations    Name = "Activations"    // users who became active with a code
	WrongCodes     Name = "WrongCodes"     // codes that were wrong, used up or expired
	WrongPasswords Name = "WrongPasswords" // passwords that were refused, for whatever reason
	Limited        Name = "Limited"        // requests that were refused until some later time
)

// Metrics of mails.
const (
	MailsSent     Name = "MailsSent"     // mails that SES accepted
	MailsDropped  Name = "MailsDropped"  // messages that the product's own rules kept from being sent
	MailsRejected Name = "MailsRejected" // mails that SES refused as they were; the log says what became of each
	MailsDelayed  Name = "MailsDelayed"  // messages that wait until their pool has budget again
	MailsLate     Name = "MailsLate"     // tries of messages that have been in the queue for ten minutes or longer

	// BudgetsHalfSpent counts how often half of a pool's mail budget for an hour or a day was spent.
	BudgetsHalfSpent Name = "BudgetsHalfSpent"
)

// TableThrottled counts requests and deliveries that failed because the table refused a call as one
// of too many, also after the SDK had tried it again. Such a request is counted here alone.
const TableThrottled Name = "TableThrottled"

// Namespace is the namespace of all metrics in CloudWatch. Each metric has one dimension, named
// Dimension, whose value is the name of the table. It tells apart deployments that share an account.
const (
	Namespace = "IdentityPools"
	Dimension = "Table"
)

// NewLogger returns a logger to count with in the deployment that has the given table. It adds
// attributes to log, which must not have an open group, since the format wants them at the root.
func NewLogger(log *slog.Logger, table string) *slog.Logger { return log.With(Dimension, table) }

// Count adds one to a metric. The logger must come from NewLogger or be derived from such a logger.
// If its handler does not write JSON, the line is not a metric. The format is specified at
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
func Count(ctx context.Context, log *slog.Logger, at time.Time, name Name) {
	log.LogAttrs(ctx, slog.LevelInfo, "metric", slog.Int(string(name), 1), slog.GroupAttrs(
		"_aws", slog.Int64("Timestamp", at.UnixMilli()), slog.Any("CloudWatchMetrics", [1]directive{{
			Namespace:  Namespace,
			Dimensions: [1][1]string{{Dimension}},
			Metrics:    [1]definition{{Name: name, Unit: "Count"}},
		}}),
	))
}

// CountThrottled adds one to TableThrottled if err says that the table has refused a call as one of
// too many. It is for work that no request waits for; package api counts requests.
func CountThrottled(ctx context.Context, log *slog.Logger, at time.Time, err error) {
	var unavailable identity.Unavailable
	if errors.As(err, &unavailable) && unavailable.Throttled {
		Count(ctx, log, at, TableThrottled)
	}
}

// A directive is the MetricDirective of the format: it says which members of the line are metrics
// and which are their dimensions. Here there is always one of each. Arrays instead of slices save
// allocations.
type directive struct {
	Namespace  string
	Dimensions [1][1]string
	Metrics    [1]definition
}

// A definition is the MetricDefinition of the format.
type definition struct {
	Name Name
	Unit string
}
