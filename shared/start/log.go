package start

import (
	"io"
	"log/slog"
)

// NewLogHandler returns the handler of a function's log. It writes lines of JSON that Lambda's
// filter of levels understands: `timestamp` has the time in RFC 3339, and `level` is DEBUG, INFO,
// WARN or ERROR. Lambda takes a line without a valid timestamp for INFO, whatever its level is:
// https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html.
func NewLogHandler(w io.Writer) slog.Handler {
	return slog.NewJSONHandler(w, &slog.HandlerOptions{ReplaceAttr: nameTimestamp})
}

// nameTimestamp renames the time of a line. An attribute named time in a group is not that time.
func nameTimestamp(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && a.Key == slog.TimeKey {
		a.Key = "timestamp"
	}
	return a
}
