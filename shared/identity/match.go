package identity

import (
	"errors"
	"slices"
	"time"
)

// Match is the precondition of a call (RFC 9110 §13.1.1): the zero value asks for nothing.
type Match struct {
	Given    bool
	Any      bool // "*": whatever exists
	Versions []int64
}

// Check is PreconditionFailed where the stored version is not one that was asked for.
func (m Match) Check(version int64) error {
	if m.Given && !m.Any && !slices.Contains(m.Versions, version) {
		return PreconditionFailed{}
	}
	return nil
}

// changeTries bounds how often a change is made anew after somebody else's came between reading and writing.
const (
	changeTries   = 4
	conflictRetry = time.Second
)

// Change runs change, which reads, checks m, and writes on the version that it read. Where another change came between and
// the caller named no version, it runs again.
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
