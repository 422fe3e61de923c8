package cost_test

import (
	"fmt"

	"identitypools/infra/check/cost"
)

func ExamplePrice_Cost() {
	writes := cost.Price{USD: 1.25, Per: 1_000_000, Unit: "write units"}
	fmt.Printf("%.3f USD\n", writes.Cost(5000))
	// Output: 0.006 USD
}
