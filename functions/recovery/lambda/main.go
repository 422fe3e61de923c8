// The function recovery as Lambda runs it.
package main

import (
	"identitypools/functions/recovery"
	"identitypools/shared/start"
)

func main() { start.HTTP(recovery.New) }
