package metric_test

import (
	"context"
	"log/slog"
	"os"
	"slices"
	"time"

	"identitypools/shared/metric"
)

func ExampleCount() {
	// A function logs JSON. This example logs text, without the time and the description of the
	// metric.
	handler := slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey || slices.Contains(groups, "_aws") {
				return slog.Attr{}
			}
			return a
		},
	})
	log := metric.NewLogger(slog.New(handler), "identity-pools")
	metric.Count(context.Background(), log, time.Now(), metric.Registrations)
	// Output: level=INFO msg=metric Table=identity-pools Registrations=1
}
