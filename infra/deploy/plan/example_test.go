package plan_test

import (
	"fmt"

	"identitypools/infra/deploy/plan"
)

func ExampleCheck() {
	read := plan.Call{Function: "tokens", Steps: []plan.Step{{
		Action: "dynamodb:GetItem", Partition: "CLIENT#default#admin-client",
	}}}
	fmt.Println(plan.Check(read))

	remove := plan.Call{Function: "tokens", Steps: []plan.Step{{
		Action: "dynamodb:DeleteItem", Partition: "CLIENT#default#admin-client",
	}}}
	fmt.Println(plan.Check(remove))
	// Output:
	// <nil>
	// function tokens may not do [dynamodb:DeleteItem of CLIENT]
}
