package main

// Outcome is how what somebody wanted ended, as far as they know. A later one only replaces a smaller one.
type Outcome int

// The outcomes.
const (
	Untried Outcome = iota
	Refused         // answered so, and no call before can have taken effect
	Unclear         // a call may have taken effect, and no answer came that says so
	Done            // answered so
)

// Person is somebody who registers, as the person remembers it.
type Person struct {
	Address     string
	Pool        string
	HasPassword bool
	Registered  Outcome
	Activated   Outcome
	RefusedCode string // the last code that they activated with, where it was refused

	number int
	source int // the number of the source address
	ticket string
	code   string // of the latest mail
	queued bool   // is ready, and was not taken out yet or never will
}

// outcomeOf is what an answer means, where right is the status of success.
func outcomeOf(a answer, right int) Outcome {
	switch {
	case a.status == right:
		return Done
	case a.unsure:
		return Unclear
	}
	return Refused
}
