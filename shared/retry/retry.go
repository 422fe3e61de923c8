// Package retry tries again what lost against a simultaneous change. It is the one place that says
// how often, how fast and for how long.
//
// The writes of the table (shared/table) have conditions, such as that a user is still the one that
// was read. If such a condition does not hold although the caller has named no version, the loser
// has only come at a bad moment: it reads again and tries again.
package retry

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"identitypools/shared/identity"
)

// Bounds of the tries. Each failed try means that somebody else has succeeded, so tries that are
// made at once come to an end. The pauses are random between zero and a maximum that doubles ("full
// jitter", AWS Architecture Blog, "Exponential Backoff And Jitter").
const (
	firstPause   = 10 * time.Millisecond // the maximum of the first pause
	longestPause = 250 * time.Millisecond
	mostTries    = 100
	patience     = 12 * time.Second // how long tries go on if the context has no deadline
	reserve      = 5 * time.Second  // is left before the deadline for the try under way and the answer
	retryAfter   = time.Second      // when the caller should try again if all tries have failed
)

// Policy says how changes are tried again.
type Policy struct {
	// Jitter returns a random duration that is not negative and less than n.
	Jitter func(n time.Duration) time.Duration
}

// Random returns the Policy of real processes.
func Random() Policy { return Policy{Jitter: rand.N[time.Duration]} }

// Do calls try until its result is not identity.PreconditionFailed, which says that a simultaneous
// change has come first: see DoWhile.
func (p Policy) Do(ctx context.Context, try func() error) error {
	return p.DoWhile(ctx, isPreconditionFailed, try)
}

// isPreconditionFailed reports whether err is or wraps identity.PreconditionFailed.
func isPreconditionFailed(err error) bool { return errors.As(err, new(identity.PreconditionFailed)) }

// DoWhile calls try as long as isLost reports that its result says that a simultaneous change has
// come first, and returns the last result. Before each further call it pauses. Try must read anew
// what its change depends on. The error is identity.Unavailable, which does not wrap the cause, if
// the deadline of ctx is near or the number of tries is exhausted.
func (p Policy) DoWhile(ctx context.Context, isLost func(error) bool, try func() error) error {
	err := try()
	if !isLost(err) {
		return err
	}
	// Deadlines are in the time of contexts, which no clock of the product moves.
	end, ok := ctx.Deadline()
	if !ok {
		end = time.Now().Add(patience + reserve)
	}
	for tries, most := 1, firstPause; tries < mostTries; tries++ {
		pause := p.Jitter(most)
		if time.Until(end) < pause+reserve {
			break
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
		if err = try(); !isLost(err) {
			return err
		}
		most = min(2*most, longestPause)
	}
	// It wraps nothing, since the caller has given no precondition that could have failed.
	return identity.Unavailable{RetryAfter: retryAfter, Cause: errors.New("too many simultaneous changes")}
}

// Change calls change, which reads a version, checks it with m, and writes under the condition that
// the version is still the stored one. It tries again as Do does, unless m names versions: those
// are no longer stored, and the caller must learn it from identity.PreconditionFailed.
func (p Policy) Change(ctx context.Context, m identity.Match, change func() error) error {
	if m.NamesVersions() {
		return change()
	}
	return p.Do(ctx, change)
}
