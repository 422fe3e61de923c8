package main_test

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	load "identitypools/infra/check/load"
)

type result struct {
	status    int
	out, errs string
}

func run(t *testing.T, args ...string) result {
	t.Helper()
	var out, errs bytes.Buffer
	status := load.Run(t.Context(), args, &out, &errs)
	return result{status, out.String(), errs.String()}
}

// The test does all that make load does, for a short time. It changes the environment, so it does
// not run in parallel.
func TestNothingIsLostWhenTheEngineIsKilled(t *testing.T) {
	t.Setenv("AWS_ENDPOINT_URL_DYNAMODB", "") // only an engine that the test starts can be killed
	got := run(t, "-duration", "3s", "-rate", "6")
	if got.status != 0 || got.errs != "" {
		t.Errorf("it ends with %d and %s", got.status, got.errs)
	}
	sums := regexp.MustCompile(`accepted (\d+), stored (\d+), mailed (\d+); activated (\d+), active (\d+)\n`).FindStringSubmatch(got.out)
	if sums == nil || sums[1] == "0" || sums[2] != sums[1] || sums[3] != sums[1] || sums[5] != sums[4] {
		t.Errorf("it sums up %q", sums)
	}
	for _, want := range []string{
		"the engine is killed\n", `register +public\.register +\d+ +\d+ +[0-9.]+m?s +[0-9.]+m?s `,
		`list users +admin\.listUsers +\d+ `,
		`18 came, 18 answered as expected, 0 otherwise, 0 wait; `, `503 ×\d`,
		"0 messages were left in the outbox ",
	} {
		if !regexp.MustCompile(want).MatchString(got.out) {
			t.Errorf("it does not report %s", want)
		}
	}
	if t.Failed() {
		t.Log(got.out)
	}
}

// A burst of mails is sent faster than one at a time.
func TestABurstOfMails(t *testing.T) {
	t.Parallel()
	got := run(t, "-burst", "60")
	report := regexp.MustCompile(`^one message at a time: 2 mails, [0-9.]+ a second\nas in AWS: 60 mails, [0-9.]+ a second, which is ([0-9.]+) times as many\n$`)
	if got.status != 0 || got.errs != "" || !report.MatchString(got.out) {
		t.Errorf("it ends with %d, %q and %s", got.status, got.out, got.errs)
	}
}

func TestArgumentsThatCannotBeUnderstood(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ args, want string }{
		{"fast", `"fast" is no flag`},
		{"-rate 0", "-rate must be above 0 and at most 1000"},
		{"-rate NaN", "-rate must be above 0 and at most 1000"},
		{"-rate 1001", "-rate must be above 0 and at most 1000"},
		{"-duration 31m", "-duration must be from 1s to 30m"},
		{"-duration 10ms", "-duration must be from 1s to 30m"},
		{"-rate 0.9 -duration 1s", "nobody would come"},
		{"-burst -1", "-burst must be from 1 to 100000"},
		{"-slow", "flag provided but not defined: -slow"},
	} {
		t.Run(test.args, func(t *testing.T) {
			t.Parallel()
			got := run(t, strings.Fields(test.args)...)
			if got.status != 2 || got.out != "" || !strings.Contains(got.errs, test.want) ||
				!strings.Contains(got.errs, "-duration D") {
				t.Errorf("it ends with %d, %q and %q", got.status, got.out, got.errs)
			}
		})
	}
}

func TestHelp(t *testing.T) {
	t.Parallel()
	if got := run(t, "-h"); got.status != 0 || got.errs != "" || !strings.Contains(got.out, "-rate R") {
		t.Errorf("it ends with %d, %q and %q", got.status, got.out, got.errs)
	}
}
