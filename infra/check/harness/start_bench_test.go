package harness_test

import (
	"archive/zip"
	"bytes"
	"io"
	"maps"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"identitypools/infra/check/harness"
)

// The limits for the program of a function, in bytes. Lambda loads and unpacks the program at every
// cold start.
const (
	maxProgram = 11_300_000
	maxZipped  = 4_500_000

	// ofWebAuthn and ofWebAuthnZipped are what the function factors may have more, for the library that
	// checks passkeys.
	ofWebAuthn, ofWebAuthnZipped = 1_000_000, 500_000

	// otherwise is the limit on other processors than arm64, which is deployed, in percent of the
	// limit there: programs for amd64 are larger by as much when zipped.
	otherwise = 110
)

// TestProgramsAreSmall checks the sizes of the programs. Their times are measured by a benchmark,
// because a test would fail on a busy machine.
func TestProgramsAreSmall(t *testing.T) {
	t.Parallel()
	for name, path := range bootstraps(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			most, mostZipped := int64(maxProgram), int64(maxZipped)
			if name == "factors" {
				most, mostZipped = most+ofWebAuthn, mostZipped+ofWebAuthnZipped
			}
			if runtime.GOARCH != "arm64" {
				most, mostZipped = most*otherwise/100, mostZipped*otherwise/100
			}
			if program, zipped := sizes(t, path); program > most || zipped > mostZipped {
				t.Errorf("%d bytes, %d zipped; the limits are %d and %d", program, zipped,
					most, mostZipped)
			}
		})
	}
}

// TestProgramsHaveNoTemplateEngine checks that the linker drops html/template, which the runtime of
// pages imports. A program that uses html/template keeps every exported method of every type, since
// html/template calls methods by their names.
func TestProgramsHaveNoTemplateEngine(t *testing.T) {
	t.Parallel()
	for name, path := range bootstraps(t) {
		program, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(program, []byte("net/http.(*Request)")) {
			t.Errorf("%s does not tell the names of its functions", name)
		}
		for _, engine := range []string{"html/template.(*Template)", "text/template.(*Template)"} {
			if bytes.Contains(program, []byte(engine)) {
				t.Errorf("%s has %s", name, engine)
			}
		}
	}
}

// sizes returns the size of a program and of its zip, in bytes.
func sizes(tb testing.TB, path string) (program, zipped int64) {
	tb.Helper()
	file, err := os.Open(path)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	var size counter
	archive := zip.NewWriter(&size)
	entry, err := archive.Create("bootstrap") // deflated
	if err == nil {
		program, err = io.Copy(entry, file)
	}
	if err == nil {
		err = archive.Close()
	}
	if err != nil {
		tb.Fatal(err)
	}
	return program, int64(size)
}

// counter is a writer that counts the bytes that are written to it.
type counter int64

// Write never fails.
func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

// startEnvironment returns the environment that a function needs to start. Functions read nothing
// from the table before the first event.
func startEnvironment() map[string]string {
	secret := "base64:" + strings.Repeat("QUFB", 16)
	return map[string]string{
		"AWS_REGION": "local", "AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local",
		"TABLE_NAME":  "none",
		"CODE_SECRET": secret, "TOKEN_SECRET": secret, "PUBLIC_URL": "https://id.example.com",
		"MAIL_FROM": "no-reply@example.com", "MAIL_QUEUE_URL": "none",
	}
}

// bare has the packages of functions that do nothing, by name. bareOf returns the name of the one
// with the same AWS clients as a function.
var bare = map[string]string{
	"dynamodb": "identitypools/infra/check/harness/bare/dynamodb",
	"courier":  "identitypools/infra/check/harness/bare/courier",
}

func bareOf(function string) string {
	if function == "courier" {
		return "courier"
	}
	return "dynamodb"
}

// BenchmarkStart measures a cold start of each function, in its program and until it asks for its
// first event. The results are medians. The ratios compare it with the bare function with the same
// AWS clients, which is started alternately, so that a disturbance affects both. The targets are at
// most 1.15 for the time and 1.3 for the memory. A few hundred starts (-benchtime=300x) make the
// second digit stable.
func BenchmarkStart(b *testing.B) {
	programs := bootstraps(b)
	idle, err := harness.Build(b.Context(), root(b), b.TempDir(), bare)
	if err != nil {
		b.Fatal(err)
	}
	for _, name := range slices.Sorted(maps.Keys(programs)) {
		b.Run(name, func(b *testing.B) { benchmarkStart(b, programs[name], idle[bareOf(name)]) })
	}
}

func benchmarkStart(b *testing.B, program, bare string) {
	for _, path := range []string{program, bare} {
		startOnce(b, path) // the first start has to read the program from the disk
	}
	var own, other starts
	for turn := 0; b.Loop(); turn++ {
		if turn%2 == 0 { // so that neither is always the first
			own.add(startOnce(b, program))
			other.add(startOnce(b, bare))
		} else {
			other.add(startOnce(b, bare))
			own.add(startOnce(b, program))
		}
	}
	size, zipped := sizes(b, program)
	b.ReportMetric(0, "ns/op") // two starts and their ends: not meaningful
	b.ReportMetric(float64(size), "bytes")
	b.ReportMetric(float64(zipped), "bytes-zipped")
	b.ReportMetric(median(own.ready), "ms-to-poll")
	b.ReportMetric(median(ratios(own.ready, other.ready)), "x-time")
	b.ReportMetric(median(own.peak), "MB-peak")
	b.ReportMetric(median(ratios(own.peak, other.peak)), "x-memory")
}

// starts has the measurements of the starts of one program: milliseconds until it asks for its
// first event, and megabytes of memory.
type starts struct{ ready, peak []float64 }

func (s *starts) add(ready, peak float64) {
	s.ready, s.peak = append(s.ready, ready), append(s.peak, peak)
}

func startOnce(tb testing.TB, path string) (ready, peak float64) {
	tb.Helper()
	f, err := harness.Start(tb.Context(), path, startEnvironment())
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Stop()
	bytes, err := f.PeakRSS()
	if err != nil {
		tb.Fatal(err)
	}
	return f.Ready.Seconds() * 1e3, float64(bytes) / 1e6
}

// ratios returns the ratios of pairs of starts. The two starts of a pair are close in time, so a
// disturbance affects both.
func ratios(own, other []float64) []float64 {
	each := make([]float64, len(own))
	for i := range own {
		each[i] = own[i] / other[i]
	}
	return each
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}
