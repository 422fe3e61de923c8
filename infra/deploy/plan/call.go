package plan

import (
	"fmt"
	"slices"

	"identitypools/shared/table"
)

// Call is a call of a function to AWS with the steps for which IAM checks permissions. A
// transaction or a batch has a step for each of its items. Other calls have one step.
type Call struct {
	Function string
	Steps    []Step
}

// Step is one action of a call.
type Step struct {
	// Action is the action's name in IAM, such as "dynamodb:GetItem".
	Action string
	// Partition is the partition key of the item, or "" if the action does not concern the table.
	Partition string
	Index     bool
}

// Check returns an error if the plan does not allow a call, so that IAM would refuse it. The error
// names no keys, because keys may contain personal data.
func Check(c Call) error {
	for _, f := range Functions() {
		granted := slices.ContainsFunc(f.Grants, func(g Grant) bool { return g.allows(c) })
		if f.Name == c.Function && (granted || f.allowsMail(c)) {
			return nil
		}
	}
	var steps []string
	for _, s := range c.Steps {
		steps = append(steps, fmt.Sprintf("%s of %s", s.Action, table.KindOf(s.Partition)))
	}
	return fmt.Errorf("function %s may not do %v", c.Function, steps)
}

// allowsMail reports whether a call is one to SES or to the queue of mails that the function may make.
func (f Function) allowsMail(c Call) bool {
	if len(c.Steps) != 1 {
		return false
	}
	switch c.Steps[0].Action {
	case "ses:SendEmail", "sqs:ChangeMessageVisibility":
		return f.Mails
	case "sqs:SendMessage":
		return f.Relays
	case "ses:DeleteSuppressedDestination":
		return f.Clears
	}
	return false
}

func (g Grant) allows(c Call) bool {
	return !slices.ContainsFunc(c.Steps, func(s Step) bool {
		return !slices.Contains(g.Actions, s.Action) || g.Index != s.Index || !slices.Contains(g.Kinds, table.KindOf(s.Partition))
	})
}
