package parttest

import (
	"testing"
	"time"
)

const (
	untilWithin = 20 * time.Second
	untilEvery  = 20 * time.Millisecond
)

// Until waits until a condition holds which the test itself does not cause. It fails the
// test after 20 seconds, with a message that contains what, the description of the condition.
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
