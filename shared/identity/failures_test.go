package identity_test

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"identitypools/shared/identity"
)

// failOnce returns f after one more attempt with a wrong password, which must be allowed to start.
func failOnce(tb testing.TB, f identity.Failures, trace string, now time.Time) identity.Failures {
	tb.Helper()
	f, err := f.Start(now)
	if err != nil {
		tb.Fatalf("after %d failures: %v", f.Count, err)
	}
	return f.EndWrong(trace, now)
}

// mustWait checks that no attempt may start before the time want is over.
func mustWait(tb testing.TB, f identity.Failures, now time.Time, want time.Duration) {
	tb.Helper()
	var limited identity.Limited
	if _, err := f.Start(now); !errors.As(err, &limited) || limited.RetryAfter != want {
		tb.Errorf("after %d failures: %v, want to wait %s", f.Count, err, want)
	}
	if _, err := f.Start(now.Add(want)); err != nil {
		tb.Errorf("after %d failures and %s: %v", f.Count, want, err)
	}
}

func TestFailuresSlowDown(t *testing.T) {
	t.Parallel()
	now, f := start(), identity.Failures{}
	for i := range identity.FreeFailures {
		f = failOnce(t, f, string(rune('a'+i)), now)
	}
	for _, want := range []time.Duration{1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900} {
		mustWait(t, f, now, want*time.Second)
		now = now.Add(want * time.Second)
		f = failOnce(t, f, now.String(), now)
	}
	f.Count = 90
	mustWait(t, f, now, identity.MaxFailureWait)
	if next := f.EndWrong(f.Trace, now.Add(time.Second)); next != f {
		t.Error("an immediate repeat counts")
	}
	if next := f.EndWrong(f.Trace, now.Add(11*time.Second)); next.Count != 91 {
		t.Error("a repeat after a while does not count")
	}
	if next := failOnce(t, f, "x", now.Add(25*time.Hour)); next.Count != 1 {
		t.Errorf("after a day without failures %d failures are in a row", next.Count)
	}
}

// An attempt under way counts as a wrong one until it ends, or until its lease ends.
func TestAttemptsUnderWayCount(t *testing.T) {
	t.Parallel()
	now, f := start(), identity.Failures{}
	var err error
	for range identity.FreeFailures {
		if f, err = f.Start(now); err != nil {
			t.Fatal(err)
		}
	}
	mustWait(t, f, now, identity.OpenLease)
	if !f.IsCrowded(now) || f.IsCrowded(now.Add(identity.OpenLease)) {
		t.Error("five attempts under way are in the way for as long as their lease")
	}
	if !f.NeedsReset() {
		t.Error("a right password among others forgets nothing")
	}
	for i := range identity.FreeFailures {
		f = f.EndWrong(string(rune('a'+i)), now)
	}
	if f.IsCrowded(now) {
		t.Error("the failures are in the way, not the attempts")
	}
	mustWait(t, f, now, time.Second)
	now = now.Add(time.Second)
	if f, err = f.Start(now); err != nil {
		t.Fatal(err)
	}
	mustWait(t, f, now, identity.OpenLease) // after five failures, only one attempt at a time may be under way
	mustWait(t, f.EndWrong("x", now), now, 2*time.Second)
	if first, err := (identity.Failures{}).Start(now); err != nil || first.NeedsReset() {
		t.Errorf("a first attempt that is right has something to forget: %+v, %v", first, err)
	}
}

// In any order of starts and ends, the number of attempts that are wrong or under way never exceeds
// the free ones and those that have waited.
func TestAttemptsAtOnceAreNoMoreThanOneByOne(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f, now, open, compared, waits := identity.Failures{}, start(), int64(0), int64(0), int64(0)
		for i := range rapid.IntRange(1, 60).Draw(t, "steps") {
			switch rapid.IntRange(0, 3).Draw(t, "step") {
			case 0, 1:
				if next, err := f.Start(now); err == nil {
					if compared >= identity.FreeFailures {
						waits++
					}
					f, open, compared = next, open+1, compared+1
				}
			case 2:
				if open > 0 {
					f, open = f.EndWrong(string(rune('a'+i)), now), open-1
				}
			case 3:
				if open == 0 { // otherwise a lease could end before its attempt
					now = now.Add(rapid.SampledFrom([]time.Duration{
						time.Millisecond, time.Second, time.Minute,
					}).Draw(t, "pause"))
				}
			}
			if f.Count+f.Open != compared || compared > identity.FreeFailures+waits || waits > 0 && f.Open > 1 {
				t.Fatalf("%d were compared, of which %d had waited: %+v", compared, waits, f)
			}
		}
	})
}
