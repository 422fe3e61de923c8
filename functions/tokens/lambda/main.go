// The function tokens as Lambda runs it.
package main

import (
	"identitypools/functions/tokens"
	"identitypools/shared/start"
)

func main() { start.HTTP(tokens.New) }
