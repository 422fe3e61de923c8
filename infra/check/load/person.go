package main

// Outcome is the outcome of a request as the caller knows it. A later outcome only replaces a
// smaller one.
type Outcome int

// The outcomes.
const (
	Untried Outcome = iota
	// Refused is an answer that refused the request. No earlier attempt can have taken effect.
	Refused
	// Unclear means that an attempt may have taken effect, but no answer said so.
	Unclear
	// Done is an answer of success.
	Done
)

// Person is a person who registers, with what the person remembers.
type Person struct {
	Address     string
	Pool        string
	HasPassword bool
	Registered  Outcome
	Activated   Outcome
	// RefusedCode is the code of the last activation, if it was refused.
	RefusedCode string

	number int
	source int // number of the source address
	ticket string
	code   string // code of the latest mail
	// queued is whether the person was already added to those who activate, or to the targets.
	queued bool
}

// outcomeOf returns the outcome for an answer, where right is the status of success.
func outcomeOf(a answer, right int) Outcome {
	switch {
	case a.status == right:
		return Done
	case a.unclear:
		return Unclear
	}
	return Refused
}
