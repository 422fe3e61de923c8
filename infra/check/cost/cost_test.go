package cost_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"identitypools/functions"
	"identitypools/infra/check/cost"
	"identitypools/infra/check/golden"
	"identitypools/infra/deploy/plan"
	"identitypools/shared/api"
)

// TestTheDocumentSaysWhatCallsCost measures all routes and compares the document with the computed
// costs.
func TestTheDocumentSaysWhatCallsCost(t *testing.T) {
	t.Parallel()
	golden.Same(t, "../../../docs/cost.md", cost.Document(measure(t), prices(t), usage(t)))
}

// A call whose name differs from the name of its route, function or setting would cost nothing.
func TestNothingIsFreeByMistake(t *testing.T) {
	t.Parallel()
	routes := functions.Routes()
	for _, habit := range usage(t).Month {
		if !slices.ContainsFunc(routes, func(r api.Route) bool {
			return r.Name == habit.Operation
		}) {
			t.Errorf("there is no operation %s, which users are said to cause", habit.Operation)
		}
	}
	for _, r := range append(routes, api.Route{Function: "courier"}, api.Route{Function: "keeper"}) {
		if !slices.ContainsFunc(plan.Functions(), func(f plan.Function) bool {
			return f.Name == r.Function && f.MemoryMB > 0
		}) {
			t.Errorf("infra/deploy/plan gives %s no memory", r.Function)
		}
	}
}

// The expected sums were computed by hand. A million of everything costs 1 USD, or one of what is
// counted in small numbers, and a second of a GB costs 1 USD.
func TestTheSums(t *testing.T) {
	t.Parallel()
	many, one := cost.Price{USD: 1, Per: 1000000}, cost.Price{USD: 1, Per: 1}
	p := cost.Prices{
		WriteUnits: many, ReadUnits: many, LambdaRequests: many, LambdaTime: many, APIRequests: many,
		Mails: many, SecretCalls: many, QueueRequests: many,
		Logs: cost.Price{USD: 1 << 30, Per: 1000000}, TableStorage: one, TableBackup: one,
		Metrics: one, Alarms: one, Dashboards: one, Secrets: one,
	}
	is := func(n float64) cost.Assumption { return cost.Assumption{Is: n} }
	u := cost.Usage{
		RoundTrip: is(1000), Mail: is(10000), Work: is(256), Hash: is(744), ColdShare: is(0.5),
		Cold: is(2000), AccessLog: is(2), FunctionLog: is(3),
		StoredUsers: is(2), Secrets: is(2), Alarms: is(11), Dashboards: is(4), Metrics: is(8),
		Ticks: is(1000000), QueueRequests: is(3), IdlePolls: is(2000000),
		ActiveUsers: []int{1000000}, Month: []cost.Habit{{Operation: "op", Calls: 2}},
	}
	tick := cost.Call{Name: "tick", Function: "keeper", RoundTrips: 1, Read: 0.5}
	m := cost.Measured{UserBytes: 1 << 20, Tick: tick, Routes: []cost.Route{{
		// 1.7275 GB, 4 s and 1 s
		Call: cost.Call{
			Name: "op", Function: "passwords", RoundTrips: 3, Write: 5,
			Read: 0.5, Hashes: 1,
		},
		After: []cost.Call{{
			Name: "mail", Function: "courier", RoundTrips: 1, Write: 2,
			Mails: 1, LogBytes: 4,
		}},
	}}}
	got := cost.Document(m, p, u)
	for _, want := range []string{
		// Lambda: 1 + 1.7275·5 + 0.5 for a secret; logs: 2 + 3; courier: 2 for the table, 1 + 1·(1 + 10 + 0.443 + 1) for
		// Lambda, 7 for logs, 1 for SES, 0.5 for secrets; queue: 3 requests, 1 + 1·(1 + 0.443 + 1) and 3 for
		// logs of the relay
		"| op | 3 | 5 | 0.5 | 1 | 5.50 | 10.14 | 1.00 | 5.00 | 33.39 | 55.02 |\n",
		"| mail | 1 | 2 | 0 | 1 | 2.00 | 13.94 | 7.00 | 1.00 | 9.44 | 33.39 |\n",
		// 0.5 for the table, 1 + 1·(1 + 0.443 + 1) for Lambda, 3 for logs
		"| tick | 1 | 0 | 0.5 | 0 | 0.50 | 3.44 | 3.00 | 0.00 | 0.00 | 6.94 |\n",
		// Twice the calls above the tick, the tick once, 2 for polls, 2 TB at 2 USD a GB, 2 secrets, 1 alarm,
		// 1 dashboard, 8 metrics.
		"| 1,000,000 | 2,000,000 | 15.50 | 49.60 | 2.00 | 27.00 | 2.00 | 20.89 | 3906.25 | 14.00 | 4037.24 | 4.04 |\n",
		"- The queue of mails, 2,000,000 polls that find it empty: 2.00.",
		"- 2 secrets: 2.00. With a proxy in front of the API one more: 1.00.\n- Alarms (11) and dashboards (4): 2.00.",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the document lacks\n%s\nin\n%s", want, got)
		}
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, file, old, with string }{
		{"a price without a source", "prices.json", "Amazon SES pricing, outbound email", ""},
		{"a price of nothing", "prices.json", `"usd": 0.10, "per": 1000`, `"usd": 0, "per": 1000`},
		{"a price of another name", "prices.json", `"mails"`, `"letters"`},
		{"an assumption without a reason", "usage.json", "a call of the courier to SES", ""},
		{"an assumption of another name", "usage.json", `"mail_ms"`, `"mail_s"`},
		{"an assumption below zero", "usage.json", `"is": 4,`, `"is": -4,`},
		{"no users", "usage.json", "[10000, 100000, 1000000]", "[]"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			text := strings.Replace(string(read(t, test.file)), test.old, test.with, 1)
			_, err := cost.ParsePrices([]byte(text))
			if test.file == "usage.json" {
				_, err = cost.ParseUsage([]byte(text))
			}
			if err == nil || text == string(read(t, test.file)) {
				t.Errorf("it is taken: %v", err)
			}
		})
	}
}

func prices(tb testing.TB) cost.Prices {
	tb.Helper()
	p, err := cost.ParsePrices(read(tb, "prices.json"))
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

func usage(tb testing.TB) cost.Usage {
	tb.Helper()
	u, err := cost.ParseUsage(read(tb, "usage.json"))
	if err != nil {
		tb.Fatal(err)
	}
	return u
}

func read(tb testing.TB, file string) []byte {
	tb.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		tb.Fatal(err)
	}
	return text
}
