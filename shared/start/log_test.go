package start_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"identitypools/shared/metric"
	"identitypools/shared/start"
)

// Lambda documents what it reads of a line: the level by its name, and the time in RFC 3339.
func TestLambdaUnderstandsTheLog(t *testing.T) {
	t.Parallel()
	for level, name := range map[slog.Level]string{
		slog.LevelInfo: "INFO", slog.LevelWarn: "WARN", slog.LevelError: "ERROR",
	} {
		var out bytes.Buffer
		log := metric.NewLogger(slog.New(start.NewLogHandler(&out)), "t")
		log.Log(t.Context(), level, "said", slog.Group("of", "time", "a word"))
		line := decode(t, out.Bytes())
		stamp, _ := line["timestamp"].(string)
		at, err := time.Parse(time.RFC3339Nano, stamp)
		if err != nil || time.Since(at) > time.Minute || time.Until(at) > 0 {
			t.Errorf("the time of the line is %q (%v)", stamp, err)
		}
		if line["level"] != name || line["msg"] != "said" || line["time"] != nil {
			t.Errorf("the line is %s", out.String())
		}
		if group, _ := line["of"].(map[string]any); group["time"] != "a word" {
			t.Errorf("an attribute of a group was renamed: %s", out.String())
		}
	}
}

// A metric is still a metric in this log, and of a level that Lambda keeps by default.
func TestAMetricIsOneInTheLog(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	at := time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)
	metric.Count(t.Context(), metric.NewLogger(slog.New(start.NewLogHandler(&out)), "t"), at, metric.Limited)
	line := decode(t, out.Bytes())
	described, _ := line["_aws"].(map[string]any)
	if line["Limited"] != 1.0 || line["Table"] != "t" || described["Timestamp"] != float64(at.UnixMilli()) ||
		line["level"] != "INFO" {
		t.Errorf("the line is %s", out.String())
	}
}

// decode returns the members of the one line of a log.
func decode(t *testing.T, text []byte) map[string]any {
	t.Helper()
	var line map[string]any
	if err := json.Unmarshal(text, &line); err != nil || bytes.Count(text, []byte("\n")) != 1 {
		t.Fatalf("not one JSON object on one line: %s", text)
	}
	return line
}
