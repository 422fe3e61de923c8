package parttest

import (
	"testing"
	"time"
)

const (
	untilWithin = 20 * time.Second
	untilEvery  = 20 * time.Millisecond
)

// Until waits until something holds that happens behind a test's back; what says what, where it does not within 20 seconds.
func Until(tb testing.TB, what string, holds func() bool) {
	tb.Helper()
	deadline := time.NewTimer(untilWithin)
	defer deadline.Stop()
	poll := time.NewTicker(untilEvery)
	defer poll.Stop()
	for !holds() {
		select {
		case <-poll.C:
		case <-deadline.C:
			tb.Fatalf("not within %s: %s", untilWithin, what)
		}
	}
}
