// The function pools as Lambda runs it.
package main

import (
	"identitypools/functions/pools"
	"identitypools/shared/start"
)

func main() { start.HTTP(pools.New) }
