package plan

import (
	"fmt"
	"slices"

	"identitypools/shared/table"
)

// Call is a call of a function to AWS, with the steps that IAM looks at: one, but for a transaction or a batch.
type Call struct {
	Function string
	Steps    []Step
}

// Step is one action of a call.
type Step struct {
	Action    string // as IAM names it: "dynamodb:GetItem"
	Partition string // the partition key it is about; "" where it is not about the table
	Index     bool
}

// Check is an error where the plan does not allow a call, as IAM would not. It names no key, which may be personal.
func Check(c Call) error {
	for _, f := range Functions() {
		if f.Name == c.Function && (f.allowsMail(c) || slices.ContainsFunc(f.Grants, func(g Grant) bool { return g.allows(c) })) {
			return nil
		}
	}
	var steps []string
	for _, s := range c.Steps {
		steps = append(steps, fmt.Sprintf("%s of %s", s.Action, table.KindOf(s.Partition)))
	}
	return fmt.Errorf("function %s may not do %v", c.Function, steps)
}

func (f Function) allowsMail(c Call) bool {
	return f.Mails && len(c.Steps) == 1 && c.Steps[0].Action == "ses:SendEmail"
}

func (g Grant) allows(c Call) bool {
	return !slices.ContainsFunc(c.Steps, func(s Step) bool {
		return !slices.Contains(g.Actions, s.Action) || g.Index != s.Index || !slices.Contains(g.Kinds, table.KindOf(s.Partition))
	})
}
