package identity

import "time"

// Limits of guessing a password (NIST SP 800-63B-4 §3.2.2, ASVS 6.3.1). After FreeFailures wrong
// passwords in a row, each further attempt must wait: first a second, then twice as long each time,
// but never longer than MaxFailureWait. So a stranger who guesses once can lock the owner out for
// at most that long.
const (
	FreeFailures   = 5
	MaxFailureWait = 15 * time.Minute
	FailureMemory  = 24 * time.Hour   // failures are forgotten after this time without a new one
	RepeatWindow   = 10 * time.Second // the same wrong password within this time is not counted
	OpenLease      = 3 * time.Second  // after this time an attempt that has not ended no longer counts
)

// FailuresRef names the Failures of a subject, or those of one of the subject's devices if Device
// is not empty. The subject is a user, or an identifier that no user has.
type FailuresRef struct{ Tenant, Pool, Subject, Device string }

// Failures counts the wrong passwords that were given in a row, and the attempts that are under
// way. An attempt is stored before its password is compared, and counts as a wrong one until it
// ends. So simultaneous attempts are limited in the same way as successive ones.
type Failures struct {
	Count     int64
	Trace     string // recognizes a repeat of the last wrong password, but does not reveal it
	At        Time   // when the last wrong password was given
	Open      int64  // the number of attempts under way
	OpenUntil Time   // when the attempts under way no longer count
	Mark      string // identifies the last change
}

// Start returns the failures with one more attempt under way. As long as fewer than FreeFailures
// attempts are wrong or under way, an attempt may start at once. After that, only one attempt may
// be under way, and it must wait. The error is Limited, with the time after which an attempt may
// start.
func (f Failures) Start(now time.Time) (Failures, error) {
	f = f.current(now)
	if f.Count+f.Open >= FreeFailures {
		var left time.Duration
		if f.Count >= FreeFailures {
			left = f.At.Add(waitAfter(f.Count)).Sub(now)
		}
		if f.Open > 0 {
			left = max(left, f.OpenUntil.Sub(now))
		}
		if left > 0 {
			return f, Limited{RetryAfter: left, Reason: "too many wrong passwords"}
		}
	}
	f.Open++
	f.OpenUntil = At(now).Add(OpenLease)
	return f, nil
}

// IsCrowded reports whether Start refuses an attempt only because of other attempts that are under
// way, which may turn out to be right.
func (f Failures) IsCrowded(now time.Time) bool {
	f = f.current(now)
	return f.Count < FreeFailures && f.Count+f.Open >= FreeFailures
}

// EndWrong returns the failures after an attempt has ended with a wrong password. It does not count
// an immediate repeat of the last wrong password.
func (f Failures) EndWrong(trace string, now time.Time) Failures {
	f = f.current(now)
	f.Open = max(0, f.Open-1)
	if f.Count > 0 && f.Trace == trace && now.Before(f.At.Add(RepeatWindow).Time) {
		return f
	}
	f.Count, f.Trace, f.At = f.Count+1, trace, At(now)
	return f
}

// NeedsReset reports whether there is anything to reset when an attempt ends with the right password,
// where f includes that attempt. If the attempt is the only one and nothing failed before it, there
// is nothing to reset, because the attempt stops counting after OpenLease.
func (f Failures) NeedsReset() bool { return f.Count > 0 || f.Open > 1 }

// current returns the failures without those that no longer count.
func (f Failures) current(now time.Time) Failures {
	if !now.Before(f.At.Add(FailureMemory).Time) {
		f.Count, f.Trace = 0, ""
	}
	if !now.Before(f.OpenUntil.Time) {
		f.Open = 0
	}
	return f
}

// waitAfter returns how long an attempt must wait after count wrong passwords. Count is at least
// FreeFailures.
func waitAfter(count int64) time.Duration {
	if doublings := count - FreeFailures; doublings < 10 {
		return min(MaxFailureWait, time.Second<<doublings)
	}
	return MaxFailureWait
}
