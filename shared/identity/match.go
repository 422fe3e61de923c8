package identity

import (
	"errors"
	"slices"
	"time"
)

// Match is the precondition of a request, from its headers If-Match and If-None-Match (RFC 9110
// §13.1.1, §13.1.2). The zero value requires nothing.
type Match struct {
	Given       bool    // whether the request has a precondition
	Any         bool    // whether every version satisfies If-Match, which is "*" or absent
	Versions    []int64 // the versions that satisfy If-Match
	NotAny      bool    // whether no version satisfies If-None-Match, which is "*"
	NotVersions []int64 // the versions that do not satisfy If-None-Match
}

// Check returns PreconditionFailed if version, the stored one, does not satisfy m.
func (m Match) Check(version int64) error {
	if m.Given && !m.Any && !slices.Contains(m.Versions, version) {
		return PreconditionFailed{}
	}
	if m.NotAny || slices.Contains(m.NotVersions, version) {
		return PreconditionFailed{}
	}
	return nil
}

// Limits of Match.Change: how often it tries, and after what time the caller should retry when all
// tries have failed.
const (
	changeTries   = 4
	conflictRetry = time.Second
)

// Change calls change, which reads a version, checks it with m, and writes under the condition that
// the version is still the stored one. If change fails because of a simultaneous change and the
// request has no precondition, Change calls it again. The error is Unavailable if that happens too
// often.
func (m Match) Change(change func() error) error {
	var err error
	for range changeTries {
		err = change()
		if m.Given || !errors.As(err, new(PreconditionFailed)) {
			return err
		}
	}
	return Unavailable{RetryAfter: conflictRetry, Cause: err}
}
