package identity

import (
	"fmt"
	"strings"
	"time"
)

// NotFound says that a thing named by the caller does not exist. Thing is a word for people ("pool", "user", "schema").
type NotFound struct {
	Thing string
	ID    string
}

func (e NotFound) Error() string { return fmt.Sprintf("no %s %q", e.Thing, e.ID) }

// Conflict says that a change collides with what is stored. Pointer names the offending field of the request as a
// JSON Pointer (RFC 6901), empty where no single field is at fault; Reason is a sentence for the caller.
type Conflict struct {
	Pointer string
	Reason  string
}

func (e Conflict) Error() string { return e.Reason }

// Violation is one field that breaks a rule: Pointer is a JSON Pointer (RFC 6901) into the request body, or the name of a
// query parameter without a slash. Reason never repeats the offending value, which may be secret.
type Violation struct {
	Pointer string `json:"pointer"`
	Reason  string `json:"reason"`
	Rule    string `json:"-"` // the name of the rule, for those who say it in words of their own; "" for rules that have none
	Bound   int    `json:"-"` // that the rule sets; 0 for none
}

// Invalid says that a request was understood but breaks rules; it has at least one violation.
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

// InvalidField is an Invalid with one violation.
func InvalidField(pointer, reason string) Invalid {
	return Invalid{Violations: []Violation{{Pointer: pointer, Reason: reason}}}
}

// Violations collects what is wrong with a request, so that a caller is told everything at once.
type Violations []Violation

// Add records a violation.
func (v *Violations) Add(pointer, reason string) {
	*v = append(*v, Violation{Pointer: pointer, Reason: reason})
}

// Under records the violations that err carries, each below prefix; any other error is returned.
func (v *Violations) Under(prefix string, err error) error {
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

// Err is an Invalid with everything recorded, or nil.
func (v Violations) Err() error {
	if len(v) == 0 {
		return nil
	}
	return Invalid{Violations: v}
}

// Refused says that a rule forbids the call as it stands. Code is the stable error code of the answer, in snake case.
type Refused struct {
	Code   string
	Reason string
}

func (e Refused) Error() string { return e.Reason }

// ErrRegistrationDisabled answers a registration in a pool that does not allow it.
var ErrRegistrationDisabled = Refused{Code: "registration_disabled", Reason: "this pool does not allow self-registration"}

// InvalidCode is the one answer to every wrong, spent, unknown or exhausted code, so that none can be told from another.
type InvalidCode struct{}

func (InvalidCode) Error() string { return "the code is not valid" }

// ExpiredCode tells the holder of the right code, and nobody else, that it came too late.
type ExpiredCode struct{}

func (ExpiredCode) Error() string { return "the code has expired, ask for a new one" }

// WrongPassword is the one answer to a password that does not authenticate, whatever the reason.
type WrongPassword struct{}

func (WrongPassword) Error() string { return "the identifier or the password is wrong" }

// PreconditionFailed says that If-Match names a version that is not the stored one.
type PreconditionFailed struct{}

func (PreconditionFailed) Error() string { return "the resource has changed since it was read" }

// Limited says that the caller did something too often and may try again after a while.
type Limited struct {
	RetryAfter time.Duration
	Reason     string
}

func (e Limited) Error() string { return e.Reason }

// Unavailable says that a part behind the function (table, mail) could not do its work now; Cause is for the log.
type Unavailable struct {
	RetryAfter time.Duration
	Cause      error
}

func (e Unavailable) Error() string { return fmt.Sprintf("temporarily unavailable: %v", e.Cause) }

func (e Unavailable) Unwrap() error { return e.Cause }
