// The function schemas as Lambda runs it.
package main

import (
	"identitypools/functions/schemas"
	"identitypools/shared/start"
)

func main() { start.HTTP(schemas.New) }
