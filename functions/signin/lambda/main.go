// The function signin as Lambda runs it.
package main

import (
	"identitypools/functions/signin"
	"identitypools/shared/start"
)

func main() { start.HTTP(signin.New) }
