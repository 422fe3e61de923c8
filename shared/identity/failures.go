package identity

import "time"

// Limits of guessing a password (NIST SP 800-63B-4 §3.2.2, ASVS 6.3.1): after FreeFailures wrong
// ones in a row each further try must wait, first a second, then twice as long each time, never
// longer than MaxFailureWait; so a stranger who guesses once can keep an owner out for that long at
// most.
const (
	FreeFailures   = 5
	MaxFailureWait = 15 * time.Minute
	FailureMemory  = 24 * time.Hour   // failures in a row are forgotten after this much peace
	RepeatWindow   = 10 * time.Second // the same wrong password again within it is one client repeating one call
	OpenLease      = 3 * time.Second  // an attempt that has not ended within it no longer counts as a wrong password
)

// FailuresRef names the Failures of a subject, which is a user or an identifier that nobody has, or
// those of one of its devices where Device is not empty.
type FailuresRef struct{ Tenant, Pool, Subject, Device string }

// Failures are the wrong passwords that were given in a row, and the attempts that are under way.
// An attempt is stored before its password is compared, and counts as a wrong one until it ends, so
// that attempts made at once are no more than those made one by one.
type Failures struct {
	Count     int64
	Trace     string // of the last wrong password: recognizes an immediate repeat, useless to a thief
	At        Time   // of the last wrong password
	Open      int64  // attempts under way
	OpenUntil Time   // when those under way no longer count
	Mark      string // of the last change: each has its own
}

// Start are the failures with one more attempt under way. Fewer than FreeFailures may be wrong or
// under way; from then on an attempt is alone, and waits for its time. Errors: Limited, with the
// time after which an attempt may start.
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
			return f, Limited{RetryAfter: left, Reason: "too many wrong passwords, try again later"}
		}
	}
	f.Open++
	f.OpenUntil = At(now).Add(OpenLease)
	return f, nil
}

// Crowded says that Start refuses an attempt only because of others that are under way, which may turn out to be right.
func (f Failures) Crowded(now time.Time) bool {
	f = f.current(now)
	return f.Count < FreeFailures && f.Count+f.Open >= FreeFailures
}

// Wrong are the failures after an attempt has ended with a wrong password. An immediate repeat of
// the last one is not counted.
func (f Failures) Wrong(trace string, now time.Time) Failures {
	f = f.current(now)
	f.Open = max(0, f.Open-1)
	if f.Count > 0 && f.Trace == trace && now.Before(f.At.Add(RepeatWindow).Time) {
		return f
	}
	f.Count, f.Trace, f.At = f.Count+1, trace, At(now)
	return f
}

// Right says whether there is anything to forget when an attempt, with which the failures became f,
// ends with the right password. Where it was the first there is nothing: it ends by itself after
// OpenLease.
func (f Failures) Right() (forget bool) { return f.Count > 0 || f.Open > 1 }

// current are the failures without what no longer counts.
func (f Failures) current(now time.Time) Failures {
	if !now.Before(f.At.Add(FailureMemory).Time) {
		f.Count, f.Trace = 0, ""
	}
	if !now.Before(f.OpenUntil.Time) {
		f.Open = 0
	}
	return f
}

// waitAfter is how long an attempt waits after count wrong passwords, of which there are FreeFailures at least.
func waitAfter(count int64) time.Duration {
	if doublings := count - FreeFailures; doublings < 10 {
		return min(MaxFailureWait, time.Second<<doublings)
	}
	return MaxFailureWait
}
