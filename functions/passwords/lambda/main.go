// The function passwords as Lambda runs it.
package main

import (
	"identitypools/functions/passwords"
	"identitypools/shared/start"
)

func main() { start.HTTP(passwords.New) }
