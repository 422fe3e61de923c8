package metric_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"identitypools/shared/metric"
)

var at = time.Date(2026, 2, 3, 4, 5, 6, 789_000_000, time.UTC)

// The line must be what CloudWatch expects, byte for byte. The time of the line itself belongs to
// the log and is left out here.
func TestTheLine(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey && len(groups) == 0 {
			return slog.Attr{}
		}
		return a
	}}))
	metric.Count(t.Context(), metric.NewLogger(log, "identity-pools"), at, metric.Registrations)
	const want = `{"level":"INFO","msg":"metric","Table":"identity-pools","Registrations":1,"_aws":{"Timestamp":1770091506789,` +
		`"CloudWatchMetrics":[{"Namespace":"IdentityPools","Dimensions":[["Table"]],"Metrics":[{"Name":"Registrations","Unit":"Count"}]}]}}` + "\n"
	if got := out.String(); got != want {
		t.Errorf("the line is\n%swant\n%s", got, want)
	}
}

// The specification of the format demands that each reference names a member of the root, that
// dimensions are strings and that metrics are numbers.
func TestEveryMetricKeepsToTheFormat(t *testing.T) {
	t.Parallel()
	for _, name := range []metric.Name{
		metric.Registrations, metric.Activations, metric.WrongCodes, metric.WrongPasswords, metric.Limited,
		metric.MailsSent, metric.MailsDropped, metric.MailsRejected, metric.MailsDelayed, metric.MailsLate,
		metric.BudgetsHalfSpent, metric.TableThrottled,
	} {
		t.Run(string(name), func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			// The logger has a further attribute, like the logger of a request.
			log := metric.NewLogger(slog.New(slog.NewJSONHandler(&out, nil)), "t").With("request", "r")
			metric.Count(t.Context(), log, at, name)
			var root map[string]any
			if err := json.Unmarshal(out.Bytes(), &root); err != nil || strings.Count(out.String(), "\n") != 1 {
				t.Fatalf("not one JSON object on one line: %s", out.String())
			}
			var metadata struct {
				Timestamp         int64
				CloudWatchMetrics []struct {
					Namespace  string
					Dimensions [][]string
					Metrics    []struct{ Name, Unit string }
				}
			}
			strict(t, root["_aws"], &metadata)
			if metadata.Timestamp != at.UnixMilli() || len(metadata.CloudWatchMetrics) != 1 {
				t.Fatalf("metadata %+v", metadata)
			}
			d := metadata.CloudWatchMetrics[0]
			if d.Namespace != metric.Namespace || len(d.Dimensions) != 1 ||
				len(d.Dimensions[0]) != 1 || len(d.Metrics) != 1 {
				t.Fatalf("directive %+v", d)
			}
			if table := root[d.Dimensions[0][0]]; table != "t" {
				t.Errorf("the dimension's value is %v", table)
			}
			if m := d.Metrics[0]; m.Name != string(name) || m.Unit != "Count" || root[m.Name] != 1.0 {
				t.Errorf("metric %+v with the value %v", m, root[m.Name])
			}
		})
	}
}

// strict decodes a value that may have no other members than to has, since the format allows no
// others.
func strict(t *testing.T, value, to any) {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(to); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
}

// The log of make run is text for people.
func TestALogThatIsNoJSON(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	metric.Count(t.Context(), metric.NewLogger(slog.New(slog.NewTextHandler(&out, nil)), "t"), at, metric.MailsSent)
	if line := out.String(); strings.Count(line, "\n") != 1 ||
		!strings.Contains(line, "msg=metric Table=t MailsSent=1 ") {
		t.Errorf("the line is %s", line)
	}
	metric.Count(t.Context(), metric.NewLogger(slog.New(slog.DiscardHandler), "t"), at, metric.MailsSent)
}
