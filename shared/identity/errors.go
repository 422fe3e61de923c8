package identity

import (
	"fmt"
	"strings"
	"time"
)

// NotFound is the error for something that the caller names and that does not exist. Thing is a
// word for people ("pool", "user", "schema").
type NotFound struct {
	Thing string
	ID    string
}

func (e NotFound) Error() string { return fmt.Sprintf("no %s %q", e.Thing, e.ID) }

// Conflict is the error for a change that collides with what is stored. Pointer names the field of
// the request that is at fault as a JSON Pointer (RFC 6901), or is empty if no single field is.
// Reason is a sentence for the caller.
type Conflict struct {
	Pointer string
	Reason  string
}

func (e Conflict) Error() string { return e.Reason }

// Violation describes a field that breaks a rule. Pointer is a JSON Pointer (RFC 6901) into the
// body of the request, or the name of a query parameter, which has no slash.
type Violation struct {
	Pointer string `json:"pointer"`
	Rule
}

// Invalid is the error for a request that breaks rules. It has at least one violation.
type Invalid struct {
	Violations []Violation
}

func (e Invalid) Error() string {
	parts := make([]string, len(e.Violations))
	for i, v := range e.Violations {
		parts[i] = v.Pointer + ": " + v.Reason
	}
	return strings.Join(parts, "; ")
}

// InvalidField returns an Invalid with one violation.
func InvalidField(pointer string, rule Rule) Invalid {
	return Invalid{Violations: []Violation{{pointer, rule}}}
}

// Violations collects the violations of a request, so that the caller is told all of them at once.
type Violations []Violation

// Add records a violation. It is called in so many places that inlining it would make each program
// some kilobytes larger.
//
//go:noinline
func (v *Violations) Add(pointer string, rule Rule) {
	*v = append(*v, Violation{pointer, rule})
}

// AddUnder records the violations of an Invalid, with prefix before each of their pointers. It
// returns any other error.
func (v *Violations) AddUnder(prefix string, err error) error {
	if err == nil {
		return nil
	}
	invalid, ok := err.(Invalid)
	if !ok {
		return err
	}
	for _, violation := range invalid.Violations {
		violation.Pointer = prefix + violation.Pointer
		*v = append(*v, violation)
	}
	return nil
}

// Err returns an Invalid with everything that was recorded, or nil if nothing was.
func (v Violations) Err() error {
	if len(v) == 0 {
		return nil
	}
	return Invalid{Violations: v}
}

// Refused is the error for a call that a rule forbids at present. Code is the stable error code of
// the answer, in snake case.
type Refused struct {
	Code   string
	Reason string
}

func (e Refused) Error() string { return e.Reason }

// ErrRegistrationDisabled is the error for a registration in a pool that does not allow
// self-registration.
var ErrRegistrationDisabled = Refused{Code: "registration_disabled", Reason: "this pool does not allow self-registration"}

// InvalidCode is the error for every code that is wrong, used, unknown or out of guesses. There is
// only one error for all of them, so that nobody can tell these cases apart.
type InvalidCode struct{}

func (InvalidCode) Error() string { return "the code is not valid" }

// ExpiredCode is the error for the right code that is presented too late. Only somebody who
// presents the right code gets it.
type ExpiredCode struct{}

func (ExpiredCode) Error() string { return "the code has expired, ask for a new one" }

// WrongPassword is the error for a password that does not authenticate, whatever the reason.
type WrongPassword struct{}

func (WrongPassword) Error() string { return "the identifier or the password is wrong" }

// WrongProof is the error for a reset of a credential whose user or whose code is wrong, whatever the
// reason: there is no such user, or the code is wrong, used, unknown, expired or for another purpose.
type WrongProof struct{}

func (WrongProof) Error() string { return "the user or the code is wrong" }

// ErrResetForbidden is the error for somebody who wants to reset their own password in a pool that
// leaves this to administrators.
var ErrResetForbidden = Refused{Code: "reset_disabled", Reason: "this pool does not allow users to reset their credentials"}

// PreconditionFailed is the error for a change whose If-Match names a version that is not the
// stored one.
type PreconditionFailed struct{}

func (PreconditionFailed) Error() string { return "the resource has changed since it was read" }

// Limited is the error for something that was done too often. The caller may try again after
// RetryAfter.
type Limited struct {
	RetryAfter time.Duration
	Reason     string
}

func (e Limited) Error() string { return e.Reason }

// Unavailable is the error for a call that failed because a service behind the function, such as
// the table, could not do its work. Cause is for the log. Throttled reports whether the service
// refused the call because it gets too many.
type Unavailable struct {
	RetryAfter time.Duration
	Cause      error
	Throttled  bool
}

func (e Unavailable) Error() string { return fmt.Sprintf("temporarily unavailable: %v", e.Cause) }

func (e Unavailable) Unwrap() error { return e.Cause }
