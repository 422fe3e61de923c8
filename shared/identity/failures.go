package identity

import "time"

// Limits of guessing a password (NIST SP 800-63B-4 §3.2.2, ASVS 6.3.1): after FreeFailures wrong ones in a row each further try
// must wait, first a second, then twice as long each time, never longer than MaxFailureWait; so a stranger who guesses can keep
// an owner out for that long at most.
const (
	FreeFailures   = 5
	MaxFailureWait = 15 * time.Minute
	FailureMemory  = 24 * time.Hour   // failures in a row are forgotten after this much peace
	RepeatWindow   = 10 * time.Second // the same wrong password again within it is one client repeating one call
)

// Failures are the wrong passwords given in a row for one subject.
type Failures struct {
	Count int64
	Trace string // of the last wrong password: recognizes an immediate repeat, useless to a thief
	At    Time
}

// Wait is nil where a password may be tried now, else Limited.
func (f Failures) Wait(now time.Time) error {
	if f.Count < FreeFailures || f.forgotten(now) {
		return nil
	}
	wait := MaxFailureWait
	if doublings := f.Count - FreeFailures; doublings < 10 {
		wait = min(wait, time.Second<<doublings)
	}
	if left := f.At.Add(wait).Sub(now); left > 0 {
		return Limited{RetryAfter: left, Reason: "too many wrong passwords, try again later"}
	}
	return nil
}

// Another are the failures after one more wrong password. counts is false for an immediate repeat, which changes nothing.
func (f Failures) Another(trace string, now time.Time) (next Failures, counts bool) {
	if f.Count > 0 && f.Trace == trace && now.Before(f.At.Add(RepeatWindow).Time) {
		return f, false
	}
	if f.forgotten(now) {
		f.Count = 0
	}
	return Failures{Count: f.Count + 1, Trace: trace, At: At(now)}, true
}

func (f Failures) forgotten(now time.Time) bool { return !now.Before(f.At.Add(FailureMemory).Time) }
