// The function activation as Lambda runs it.
package main

import (
	"identitypools/functions/activation"
	"identitypools/shared/start"
)

func main() { start.HTTP(activation.New) }
