// The function factors as Lambda runs it.
package main

import (
	"identitypools/functions/factors"
	"identitypools/shared/start"
)

func main() { start.HTTP(factors.New) }
