// The function registration as Lambda runs it.
package main

import (
	"identitypools/functions/registration"
	"identitypools/shared/start"
)

func main() { start.HTTP(registration.New) }
